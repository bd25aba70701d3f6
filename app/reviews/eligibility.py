"""Who could act at a stage, where all of them must."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, select

from app.domain.roles import UserKind
from app.domain.vocabulary import Verb
from app.domain.workflow import Act, Case, Facts, Stage, objections, seats
from app.identity.absences import service as absences
from app.identity.models import Delegation, User
from app.identity.queries import holders, posted, user_actor
from app.infra.clock import beijing
from app.reviews.cases import Loaded, acting, as_actor


def of(session: Session, loaded: Loaded, stage: Stage, line: str) -> frozenset[str]:
    """Return everybody who could decide at this stage now or has; empty when nobody could.

    People named by role, by post, as author, by sign-in name, by id in a stage added to the case, or instead
    of somebody; authors and persons of a distinct set are left out where they may not act.
    """
    people: dict[object, User] = {}
    for who in stage.who:
        if who.role is not None:
            people |= {user.id: user for user in holders(session, who.role, unit_path=loaded.draft.unit_path)}
        elif who.person is not None:
            query = select(User).where(_is(loaded.case, who.person), col(User.active).is_(True))
            people |= {user.id: user for user in session.exec(query).all()}
        elif who.author:
            wrote = [UUID(one) for one in loaded.case.authors]
            query = select(User).where(col(User.id).in_(wrote), col(User.active).is_(True))
            people |= {user.id: user for user in session.exec(query).all()}
        elif who.post is not None or who.head_of_author:
            # Who of them holds this very post is asked below, with everything else.
            people |= {user.id: user for user in posted(session, unit_path=loaded.draft.unit_path)}
    run = loaded.case.current().get((stage.key, line))
    done = run.persons if run is not None else frozenset()
    act = Act(Verb.CLAIM, stage.key, line)
    able = {
        str(user.id)
        for user in people.values()
        if (person := user_actor(session, user.id)) is not None
        and person.kind is not UserKind.SERVICE
        and not objections(
            loaded.case,
            loaded.workflow,
            act,
            as_actor(person, loaded.draft.unit_path),
            Facts(),
            loaded.row.updated_at,
        )
    }
    return frozenset(able | done)


def delegates(session: Session, loaded: Loaded, stage: Stage, line: str, *, at: datetime) -> frozenset[str]:
    """Return who may act at a stage in another's place, by a delegation or one that was passed on."""
    path = loaded.draft.unit_path
    held = {
        user.id
        for who in stage.who
        if who.role is not None
        for user in holders(session, who.role, unit_path=path)
    }
    if any(who.post is not None or who.head_of_author for who in stage.who):
        held |= {user.id for user in posted(session, unit_path=path)}
    near = _standing_in(session, held, at)
    act = Act(Verb.CLAIM, stage.key, line)
    found = set()
    for person_id in near | _standing_in(session, near, at):
        person = user_actor(session, person_id, at=at)
        place = None if person is None else acting(person, loaded, stage.key, line)
        if place is None or place.principal is None or not seats(loaded.case, stage, line, place):
            continue
        if not objections(loaded.case, loaded.workflow, act, place, Facts(), at):
            found.add(str(person_id))
    return frozenset(found)


def only_away(
    session: Session, loaded: Loaded, stage: Stage, line: str, *, at: datetime, until: datetime | None
) -> frozenset[UUID]:
    """Return who is awaited at a stage where everybody who may act there is away, now and up to `until`.

    Empty where somebody at work may act, and where nobody may, away or not.
    """
    run = loaded.case.current().get((stage.key, line))
    able = of(session, loaded, stage, line) | delegates(session, loaded, stage, line, at=at)
    awaited = frozenset(UUID(one) for one in able - (run.persons if run else frozenset()))
    return awaited if awaited and awaited == absences.away(session, awaited, at, until=until) else frozenset()


def _standing_in(session: Session, principals: Collection[UUID], at: datetime) -> frozenset[UUID]:
    today = beijing(at).date()
    query = select(Delegation.delegate_id).where(
        col(Delegation.principal_id).in_(list(principals)),
        col(Delegation.revoked_at).is_(None),
        col(Delegation.confirmed_at).is_not(None),
        Delegation.starts_on <= today,
        Delegation.ends_on >= today,
    )
    return frozenset(session.exec(query).all())


def _is(case: Case, name: str) -> ColumnElement[bool]:
    ids = {UUID(person) for login, person in case.instead if login == name}
    if name.startswith("id:"):
        ids.add(UUID(name.removeprefix("id:")))
    return or_(col(User.login) == name, col(User.id).in_(ids))
