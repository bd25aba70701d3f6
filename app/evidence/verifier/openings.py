"""What the record holds by its commitment alone: names and words that may be erased by law."""

from __future__ import annotations

from app.evidence.verifier.known import STEPS
from app.evidence.verifier.report import Events, Json, Members, Report
from app.evidence.verifier.values import data_of, read_json, sha256


def check_openings(members: Members, events: Events, report: Report) -> Json:
    """Hold what is opened against its commitments; return it by the number of its event."""
    openings = read_json(members, "private.json", report)
    committed = {str(body.get("seq")): body.get("private") for _, body in events}
    erased = _erased(events)
    for seq, fields in openings.items():
        if not isinstance(fields, dict):
            report.fault(f"private.json 第 {seq} 号", "结构不对，已被改动")
            continue
        known = committed.get(seq)
        known = known if isinstance(known, dict) else {}
        for name, opening in fields.items():
            place = f"private.json 第 {seq} 号 {name}"
            if name not in known:
                report.fault(place, "记录里没有这一项，是后来加入的")
            elif not _opens(name, opening, known[name]):
                report.fault(place, "与记录里的承诺不符，已被改动")
    for seq, known in committed.items():
        given = openings.get(seq)
        given = given if isinstance(given, dict) else {}
        for name in known if isinstance(known, dict) else ():
            opening = given.get(name)
            if (not isinstance(opening, dict) or opening.get("value") is None) and (seq, name) not in erased:
                report.fault(f"private.json 第 {seq} 号 {name}", "被清空或删去，却没有依法删除的记录")
    return openings


def _erased(events: Events) -> set[tuple[str, str]]:
    """Return what the record says was erased by law: the number of the event and the field."""
    erased: set[tuple[str, str]] = set()
    for _, body in events:
        fields = data_of(body).get("fields")
        if (
            STEPS.get(str(body.get("action"))) == "erased"
            and body.get("outcome") == "done"
            and isinstance(fields, list)
        ):
            erased |= {(str(data_of(body).get("seq")), field) for field in fields if isinstance(field, str)}
    return erased


def _opens(name: str, opening: Json, committed: object) -> bool:
    try:
        if opening["value"] is None:
            return bool(set(opening) == {"salt", "value"} and not opening["salt"])
        if set(opening) != {"salt", "value"}:
            return False
        hidden = bytes.fromhex(opening["salt"]) + name.encode() + b"\x00" + opening["value"].encode()
    except (KeyError, TypeError, ValueError, AttributeError):
        return False
    return bool(sha256(b"\x02" + hidden) == committed)
