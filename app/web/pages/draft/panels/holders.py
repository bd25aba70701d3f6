"""Who could decide the open stages, by name."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.domain.workflow import Run, Stage
from app.identity.absences import service as absences
from app.identity.models import User
from app.identity.staff import Staff, staff
from app.reviews.cases import Walking

#: The names of those who could decide each stage, by its key.
Holders = dict[str, tuple[str, ...]]


def holders(session: Session, walking: Walking, at: datetime, stages: Iterable[Stage]) -> Holders:
    """Return the names of those who could decide these stages of a case, and whether they are away."""
    return holders_of(session, [(walking, tuple(stages))], at)[0]


def holders_of(
    session: Session, asked: Sequence[tuple[Walking, Sequence[Stage]]], at: datetime
) -> list[Holders]:
    """Return for each case the names of those who could decide its stages, by their roles and posts.

    At most four statements, however many cases there are.
    """
    lines = [who for _, stages in asked for stage in stages for who in stage.who]
    roles = {who.role for who in lines if who.role is not None}
    known = staff(session, roles, posts=any(who.post is not None for who in lines))
    people = [[(stage.key, _able(known, walking, stage)) for stage in stages] for walking, stages in asked]
    away = absences.away(session, {user.id for of_case in people for _, able in of_case for user in able}, at)
    return [
        {
            key: tuple(f"{user.name}（外出）" if user.id in away else user.name for user in able)
            for key, able in of_case
        }
        for of_case in people
    ]


def waiting_for(open_runs: Iterable[Run], able: Holders, names: Mapping[UUID, str]) -> str:
    """Return whom these runs wait for, in names: who has claimed them, else who could decide. Perhaps nobody.

    `names` are those of the claimers.
    """
    found: dict[str, None] = {}
    for run in open_runs:
        claimed = run.claimed_by
        for name in (names.get(UUID(claimed), ""),) if claimed else able.get(run.stage, ()):
            found[name] = None
    return "、".join(found)


def _able(known: Staff, walking: Walking, stage: Stage) -> tuple[User, ...]:
    path = walking.draft.unit_path
    found = {
        user.id: user
        for who in stage.who
        if who.role is not None
        for user in known.holding(who.role, unit_path=path)
    }
    posts = {who.post for who in stage.who if who.post is not None}
    found |= {user.id: user for user in (known.in_posts(posts, unit_path=path) if posts else ())}
    apart = walking.case.authors if not stage.author_may_act else frozenset[str]()
    return tuple(user for key, user in found.items() if str(key) not in apart)
