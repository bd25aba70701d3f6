"""The log over all events: the checkpoint in the package, and the proofs that the draft's events are in it.

Sources: RFC 9162, section 2.1.3.2; c2sp.org/tlog-checkpoint; c2sp.org/signed-note.
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import timedelta
from typing import Any

from app.evidence.verifier.chain import leaf_of
from app.evidence.verifier.report import Events, Json, Members, Report
from app.evidence.verifier.signatures import ed25519_verify
from app.evidence.verifier.values import instant, loaded

NOTE = re.compile(
    r"(?P<text>(?P<origin>[^\n+ ]+)\n(?P<size>0|[1-9]\d{0,18})\n(?P<root>[A-Za-z0-9+/]{43}=)\n"
    r"time (?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)\nstreams \d{1,19}\n)"
    r"\n— (?P<name>[^\n+ ]+) (?P<signature>[A-Za-z0-9+/]+={0,2})\n"
)


def check_inclusion(members: Members, keys: Json, key_id: object, events: Events, report: Report) -> None:
    """Hold the draft's events against the signed checkpoint, as far as it goes."""
    if "checkpoint.txt" not in members:
        if "inclusion.json" in members:
            report.fault("checkpoint.txt", "缺少这个文件")
        report.notes.append("包里没有检查点：这些记录是否进了总日志，这里没有证明")
        return
    note = NOTE.fullmatch(members["checkpoint.txt"].decode("utf-8", "replace"))
    if note is None or not _is_signed_note(note, keys.get(str(key_id)), key_id):
        report.fault("checkpoint.txt", "检查点的写法或签名不对，已被改动")
        return
    report.facts["checkpoint"] = {"size": int(note["size"]), "at": note["at"], "root": note["root"]}
    if "inclusion.json" not in members:
        report.notes.append("这个包是旧版本导出的，没有这些记录在总日志里的证明")
        return
    given = loaded(members["inclusion.json"])
    proofs = given.get("events") if isinstance(given, dict) else None
    if not isinstance(proofs, dict) or set(given) != {"size", "events"} or given["size"] != int(note["size"]):
        report.fault("inclusion.json", "结构不对，或与检查点不符，已被改动")
        return
    _check_proofs(members, proofs, note, events, report)


def _check_proofs(
    members: Members, proofs: Json, note: re.Match[str], events: Events, report: Report
) -> None:
    lines = members.get("events.jsonl", b"").split(b"\n")
    root, proved, last = base64.b64decode(note["root"]), 0, 0
    known = {str(body.get("seq")): (line, body) for line, body in events}
    for seq in proofs.keys() - known.keys():
        report.fault(f"inclusion.json 第 {seq} 号", "没有这条记录")
    for seq, (line, body) in known.items():
        if seq not in proofs:
            continue
        proved, last = proved + 1, line
        place = f"inclusion.json 第 {seq} 号"
        if not _is_included(bytes.fromhex(leaf_of(lines[line - 1])), proofs[seq], int(note["size"]), root):
            report.fault(place, "证明不了这条记录在检查点的总日志里：记录、证明或检查点已被改动")
        elif not _is_before(body.get("ts"), note["at"]):
            report.fault(place, f"记录的时间晚于它所在的检查点 {note['at']}：时间是倒填或预填的")
    if last > proved:
        report.fault("inclusion.json", "中间有记录没有证明，证明已被删去")
    report.facts["checkpoint"]["events"] = proved
    rest = len(known) - proved
    said = f"检查点 {note['at']}（总日志 {note['size']} 条）：本稿前 {proved} 条记录在内"
    report.story.append(said + (f"，其后 {rest} 条当时还没有进入" if rest else ""))


def _is_signed_note(note: re.Match[str], key: object, key_id: object) -> bool:
    try:
        public = base64.b64decode(str(key), validate=True)
        signature = base64.b64decode(note["signature"], validate=True)
    except ValueError:
        return False
    origin = f"sanshen-record/{key_id}"
    named = hashlib.sha256(origin.encode() + b"\n\x01" + public).digest()[:4]
    right = (note["origin"], note["name"], signature[:4]) == (origin, origin, named)
    exact = base64.b64encode(signature).decode() == note["signature"]
    return right and exact and ed25519_verify(public, note["text"].encode(), signature[4:])


def _is_included(leaf: bytes, proof: Any, size: int, root: bytes) -> bool:  # noqa: ANN401 – any JSON value
    try:
        index, path = proof["position"], [bytes.fromhex(step) for step in proof["path"]]
        if set(proof) != {"position", "path"} or not isinstance(index, int) or isinstance(index, bool):
            return False
    except (KeyError, TypeError, ValueError):
        return False
    if not 0 <= index < size:
        return False
    at, last, hashed = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            hashed = hashlib.sha256(b"\x01" + step + hashed).digest()
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            hashed = hashlib.sha256(b"\x01" + hashed + step).digest()
        at, last = at >> 1, last >> 1
    return last == 0 and hashed == root


def _is_before(ts: object, at: str) -> bool:
    try:
        # A clock that was set back may be an hour ahead of the checkpoint; a day is another matter.
        return instant(ts) <= instant(at) + timedelta(days=1)
    except (TypeError, ValueError):
        return False
