from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.channels.connections import Connection
from app.domain.deadlines import Rung
from app.domain.vocabulary import ChannelKind, Role

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Title = Annotated[str, Field(min_length=1, max_length=100)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SectionEntry(_Entry):
    """A section in the channels file."""

    code: Code
    name: Title


class HolderEntry(_Entry):
    """Who stands on a rung of a chain: holders of a role or a post (职务) over the draft, or an account."""

    role: Role | None = None
    post: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    person: Annotated[str, Field(min_length=2, max_length=64)] | None = None

    @model_validator(mode="after")
    def _names_them_in_one_way(self) -> Self:
        if sum(way is not None for way in (self.role, self.post, self.person)) != 1:
            raise ValueError("role、post、person 要且只要写一个。")
        return self


class ChannelEntry(_Entry):
    """A channel in the channels file."""

    code: Code
    kind: ChannelKind
    name: Title
    unit: str | None = None
    config: dict[str, Any] = {}
    connection: Connection | None = None
    chain: dict[Rung, list[HolderEntry]] = {}
    sections: list[SectionEntry] = Field(min_length=1)


class ChannelsFile(_Entry):
    """The channels file."""

    channels: list[ChannelEntry] = Field(min_length=1)


class SectionOut(BaseModel):
    """A section that takes drafts."""

    code: str
    name: str


class ChannelOut(BaseModel):
    """A channel that takes drafts, with its sections."""

    id: UUID
    unit_id: UUID
    code: str
    kind: ChannelKind
    name: str
    sections: list[SectionOut]
