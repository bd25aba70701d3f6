from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from app.domain.roles import UserKind
from app.identity.schemas import Name, NewPassword
from app.infra.http.examples import ID, PASSWORD, taken

_OTHER = "019ad1c2-7b3e-7c1a-9f52-6d3f0a1b2c3e"
Why = Annotated[str, Field(max_length=200)]


class MoveIn(BaseModel):
    """The unit that an account belongs to from now on."""

    model_config = taken(unit_id=ID)

    unit_id: UUID


class RenameIn(BaseModel):
    """What somebody is called from now on."""

    model_config = taken(name="林晓曼")

    name: Name


class ReactivationIn(BaseModel):
    """The password that an account opens with again; its owner has to choose another."""

    model_config = taken(password=PASSWORD)

    password: NewPassword


class PersonIn(BaseModel):
    """By what a person is known; empty for nothing. The telephone number itself is not kept."""

    model_config = taken(staff_number="A0123", phone="13800000000")

    staff_number: Annotated[str, Field(max_length=40, pattern=r"^[^\x00-\x1f]*$")] = ""
    phone: Annotated[str, Field(max_length=40)] = ""


class MergeIn(BaseModel):
    """Two accounts of one person: whose name and number stay, the other, and how it is known."""

    model_config = taken(keep_id=ID, other_id=_OTHER, reason="核对人事名册，借调前后是同一人。")

    keep_id: UUID
    other_id: UUID
    reason: Why


class DistinctionIn(BaseModel):
    """Two accounts that look like one person's and are two persons', and how it is known."""

    model_config = taken(one_id=ID, other_id=_OTHER, reason="同科室同名，工号不同。")

    one_id: UUID
    other_id: UUID
    reason: Why


class PersonAccountOut(BaseModel):
    """One account of a person."""

    id: UUID
    name: str
    login: str
    unit: str
    kind: UserKind
    active: bool


class PersonOut(BaseModel):
    """A person, and all accounts that they have or had; `id` is that of the first."""

    id: UUID
    name: str
    staff_number: str
    has_phone: bool
    accounts: list[PersonAccountOut]


class TwinsOut(BaseModel):
    """Two who may be one person, and by what they look so."""

    one: PersonAccountOut
    other: PersonAccountOut
    alike: list[Literal["name_and_unit", "phone"]]
