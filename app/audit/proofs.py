"""Proofs out of the log over all events: that an event is in it, and that it only grew."""

from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.audit import log
from app.audit.models import AuditCheckpoint, AuditLog, AuditTile
from app.domain.record import merkle
from app.domain.record.checkpoints import Checkpoint, read


class Place(NamedTuple):
    """Where an event is in the log, and the hashes that lead from its leaf to the root, from below."""

    position: int
    path: list[bytes]


class Log:
    """The log as it was at some size, of which no more is read than a proof needs."""

    def __init__(self, session: Session, size: int) -> None:
        self.session, self.size = session, size
        numbers = select(AuditTile.number, AuditTile.root).where(col(AuditTile.number) < size // merkle.TILE)
        self._tiles = {number: bytes.fromhex(root) for number, root in session.exec(numbers)}
        self._known: dict[tuple[int, int], bytes] = {}
        self._leaves: dict[int, list[bytes]] = {}

    def root(self, start: int, end: int) -> bytes:
        """Return the root over the entries from `start` to before `end`, which begin a subtree of the log."""
        if (start, end) not in self._known:
            self._known[start, end] = self._root(start, end)
        return self._known[start, end]

    def place(self, position: int) -> Place:
        """Return the proof of one entry. Raises `IndexError` for a position beyond the size."""
        return Place(position, merkle.inclusion(position, self.size, self.root))

    def grown_from(self, first: int) -> list[bytes]:
        """Return the proof that the log had `first` entries before. Raises `IndexError` for no such size."""
        return merkle.consistency(first, self.size, self.root)

    def _root(self, start: int, end: int) -> bytes:
        tree = merkle.Tree()
        at = start
        while at < end:
            if at % merkle.TILE == 0 and at + merkle.TILE <= end and at // merkle.TILE in self._tiles:
                tree.append(self._tiles[at // merkle.TILE], leaves=merkle.TILE)
                at += merkle.TILE
                continue
            until = min(end, (at // merkle.TILE + 1) * merkle.TILE)
            first = at // merkle.TILE * merkle.TILE
            for leaf in self._of_tile(at // merkle.TILE)[at - first : until - first]:
                tree.append(leaf)
            at = until
        return tree.root()

    def _of_tile(self, number: int) -> list[bytes]:
        if number not in self._leaves:
            first = number * merkle.TILE
            query = (
                select(AuditLog.leaf)
                .where(col(AuditLog.position) >= first, col(AuditLog.position) < first + merkle.TILE)
                .order_by(col(AuditLog.position))
            )
            self._leaves[number] = [bytes.fromhex(leaf) for leaf in self.session.exec(query)]
        return self._leaves[number]


def newest(session: Session) -> Checkpoint | None:
    """Return the newest checkpoint; None before the first, or where somebody made it unreadable."""
    return next(iter(read(log.newest(session) or "")), None)


def of_size(session: Session, size: int) -> Checkpoint | None:
    """Return the checkpoint that was made at this size; None where none was, or none can be read."""
    row = session.get(AuditCheckpoint, size)
    return next(iter(read(row.note if row is not None else "")), None)


def entry_of(session: Session, stream: str, seq: int) -> AuditLog | None:
    """Return the entry of an event in the log; None while it has none."""
    return session.exec(select(AuditLog).where(AuditLog.stream == stream, AuditLog.seq == seq)).one_or_none()


def shown(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return a checkpoint as the API gives it: its root in hexadecimal digits."""
    root, at = checkpoint.root.hex(), checkpoint.at
    return {"size": checkpoint.size, "root": root, "made_at": at, "note": checkpoint.note}


def of_stream(session: Session, stream: str, checkpoint: Checkpoint) -> dict[int, Place]:
    """Return the proofs of all events of a stream that were logged before a checkpoint, by their number."""
    query = (
        sa.select(col(AuditLog.seq), col(AuditLog.position))
        .where(AuditLog.stream == stream, col(AuditLog.position) < checkpoint.size)  # type: ignore[arg-type]
        .order_by(col(AuditLog.position))
    )
    whole = Log(session, checkpoint.size)
    return {seq: whole.place(position) for seq, position in session.connection().execute(query)}
