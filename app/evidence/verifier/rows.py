"""The rows of the draft's tables, against the seals that the record gives them."""

from __future__ import annotations

import hashlib

from app.evidence.verifier.decisions import check_same
from app.evidence.verifier.known import TABLES
from app.evidence.verifier.report import Events, Json, Members, Report
from app.evidence.verifier.values import read_json


def check_tables(members: Members, events: Events, openings: Json, report: Report) -> None:
    """Hold every row against the seal that the record's last event of it gives it."""
    sealed = _sealed(events)
    if "tables.json" not in members and not sealed:
        report.notes.append("这个包是旧版本导出的，没有各表内容；审校意见已与记录核对")
        return
    tables = read_json(members, "tables.json", report)
    held = {name for name, _ in sealed}
    # The rows of a draft that was there before rows were sealed are vouched for elsewhere.
    from_the_first = bool(events) and isinstance(events[0][1].get("rows"), dict)
    unsealed = 0
    # A package of another version may have other tables: what counts is what its record seals.
    for name in sorted({*tables, *(held & TABLES.keys())}):
        title, rows = TABLES.get(name, name), tables.get(name)
        if name not in TABLES and name not in held:
            report.fault(f"tables.json {name}", "不认识这张表，是后来加入的")
            continue
        if not isinstance(rows, dict):
            report.fault(f"tables.json {title}", "缺少这张表")
            continue
        for key, row in rows.items():
            known = sealed.pop((name, key), None)
            place = f"tables.json {title} {key}"
            if known is not None and known[2]:
                _check_row(
                    members, openings, name, row if isinstance(row, dict) else {}, known, place, report
                )
            elif from_the_first or known is not None:
                report.fault(place, "记录里没有登记这一行，是后来加入的")
            else:
                unsealed += 1
    _check_removed(sealed, report)
    if unsealed:
        report.notes.append(f"各表有 {unsealed} 行在开始登记以前就有，这里没有核对")
    check_same(members, tables, report)


def _check_removed(sealed: dict[tuple[str, str], tuple[int, str, str]], report: Report) -> None:
    """Tell of rows that are sealed, were not removed, and are not there."""
    for (name, key), (line, _, seal) in sealed.items():
        if seal and name in TABLES:
            said = f"events.jsonl 第 {line} 行登记了这一行，表里没有，已被删去"
            report.fault(f"tables.json {TABLES[name]} {key}", said)


def _sealed(events: Events) -> dict[tuple[str, str], tuple[int, str, str]]:
    """Return the last seal of each row: the line and the number of its event, and the seal."""
    sealed: dict[tuple[str, str], tuple[int, str, str]] = {}
    for line, body in events:
        rows = body.get("rows")
        for name, keys in rows.items() if isinstance(rows, dict) else ():
            for key, seal in keys.items() if isinstance(keys, dict) else ():
                sealed[name, key] = (line, str(body.get("seq")), str(seal))
    return sealed


def _check_row(
    members: Members,
    openings: Json,
    name: str,
    row: Json,
    known: tuple[int, str, str],
    place: str,
    report: Report,
) -> None:
    line, seq, seal = known
    fields = openings.get(seq)
    opening = fields.get("rows") if isinstance(fields, dict) else None
    salt = opening.get("value") if isinstance(opening, dict) else None
    if not isinstance(salt, str):
        report.notes.append(f"{place} 无法核对：登记用的随机数已依法删除")
        return
    now = _seal(members, salt, name, row)
    if now[:64] == seal[:64]:
        return
    names = sorted(row)
    hints = [seal[64 + at * 4 :][:4] != now[64 + at * 4 :][:4] for at in range(len(names))]
    differ = [name for name, differs in zip(names, hints) if differs]  # noqa: B905 – Python 3.9 if len(now) == len(seal) else []
    columns = f"（{'、'.join(differ)}）" if differ else ""
    report.fault(place, f"与 events.jsonl 第 {line} 行登记的不符，已被改动{columns}")


def _seal(members: Members, salt: str, name: str, row: Json) -> str:
    """Return the seal of a row: a salted hash over its columns, then four digits for each."""
    keyed = salt.encode()
    whole = hashlib.sha256(b"\x03" + keyed + name.encode())
    hints = []
    for column in sorted(row):
        value = row[column]
        if isinstance(value, dict):
            value = members.get(str(value.get("member"))) if set(value) == {"member"} else None
        if value is None:
            hints.append("0000")
            continue
        data = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")
        digest = hashlib.sha256(b"\x04" + keyed + column.encode() + b"\x00" + data).digest()
        whole.update(b"\x00" + column.encode() + digest)
        hints.append(digest[:2].hex())
    return whole.hexdigest() + "".join(hints)
