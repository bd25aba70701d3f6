"""Who could decide stages, by name."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.domain.workflow import Run
from app.domain.workflow.case import Spot
from app.identity.absences import service as absences
from app.reviews import eligibility
from app.reviews.eligibility import Opening

#: The names of those who could decide each stage of a case, by its key and line.
Holders = dict[Spot, tuple[str, ...]]


def holders_of(session: Session, asked: Sequence[Sequence[Opening]], at: datetime) -> list[Holders]:
    """Return for each case the names of those who could decide its stages, and whether they are away.

    Whoever could only in another's place is marked so. Seven statements at most, however many cases.
    """
    openings = [opening for of_case in asked for opening in of_case]
    eligible = eligibility.who_could_act(session, openings, at)
    away = absences.away(session, {person for able in eligible for person in able.persons}, at)

    def named(able: eligibility.Eligible) -> tuple[str, ...]:
        people = [(actor, "") for actor in able.own] + [(actor, "（代）") for actor in able.deputies]
        return tuple(
            f"{actor.name}{as_deputy}{'（外出）' if actor.id in away else ''}" for actor, as_deputy in people
        )

    names = iter([named(able) for able in eligible])
    return [{(stage.key, line): next(names) for _, stage, line in of_case} for of_case in asked]


def waiting_for(open_runs: Iterable[Run], able: Holders, names: Mapping[UUID, str]) -> str:
    """Return whom these runs wait for, in names: who has claimed them, else who could decide. Perhaps nobody.

    `names` are those of the claimers.
    """
    awaited: dict[str, None] = {}
    for run in open_runs:
        claimed = run.claimed_by
        for name in (names.get(UUID(claimed), ""),) if claimed else able.get(run.spot, ()):
            awaited[name] = None
    return "、".join(awaited)
