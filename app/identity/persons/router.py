"""The API of persons and their accounts."""

from uuid import UUID

from fastapi import FastAPI, Request
from sqlmodel import Session

from app.domain.guests import phone_key
from app.identity.access import CurrentActor
from app.identity.models import Person, User
from app.identity.permissions import SEE_ACCOUNTS
from app.identity.persons import numbers, queries, service
from app.identity.persons.schemas import (
    DistinctionIn,
    MergeIn,
    MoveIn,
    PersonAccountOut,
    PersonIn,
    PersonOut,
    ReactivationIn,
    RenameIn,
    TwinsOut,
)
from app.identity.presenters import user_out
from app.identity.reach import user_in_reach
from app.identity.schemas import UserOut
from app.infra.db import ReadSession, WriteSession
from app.infra.errors import Invalid, Reason
from app.infra.http.routing import ApiRouter
from app.infra.runtime import Runtime, runtime_of

router = ApiRouter(tags=["identity"])


@router.put("/users/{user_id}/unit")
def move_user(
    request: Request, user_id: UUID, body: MoveIn, actor: CurrentActor, session: WriteSession
) -> UserOut:
    """Let an account belong to another unit (system administrator); roles and posts stay."""
    at = runtime_of(request).clock()
    return user_out(
        session, service.move_user(session, user_id=user_id, unit_id=body.unit_id, actor=actor, at=at)
    )


@router.put("/users/{user_id}/name")
def rename_user(
    request: Request, user_id: UUID, body: RenameIn, actor: CurrentActor, session: WriteSession
) -> UserOut:
    """Correct somebody's name with all of their accounts (system administrator); the record stays."""
    at = runtime_of(request).clock()
    return user_out(
        session, service.rename_user(session, user_id=user_id, name=body.name, actor=actor, at=at)
    )


@router.post("/users/{user_id}/reactivation")
def reactivate_user(
    request: Request, user_id: UUID, body: ReactivationIn, actor: CurrentActor, session: WriteSession
) -> UserOut:
    """Open a shut account again (system administrator), without its roles, posts and delegations."""
    at = runtime_of(request).clock()
    user = service.reactivate_user(session, user_id=user_id, password=body.password, actor=actor, at=at)
    return user_out(session, user)


@router.get("/users/{user_id}/person")
def show_person(user_id: UUID, actor: CurrentActor, session: ReadSession) -> PersonOut:
    """Show whose an account is, with their other accounts."""
    user, _ = user_in_reach(session, user_id, actor, *SEE_ACCOUNTS)
    return _person(session, user)


@router.put("/users/{user_id}/person")
def identify_person(
    request: Request, user_id: UUID, body: PersonIn, actor: CurrentActor, session: WriteSession
) -> PersonOut:
    """Say by which staff number and telephone a person is known (system administrator)."""
    runtime = runtime_of(request)
    phone = hashed_phone(body.phone, runtime)
    service.identify(
        session,
        user_id=user_id,
        staff_number=body.staff_number.strip(),
        phone=phone,
        actor=actor,
        at=runtime.clock(),
    )
    return _person(session, session.get_one(User, user_id))


@router.get("/persons/twins")
def list_twins(actor: CurrentActor, session: ReadSession) -> list[TwinsOut]:
    """List who may be one person: of one name in one unit, or with one telephone."""
    return [
        TwinsOut(one=_account(pair.one), other=_account(pair.other), alike=list(pair.alike))
        for pair in queries.doubtful(session, actor)
    ]


@router.post("/persons/merges")
def merge_persons(request: Request, body: MergeIn, actor: CurrentActor, session: WriteSession) -> PersonOut:
    """Let two accounts be one person's from now on (security administrator)."""
    at = runtime_of(request).clock()
    service.merge(
        session, keep_id=body.keep_id, other_id=body.other_id, reason=body.reason, actor=actor, at=at
    )
    return _person(session, session.get_one(User, body.keep_id))


@router.post("/persons/distinctions", status_code=204)
def tell_persons_apart(
    request: Request, body: DistinctionIn, actor: CurrentActor, session: WriteSession
) -> None:
    """Say that two who look like one person are two (security administrator)."""
    at = runtime_of(request).clock()
    service.tell_apart(
        session, one_id=body.one_id, other_id=body.other_id, reason=body.reason, actor=actor, at=at
    )


def hashed_phone(phone: str, runtime: Runtime) -> str:
    """Return the hash of what was typed as a telephone number, empty for nothing. Raises `Invalid`."""
    if phone.strip() and not phone_key(phone):
        raise Invalid("malformed", reasons=[Reason("field", {"message": "请填写完整的电话号码。"}, "phone")])
    return numbers.hashed(phone, runtime.secret)


def _person(session: Session, user: User) -> PersonOut:
    person = session.get(Person, user.person_id) if user.person_id else None
    return PersonOut(
        id=user.person_id or user.id,
        name=person.name if person else user.name,
        staff_number=person.staff_number if person else "",
        has_phone=bool(person and person.phone_hash),
        accounts=[_account(one) for one in queries.accounts_of(session, user)],
    )


def _account(one: queries.Account) -> PersonAccountOut:
    return PersonAccountOut.model_validate(one, from_attributes=True)


def install(app: FastAPI) -> None:
    """Add these routes."""
    app.include_router(router)
