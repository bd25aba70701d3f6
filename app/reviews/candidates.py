"""Who could act at a stage, where all of them must."""

from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, select

from app.domain.vocabulary import Verb
from app.domain.workflow import Act, Case, Facts, Stage, objections
from app.identity.models import User
from app.identity.queries import holders, posted, user_actor
from app.reviews.store import Loaded, as_actor


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


def _is(case: Case, name: str) -> ColumnElement[bool]:
    ids = {UUID(person) for login, person in case.instead if login == name}
    if name.startswith("id:"):
        ids.add(UUID(name.removeprefix("id:")))
    return or_(col(User.login) == name, col(User.id).in_(ids))
