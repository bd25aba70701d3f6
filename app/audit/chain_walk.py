"""Walking every chain, and setting down what the events say of tables."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlmodel import Session

from app.audit import queries, row_reader
from app.audit.ledger import Ledger, Named, Sealed
from app.domain.record import chain, sealing
from app.domain.record.chain import Fault, FaultCode, Head, StoredEvent
from app.domain.vocabulary import Event
from app.events.catalogue import NAMED


@dataclass(slots=True)
class Walked:
    """What walking the chains found.

    `begun` names the tables that the record says it vouches for, `as_found` how many rows were there before.
    """

    streams: int = 0
    events: int = 0
    redacted: int = 0
    faults: list[Fault] = field(default_factory=list)
    begun: set[str] = field(default_factory=set)
    as_found: int = 0


def walk_all(
    session: Session, ledger: Ledger, *, prefix: str = "", progress: Callable[[int, int], None] | None = None
) -> Walked:
    """Walk every stream whose name begins with `prefix`; `progress` hears of `(streams done, streams)`.

    A stream that has events and no head, or a head and no events, is a fault too.
    """
    walked = Walked()
    heads = {}
    for rows in row_reader.rows(session, "audit_head", prefix=prefix):
        for row in rows:
            stream, seq = str(row["stream"]), row["seq"]
            walked.faults += row_reader.unreadable("audit_head", stream, row)
            heads[stream] = Head(seq if isinstance(seq, int) else 0, row["leaf"])
    for stream, events in groupby(queries.all_stored(session, prefix), key=lambda one: one[0]):
        _walk(stream, (event for _, event in events), heads.pop(stream, None), ledger, walked)
        if progress:
            progress(walked.streams, walked.streams + len(heads))
    for stream, head in sorted(heads.items()):
        _walk(stream, iter(()), head, ledger, walked)
    return walked


def _walk(
    stream: str, events: Iterator[StoredEvent], head: Head | None, ledger: Ledger, walked: Walked
) -> None:
    def see(body: Mapping[str, Any], found: StoredEvent) -> None:
        walked.events += 1
        _set_down(stream, body, found, ledger)
        if body.get("action") == Event.RECORD_BEGUN:
            data = body["data"]
            walked.begun |= set(data.get("tables", ()))
            walked.as_found += data["rows"] if data.get("more") else 0

    one = chain.walk(stream, events, head=head, see=see)
    if head is None:
        walked.faults.append(Fault(FaultCode.HEAD_DIFFERS, stream, 0, {"head": None}))
    walked.streams += 1
    walked.faults += one.faults
    walked.redacted += len(one.redacted)


def _set_down(stream: str, body: Mapping[str, Any], found: StoredEvent, ledger: Ledger) -> None:
    seq, rows, data = body.get("seq"), body.get("rows"), body.get("data")
    if not isinstance(seq, int):
        return
    if isinstance(rows, dict):
        opening = found.private.get(sealing.SALT)
        salt = opening.value if opening is not None and opening.value is not None else ""
        for table, keys in rows.items():
            for key, seal in keys.items():
                ledger.seal(table, key, Sealed(stream, seq, seal, salt))
    if isinstance(data, dict) and body.get("outcome") == "done":
        for name, tables in NAMED.get(str(body.get("action")), {}).items():
            digest = data.get(name)
            if isinstance(digest, str):
                ledger.name(Named(stream, seq, name, digest, tables))
