"""Verifying the whole record: its chains, its checkpoints, and the tables that it vouches for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection
from sqlmodel import Session

from app.audit import chain_walk, log_check, row_reader, triggers
from app.audit import table_check as tables
from app.audit.ledger import Ledger
from app.audit.service import ROWS
from app.audit.vouched_tables import NOT_VOUCHED, VOUCHED
from app.domain.record.chain import Fault, FaultCode
from app.infra.signing import Signer

#: Hears of `(done, of)` while it goes on; what is counted differs from step to step.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Unseen:
    """Something that was not looked at: a code, what it concerns (a table, say), and how many of it."""

    code: str
    what: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class Verified:
    """What was checked, every fault with its place, and what nobody looked at.

    `tables` gives for every table that the record vouches for how many rows were compared; `checkpoints` how
    many signed checkpoints were compared; `redacted` how many openings were erased by law.
    """

    streams: int
    events: int
    faults: tuple[Fault, ...]
    redacted: int
    tables: Mapping[str, int] = field(default_factory=dict)
    checkpoints: int = 0
    unseen: tuple[Unseen, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether no fault was found in what was looked at."""
        return not self.faults


def verify(
    session: Session,
    *,
    prefix: str = "",
    signer: Signer | None = None,
    outside: Sequence[str] = (),
    folder: Path | None = None,
    progress: Progress | None = None,
) -> Verified:
    """Verify the record and what it vouches for; changes nothing.

    `prefix` narrows it to the streams whose names begin so: then tables and checkpoints are not looked at.
    `signer` is the key that checkpoints are signed with; `outside` are texts of checkpoints that were kept
    elsewhere; `folder` is where checkpoints are written when they are made.
    """
    files = log_check.files(folder)  # before the tables: what is made meanwhile would lack its row
    _stand_still(session)
    with Ledger() as ledger, row_reader.any_value(session):
        walked = chain_walk.walk_all(session, ledger, prefix=prefix, progress=progress)
        if prefix:
            only = (Unseen("only_some_streams", prefix),)
            return Verified(walked.streams, walked.events, tuple(walked.faults), walked.redacted, unseen=only)
        compared = tables.compare(session, ledger, progress=progress)
        logged = log_check.check(session, signer=signer, outside=outside, files=files)
    faults = [*walked.faults, *compared.faults, *logged.faults, *triggers.missing(session)]
    lost = sorted(VOUCHED.keys() - walked.begun)
    faults += [Fault(FaultCode.BEGINNING_MISSING, ROWS, 0, {"table": name}) for name in lost]
    return Verified(
        walked.streams,
        walked.events,
        tuple(faults),
        walked.redacted,
        tables=compared.rows,
        checkpoints=logged.compared,
        unseen=(*_not_logged(walked, logged, outside), *_unseen(walked, compared)),
    )


def _not_logged(
    walked: chain_walk.Walked, logged: log_check.Checked, outside: Sequence[str]
) -> Iterator[Unseen]:
    if not logged.compared and not logged.begun:
        yield Unseen("no_checkpoint")
    elif walked.events > logged.logged:
        yield Unseen("not_logged", count=walked.events - logged.logged)
    if logged.unsigned:
        yield Unseen("no_key", count=logged.unsigned)
    if logged.not_comparable:
        yield Unseen("not_comparable", count=logged.not_comparable)
    if not outside:
        yield Unseen("nothing_outside")


def _unseen(walked: chain_walk.Walked, compared: tables.Compared) -> Iterator[Unseen]:
    if walked.as_found:
        yield Unseen("rows_as_found", count=walked.as_found)
    for name, count in compared.unsalted.items():
        yield Unseen("rows_unsalted", name, count)
    for name, known in VOUCHED.items():
        for column in known.left_out:
            yield Unseen("column", f"{name}.{column}")
    for name in NOT_VOUCHED:
        if not name.startswith("audit_"):
            yield Unseen("table", name)


def _stand_still(session: Session) -> None:
    """Let all that is read be of one instant: the service may be at work meanwhile.

    A session that has read something already on PostgreSQL keeps what it is; SQLite stands still anyway.
    """
    bind = session.get_bind()
    begun = session.in_transaction() or (isinstance(bind, Connection) and bind.in_transaction())
    if bind.dialect.name == "postgresql" and not begun:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
