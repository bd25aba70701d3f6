"""Who could act at a stage, where all of them must."""

from sqlmodel import Session, col, select

from app.domain.vocabulary import Verb
from app.domain.workflow import Act, Facts, Stage, objections
from app.identity.models import User
from app.identity.queries import holders, user_actor
from app.reviews.store import Loaded, as_actor


def of(session: Session, loaded: Loaded, stage: Stage, line: str) -> frozenset[str]:
    """Return everybody who could approve at this stage now or has; empty when nobody could.

    People named by role or by sign-in name; authors and persons of a distinct set are left out, for they may
    not act.
    """
    people: dict[object, User] = {}
    for who in stage.who:
        if who.role is not None:
            people |= {user.id: user for user in holders(session, who.role, unit_path=loaded.draft.unit_path)}
        elif who.person is not None:
            query = select(User).where(User.login == who.person, col(User.active).is_(True))
            people |= {user.id: user for user in session.exec(query).all()}
    run = loaded.case.current().get((stage.key, line))
    done = run.persons if run is not None else frozenset()
    act = Act(Verb.APPROVE, stage.key, line)
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
