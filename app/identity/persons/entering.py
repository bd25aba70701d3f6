"""Who has an account is entered as a person: with it, or when something is first said of them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, select

from app.domain.roles import UserKind
from app.identity.models import Person, User


def enter(session: Session, user: User, *, at: datetime, staff_number: str = "", phone: str = "") -> Person:
    """Return the person whose account this is, entered if need be; `phone` is a hash, see `numbers`.

    The account and the person are flushed. Asks that the account is no tool's.
    """
    assert user.kind != UserKind.SERVICE, "a tool is nobody"
    if user.person_id is not None:
        return session.get_one(Person, user.person_id)
    person = Person(id=user.id, name=user.name, staff_number=staff_number, phone_hash=phone, created_at=at)
    session.add(person)
    session.flush()
    user.person_id = person.id
    session.add(user)
    session.flush()
    return person


def by_phone(session: Session, phone: str) -> UUID | None:
    """Return the person with this telephone number (its hash); `None` for nobody, or for several."""
    if not phone:
        return None
    whose = func.coalesce(Person.merged_into, Person.id)
    found = session.exec(select(whose).where(Person.phone_hash == phone).distinct().limit(2)).all()
    return found[0] if len(found) == 1 else None
