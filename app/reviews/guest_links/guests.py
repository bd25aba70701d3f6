"""People outside as persons of the record: one telephone number is one natural person, in every case.

The number itself is kept nowhere: the account is named by a keyed hash of it, which nobody can turn back
without the installation's secret. Who a number belongs to is what the one who asks says; the record names
them beside the outside person.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, select

from app.domain.guests import name_key, phone_key
from app.domain.roles import UserKind
from app.domain.vocabulary import Event
from app.domain.workflow import Participant
from app.drafts.models import Draft
from app.events.emit import emit
from app.events.payloads.accounts import UserCreated
from app.identity import queries as identity
from app.identity.models import User
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
    session.add(
        User(
            id=person_id,
            unit_id=draft.unit_id,
            login=_login(phone, runtime),
            name=name.strip(),
            kind=UserKind.OUTSIDE,
            password_hash=_NO_PASSWORD,
            active=False,
            created_at=at,
            password_changed_at=at,
        )
    )
    session.flush()
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


def as_participant(person_id: UUID) -> Participant:
    """Return an outside person as the domain sees them: outside, without any role or post."""
    return Participant(person=str(person_id), outside=True)


def _login(phone: str, runtime: Runtime) -> str:
    digest = hmac.new(runtime.secret, f"outside:{phone_key(phone)}".encode(), hashlib.sha256).hexdigest()
    return f"outside:{digest[:40]}"
