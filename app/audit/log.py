"""The log over all events: filled behind the scenes, and signed in checkpoints that leave the house."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from app.audit.models import AuditCheckpoint, AuditEvent, AuditHead, AuditLog, AuditLogged, AuditTile
from app.domain.record import checkpoints, merkle
from app.domain.record.checkpoints import Checkpoint
from app.domain.vocabulary import Event
from app.infra.clock import beijing
from app.infra.db import Database
from app.infra.signing import Signer

#: Events that are logged in one transaction.
_AT_ONCE = 5000

log = structlog.get_logger()


def advance(database: Database, signer: Signer, folder: Path, *, at: datetime) -> Checkpoint | None:
    """Log what was recorded since, sign a checkpoint and write it into a file of `folder`; None for nothing.

    Raises `OSError` when the file cannot be written; the checkpoint is stored all the same.
    """
    more = True
    while more:
        with database.write() as session:
            more = _log(session) == _AT_ONCE
    with database.write() as session:
        made = _sign(session, signer, at=at)
    if made is not None:
        log.info(str(Event.RECORD_CHECKPOINTED), size=made.size, root=made.root.hex(), origin=made.origin)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (folder / f"{beijing(at):%Y-%m-%d}.txt").open("a", encoding="utf-8") as file:
            file.write(f"{made.note}\n")
    return made


def newest(session: Session) -> str | None:
    """Return the text of the newest checkpoint; None before the first."""
    query = select(AuditCheckpoint.note).order_by(col(AuditCheckpoint.size).desc()).limit(1)
    return session.exec(query).one_or_none()


def size_of(session: Session) -> int:
    """Return how many events are logged."""
    last = session.exec(select(sa.func.max(AuditLog.position))).one()
    return 0 if last is None else last + 1


def _log(session: Session) -> int:
    """Append up to so many events that are not logged yet; return how many there were."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(sa.text("LOCK TABLE audit_log IN EXCLUSIVE MODE"))
    logged = sa.func.coalesce(AuditLogged.seq, 0)
    query = (
        sa.select(AuditEvent.stream, AuditEvent.seq, AuditEvent.leaf)  # type: ignore[call-overload]
        .join(AuditHead, col(AuditHead.stream) == col(AuditEvent.stream))
        .outerjoin(AuditLogged, col(AuditLogged.stream) == col(AuditEvent.stream))
        .where(col(AuditHead.seq) > logged, col(AuditEvent.seq) > logged)
        .order_by(col(AuditEvent.ts), col(AuditEvent.stream), col(AuditEvent.seq))
        .limit(_AT_ONCE)
    )
    found = session.connection().execute(query).all()
    if not found:
        return 0
    size = size_of(session)
    rows = [
        {"position": position, "stream": stream, "seq": seq, "leaf": leaf}
        for position, (stream, seq, leaf) in enumerate(found, start=size)
    ]
    session.connection().execute(sa.insert(AuditLog), rows)
    ends = [{"stream": stream, "seq": seq} for stream, seq in {one.stream: one.seq for one in found}.items()]
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    added = dialect.insert(AuditLogged)
    session.connection().execute(
        added.on_conflict_do_update(index_elements=["stream"], set_={"seq": added.excluded.seq}), ends
    )
    _tiles(session, size, size + len(found))
    return len(found)


def _tiles(session: Session, size: int, now: int) -> None:
    first, after = size // merkle.TILE, now // merkle.TILE
    if first == after:
        return
    leaves = list(_leaves(session, first * merkle.TILE))
    rows = [
        {"number": number, "root": merkle.root_of(leaves[at : at + merkle.TILE]).hex()}
        for number, at in zip(
            range(first, after), range(0, (after - first) * merkle.TILE, merkle.TILE), strict=True
        )
    ]
    session.connection().execute(sa.insert(AuditTile), rows)


def _leaves(session: Session, start: int) -> Iterator[bytes]:
    query = select(AuditLog.leaf).where(col(AuditLog.position) >= start).order_by(col(AuditLog.position))
    return (bytes.fromhex(leaf) for leaf in session.exec(query))


def _sign(session: Session, signer: Signer, *, at: datetime) -> Checkpoint | None:
    size = size_of(session)
    if size == 0 or session.get(AuditCheckpoint, size) is not None:
        return None
    tree = merkle.Tree()
    for root in session.exec(select(AuditTile.root).order_by(col(AuditTile.number))):
        tree.append(bytes.fromhex(root), leaves=merkle.TILE)
    for leaf in _leaves(session, tree.size):
        tree.append(leaf)
    made = checkpoints.make(
        key_id=signer.key_id,
        public=signer.public_bytes,
        sign=signer.signature,
        size=size,
        root=tree.root(),
        streams=session.exec(select(sa.func.count()).select_from(AuditHead)).one(),
        at=at,
    )
    session.add(AuditCheckpoint(size=size, note=made.note, made_at=at))
    return made
