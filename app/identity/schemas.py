from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.domain.roles import UserKind
from app.domain.vocabulary import Role, UnitKind
from app.identity.credentials.passwords import MIN_LENGTH
from app.infra.http.examples import ID, PASSWORD, taken

Login = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{1,63}$"),
]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50, pattern=r"^[^\x00-\x1f]+$")
]
UnitName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")
]
#: The plain form of an address (RFC 5321, ASCII), with nothing that a mail's header could trip over.
Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        max_length=254,
        pattern=r"^[A-Za-z0-9._%+-]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$",
    ),
]
Password = Annotated[str, Field(max_length=200)]
#: Described, not checked here: the service tells every fault of a password at once.
NewPassword = Annotated[Password, Field(json_schema_extra={"minLength": MIN_LENGTH})]
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TokenIn(_In):
    """A login and its password."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"login": "bianji", "password": "qinghe-demo-2026"}]}
    )

    login: str = Field(min_length=1, max_length=64)
    password: Password
    device: str | None = Field(
        default=None,
        max_length=200,
        description="what an earlier answer gave as `device`: with it, others' wrong guesses keep nobody out",
    )


class TokenOut(BaseModel):
    """A Bearer token and how long it is good for."""

    token: str
    token_type: str = "Bearer"  # noqa: S105 – the scheme, not a secret
    expires_in: int = Field(description="seconds")
    device: str = Field(
        description="to be kept and sent along next time; it opens nothing, but counts this caller apart"
    )
    must_change_password: bool = Field(
        description="somebody else set the password: nothing but `PUT /api/v1/me/password` is open"
    )


class GrantOut(BaseModel):
    """A role over a unit and all below it; null stands for every channel, every section."""

    role: Role
    unit_path: str
    channel: str | None
    section: str | None


class MeOut(BaseModel):
    """Who the caller is."""

    id: UUID
    login: str
    name: str
    unit_id: UUID
    unit_path: str
    grants: list[GrantOut]
    must_change_password: bool = False


class OwnPasswordIn(_In):
    """One's old and new password."""

    model_config = taken(old="qinghe-demo-2026", new=PASSWORD)

    old: Password
    new: NewPassword


class PasswordIn(_In):
    """A new password."""

    model_config = taken(password=PASSWORD)

    password: NewPassword


class UnitIn(_In):
    """A new unit."""

    model_config = taken(parent_id=ID, name="社会救助科", kind="department")

    parent_id: UUID
    name: UnitName
    kind: UnitKind


class UnitOut(BaseModel):
    """A unit and its place in the tree."""

    id: UUID
    parent_id: UUID | None
    path: str
    name: str
    kind: UnitKind


class UserIn(_In):
    """A new account."""

    model_config = taken(login="linxiaoman", name="林小满", password=PASSWORD, unit_id=ID)

    login: Login
    name: Name
    password: NewPassword
    unit_id: UUID
    kind: Literal[UserKind.PERSON, UserKind.SERVICE] = UserKind.PERSON
    email: Email | None = None


class EmailIn(_In):
    """Where an account's notices go by mail; null for nowhere."""

    model_config = taken(email="linxiaoman@example.gov.cn")

    email: Email | None


class SessionOut(BaseModel):
    """An open browser session of one's own."""

    id: str
    created_at: datetime
    last_seen_at: datetime
    this_one: bool


class UserGrantOut(BaseModel):
    """A grant in force, with the id by which it can be revoked."""

    id: UUID
    role: Role
    unit_id: UUID
    channel: str | None
    section: str | None
    granted_by: UUID | None
    granted_at: datetime


class UserOut(BaseModel):
    """An account with its grants in force."""

    id: UUID
    login: str
    name: str
    email: str | None
    unit_id: UUID
    kind: UserKind
    active: bool
    must_change_password: bool
    created_at: datetime
    grants: list[UserGrantOut]


class UsersOut(BaseModel):
    """A page of accounts; `next` is the cursor of the next page, null on the last."""

    items: list[UserOut]
    next: str | None


class GrantIn(_In):
    """A role to give."""

    model_config = taken(role="initial_reviewer", unit_id=ID, channel="wechat")

    role: Role
    unit_id: UUID
    channel: Code | None = None
    section: Code | None = None
