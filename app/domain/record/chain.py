"""The arithmetic of the record: leaves, chains, commitments, and what a broken chain looks like.

An event is its `body`, RFC 8785 JSON. Its leaf is SHA-256(0x00 ‖ body), and the next event of the same stream
names that leaf in `prev`, so that nothing can be changed, taken out, put in or moved without a trace.
Personal data is never in a body: the body holds a salted commitment, the opening lies elsewhere and may be
erased.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import rfc8785

from app.domain.record.canonical import canonical

VERSION = 1
ALGORITHM = "sha256"
#: What the first event of a stream names as its predecessor.
NOTHING = "0" * 64

_LEAF = b"\x00"  # RFC 9162, section 2.1.1; 0x01 is an inner node of the tree
_COMMITMENT = b"\x02"
SALT_BYTES = 16
#: Whole numbers that RFC 8785 may refuse.
_LONG = re.compile(r"[:,\[]-?\d{16}")
#: From here on UTF-16 sorts otherwise than code points do.
_SORTS_ALIKE = "\ue000"


@dataclass(frozen=True, slots=True)
class Opening:
    """What a commitment hides: 16 random bytes (hexadecimal) and the value. `value` None: erased by law."""

    salt: str
    value: str | None


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as it was found: its body, its leaf, and the columns that repeat the body for queries.

    `columns` holds any of `id, ts, action, stream, seq, prev, outcome, actor_id, actor_role`; `private` the
    openings by field.
    """

    body: bytes
    leaf: str
    columns: Mapping[str, Any] = field(default_factory=dict)
    private: Mapping[str, Opening] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Head:
    """Where a stream ends: the number and leaf of its last event; `seq` 0 when there is none."""

    seq: int
    leaf: str


#: The event that says which openings of its stream were erased: `data` holds `seq` and `fields`.
ERASED = "record.erased"


class FaultCode(StrEnum):
    """What can be wrong: with a chain, with a row that the record vouches for, with the log over all."""

    BODY_UNREADABLE = "body_unreadable"
    BODY_NOT_CANONICAL = "body_not_canonical"
    VERSION_UNKNOWN = "version_unknown"
    LEAF_DIFFERS = "leaf_differs"
    PREV_DIFFERS = "prev_differs"
    STREAM_DIFFERS = "stream_differs"
    EVENTS_MISSING = "events_missing"
    EVENT_REPEATED = "event_repeated"
    OUT_OF_ORDER = "out_of_order"
    TIME_GOES_BACK = "time_goes_back"
    COLUMN_DIFFERS = "column_differs"
    PRIVATE_DIFFERS = "private_differs"
    PRIVATE_UNKNOWN = "private_unknown"
    ERASED_UNRECORDED = "erased_unrecorded"
    TAIL_MISSING = "tail_missing"
    TAIL_UNKNOWN = "tail_unknown"
    HEAD_DIFFERS = "head_differs"
    BEGINNING_MISSING = "beginning_missing"
    ROW_CHANGED = "row_changed"
    ROW_REMOVED = "row_removed"
    ROW_ADDED = "row_added"
    CELL_UNREADABLE = "cell_unreadable"
    CONTENT_DIFFERS = "content_differs"
    CONTENT_MISSING = "content_missing"
    GUARD_MISSING = "guard_missing"
    LOG_GAP = "log_gap"
    LOG_EVENT_MISSING = "log_event_missing"
    LOG_EVENT_DIFFERS = "log_event_differs"
    LOG_TILE_DIFFERS = "log_tile_differs"
    BACK_DATED = "back_dated"
    LOG_LEAF_UNREADABLE = "log_leaf_unreadable"
    LOGGED_DIFFERS = "logged_differs"
    LOGGED_MISSING = "logged_missing"
    CHECKPOINT_UNREADABLE = "checkpoint_unreadable"
    CHECKPOINT_FILE_UNREADABLE = "checkpoint_file_unreadable"
    CHECKPOINT_ROW_DIFFERS = "checkpoint_row_differs"
    CHECKPOINT_ROW_MISSING = "checkpoint_row_missing"
    CHECKPOINTS_MISSING = "checkpoints_missing"
    CHECKPOINT_UNSIGNED = "checkpoint_unsigned"
    CHECKPOINT_DIFFERS = "checkpoint_differs"
    CHECKPOINT_AHEAD = "checkpoint_ahead"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and where.

    The stream (empty: no stream in particular), the event's number as it stands (0: the whole stream).
    """

    code: FaultCode
    stream: str
    seq: int
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Walk:
    """The outcome of walking a stream: its faults (none when whole), its end, and what was erased by law.

    `redacted` names `(seq, field)` of every opening that is gone; that is no fault.
    """

    faults: tuple[Fault, ...]
    head: Head
    redacted: tuple[tuple[int, str], ...]


def timestamp(at: datetime) -> str:
    """Return an instant as it stands in bodies: UTC, microseconds, `2026-03-02T01:00:00.000000Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def commitment(name: str, opening: Opening) -> str:
    """Return SHA-256(0x02 ‖ salt ‖ name ‖ 0x00 ‖ value), hexadecimal.

    Raises `ValueError` for an erased opening.
    """
    if opening.value is None:
        raise ValueError("an erased opening has no commitment")
    hidden = name.encode() + b"\x00" + opening.value.encode()
    return hashlib.sha256(_COMMITMENT + bytes.fromhex(opening.salt) + hidden).hexdigest()


def body_bytes(body: Mapping[str, Any]) -> bytes:
    """Return the bytes that a leaf is made over.

    Raises `rfc8785.CanonicalizationError` on what JSON lacks.
    """
    return canonical(dict(body))


def leaf_hash(body: bytes) -> str:
    """Return the leaf of a body: SHA-256(0x00 ‖ body), 64 lower-case hexadecimal digits."""
    return hashlib.sha256(_LEAF + body).hexdigest()


def walk(
    stream: str,
    events: Iterable[StoredEvent],
    *,
    head: Head | None = None,
    see: Callable[[Mapping[str, Any], StoredEvent], None] | None = None,
) -> Walk:
    """Walk a stream in the order in which its events were found, and tell everything that is wrong.

    `head`, when it is known from elsewhere, shows a tail that was cut off. An empty stream is whole if its
    head is. `see` is shown every body that can be read, and what it was read from.
    """
    faults: list[Fault] = []
    gone: list[tuple[int, str]] = []
    erased: set[tuple[int, str]] = set()
    before, before_ts = Head(0, NOTHING), ""
    for event in events:
        body, unreadable = _read(event.body)
        seq = _number(body, event)
        at = _At(stream, seq, faults)
        leaf = leaf_hash(event.body)
        if unreadable:
            at.fault(unreadable)
        if event.leaf != leaf:
            at.fault(FaultCode.LEAF_DIFFERS)
        if body:
            _body(at, body, before, before_ts)
            before_ts = max(before_ts, str(body.get("ts")))
            _columns(at, body, event.columns)
            gone += _private(at, body, event.private)
            if body.get("action") == ERASED:
                erased |= _erased(body)
            if see is not None:
                see(body, event)
        elif seq != before.seq + 1:
            at.fault(FaultCode.OUT_OF_ORDER, expected=before.seq + 1)
        before = Head(max(seq, before.seq), leaf)
    faults += [
        Fault(FaultCode.ERASED_UNRECORDED, stream, seq, {"field": name})
        for seq, name in gone
        if (seq, name) not in erased
    ]
    if head is not None:
        _end(stream, before, head, faults)
    return Walk(tuple(faults), before, tuple(field for field in gone if field in erased))


@dataclass(frozen=True, slots=True)
class _At:
    stream: str
    seq: int
    faults: list[Fault]

    def fault(self, code: FaultCode, **data: Any) -> None:  # noqa: ANN401 – JSON values
        self.faults.append(Fault(code, self.stream, self.seq, data))


def _read(raw: bytes) -> tuple[dict[str, Any], FaultCode | None]:
    try:
        body, written = _parsed(raw)
    except (ValueError, RecursionError):  # JSON, UTF-8 and canonicalisation errors are all ValueErrors
        return {}, FaultCode.BODY_UNREADABLE
    if not isinstance(body, dict):
        return {}, FaultCode.BODY_UNREADABLE
    return body, None if written == raw else FaultCode.BODY_NOT_CANONICAL


def _parsed(raw: bytes) -> tuple[Any, bytes]:
    """Return a JSON value and how it is written in RFC 8785.

    Without fractions, and without characters that UTF-16 sorts in another order, the standard library writes
    the same thirty times faster.
    """
    fractions: list[str] = []

    def fraction(text: str) -> float:
        fractions.append(text)
        return float(text)

    text = raw.decode()
    body = json.loads(text, parse_float=fraction, parse_constant=fraction)
    if not (fractions or _LONG.search(text)) and (text.isascii() or max(text) < _SORTS_ALIKE):
        plain = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        if plain == raw:
            return body, plain
    return body, rfc8785.dumps(body)


def _body(at: "_At", body: Mapping[str, Any], before: Head, before_ts: str) -> None:
    if (body.get("v"), body.get("alg")) != (VERSION, ALGORITHM):
        at.fault(FaultCode.VERSION_UNKNOWN, v=str(body.get("v")), alg=str(body.get("alg")))
    if body.get("stream") != at.stream:
        at.fault(FaultCode.STREAM_DIFFERS, found=str(body.get("stream")))
    _follows(at, body, before)
    if str(body.get("ts")) < before_ts:
        at.fault(FaultCode.TIME_GOES_BACK, ts=str(body.get("ts")), before=before_ts)


def _erased(body: Mapping[str, Any]) -> set[tuple[int, str]]:
    data = body.get("data")
    fields = data.get("fields") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(fields, list) or body.get("outcome") != "done":
        return set()
    return {(data.get("seq", 0), field) for field in fields if isinstance(field, str)}


def _number(body: Mapping[str, Any], event: StoredEvent) -> int:
    for number in (body.get("seq"), event.columns.get("seq")):
        if isinstance(number, int):
            return number
    return 0


def _follows(at: _At, body: Mapping[str, Any], before: Head) -> None:
    if at.seq > before.seq + 1:
        at.fault(FaultCode.EVENTS_MISSING, first=before.seq + 1, last=at.seq - 1)
    elif at.seq == before.seq and at.seq > 0:
        at.fault(FaultCode.EVENT_REPEATED)
    elif at.seq <= before.seq:
        at.fault(FaultCode.OUT_OF_ORDER, expected=before.seq + 1)
    if body.get("prev") != before.leaf:
        at.fault(FaultCode.PREV_DIFFERS)


def _columns(at: _At, body: Mapping[str, Any], columns: Mapping[str, Any]) -> None:
    actor = body.get("actor") if isinstance(body.get("actor"), dict) else {}
    assert isinstance(actor, dict)
    said = {**body, "actor_id": actor.get("id"), "actor_role": actor.get("role")}
    for name, value in columns.items():
        if said.get(name) != value:
            at.fault(FaultCode.COLUMN_DIFFERS, column=name)


def _private(at: _At, body: Mapping[str, Any], openings: Mapping[str, Opening]) -> list[tuple[int, str]]:
    committed = body.get("private")
    committed = committed if isinstance(committed, dict) else {}
    for name in openings.keys() - committed.keys():
        at.fault(FaultCode.PRIVATE_UNKNOWN, field=name)
    erased = []
    for name, expected in committed.items():
        opening = openings.get(name)
        if opening is None or opening.value is None:
            erased.append((at.seq, name))
        elif not _opens(name, opening, expected):
            at.fault(FaultCode.PRIVATE_DIFFERS, field=name)
    return erased


def _opens(name: str, opening: Opening, expected: Any) -> bool:  # noqa: ANN401 – found in a file
    try:
        return bool(commitment(name, opening) == expected)
    except ValueError:  # a salt that is not hexadecimal, a value that is not UTF-8
        return False


def _end(stream: str, reached: Head, head: Head, faults: list[Fault]) -> None:
    if reached.seq < head.seq:
        lost = {"first": reached.seq + 1, "last": head.seq}
        faults.append(Fault(FaultCode.TAIL_MISSING, stream, reached.seq, lost))
    elif reached.seq > head.seq:
        more = {"first": head.seq + 1, "last": reached.seq}
        faults.append(Fault(FaultCode.TAIL_UNKNOWN, stream, reached.seq, more))
    elif reached.leaf != head.leaf:
        faults.append(Fault(FaultCode.HEAD_DIFFERS, stream, reached.seq))
