from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.domain.roles import UserKind
from app.domain.vocabulary import ADMINISTRATORS, Role, UnitKind
from app.infra.db import UtcDateTime, one_of

_IN_FORCE = text("revoked_at IS NULL")
_OFFICE = text(
    "revoked_at IS NULL AND role IN (" + ", ".join(f"'{role}'" for role in sorted(ADMINISTRATORS)) + ")"
)
# PostgreSQL tells no two values of its plain JSON apart, so no SELECT DISTINCT over a table with one.
_Comparable = JSON().with_variant(JSONB(), "postgresql")


class Unit(SQLModel, table=True):
    """A public body or a part of one. `path` holds the ids from the root down to itself: `/<id>/<id>/`."""

    __tablename__ = "unit"
    __table_args__ = (UniqueConstraint("parent_id", "name"), one_of("kind", UnitKind))

    id: UUID = Field(primary_key=True)
    parent_id: UUID | None = Field(default=None, foreign_key="unit.id", ondelete="RESTRICT")
    path: str = Field(max_length=1000, unique=True)
    name: str = Field(max_length=100)
    kind: str = Field(max_length=20)
    created_at: datetime = Field(sa_type=UtcDateTime)


class Person(SQLModel, table=True):
    """A natural person (自然人), whatever accounts they have or had; named by the id of the first of them.

    `staff_number` is that of the body's staff list, `phone_hash` a keyed hash of a telephone number; both
    empty where nobody said. `merged_into` is who they turned out to be.
    """

    __tablename__ = "person"
    __table_args__ = (CheckConstraint("merged_into IS NULL OR merged_into <> id", name="into_another"),)

    id: UUID = Field(primary_key=True)
    name: str = Field(max_length=50)
    staff_number: str = Field(default="", max_length=40)
    phone_hash: str = Field(default="", max_length=40, index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    merged_into: UUID | None = Field(default=None, foreign_key="person.id", ondelete="RESTRICT")
    merged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ToldApart(SQLModel, table=True):
    """That two persons who look like one are two: who said so, when and why."""

    __tablename__ = "told_apart"
    __table_args__ = (
        UniqueConstraint("one_id", "other_id"),
        CheckConstraint("one_id < other_id", name="in_order"),
    )

    id: UUID = Field(primary_key=True)
    one_id: UUID = Field(foreign_key="user_account.id", ondelete="RESTRICT")
    other_id: UUID = Field(foreign_key="user_account.id", ondelete="RESTRICT")
    reason: str = Field(max_length=200)
    settled_by: UUID = Field(foreign_key="user_account.id", ondelete="RESTRICT")
    settled_at: datetime = Field(sa_type=UtcDateTime)


class User(SQLModel, table=True):
    """Somebody who signs in, or a tool that does. Never deleted, only deactivated.

    `person_id` is whose account it is; `None` for tools, and for whoever has had this account alone since
    before persons were on record: they are named by the account's own id.

    `posts` are what workflows name people by beside roles (职务, 职称): a JSON list of
    `{unit, path, post, heads}`; `qualification` is one of `domain.workflow.definition.QUALIFICATIONS`.
    """

    __tablename__ = "user_account"
    __table_args__ = (one_of("kind", UserKind),)

    id: UUID = Field(primary_key=True)
    unit_id: UUID = Field(foreign_key="unit.id", ondelete="RESTRICT", index=True)
    login: str = Field(max_length=64, unique=True)
    name: str = Field(max_length=50)
    email: str | None = Field(default=None, max_length=254)
    kind: str = Field(max_length=20)
    password_hash: str = Field(max_length=200)
    active: bool = True
    created_at: datetime = Field(sa_type=UtcDateTime)
    password_changed_at: datetime = Field(sa_type=UtcDateTime)
    #: Somebody else set the password: it opens the account for nothing but choosing another.
    must_change_password: bool = False
    #: Grows with every password: tokens of an earlier one are good for nothing.
    credentials: int = 0
    deactivated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    posts: list[dict[str, Any]] = Field(default_factory=list, sa_type=_Comparable)
    qualification: str = Field(default="none", max_length=20)
    person_id: UUID | None = Field(default=None, foreign_key="person.id", ondelete="RESTRICT", index=True)


class RoleGrant(SQLModel, table=True):
    """A role over a unit and all below it, and there for one channel or section, or for all (`""`)."""

    __tablename__ = "role_grant"
    __table_args__ = (
        one_of("role", Role),
        Index(
            "uq_role_grant_in_force",
            "user_id",
            "role",
            "unit_id",
            "channel",
            "section",
            unique=True,
            sqlite_where=_IN_FORCE,
            postgresql_where=_IN_FORCE,
        ),
        # 三员分立, as far as one table can hold it: nobody has two administrators' offices.
        Index(
            "uq_role_grant_one_office", "user_id", unique=True, sqlite_where=_OFFICE, postgresql_where=_OFFICE
        ),
    )

    id: UUID = Field(primary_key=True)
    user_id: UUID = Field(foreign_key="user_account.id", ondelete="RESTRICT", index=True)
    role: str = Field(max_length=30)
    unit_id: UUID = Field(foreign_key="unit.id", ondelete="RESTRICT", index=True)
    channel: str = Field(default="", max_length=40)
    section: str = Field(default="", max_length=40)
    granted_by: UUID | None = Field(default=None, foreign_key="user_account.id", ondelete="RESTRICT")
    granted_at: datetime = Field(sa_type=UtcDateTime)
    revoked_by: UUID | None = Field(default=None, foreign_key="user_account.id", ondelete="RESTRICT")
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Delegation(SQLModel, table=True):
    """A person who acts for another from one day to another, both included, in Beijing's time.

    `unit_id` (`None`: everywhere), channel and section (`""`: all) and `roles` (empty: all that can be
    delegated) narrow it; `absent`: the principal is away, and nothing is handed to them meanwhile.
    """

    __tablename__ = "delegation"
    __table_args__ = (
        CheckConstraint("principal_id <> delegate_id", name="two_persons"),
        CheckConstraint("starts_on <= ends_on", name="in_order"),
        Index("ix_delegation_delegate_id_ends_on", "delegate_id", "ends_on"),
        Index("ix_delegation_principal_id_ends_on", "principal_id", "ends_on"),
    )

    id: UUID = Field(primary_key=True)
    principal_id: UUID = Field(foreign_key="user_account.id", ondelete="RESTRICT")
    delegate_id: UUID = Field(foreign_key="user_account.id", ondelete="RESTRICT")
    unit_id: UUID | None = Field(default=None, foreign_key="unit.id", ondelete="RESTRICT")
    channel: str = Field(default="", max_length=40)
    section: str = Field(default="", max_length=40)
    roles: list[str] = Field(default_factory=list, sa_type=JSON)
    starts_on: date
    ends_on: date
    absent: bool = False
    reason: str = Field(default="", max_length=200)
    granted_by: UUID = Field(foreign_key="user_account.id", ondelete="RESTRICT")
    granted_at: datetime = Field(sa_type=UtcDateTime)
    confirmed_by: UUID | None = Field(default=None, foreign_key="user_account.id", ondelete="RESTRICT")
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_by: UUID | None = Field(default=None, foreign_key="user_account.id", ondelete="RESTRICT")
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Absence(SQLModel, table=True):
    """Days on which somebody is out of office (外出), the first and the last included, in Beijing's time.

    Nobody stands in for them by it. `ended_at`: they came back early, or it was called off.
    """

    __tablename__ = "absence"
    __table_args__ = (
        CheckConstraint("starts_on <= ends_on", name="in_order"),
        Index("ix_absence_user_id_ends_on", "user_id", "ends_on"),
    )

    id: UUID = Field(primary_key=True)
    user_id: UUID = Field(foreign_key="user_account.id", ondelete="RESTRICT")
    starts_on: date
    ends_on: date
    reason: str = Field(default="", max_length=200)
    entered_by: UUID = Field(foreign_key="user_account.id", ondelete="RESTRICT")
    entered_at: datetime = Field(sa_type=UtcDateTime)
    ended_by: UUID | None = Field(default=None, foreign_key="user_account.id", ondelete="RESTRICT")
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class BrowserSession(SQLModel, table=True):
    """A signed-in browser, by the SHA-256 of its opaque id; the id itself is in the cookie alone."""

    __tablename__ = "browser_session"

    id_hash: str = Field(primary_key=True, max_length=64)
    user_id: UUID = Field(foreign_key="user_account.id", ondelete="RESTRICT", index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_seen_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class FormerPassword(SQLModel, table=True):
    """A password that an account had before, hashed: it does not come again."""

    __tablename__ = "former_password"

    id: UUID = Field(primary_key=True)
    user_id: UUID = Field(foreign_key="user_account.id", ondelete="RESTRICT", index=True)
    password_hash: str = Field(max_length=200)
    replaced_at: datetime = Field(sa_type=UtcDateTime)


class SignInFailure(SQLModel, table=True):
    """How often signing in failed: of a login at an address, of a device, of a login, from an address.

    Hashed: people type passwords as logins. `succeeded_at`: the login is known at this address.
    """

    __tablename__ = "sign_in_failure"

    key: str = Field(primary_key=True, max_length=64)
    failures: int
    last_at: datetime = Field(sa_type=UtcDateTime, index=True)
    succeeded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
