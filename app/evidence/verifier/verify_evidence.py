"""Verify an evidence package (三审证据包核验程序).

只用 Python 3.9 及以上的标准库，不连接任何服务。

用法：python3 verify_evidence.py 证据包.zip [--key 公钥指纹] [--json]

没有发现问题时说明谁在何时批准了什么，退出码 0；发现改动时逐处指出，退出码 1；
文件读不出来，退出码 2。

A package is whole when its container is byte for byte the one that its members make; the manifest is signed
by the key in `keys.json` (compare its fingerprint with the published one); every member is the one that the
manifest names; every event names the hash of the event before it, up to the signed head; every opened value
fits its commitment; and what was released is the last approved proof, after three reviews and three
proofreads by different persons, at the time that who signed had set if any, and under no embargo.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import struct
import sys
import zipfile
import zlib
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Members = dict[str, bytes]
Json = dict[str, Any]
#: The line of each event that could be read, and its body.
Events = list[tuple[int, Json]]
#: Who decided (their names), when, and the digest of what they saw.
Vote = tuple[str, Any, Any]

#: What is read at most of a package that was packed anew: compressed, it may say more than it should.
MOST_MEMBERS, MOST_BYTES = 100_000, 4 * 2**30

NOTHING = "0" * 64
REVIEWS = ("initial_review", "second_review", "final_review")
PROOFS = ("first_proof", "second_proof", "third_proof")
NAMES = {
    "initial_review": "初审",
    "second_review": "复审",
    "final_review": "终审",
    "first_proof": "一校",
    "second_proof": "二校",
    "third_proof": "三校",
}
#: Why a stage stays passed over a later text, by the kind of the change.
RULES = {
    "none": "版本未变",
    "marks_only": "核红小改",
    "layout": "只改了版式",
    "substantive": "有实质改动，但流程规定这个环节不看改动的部分",
}
#: action → field of its data → folder of the member that the field names by its SHA-256.
NAMED = (
    ("draft.created", "digest", "revisions"),
    ("draft.revised", "digest", "revisions"),
    ("marks.carried_out", "digest", "revisions"),
    ("proof.laid_out", "digest", "proofs"),
    ("case.opened", "workflow", "workflows"),
    ("case.migrated", "from", "workflows"),
    ("case.migrated", "to", "workflows"),
    ("check.run", "report_digest", "reports"),
    ("release.signed", "digest", "proofs"),
    ("release.signed", "revision", "revisions"),
    ("release.signed", "ticket", "tickets"),
)
DECISIONS = frozenset({"decision.approved", "decision.sent_back", "decision.declined", "marks.confirmed"})
FOLDERS = frozenset(folder for _, _, folder in NAMED) | {"assets"}


class Report:
    """What was found: `faults` as (place, sentence), `story` and `notes` as sentences, `facts` as data."""

    def __init__(self) -> None:
        self.faults: list[tuple[str, str]] = []
        self.story: list[str] = []
        self.notes: list[str] = []
        self.facts: Json = {}

    def fault(self, place: str, sentence: str) -> None:
        """Note something wrong, once."""
        if (place, sentence) not in self.faults:
            self.faults.append((place, sentence))


def verify(raw: bytes, key: str | None = None) -> Report:
    """Return the report on a package, given as bytes; `key` is the fingerprint or base64 of the expected key.

    Never raises, whatever the bytes are.
    """
    report = Report()
    members = _read_container(raw, report)
    keys = _read_json(members, "keys.json", report)
    manifest = _check_manifest(members, keys, key, report)
    _check_members(members, manifest, report)
    events = _check_chain(members, manifest, report)
    openings = _check_openings(members, events, report)
    _check_named(members, events, report)
    _check_decisions(members, events, report)
    _check_tables(members, events, openings, report)
    _check_statement(keys, manifest, events, members, report)
    _Walk(members, keys, openings, manifest, report).run(events)
    return report


# --- the container: a zip of stored members, every byte of which is known ------------------------------


def build(members: list[tuple[str, bytes]]) -> bytes:
    """Return the one container that holds these members.

    Raises `UnicodeEncodeError` for a name beyond ASCII.
    """
    parts, directory, offset = [], b"", 0
    for name, data in members:
        encoded = name.encode("ascii")
        part = _local_header(encoded, data) + data
        directory += _central_header(encoded, data, offset)
        parts.append(part)
        offset += len(part)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, len(members), len(members), len(directory), offset, 0)
    return b"".join(parts) + directory + end


def _local_header(name: bytes, data: bytes) -> bytes:
    crc, size = zlib.crc32(data), len(data)
    return struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 0, 0, 33, crc, size, size, len(name), 0) + name


def _central_header(name: bytes, data: bytes, offset: int) -> bytes:
    crc, size = zlib.crc32(data), len(data)
    fixed = (
        b"PK\x01\x02",
        0x0314,
        20,
        0,
        0,
        0,
        33,
        crc,
        size,
        size,
        len(name),
        0,
        0,
        0,
        0,
        0o100644 << 16,
        offset,
    )
    return struct.pack("<4s6H3I5H2I", *fixed) + name


def _read_container(raw: bytes, report: Report) -> Members:
    packed = _repacked(raw)
    if packed is not None:
        report.facts["repacked"] = True
        said = "这个文件是解开后重新压缩的，不是导出时的原文件；里面的内容仍逐个与签了名的清单核对"
        report.notes.append(said)
        return packed
    members: Members = {}
    order, offset = [], 0
    while raw[offset : offset + 4] == b"PK\x03\x04" and offset + 30 <= len(raw):
        size, length = struct.unpack_from("<I4xH", raw, offset + 18)
        start = offset + 30 + length
        if start + size > len(raw):
            report.fault(f"第 {offset} 字节", "成员的长度超出文件末尾")
            break
        name, data = raw[offset + 30 : start], raw[start : start + size]
        text = name.decode("ascii", "replace")
        expected = _local_header(name, data)
        if raw[offset:start] != expected:
            at = offset + _first_difference(raw[offset:start], expected)
            report.fault(f"{text}（第 {at} 字节）", "成员的文件头或校验和与内容不符")
        if text in members:
            report.fault(f"第 {offset} 字节", f"成员 {text} 出现了两次")
        members[text] = data
        order.append((text, data))
        offset = start + size
    try:
        whole = build(order)
    except UnicodeEncodeError:
        report.fault("压缩包", "成员名含有不该有的字符")
        return members
    at = _first_difference(raw, whole)
    if raw != whole and (at >= offset or not order):
        report.fault(f"第 {at} 字节", "压缩包的目录或结尾与成员不符，或文件不完整")
    return members


def _repacked(raw: bytes) -> Members | None:
    """Return the members of a package that somebody unpacked and packed anew; None for any other file.

    Not one of its members has the head that an export gives it, or it was compressed; a file in which single
    bytes were changed is not taken for such a one.
    """
    members: Members = {}
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as file:
            entries = [one for one in file.infolist() if not one.is_dir()]
            if (
                file.comment
                or len(entries) > MOST_MEMBERS
                or sum(one.file_size for one in entries) > MOST_BYTES
            ):
                return None
            shared = _shared_folder([one.filename for one in entries])
            for one in entries:
                data = file.read(one)
                at, name = one.header_offset, one.filename.encode("utf-8", "replace")
                if raw[at : at + 30 + len(name)] == _local_header(name, data):
                    return None
                if one.filename[len(shared) :] in members:
                    return None
                members[one.filename[len(shared) :]] = data
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OSError, RuntimeError, zlib.error):
        return None
    return members if "manifest.json" in members else None


def _shared_folder(names: list[str]) -> str:
    """Return the folder that the whole package was packed in, with its slash; else nothing."""
    found = [name[: -len("manifest.json")] for name in names if name.endswith("manifest.json")]
    if len(found) == 1 and all(name.startswith(found[0]) for name in names):
        return found[0]
    return ""


def _first_difference(one: bytes, other: bytes) -> int:
    for at in range(min(len(one), len(other))):
        if one[at] != other[at]:
            return at
    return min(len(one), len(other))


# --- the manifest and the members ------------------------------


def canonical(value: object) -> bytes:
    """Return RFC 8785 JSON. Raises `ValueError` for what is no JSON value without fractions."""
    return _written(value).encode("utf-8")


def _written(value: object) -> str:
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{_written(key)}:{_written(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_written(one) for one in value) + "]"
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 2**53:
            return str(int(value))
        return repr(value)
    return json.dumps(value, ensure_ascii=False)


def _loaded(data: bytes) -> Any:  # noqa: ANN401 – any JSON value
    """Return the JSON value in `data`; None when it is none."""
    try:
        return json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return None


def _read_json(members: Members, name: str, report: Report) -> Json:
    if name not in members:
        report.fault(name, "缺少这个文件")
        return {}
    value = _loaded(members[name])
    if not isinstance(value, dict):
        report.fault(name, "不是有效的 JSON，已被改动")
        return {}
    return value


def _is_signed(signed: Json, keys: Json) -> bool:
    try:
        if (
            set(signed) != {"statement", "algorithm", "key_id", "signature"}
            or signed["algorithm"] != "Ed25519"
        ):
            return False
        public = base64.b64decode(keys[signed["key_id"]], validate=True)
        signature = base64.b64decode(signed["signature"], validate=True)
        exact = base64.b64encode(signature).decode() == signed["signature"]
        named = hashlib.sha256(public).hexdigest()[:16] == signed["key_id"]
        return exact and named and ed25519_verify(public, canonical(signed["statement"]), signature)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return False


def _check_manifest(members: Members, keys: Json, key: str | None, report: Report) -> Json:
    signed = _read_json(members, "manifest.json", report)
    if signed:
        try:
            exact = canonical(signed) == members["manifest.json"]
        except (ValueError, RecursionError):
            exact = False
        if not exact:
            report.fault("manifest.json", "写法不是规范形式，已被改动")
        if not _is_signed(signed, keys):
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


def _check_members(members: Members, manifest: Json, report: Report) -> None:
    named = manifest.get("members")
    named = named if isinstance(named, dict) else {}
    for name, data in members.items():
        if name == "manifest.json":
            continue
        if name not in named:
            report.fault(name, "清单里没有这个文件，是后来加入的")
        elif _sha256(data) != named[name]:
            report.fault(name, "内容与清单里的摘要不符，已被改动")
    for name in named:
        if name not in members:
            report.fault(name, "清单里有这个文件，包里没有，已被删去")


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# --- the chain ------------------------------


def _check_chain(members: Members, manifest: Json, report: Report) -> Events:
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
        leaf = hashlib.sha256(b"\x00" + line).hexdigest()
    head = manifest.get("head")
    head = head if isinstance(head, dict) else {}
    if head.get("seq") != seq:
        said = f"最后一条是第 {seq} 号，签了名的清单写的是第 {head.get('seq')} 号：末尾被截去或加长"
        report.fault("events.jsonl", said)
    elif head.get("leaf") != leaf:
        report.fault(f"events.jsonl 第 {len(lines)} 行", "最后一条与签了名的清单不符，已被改动")
    return events


def _check_event(
    number: int, line: bytes, before: tuple[int, str, str], stream: object, report: Report
) -> Json | None:
    place = f"events.jsonl 第 {number} 行"
    body = _loaded(line)
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
        *_number_faults(body.get("seq"), last_seq),
    )
    for wrong, sentence in faults:
        if wrong:
            report.fault(place, sentence)
    return body


def _number_faults(seq: object, last: int) -> tuple[tuple[bool, str], ...]:
    if not isinstance(seq, int):
        return ((True, "编号不是数字"),)
    return (
        (seq > last + 1, f"缺少第 {last + 1} 至 {seq - 1} 号记录"),
        (seq == last, f"编号 {seq} 重复"),
        (seq < last, f"编号 {seq} 次序颠倒"),
    )


def _check_openings(members: Members, events: Events, report: Report) -> Json:
    openings = _read_json(members, "private.json", report)
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
    found: set[tuple[str, str]] = set()
    for _, body in events:
        fields = _data(body).get("fields")
        if (
            body.get("action") == "record.erased"
            and body.get("outcome") == "done"
            and isinstance(fields, list)
        ):
            found |= {(str(_data(body).get("seq")), one) for one in fields if isinstance(one, str)}
    return found


def _opens(name: str, opening: Json, committed: object) -> bool:
    try:
        if opening["value"] is None:
            return bool(set(opening) == {"salt", "value"} and not opening["salt"])
        if set(opening) != {"salt", "value"}:
            return False
        hidden = bytes.fromhex(opening["salt"]) + name.encode() + b"\x00" + opening["value"].encode()
    except (KeyError, TypeError, ValueError, AttributeError):
        return False
    return bool(_sha256(b"\x02" + hidden) == committed)


def _check_named(members: Members, events: Events, report: Report) -> None:
    present = set()
    for name, data in members.items():
        folder, _, rest = name.partition("/")
        if folder not in FOLDERS:
            continue
        if _sha256(data) == rest.split(".")[0]:
            present.add((folder, rest.split(".")[0]))
        else:
            report.fault(name, "内容与文件名里的摘要不符，已被改动")
        if folder == "revisions":
            for asset in _assets(_loaded(data)):
                if not any(one.startswith(f"assets/{asset}") for one in members):
                    report.fault(name, f"所用的图片或附件 assets/{asset} 不在包里")
    for line, body in events:
        for action, key, folder in NAMED:
            named = _data(body).get(key)
            if body.get("action") == action and isinstance(named, str) and (folder, named) not in present:
                report.fault(f"events.jsonl 第 {line} 行", f"所记的 {folder}/{named} 不在包里，或已被改动")


def _assets(document: object) -> set[str]:
    if not isinstance(document, dict):
        return set()
    blocks = document.get("blocks")
    attached = document.get("attachments")
    found = (
        [block.get("sha256") for block in blocks if isinstance(block, dict)]
        if isinstance(blocks, list)
        else []
    )
    found += attached if isinstance(attached, list) else []
    return {one for one in found if isinstance(one, str)}


def _data(body: Json) -> Json:
    data = body.get("data")
    return data if isinstance(data, dict) else {}


def _check_decisions(members: Members, events: Events, report: Report) -> None:
    table = _loaded(members.get("decisions.json", b""))
    if not isinstance(table, list):
        report.fault("decisions.json", "缺少这个文件，或不是有效的 JSON")
        return
    recorded: list[tuple[int, Json]] = []
    before = ""
    for line, body in events:
        if str(body.get("action")) in DECISIONS and body.get("outcome") == "done":
            recorded.append((line, _decided(body, before)))
        before = str(body.get("ts"))
    for number, given in enumerate(table, start=1):
        place = f"decisions.json 第 {number} 条"
        row = given if isinstance(given, dict) else {}
        same = [one for one in recorded if all(row.get(name) == one[1][name] for name in PLACE)]
        if same:
            recorded.remove(same[0])
            _check_decision(row, same[0], place, report)
        else:
            report.fault(place, "记录里没有这条意见，是后来加入或改动的")
    for _, missing in recorded:
        report.fault("decisions.json", f"缺少环节 {missing['stage']} {missing['line']} 的一条意见")


#: The fields by which a decision is known, and its other ones.
PLACE = ("stage", "line", "round", "digest", "actor")
FIELDS = ("id", "case", "verdict", "outcome", "final", "principal", "role", "workflow", "decided_at")
VERDICTS = {
    "decision.approved": "approved",
    "marks.confirmed": "approved",
    "decision.sent_back": "sent_back",
    "decision.declined": "declined",
}


def _check_decision(row: Json, recorded: tuple[int, Json], place: str, report: Report) -> None:
    line, known = recorded
    for name in FIELDS:
        if row.get(name) not in known.get(name, (row.get(name),)):
            report.fault(place, f"{name} 与 events.jsonl 第 {line} 行的记录不符，已被改动")
    for name in sorted(set(row) - {*PLACE, *FIELDS}):
        report.fault(place, f"多出一项 {name}")


def _decided(body: Json, before: str) -> Json:
    """Return what an event says of a decision: its place, and for each other field the values that are right.

    A field that the record does not hold is left out: the seal of its row holds it. The record's time stands
    still where the clock went back (`before` is the time of the event before).
    """
    data, actor, behalf = _data(body), body.get("actor"), body.get("on_behalf_of")
    actor = actor if isinstance(actor, dict) else {}
    behalf = behalf if isinstance(behalf, dict) else {}
    known: Json = {name: data.get(name) for name in ("stage", "line", "round", "digest")}
    known["actor"] = actor.get("id")
    known["case"] = (data.get("case"),)
    known["verdict"] = (VERDICTS.get(str(body.get("action"))),)
    known["outcome"] = (data.get("outcome"),)
    known["final"] = (data.get("final", True),)
    known["principal"] = (behalf.get("id"),)
    known["workflow"] = (data.get("workflow"),)
    if actor.get("role") is not None:
        known["role"] = (actor.get("role"),)
    if str(body.get("ts")) != before:
        known["decided_at"] = (body.get("ts"),)
    return known


# --- the rows of the tables, and their seals ------------------------------

#: The tables of which every row is in the package; others are sealed as well, and stay where they are.
TABLES = {
    "check_report": "检查报告",
    "decision": "审校意见",
    "draft": "稿件",
    "draft_asset": "稿件所用文件",
    "draft_reader": "知悉人",
    "draft_target": "稿件去向",
    "proof": "校样",
    "proof_mark": "校对标记",
    "publication": "发布记录",
    "release": "签发",
    "release_ticket": "发布凭证",
    "review_case": "审签案",
    "review_debt": "补审",
    "revision": "修订",
    "scheduled_release": "定时签发",
    "stage_run": "环节",
    "waiver": "豁免",
}
#: Of a decision: field of decisions.json → column.
COLUMNS = {
    "case": "case_id",
    "stage": "stage",
    "line": "line",
    "round": "round",
    "verdict": "verdict",
    "outcome": "outcome",
    "final": "final",
    "digest": "digest",
    "actor": "actor_id",
    "principal": "principal_id",
    "role": "role",
    "workflow": "workflow_digest",
    "decided_at": "decided_at",
}


def _check_tables(members: Members, events: Events, openings: Json, report: Report) -> None:
    """Hold every row against the seal that the record's last event of it gives it."""
    sealed = _sealed(events)
    if "tables.json" not in members and not sealed:
        report.notes.append("这个包是旧版本导出的，没有各表内容；审校意见已与记录核对")
        return
    tables = _read_json(members, "tables.json", report)
    for name in tables.keys() - TABLES.keys():
        report.fault(f"tables.json {name}", "不认识这张表，是后来加入的")
    # The rows of a draft that was there before rows were sealed are vouched for elsewhere.
    from_the_first = bool(events) and isinstance(events[0][1].get("rows"), dict)
    unsealed = 0
    for name, title in TABLES.items():
        rows = tables.get(name)
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
    _check_same(members, tables, report)


def _check_removed(sealed: dict[tuple[str, str], tuple[int, str, str]], report: Report) -> None:
    """Tell of rows that are sealed, were not removed, and are not there."""
    for (name, key), (line, _, seal) in sealed.items():
        if seal and name in TABLES:
            said = f"events.jsonl 第 {line} 行登记了这一行，表里没有，已被删去"
            report.fault(f"tables.json {TABLES[name]} {key}", said)


def _sealed(events: Events) -> dict[tuple[str, str], tuple[int, str, str]]:
    """Return the last seal of each row: the line and the number of its event, and the seal."""
    found: dict[tuple[str, str], tuple[int, str, str]] = {}
    for line, body in events:
        rows = body.get("rows")
        for name, keys in rows.items() if isinstance(rows, dict) else ():
            for key, seal in keys.items() if isinstance(keys, dict) else ():
                found[name, key] = (line, str(body.get("seq")), str(seal))
    return found


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
    differ = [one for one, differs in zip(names, hints) if differs]  # noqa: B905 – Python 3.9 if len(now) == len(seal) else []
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
        one = hashlib.sha256(b"\x04" + keyed + column.encode() + b"\x00" + data).digest()
        whole.update(b"\x00" + column.encode() + one)
        hints.append(one[:2].hex())
    return whole.hexdigest() + "".join(hints)


def _check_same(members: Members, tables: Json, report: Report) -> None:
    """Hold decisions.json, which is for reading, against the rows that are sealed."""
    table, rows = _loaded(members.get("decisions.json", b"")), tables.get("decision")
    if not isinstance(table, list) or not isinstance(rows, dict):
        return
    for number, one in enumerate(table, start=1):
        row = rows.get(str(one.get("id"))) if isinstance(one, dict) else None
        place = f"decisions.json 第 {number} 条"
        if not isinstance(row, dict):
            report.fault(place, "id 在各表内容里没有，已被改动")
            continue
        for name, column in COLUMNS.items():
            value = one.get(name)
            written = None if value is None else str(int(value)) if isinstance(value, bool) else str(value)
            if written != row.get(column):
                report.fault(place, f"{name} 与 tables.json 不符，已被改动")


def _check_statement(keys: Json, manifest: Json, events: Events, members: Members, report: Report) -> None:
    """Hold what the manifest says of the draft, and the keys, against the record."""
    for one in sorted(set(keys) - {str(report.facts.get("key_id"))}):
        report.fault("keys.json", f"多出一把没有用到的公钥 {one}")
    first = _data(events[0][1]) if events else {}
    titles = {_title_of(data) for name, data in members.items() if name.startswith("revisions/")}
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
        set(manifest) - {*(one for one, _ in expected), "draft", "head", "members", "checkpoint"}
    ):
        report.fault(f"manifest.json {name}", "多出一项")


def _title_of(document: bytes) -> object:
    value = _loaded(document)
    return value.get("title") if isinstance(value, dict) else None


def _is_after(made_at: object, events: Events) -> bool:
    try:
        # A clock that was set back may be an hour behind the record; a day is another matter.
        return not events or _instant(made_at) >= _instant(events[-1][1].get("ts")) - timedelta(days=1)
    except (TypeError, ValueError):
        return False


# --- what was approved ------------------------------


def _urgent(events: Events) -> list[Json]:
    return [
        body for _, body in events if body.get("action") == "release.urgent" and body.get("outcome") == "done"
    ]


def _count(known: Json, persons: set[Any], name: Vote) -> None:
    """Add a vote to what passed a stage."""
    known["persons"] |= persons
    known["names"].append(name)
    known["votes"].append((persons, name))


def _levels(body: Json) -> set[str]:
    """Return the levels that an urgent release says were owed; none where its form is not right."""
    debts = _data(body).get("debts")
    found: set[str] = set()
    for debt in debts if isinstance(debts, list) else []:
        levels = debt.get("levels") if isinstance(debt, dict) else None
        found |= {one for one in levels if isinstance(one, str)} if isinstance(levels, list) else set()
    return found


class _Walk:
    """Goes through the events and asks, at every release, whether it was in order."""

    def __init__(self, members: Members, keys: Json, openings: Json, manifest: Json, report: Report) -> None:
        self.members, self.keys, self.openings = members, keys, openings
        self.manifest, self.report = manifest, report
        self.passed: dict[tuple[str, str], Json] = {}
        self.proofs: dict[str, Any] = {}
        self.revision: Any = None
        self.stages: dict[str, Json] = {}
        self.distinct: list[list[str]] = []
        self.added: dict[str, Json] = {}
        self.added_sets: list[list[str]] = []
        self.checked: set[tuple[Any, Any]] = set()
        self.overridden: dict[tuple[str, str], str] = {}
        self.owed: dict[str, set[str]] = {}
        self.kept: dict[tuple[str, str], list[tuple[set[Any], Vote]]] = {}
        self.timed: dict[str, Json] = {}
        self.embargo: str | None = None

    def run(self, events: Events) -> None:
        """Go through the events in their order."""
        steps = {
            "check.run": self._checked,
            "case.opened": self._opened,
            "case.migrated": self._migrated,
            "decision.approved": self._approved,
            "marks.confirmed": self._approved,
            "case.reviewer_added": self._added,
            "case.stage_overridden": self._overridden,
            "case.taken_back": self._taken_back,
            "case.stage_voided": self._voided,
            "case.stage_kept": self._kept,
            "marks.carried_out": self._new_text,
            "draft.submitted": self._new_text,
            "proof.laid_out": self._laid_out,
            "release.scheduled": self._scheduled,
            "release.unscheduled": self._unscheduled,
            "release.withheld": self._withheld,
            "case.embargoed": self._embargoed,
            "release.signed": self._signed,
            "release.urgent": self._urgent,
            "debt.settled": self._settled,
            "publication.published": self._published,
        }
        self.report.story.append(
            f"稿件 {self.manifest.get('number', '')}《{self.manifest.get('title', '')}》"
        )
        # What went out by the urgent lane says right behind the signature which levels were owed then.
        self.owed = {str(_data(body).get("release")): _levels(body) for body in _urgent(events)}
        for line, body in events:
            step = steps.get(str(body.get("action")))
            if step is None or body.get("outcome") != "done":
                continue
            try:
                step(line, body, _data(body))
            except (TypeError, AttributeError, KeyError, ValueError):
                self.report.fault(f"events.jsonl 第 {line} 行", "这条记录的结构不对，已被改动")

    def _name(self, body: Json, field: str) -> str:
        fields = self.openings.get(str(body.get("seq")))
        opening = fields.get(field) if isinstance(fields, dict) else None
        value = opening.get("value") if isinstance(opening, dict) else None
        return value if isinstance(value, str) else "（姓名已依法删除）"

    def _who(self, body: Json) -> str:
        behalf = f"（代 {self._name(body, 'principal_name')}）" if body.get("on_behalf_of") else ""
        return self._name(body, "actor_name") + behalf

    def _opened(self, _line: int, _body: Json, data: Json) -> None:
        self.passed, self.proofs, self.revision = {}, {}, data.get("revision")
        self.overridden, self.kept = {}, {}
        self.timed, self.embargo = {}, None
        self.added, self.added_sets = {}, []
        self._walk_by(data.get("workflow"))

    def _migrated(self, _line: int, _body: Json, data: Json) -> None:
        """Ask from here on what the version asks that the case was moved to; what was added to it stays."""
        self._walk_by(data.get("to"))

    def _walk_by(self, digest: object) -> None:
        name = f"workflows/{digest}.json"
        flow = _loaded(self.members.get(name, b""))
        if not isinstance(flow, dict):
            self.report.fault(name, "审校流程不在包里，或读不出来")
            return
        self.stages = {**self.added, **{stage["key"]: stage for stage in flow["stages"]}}
        self.distinct = [*(list(group["stages"]) for group in flow["distinct"]), *self.added_sets]

    def _checked(self, _line: int, _body: Json, data: Json) -> None:
        self.checked.add((data["digest"], data["policy"]))

    def _approved(self, line: int, body: Json, data: Json) -> None:
        place = (data["stage"], data["line"])
        known = self.passed.get(place)
        if known is None or known["round"] != data.get("round"):
            known = {"persons": set(), "names": [], "votes": [], "stayed": [], "round": data.get("round")}
            for persons, name in self.kept.pop(place, ()):
                _count(known, persons, name)
        both = (body.get("actor"), body.get("on_behalf_of"))
        persons = {one["id"] for one in both if isinstance(one, dict) and one.get("id")}
        persons |= {one for one in (data.get("through"),) if one}
        _count(known, persons, (self._who(body), body.get("ts"), data.get("digest")))
        known.update(digest=data.get("digest"), line=line, final=data.get("final") is not False)
        self.passed[place] = known

    def _added(self, _line: int, _body: Json, data: Json) -> None:
        """Take a reviewer who was added to this case into the flow, and into the sets of their place."""
        self.added[data["stage"]] = {"title": data["title"], "subject": data["subject"]}
        self.added_sets += [list(group) for group in data["distinct"]]
        self.stages |= self.added
        self.distinct += [list(group) for group in data["distinct"]]

    def _overridden(self, _line: int, body: Json, data: Json) -> None:
        # Only a stage that is none of the three reviews can be gone past; the walk says by whom.
        self.overridden[data["stage"], data["line"]] = f"{self._who(body)}，{body.get('ts')}"

    def _taken_back(self, line: int, _body: Json, data: Json) -> None:
        """Remember whose votes stay in a stage when one is taken back; its run falls right after."""
        place = (data["stage"], data["line"])
        votes = self.passed.get(place, {}).get("votes", self.kept.get(place, []))
        kept = [set(one["persons"]) for one in data.get("kept", ())]
        self.kept[place] = [(persons, name) for persons, name in votes if persons in kept]
        if len(self.kept[place]) != len(kept):
            self.report.fault(f"events.jsonl 第 {line} 行", "拿回以后保留的意见不是先前的意见")

    def _voided(self, _line: int, _body: Json, data: Json) -> None:
        if data.get("reason") != "taken_back":
            self.kept.pop((data["stage"], data["line"]), None)
        self.passed.pop((data["stage"], data["line"]), None)
        self.overridden.pop((data["stage"], data["line"]), None)

    def _kept(self, line: int, _body: Json, data: Json) -> None:
        """Note that a stage stays passed over a later text: by which rule, from which digest to which."""
        known = self.passed.get((data["stage"], data["line"]))
        if known is None:
            return
        if data.get("was") != known["digest"]:
            self.report.fault(f"events.jsonl 第 {line} 行", "保留的不是这个环节先前通过的版本")
        known["digest"] = data.get("now")
        change = str(data.get("change"))
        known["stayed"].append({"line": line, "rule": change, "was": data.get("was"), "now": data.get("now")})

    def _new_text(self, _line: int, _body: Json, data: Json) -> None:
        if data["digest"] != self.revision:
            self.revision, self.proofs = data["digest"], {}

    def _laid_out(self, _line: int, _body: Json, data: Json) -> None:
        self.proofs[data["line"]] = data.get("digest")
        for (_, line), known in self.passed.items():
            if line == data["line"] and known["digest"] is None:
                known["digest"] = data.get("digest")
                if known["stayed"]:
                    known["stayed"][-1]["now"] = data.get("digest")

    def _signed(self, line: int, body: Json, data: Json) -> None:
        place, channel = f"events.jsonl 第 {line} 行", data["channel"]
        done = {
            key: known for (key, on), known in self.passed.items() if on in {"", channel} and known["final"]
        }
        levels = {level: key for key in done for level in self._stage(key).get("levels", ())}
        asked = {level for stage in self.stages.values() for level in stage.get("levels", ())}
        past = {key: by for (key, on), by in self.overridden.items() if on in {"", channel}}
        asked -= {level for key in past for level in self._stage(key).get("levels", ())}
        owed = self.owed.get(str(data.get("release")), set())
        for level in (*REVIEWS, *(one for one in PROOFS if one in asked)):
            if level not in levels and level not in owed:
                self.report.fault(place, f"签发时没有通过{NAMES[level]}")
        for group in (*self.distinct, [levels[level] for level in REVIEWS if level in levels]):
            self._check_persons(place, [key for key in dict.fromkeys(group) if key in done], done)
        if data["digest"] != self.proofs.get(channel):
            self.report.fault(place, "签发的内容不是这个阵地最后一次的校样")
        for key, known in done.items():
            if known["digest"] != (data["digest"] if self._is_on_proof(key) else self.revision):
                self.report.fault(place, f"环节“{self._title(key)}”通过的不是签发的版本")
        if (data["revision"], data["policy"]) not in self.checked:
            self.report.fault(place, "签发的版本没有用当时的负面清单检查过")
        self._check_time(place, body, data)
        self._check_ticket(place, data)
        self._tell(body, data, done)
        self.report.story += [f"　　{self._title(key)}：越过，{by}" for key, by in past.items()]

    def _scheduled(self, line: int, body: Json, data: Json) -> None:
        """Note that a line was set for an instant, by who had signed it on that very content."""
        place, channel = f"events.jsonl 第 {line} 行", data["line"]
        signer = self._person(body, "actor")
        known = [
            known
            for (key, on), known in self.passed.items()
            if on == channel and self._signs(key) and signer in known["persons"] and known["final"]
        ]
        if not known:
            self.report.fault(place, "定时的人没有签发这个阵地，或签发已作废")
        elif any(one["digest"] != data["digest"] for one in known):
            self.report.fault(place, "定时的内容不是签发的内容")
        if channel in self.timed:
            self.report.fault(place, "这个阵地已经定时，没有先取消")
        if _instant(data["release_at"]) <= _instant(body.get("ts")):
            self.report.fault(place, "定时的时间不在将来")
        self.timed[channel] = {"at": data["release_at"], "digest": data["digest"], "by": signer}
        self.report.story.append(
            f"阵地 {channel}：{self._who(body)} 于 {body.get('ts')} 签发，定于 {data['release_at']} 放行"
        )

    def _unscheduled(self, _line: int, body: Json, data: Json) -> None:
        self.timed.pop(data["line"], None)
        self.report.story.append(f"阵地 {data['line']}：{self._who(body)} 于 {body.get('ts')} 取消定时")

    def _withheld(self, _line: int, body: Json, data: Json) -> None:
        self.timed.pop(data["line"], None)
        why = "、".join(str(one) for one in data["reasons"])
        self.report.story.append(f"阵地 {data['line']}：{body.get('ts')} 到时未放行（{why}）")

    def _embargoed(self, _line: int, body: Json, data: Json) -> None:
        self.embargo = data["until"]
        said = f"不早于 {self.embargo} 发布" if self.embargo else "解除不早于的限制"
        self.report.story.append(f"{self._who(body)} 于 {body.get('ts')} {said}")

    def _check_time(self, place: str, body: Json, data: Json) -> None:
        """Ask whether a release came at its time: what was set for it, by whom, and not under an embargo."""
        at = _instant(body.get("ts"))
        if self.embargo is not None and at < _instant(self.embargo):
            self.report.fault(place, f"早于不早于的时间 {self.embargo} 就签发了")
        due, known = data.get("scheduled_for"), self.timed.pop(data["channel"], None)
        if due is None:
            if known is not None:
                self.report.fault(place, f"这个阵地定于 {known['at']}，没有取消就另行签发了")
            elif self._person(body, "actor") is None:
                self.report.fault(place, "系统签发，却没有人定时")
            return
        if known is None:
            self.report.fault(place, "按定时签发，却没有这个定时，或已取消")
            return
        if _instant(due) != _instant(known["at"]):
            self.report.fault(place, f"所记的定时 {due} 与当时定的 {known['at']} 不符")
        if at < _instant(known["at"]):
            self.report.fault(place, f"早于所定的时间 {known['at']} 就签发了")
        if data["digest"] != known["digest"]:
            self.report.fault(place, "签发的内容不是定时的内容")
        if self._person(body, "on_behalf_of") != known["by"]:
            self.report.fault(place, "按定时签发，所代的不是签发的人")

    def _signs(self, key: str) -> bool:
        stage = self._stage(key)
        return stage.get("kind") == "sign_off" or "sign_off" in stage.get("also", ())

    @staticmethod
    def _person(body: Json, role: str) -> object:
        one = body.get(role)
        return one.get("id") if isinstance(one, dict) else None

    def _urgent(self, _line: int, body: Json, data: Json) -> None:
        titles = "、".join(self._title(debt["stage"]) for debt in data["debts"])
        until = f"欠下：{titles}，限 {data['due_at']}"
        self.report.story.append(f"{self._who(body)}紧急签发{data['channel']}，{body.get('ts')}；{until}")

    def _settled(self, _line: int, body: Json, data: Json) -> None:
        titles = "、".join(self._title(debt["stage"]) for debt in data["debts"])
        late = "，已逾期" if str(body.get("ts")) > str(data["due_at"]) else ""
        self.report.story.append(f"补审完成：{titles}，{body.get('ts')}{late}")

    def _stage(self, key: str) -> Json:
        return self.stages.get(key, {})

    def _title(self, key: str) -> str:
        return str(self._stage(key).get("title", key))

    def _is_on_proof(self, key: str) -> bool:
        stage = self._stage(key)
        if stage.get("subject"):
            return bool(stage["subject"] == "proof")
        return stage.get("per") == "channel" and stage.get("kind") in {"proof", "confirm_marks", "sign_off"}

    def _check_persons(self, place: str, keys: list[str], done: dict[str, Json]) -> None:
        for one, other in _pairs(keys):
            if done[one]["persons"] & done[other]["persons"]:
                self.report.fault(place, f"{self._title(one)}、{self._title(other)}是同一人")

    def _check_ticket(self, place: str, data: Json) -> None:
        name = f"tickets/{data.get('ticket')}.json"
        ticket = _loaded(self.members.get(name, b""))
        if not isinstance(ticket, dict) or not _is_signed(ticket, self.keys):
            self.report.fault(name, "发布凭证不在包里，或签名不对")
            return
        for field in ("release", "channel", "digest", "revision", "policy"):
            if ticket["statement"].get(field) != data.get(field):
                self.report.fault(place, f"发布凭证的 {field} 与记录不符")

    def _tell(self, body: Json, data: Json, done: dict[str, Json]) -> None:
        story, in_order = self.report.story, sorted(done.items(), key=lambda item: item[1]["line"])
        renewed = "换发凭证" if data.get("renewed") else "按定时签发" if data.get("scheduled_for") else "签发"
        story.append(
            f"阵地 {data['channel']}：{self._who(body)} 于 {body.get('ts')} {renewed}，"
            f"内容摘要 {data['digest']}"
        )
        for key, known in in_order:
            for name, ts, seen in known["names"]:
                story.append(f"　　{self._title(key)}：{name}，{ts}，所见版本 {str(seen)[:16]}…")
            for stay in known["stayed"]:
                was, now, rule = str(stay["was"])[:16], str(stay["now"])[:16], str(stay["rule"])
                story.append(
                    f"　　　　此后{RULES.get(rule, rule)}，按规则保留，没有重审：{was}… 改为 {now}…"
                    f"（events.jsonl 第 {stay['line']} 行）"
                )
        self.report.facts.setdefault("releases", []).append(
            {
                "channel": data["channel"],
                "digest": data["digest"],
                "at": body.get("ts"),
                "signed_by": self._who(body),
                "approved": [
                    {
                        "stage": key,
                        "by": [name for name, _, _ in known["names"]],
                        "seen": [seen for _, _, seen in known["names"]],
                        "kept": list(known["stayed"]),
                        "digest": known["digest"],
                    }
                    for key, known in in_order
                ],
            }
        )

    def _published(self, _line: int, body: Json, data: Json) -> None:
        where = data.get("url") or data.get("external_id") or ""
        self.report.story.append(f"阵地 {data['channel']}：{body.get('ts')} 发布，{where}")


def _instant(text: object) -> datetime:
    """Return the instant in an ISO 8601 text. Raises `ValueError` for another, `TypeError` for no text."""
    if not isinstance(text, str):
        raise TypeError("an instant is a text")
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))  # noqa: FURB162 – Python 3.9 reads no Z
    if found.tzinfo is None:
        raise ValueError("an instant says its zone")
    return found


def _pairs(keys: list[str]) -> Iterator[tuple[str, str]]:
    return ((one, other) for at, one in enumerate(keys) for other in keys[at + 1 :])


# --- Ed25519, verification only. Source: RFC 8032 ------------------------------

#: x, y, z and t of a point in extended coordinates.
Point = tuple[int, int, int, int]

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def _point(data: bytes) -> Point | None:
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def _add(one: Point, other: Point) -> Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c, d = 2 * one[3] * other[3] * D % P, 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(factor: int, point: Point) -> Point:
    total: Point = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            total = _add(total, point)
        point, factor = _add(point, point), factor >> 1
    return total


def ed25519_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether `signature` (64 bytes) over `message` was made with the key that `public` belongs to."""
    if len(public) != 32 or len(signature) != 64:
        return False
    base = _point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    key, commitment = _point(public), _point(signature[:32])
    answer = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or base is None or answer >= L:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    left, right = _times(answer, base), _add(commitment, _times(challenge, key))
    return all((left[at] * right[2] - right[at] * left[2]) % P == 0 for at in (0, 1))


# --- the command ------------------------------


#: The exit code for what cannot be read; 1 is for a package that was touched.
UNUSABLE = 2


def main(arguments: list[str]) -> int:
    """Verify the package that is named, say what was found, and return the exit code."""
    code, told = run(arguments)
    print(told, file=sys.stderr if code == UNUSABLE else sys.stdout)
    return code


def run(arguments: list[str]) -> tuple[int, str]:
    """Verify the package that is named; return the exit code and what there is to say."""
    given, key = list(arguments), None
    if "--key" in given:
        at = given.index("--key")
        key = "".join(given[at + 1 : at + 2])
        del given[at : at + 2]
    as_json = "--json" in given
    paths = [one for one in given if not one.startswith("--")]
    if len(paths) != 1 or len(paths) + as_json != len(given):
        return UNUSABLE, "用法：python3 verify_evidence.py 证据包.zip [--key 公钥指纹] [--json]"
    try:
        report = verify(Path(paths[0]).read_bytes(), key)
    except OSError as error:
        return UNUSABLE, f"读不了 {paths[0]}：{error.strerror}"
    return 1 if report.faults else 0, _as_json(report) if as_json else _as_text(report)


def _as_json(report: Report) -> str:
    faults = [{"place": place, "fault": sentence} for place, sentence in report.faults]
    return json.dumps(
        {"whole": not faults, "faults": faults, "notes": report.notes, **report.facts},
        ensure_ascii=False,
        indent=2,
    )


def _as_text(report: Report) -> str:
    lines = [*report.story, f"签名公钥指纹 {report.facts.get('key_id')}，请与单位公布的核对。"]
    lines += [f"注意：{note}。" for note in report.notes]
    if not report.faults:
        return "\n".join([*lines, "核验通过：没有发现任何改动。"])
    lines.append(f"核验不通过，共 {len(report.faults)} 处：")
    return "\n".join([*lines, *(f"　　{place}：{sentence}" for place, sentence in report.faults)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
