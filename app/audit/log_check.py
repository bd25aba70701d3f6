"""Holding the log over all events, and every checkpoint of it, against the events."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.audit.models import AuditCheckpoint, AuditEvent, AuditLog, AuditTile
from app.audit.service import ROWS
from app.domain import checkpoints, merkle
from app.domain.checkpoints import Checkpoint
from app.domain.evidence import Fault, FaultCode
from app.infra.signing import Signer

#: How far clocks may be apart: an event that lies further outside its checkpoints was dated by hand.
_APART = timedelta(days=1)
_INSIDE, _OUTSIDE = "库内", "库外保存"


@dataclass(slots=True)
class Checked:
    """What was found: how many events are logged, how many checkpoints fit, and what could not be asked."""

    logged: int = 0
    compared: int = 0
    unsigned: int = 0
    faults: list[Fault] = field(default_factory=list)


def check(session: Session, *, signer: Signer | None, outside: Sequence[str]) -> Checked:
    """Walk the log from its first entry, and compare its root with every checkpoint where it was made."""
    checked = Checked()
    known = _checkpoints(session, outside)
    for where, one in (each for there in known.values() for each in there):
        if signer is None or one.origin != checkpoints.origin_of(signer.key_id):
            checked.unsigned += 1
        elif not checkpoints.is_signed(one, public=signer.public_bytes, verify=signer.verifies_bytes):
            data = {"size": one.size, "made_at": one.at, "where": where}
            checked.faults.append(Fault(FaultCode.CHECKPOINT_UNSIGNED, "", 0, data))
    walk = _Walk(session, known, checked)
    walk.run()
    return checked


def _checkpoints(session: Session, outside: Sequence[str]) -> dict[int, list[tuple[str, Checkpoint]]]:
    found: dict[int, list[tuple[str, Checkpoint]]] = {}
    inside = session.exec(select(AuditCheckpoint).order_by(col(AuditCheckpoint.size))).all()
    texts = [(_INSIDE, row.note) for row in inside] + [(_OUTSIDE, text) for text in outside]
    for where, text in texts:
        for one in checkpoints.read(text):
            found.setdefault(one.size, []).append((where, one))
    return found


class _Walk:
    """Goes along the log with the tree over it."""

    def __init__(
        self, session: Session, known: dict[int, list[tuple[str, Checkpoint]]], checked: Checked
    ) -> None:
        self.session, self.known, self.checked = session, known, checked
        self.tree, self.tile = merkle.Tree(), merkle.Tree()
        self.good = 0
        self.tiles = dict(session.exec(select(AuditTile.number, AuditTile.root)).all())
        #: Sizes at which the log was signed here, and when.
        self.signed = sorted(
            (size, datetime.fromisoformat(one.at))
            for size, there in known.items()
            for where, one in there
            if where == _INSIDE
        )
        self.sizes = [size for size, _ in self.signed]

    def run(self) -> None:
        """Walk to the end, and tell of checkpoints beyond it."""
        event = sa.and_(
            col(AuditEvent.stream) == col(AuditLog.stream), col(AuditEvent.seq) == col(AuditLog.seq)
        )
        query = (
            sa.select(  # type: ignore[call-overload]
                AuditLog.position,
                AuditLog.stream,
                AuditLog.seq,
                AuditLog.leaf,
                col(AuditEvent.leaf).label("found"),
                AuditEvent.ts,
            )
            .outerjoin(AuditEvent, event)
            .order_by(col(AuditLog.position))
            .execution_options(yield_per=2000)
        )
        for row in self.session.connection().execute(query):
            self._entry(row)
        self.checked.logged = self.tree.size
        for size, there in sorted(self.known.items()):
            if size > self.tree.size:
                for where, one in there:
                    data = {"size": size, "found": self.tree.size, "made_at": one.at, "where": where}
                    self.checked.faults.append(Fault(FaultCode.CHECKPOINT_AHEAD, "", 0, data))

    def _entry(self, row: Any) -> None:  # noqa: ANN401 – a row of columns
        if row.position != self.tree.size:
            data = {"first": self.tree.size, "last": row.position - 1}
            self.checked.faults.append(Fault(FaultCode.LOG_GAP, "", 0, data))
        place = {"position": row.position}
        if row.found is None:
            self.checked.faults.append(Fault(FaultCode.LOG_EVENT_MISSING, row.stream, row.seq, place))
        elif row.found != row.leaf:
            self.checked.faults.append(Fault(FaultCode.LOG_EVENT_DIFFERS, row.stream, row.seq, place))
        if row.ts is not None and row.stream != ROWS:
            self._dated(row)
        leaf = bytes.fromhex(row.leaf)
        self.tree.append(leaf)
        self._in_tile(leaf)
        for where, one in self.known.get(self.tree.size, ()):
            self._compare(where, one)

    def _in_tile(self, leaf: bytes) -> None:
        self.tile.append(leaf)
        if self.tile.size == merkle.TILE:
            number = self.tree.size // merkle.TILE - 1
            if self.tiles.get(number) != self.tile.root().hex():
                self.checked.faults.append(Fault(FaultCode.LOG_TILE_DIFFERS, "", 0, {"number": number}))
            self.tile = merkle.Tree()

    def _dated(self, row: Any) -> None:  # noqa: ANN401 – a row of columns
        """Ask whether an event's time lies between the checkpoints before and after it."""
        at = bisect_right(self.sizes, row.position)
        since = self.signed[at - 1][1] if at else None
        after = self.signed[at][1] if at < len(self.signed) else None
        if (since and row.ts < since - _APART) or (after and row.ts > after + _APART):
            data = {"ts": str(row.ts), "after": str(since or "最初"), "before": str(after or "现在")}
            self.checked.faults.append(Fault(FaultCode.BACK_DATED, row.stream, row.seq, data))

    def _compare(self, where: str, one: Checkpoint) -> None:
        self.checked.compared += 1
        if one.root == self.tree.root():
            self.good = one.size
            return
        data = {"size": one.size, "made_at": one.at, "where": where, "good": self.good}
        self.checked.faults.append(Fault(FaultCode.CHECKPOINT_DIFFERS, "", 0, data))
