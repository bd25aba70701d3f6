"""What the events of units, accounts, roles and delegations carry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.domain.roles import UserKind
from app.domain.vocabulary import Role, UnitKind
from app.events.payloads.base import ABSENT, Absent, Payload, inside, private


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitCreated(Payload):
    """A unit of the tree of public bodies."""

    unit: UUID
    parent: UUID | None
    kind: UnitKind
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCreated(Payload):
    """An account, or somebody outside who is asked to sign."""

    user: UUID
    unit: UUID
    kind: UserKind
    login: str | None = private()
    name: str | None = private()
    email: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class AtAddress(Payload):
    """Signing in, by the network address that it came from."""

    address: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class OfSession(Payload):
    """The end of a browser session; the stream says whose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfUser(Payload):
    """Something done to an account."""

    user: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordReset(Payload):
    """A password that somebody else set."""

    user: UUID
    must_change: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChanged(Payload):
    """Where an account's mail goes from now on; the address it went to before is told."""

    user: UUID
    email: str | None = private()
    old_address: str | Absent = inside()


@dataclass(frozen=True, slots=True, kw_only=True)
class UserMoved(Payload):
    """An account that belongs to another unit from now on."""

    user: UUID
    was: UUID
    unit: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRenamed(Payload):
    """What a person is called from now on, and was called before."""

    user: UUID
    name: str | None = private()
    was: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class UserReactivated(Payload):
    """An account opened again, and how much of what it could act by ended with that."""

    user: UUID
    roles_ended: int
    posts_ended: int
    delegations_ended: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonIdentified(Payload):
    """By which number of the staff list somebody is known, and whether by a telephone."""

    user: UUID
    person: UUID
    phone: bool
    staff_number: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonMerged(Payload):
    """Two who are one person: whose accounts these are from now on."""

    person: UUID
    other: UUID
    accounts: Sequence[UUID]
    reason: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonsToldApart(Payload):
    """Two who look like one person and are two."""

    person: UUID
    other: UUID
    reason: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkHandedOver(Payload):
    """A leaver's work, given to somebody else."""

    user: UUID
    to: UUID
    handed: int
    left: int
    reason: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class PostsSet(Payload):
    """Somebody's posts and qualification."""

    user: UUID
    posts: Sequence[Mapping[str, object]]
    qualification: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfGrant(Payload):
    """A role given or taken away, and whether one person did it alone on the machine."""

    grant: UUID
    user: UUID
    role: str
    unit: UUID
    channel: str | None
    section: str | None
    second_person: str | Absent = ABSENT
    role_named: str | Absent = inside()


@dataclass(frozen=True, slots=True, kw_only=True)
class OfDelegation(Payload):
    """Acting for another, dated."""

    delegation: UUID
    principal: UUID
    delegate: UUID
    unit: UUID | None
    channel: str | None
    section: str | None
    roles: Sequence[Role | str]
    starts_on: date
    ends_on: date
    absent: bool
    asked_by: UUID
    confirmed_by: UUID | None
    reason: str | None = private()


@dataclass(frozen=True, slots=True, kw_only=True)
class OfAbsence(Payload):
    """Days on which somebody is away."""

    absence: UUID
    user: UUID
    starts_on: date
    ends_on: date
    reason: str | None = private()
