"""People outside as persons of the record: one telephone number is one natural person, in every case.

The number itself is kept nowhere: the account is named by a keyed hash of it, which nobody can turn back
without the installation's secret. Who a number belongs to is what the one who asks says; the record names
them beside the outside person.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, select

from app.domain.guests import name_key
from app.domain.roles import UserKind
from app.domain.vocabulary import Event
from app.domain.workflow import Participant
from app.drafts.models import Draft
from app.events.emit import emit
from app.events.payloads.accounts import UserCreated
from app.identity import queries as identity
from app.identity.models import User
from app.identity.persons import entering, numbers
from app.identity.queries import Actor
from app.infra.runtime import Runtime
from app.reviews.cases import Loaded
from app.reviews.models import SignLink

#: No password's hash: such an account cannot sign in.
_NO_PASSWORD = "!"  # noqa: S105


def known(session: Session, phone: str, runtime: Runtime) -> User | None:
    """Return the outside person with this telephone number; `None` when they were never asked before."""
    return session.exec(select(User).where(User.login == _login(phone, runtime))).one_or_none()


def add(
    session: Session,
    person_id: UUID,
    name: str,
    phone: str,
    draft: Draft,
    actor: Actor,
    *,
    runtime: Runtime,
    at: datetime,
) -> None:
    """Give somebody outside their place in the record: an account without password, roles or sign-in."""
    user = User(
        id=person_id,
        unit_id=draft.unit_id,
        login=_login(phone, runtime),
        name=name.strip(),
        kind=UserKind.OUTSIDE,
        password_hash=_NO_PASSWORD,
        active=False,
        created_at=at,
        password_changed_at=at,
        # Somebody of the house who is asked by their telephone is who they are.
        person_id=entering.by_phone(session, numbers.hashed(phone, runtime.secret)),
    )
    session.add(user)
    session.flush()
    if user.person_id is None:
        entering.enter(session, user, at=at, phone=numbers.hashed(phone, runtime.secret))
    payload = UserCreated(user=person_id, unit=draft.unit_id, kind=UserKind.OUTSIDE, name=name.strip())
    emit(session, Event.USER_CREATED, payload, about=person_id, actor=actor.as_audit(), at=at)


def namesakes(
    session: Session,
    loaded: Loaded,
    name: str,
    person_id: UUID,
    invited: Sequence[UUID],
    actor: Actor,
) -> list[str]:
    """Return who else in a case bears this name, in words; empty when nobody does.

    Authors, whoever stands behind a stage, others who are invited, and the one who asks.
    """
    roles = dict.fromkeys(invited, "另一位受邀人")
    for run in loaded.case.runs:
        title = loaded.workflow.by_key[run.stage].title
        roles |= {UUID(person): f"“{title}”办理人" for person in run.persons}
    roles |= {UUID(author): "作者" for author in loaded.case.authors}
    roles[actor.id] = "邀请人"
    names = identity.names(session, roles)
    return [
        roles[one] for one, other in names.items() if one != person_id and name_key(other) == name_key(name)
    ]


def as_person(session: Session, link: SignLink) -> Actor:
    """Return the holder of a link as the record names them."""
    user = session.get_one(User, link.person_id)
    return Actor(user.id, link.name, user.login, user.unit_id, "", via="link")


def as_participant(session: Session, person_id: UUID, phone: str = "") -> Participant:
    """Return an outside person as the domain sees them: outside, without any role or post.

    Whoever has no account yet may be somebody of the house, by the hash of their telephone number.
    """
    user = session.get(User, person_id)
    person = (user.person_id or user.id) if user else entering.by_phone(session, phone) or person_id
    others = identity.accounts_of_same(session, {person}) - {person_id}
    return Participant(
        person=str(person_id),
        outside=True,
        same_as=((str(person_id), str(person)),) if others else (),
        others=frozenset(map(str, others)),
        own_others=frozenset(map(str, others)),
    )


def _login(phone: str, runtime: Runtime) -> str:
    return f"{numbers.OUTSIDE}{numbers.hashed(phone, runtime.secret)}"
