"""Persons and their accounts: moved, renamed, opened again, known by a number, found to be one or two.

System administrators keep accounts; whether two accounts are one person's the security administrator settles,
for separation of duties hangs on it. Source: docs/decisions/0083-persons.md.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.roles import UserKind
from app.domain.vocabulary import Event, Role
from app.events.emit import emit
from app.events.payloads.accounts import (
    PersonIdentified,
    PersonMerged,
    PersonsToldApart,
    UserMoved,
    UserReactivated,
    UserRenamed,
)
from app.identity.actors import Actor
from app.identity.credentials.service import beyond, reset_password
from app.identity.delegations.service import end_all
from app.identity.models import Person, ToldApart, Unit, User
from app.identity.persons import errors as _words  # noqa: F401 – the words of the codes below
from app.identity.persons.entering import enter
from app.identity.reach import unit_in_reach, user_in_reach
from app.identity.roles import powers as holding
from app.identity.roles.service import revoke_all
from app.infra.errors import Conflict, Forbidden, Invalid, Reason
from app.infra.ids import new_id

_PEOPLE = frozenset({UserKind.PERSON, UserKind.OUTSIDE})


def move_user(session: Session, *, user_id: UUID, unit_id: UUID, actor: Actor, at: datetime) -> User:
    """Let an account belong to another unit from now on; roles and posts stay as they were given.

    Raises `NotFound` for a unit out of reach, `Forbidden`, `Conflict` when it is there already.
    """
    user, was = user_in_reach(session, user_id, actor, Role.SYSTEM_ADMIN, lock=True)
    unit = unit_in_reach(session, unit_id, actor, Role.SYSTEM_ADMIN)
    if actor.is_one_of(user.id):
        raise Forbidden("forbidden", reasons=[Reason("own_account")])
    beyond(session, user, actor, at)
    if unit.id == was.id:
        raise Conflict("user_there_already")
    user.unit_id = unit.id
    session.add(user)
    payload = UserMoved(user=user.id, was=was.id, unit=unit.id)
    emit(
        session,
        Event.USER_MOVED,
        payload,
        about=user.id,
        actor=actor.as_audit(Role.SYSTEM_ADMIN),
        at=at,
        people=[user.id],
    )
    return user


def rename_user(session: Session, *, user_id: UUID, name: str, actor: Actor, at: datetime) -> User:
    """Say what a person is called from now on, with every account of theirs; the record keeps what was.

    Raises `NotFound`, `Forbidden`, `Conflict` for the name that it has.
    """
    user, _ = user_in_reach(session, user_id, actor, Role.SYSTEM_ADMIN, lock=True)
    beyond(session, user, actor, at)
    if user.name == name:
        raise Conflict("name_unchanged")
    was = user.name
    for one in (user, *(() if user.kind == UserKind.SERVICE else _others(session, user))):
        one.name = name
        session.add(one)
    if user.person_id is not None:
        person = session.get_one(Person, user.person_id)
        person.name = name
        session.add(person)
    emit(
        session,
        Event.USER_RENAMED,
        UserRenamed(user=user.id, name=name, was=was),
        about=user.id,
        actor=actor.as_audit(Role.SYSTEM_ADMIN),
        at=at,
        people=[user.id],
    )
    return user


def reactivate_user(session: Session, *, user_id: UUID, password: str, actor: Actor, at: datetime) -> User:
    """Open an account again that was shut, with a new password and without anything that it could act by.

    Its roles, posts and delegations, from it and to it, do not come back: whoever gives them gives them anew.
    Raises `NotFound`, `Forbidden`, `Conflict` for an account in use or of somebody outside, `Invalid` for a
    weak password.
    """
    user, _ = user_in_reach(session, user_id, actor, Role.SYSTEM_ADMIN, lock=True)
    if user.active or user.kind == UserKind.OUTSIDE:
        raise Conflict("user_active")
    beyond(session, user, actor, at)
    roles = revoke_all(session, user, actor=actor, at=at)
    delegations = end_all(session, [user.id], actor=actor, at=at)
    posts, user.posts = len(user.posts), []
    user.active, user.deactivated_at = True, None
    session.add(user)
    emit(
        session,
        Event.USER_REACTIVATED,
        UserReactivated(user=user.id, roles_ended=roles, posts_ended=posts, delegations_ended=delegations),
        about=user.id,
        actor=actor.as_audit(Role.SYSTEM_ADMIN),
        at=at,
    )
    return reset_password(session, user_id=user.id, new=password, actor=actor, at=at)


def identify(
    session: Session, *, user_id: UUID, staff_number: str, phone: str, actor: Actor, at: datetime
) -> Person:
    """Say by which number of the staff list and which telephone (its hash) a person is known.

    Empty takes it away. Raises `NotFound`, `Forbidden`, `Conflict` for a tool, or for a staff number that
    another person in reach has.
    """
    user, _ = user_in_reach(session, user_id, actor, Role.SYSTEM_ADMIN, lock=True)
    if user.kind not in _PEOPLE:
        raise Conflict("not_a_person")
    beyond(session, user, actor, at)
    person = enter(session, user, at=at)
    taken = select(User).join(Person, col(Person.id) == col(User.person_id))
    taken = taken.where(Person.staff_number == staff_number, col(User.person_id) != person.id)
    if staff_number and any(_within(session, actor, one) for one in session.exec(taken).all()):
        raise Conflict("staff_number_taken", reasons=[Reason("staff_number_taken", field="staff_number")])
    person.staff_number, person.phone_hash = staff_number, phone
    session.add(person)
    emit(
        session,
        Event.PERSON_IDENTIFIED,
        PersonIdentified(
            user=user.id, person=person.id, phone=bool(phone), staff_number=staff_number or None
        ),
        about=user.id,
        actor=actor.as_audit(Role.SYSTEM_ADMIN),
        at=at,
    )
    return person


def merge(
    session: Session, *, keep_id: UUID, other_id: UUID, reason: str, actor: Actor, at: datetime
) -> Person:
    """Let two accounts be one person's from now on, with all other accounts of either (合并).

    What was decided stays as it was decided, and on record under the account of then. Whoever stands twice
    behind one draft by it is found at the next step, and again before anything goes out. Delegations between
    the two end. Raises `NotFound`, `Forbidden` for the actor's own, `Invalid` without a reason, `Conflict`
    for one person already, for two numbers of the staff list, and for powers that nobody has together.
    """
    keep, _ = user_in_reach(session, keep_id, actor, Role.SECURITY_ADMIN)
    other, _ = user_in_reach(session, other_id, actor, Role.SECURITY_ADMIN)
    if actor.is_one_of(keep.id, other.id):
        raise Forbidden("forbidden", reasons=[Reason("own_account")])
    if not reason.strip():
        raise Invalid("malformed", reasons=[Reason("merge_reason", field="reason")])
    held = holding.locked(session, keep.id, other.id)
    keep, other = held[keep_id], held[other_id]
    if not {keep.kind, other.kind} <= _PEOPLE:
        raise Conflict("not_a_person")
    one, two = enter(session, keep, at=at), enter(session, other, at=at)
    if one.id == two.id:
        raise Conflict("persons_are_one")
    if one.staff_number and two.staff_number and one.staff_number != two.staff_number:
        raise Conflict("staff_numbers_differ")
    mine, theirs = holding.powers_of(session, keep, at), holding.powers_of(session, other, at)
    together = replace(
        mine,
        held=(*mine.held, *theirs.held),
        posts=(*mine.posts, *theirs.posts),
        received=(*mine.received, *theirs.received),
        given=(*mine.given, *theirs.given),
    )
    holding.refuse(together, "roles_exclude", field="other_id")
    one.staff_number = one.staff_number or two.staff_number
    one.phone_hash = one.phone_hash or two.phone_hash
    for person in session.exec(select(Person).where(Person.merged_into == two.id)).all():
        person.merged_into = one.id
        session.add(person)
    two.merged_into, two.merged_at = one.id, at
    session.add_all([one, two])
    moved = session.exec(select(User).where(User.person_id == two.id).order_by(col(User.id))).all()
    mine_now = session.exec(select(User.id).where(User.person_id == one.id)).all()
    for account in moved:
        account.person_id = one.id
        session.add(account)
    end_all(session, [account.id for account in moved], among=mine_now, actor=actor, at=at)
    emit(
        session,
        Event.PERSON_MERGED,
        PersonMerged(
            person=one.id, other=two.id, accounts=[account.id for account in moved], reason=reason.strip()
        ),
        about=one.id,
        actor=actor.as_audit(Role.SECURITY_ADMIN),
        at=at,
        people=[account.id for account in moved] + list(mine_now),
    )
    return one


def tell_apart(
    session: Session, *, one_id: UUID, other_id: UUID, reason: str, actor: Actor, at: datetime
) -> ToldApart:
    """Say that two who look like one person are two, with the reason: they are not listed as doubtful again.

    Raises `NotFound`, `Forbidden` for the actor's own, `Invalid` without a reason, `Conflict` for one person
    and for two who were told apart already.
    """
    found = [user_in_reach(session, one, actor, Role.SECURITY_ADMIN)[0] for one in (one_id, other_id)]
    if actor.is_one_of(one_id, other_id):
        raise Forbidden("forbidden", reasons=[Reason("own_account")])
    if not reason.strip():
        raise Invalid("malformed", reasons=[Reason("merge_reason", field="reason")])
    first, second = sorted(one.person_id or one.id for one in found)
    if first == second:
        raise Conflict("persons_are_one")
    known = select(ToldApart.id).where(ToldApart.one_id == first, ToldApart.other_id == second)
    if session.exec(known).first() is not None:
        raise Conflict("persons_told_apart")
    row = ToldApart(
        id=new_id(),
        one_id=first,
        other_id=second,
        reason=reason.strip(),
        settled_by=actor.id,
        settled_at=at,
    )
    session.add(row)
    session.flush()
    emit(
        session,
        Event.PERSONS_TOLD_APART,
        PersonsToldApart(person=first, other=second, reason=row.reason),
        about=first,
        actor=actor.as_audit(Role.SECURITY_ADMIN),
        at=at,
    )
    return row


def _others(session: Session, user: User) -> tuple[User, ...]:
    if user.person_id is None:
        return ()
    query = select(User).where(User.person_id == user.person_id, User.id != user.id)
    return tuple(session.exec(query.with_for_update()).all())


def _within(session: Session, actor: Actor, user: User) -> bool:
    """Tell whether an account is of the body that the actor administers: numbers count within one."""
    path = session.get_one(Unit, user.unit_id).path
    return actor.via == "system" or path.startswith("/" + actor.unit_path.strip("/").split("/")[0] + "/")
