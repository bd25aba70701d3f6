"""The chain: every event names the hash of the one before it, up to the signed head."""

from __future__ import annotations

from app.evidence.verifier.report import Events, Json, Members, Report
from app.evidence.verifier.values import canonical, loaded, sha256

NOTHING = "0" * 64


def check_chain(members: Members, manifest: Json, report: Report) -> Events:
    """Walk the events, and return those that can be read."""
    if "events.jsonl" not in members:
        report.fault("events.jsonl", "缺少这个文件")
        return []
    lines = members["events.jsonl"].split(b"\n")
    if lines.pop() != b"":
        report.fault("events.jsonl", "末尾不完整")
    events: Events = []
    seq, leaf, ts = 0, NOTHING, ""
    for number, line in enumerate(lines, start=1):
        body = _check_event(number, line, (seq, leaf, ts), manifest.get("stream"), report)
        if body is not None:
            events.append((number, body))
            seq = body["seq"] if isinstance(body.get("seq"), int) else seq + 1
            ts = max(ts, str(body.get("ts")))
        leaf = leaf_of(line)
    head = manifest.get("head")
    head = head if isinstance(head, dict) else {}
    if head.get("seq") != seq:
        said = f"最后一条是第 {seq} 号，签了名的清单写的是第 {head.get('seq')} 号：末尾被截去或加长"
        report.fault("events.jsonl", said)
    elif head.get("leaf") != leaf:
        report.fault(f"events.jsonl 第 {len(lines)} 行", "最后一条与签了名的清单不符，已被改动")
    return events


def leaf_of(line: bytes) -> str:
    """Return the hash by which the next event, the head and the log name an event."""
    return sha256(b"\x00" + line)


def _check_event(
    number: int, line: bytes, before: tuple[int, str, str], stream: object, report: Report
) -> Json | None:
    place = f"events.jsonl 第 {number} 行"
    body = loaded(line)
    if not isinstance(body, dict):
        report.fault(place, "这条记录读不出来，已被改动")
        return None
    last_seq, leaf, last_ts = before
    try:
        exact = canonical(body) == line
    except (ValueError, RecursionError):
        exact = False
    faults = (
        (not exact, "写法不是规范形式，已被改动"),
        (body.get("prev") != leaf, "与前一条接不上：前一条或这一条被改动、插入、删去或调换过"),
        (body.get("stream") != stream, "不属于这篇稿件"),
        ((body.get("v"), body.get("alg")) != (1, "sha256"), "记录的版本或算法不认识"),
        (str(body.get("ts")) < last_ts, "时间早于前一条"),
        (not _is_formed(body), "这条记录的结构不对"),
        *_number_faults(body.get("seq"), last_seq),
    )
    for wrong, sentence in faults:
        if wrong:
            report.fault(place, sentence)
    return body


def _is_formed(body: Json) -> bool:
    """Say whether an event has exactly the fields of one, each of its kind."""
    texts = ("id", "ts", "action", "stream", "prev", "outcome")
    objects = ("data", "private", *(["rows"] if "rows" in body else []))
    behalf, reason = body.get("on_behalf_of"), body.get("reason")
    return (
        set(body) == {"v", "alg", "seq", "actor", "on_behalf_of", "reason", *texts, *objects}
        and all(isinstance(body[name], str) for name in texts)
        and all(isinstance(body[name], dict) for name in objects)
        and (reason is None or isinstance(reason, str))
        and _is_person(body["actor"])
        and (behalf is None or _is_person(behalf))
    )


def _is_person(value: object) -> bool:
    """Say whether this is somebody who acted: an id (the system has none), a role, a unit."""
    return (
        isinstance(value, dict)
        and set(value) == {"id", "role", "unit"}
        and all(part is None or isinstance(part, str) for part in value.values())
    )


def _number_faults(seq: object, last: int) -> tuple[tuple[bool, str], ...]:
    if not isinstance(seq, int):
        return ((True, "编号不是数字"),)
    return (
        (seq > last + 1, f"缺少第 {last + 1} 至 {seq - 1} 号记录"),
        (seq == last, f"编号 {seq} 重复"),
        (seq < last, f"编号 {seq} 次序颠倒"),
    )
