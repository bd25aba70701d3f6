from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.domain.vocabulary import ChannelKind

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Title = Annotated[str, Field(min_length=1, max_length=100)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SectionEntry(_Entry):
    """A section in the channels file."""

    code: Code
    name: Title


class ChannelEntry(_Entry):
    """A channel in the channels file."""

    code: Code
    kind: ChannelKind
    name: Title
    unit: str | None = None
    config: dict[str, Any] = {}
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
