"""The signed manifest, the members that it names, and what it says of the draft."""

from __future__ import annotations

from datetime import timedelta

from app.evidence.verifier.report import Events, Json, Members, Report
from app.evidence.verifier.signatures import is_signed
from app.evidence.verifier.values import canonical, data_of, instant, loaded, read_json, sha256


def check_manifest(members: Members, keys: Json, key: str | None, report: Report) -> Json:
    """Return what the manifest states; `key` is the one that must have signed it."""
    signed = read_json(members, "manifest.json", report)
    if signed:
        try:
            exact = canonical(signed) == members["manifest.json"]
        except (ValueError, RecursionError):
            exact = False
        if not exact:
            report.fault("manifest.json", "写法不是规范形式，已被改动")
        if not is_signed(signed, keys):
            report.fault("manifest.json", "签名不对：清单、签名或公钥已被改动")
    key_id = signed.get("key_id")
    if key is not None and key_id != key.lower() and keys.get(str(key_id)) != key:
        report.fault("keys.json", "签名的公钥不是您指定的那一把")
    report.facts["key_id"] = key_id
    report.facts["key_known"] = key is not None
    if key is None:
        report.notes.append(
            "没有给出单位公布的公钥指纹（--key），用的是包里的公钥："
            "只能说明包内前后一致，整包换钥重签看不出来"
        )
    statement = signed.get("statement")
    return statement if isinstance(statement, dict) else {}


def check_members(members: Members, manifest: Json, report: Report) -> None:
    """Hold every member against the digest that the manifest gives it."""
    named = manifest.get("members")
    named = named if isinstance(named, dict) else {}
    for name, data in members.items():
        if name == "manifest.json":
            continue
        if name not in named:
            report.fault(name, "清单里没有这个文件，是后来加入的")
        elif sha256(data) != named[name]:
            report.fault(name, "内容与清单里的摘要不符，已被改动")
    for name in named:
        if name not in members:
            report.fault(name, "清单里有这个文件，包里没有，已被删去")


def check_statement(keys: Json, manifest: Json, events: Events, members: Members, report: Report) -> None:
    """Hold what the manifest says of the draft, and the keys, against the record."""
    for key in sorted(set(keys) - {str(report.facts.get("key_id"))}):
        report.fault("keys.json", f"多出一把没有用到的公钥 {key}")
    first = data_of(events[0][1]) if events else {}
    titles = [_title_of(data) for name, data in members.items() if name.startswith("revisions/")]
    expected = (
        ("v", manifest.get("v") == 1),
        ("kind", manifest.get("kind") == "evidence"),
        ("stream", manifest.get("stream") == f"draft:{manifest.get('draft')}"),
        ("number", manifest.get("number") == first.get("number", manifest.get("number"))),
        ("title", manifest.get("title") in titles),
        ("made_at", _is_after(manifest.get("made_at"), events)),
    )
    for name, right in expected:
        if not right:
            report.fault(f"manifest.json {name}", "与记录不符，已被改动")
    for name in sorted(
        set(manifest) - {*(name for name, _ in expected), "draft", "head", "members", "checkpoint"}
    ):
        report.fault(f"manifest.json {name}", "多出一项")


def _title_of(document: bytes) -> object:
    value = loaded(document)
    return value.get("title") if isinstance(value, dict) else None


def _is_after(made_at: object, events: Events) -> bool:
    try:
        # A clock that was set back may be an hour behind the record; a day is another matter.
        return not events or instant(made_at) >= instant(events[-1][1].get("ts")) - timedelta(days=1)
    except (TypeError, ValueError):
        return False
