from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.infra.http.bounds import Instant
from app.infra.http.examples import taken
from app.integrations.scopes import Scope
from app.integrations.service import LONGEST_OVERLAP, NewKey
from app.webhooks.schemas import Code, EndpointOut, Name, ToolOut

_HOURS = int(LONGEST_OVERLAP.total_seconds()) // 3600


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


class KeyPlaceIn(_Given):
    """Where a key is good: a channel, and a section of it or all."""

    channel: Code
    section: Code | None = None


class NewKeyIn(_Given):
    """A key for a tool: what for, where, from which networks, until when, and for which editor."""

    model_config = taken(
        name="网站发布机",
        scopes=["read:released", "clear", "report"],
        places=[{"channel": "website"}],
        networks=["10.1.2.0/24"],
        expires_at="2026-12-31T00:00:00+08:00",
    )

    name: Name
    scopes: list[Scope] = Field(min_length=1, max_length=len(Scope))
    places: list[KeyPlaceIn] = Field(
        default_factory=list, max_length=100, description="none: all of the tool's"
    )
    networks: list[Annotated[str, StringConstraints(max_length=50)]] = Field(
        default_factory=list, max_length=20, description="none: from anywhere"
    )
    expires_at: Instant
    acts_for: Annotated[str, StringConstraints(max_length=64)] = Field(
        default="", description="login of the editor for whom `submit` hands in"
    )

    def wish(self) -> NewKey:
        """Return the key that is to be made."""
        return NewKey(
            self.name,
            frozenset(self.scopes),
            self.expires_at,
            tuple((place.channel, place.section) for place in self.places),
            tuple(self.networks),
            self.acts_for,
        )


class KeyRotationIn(_Given):
    """For how many hours the old key stays good beside the new one."""

    model_config = taken(overlap_hours=24)

    overlap_hours: int = Field(ge=0, le=_HOURS)


class KeyPlaceOut(BaseModel):
    """A channel, and a section of it; null for all."""

    channel: str
    section: str | None


class KeyOut(BaseModel):
    """A key of a tool, without its secret."""

    id: UUID
    name: str
    scopes: list[Scope]
    places: list[KeyPlaceOut] = Field(description="none: all channels of the tool")
    networks: list[str] = Field(description="none: from anywhere")
    acts_for: UUID | None
    active: bool
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    replaced_by: UUID | None
    last_used_at: datetime | None = Field(description="to the minute")
    last_used_from: str | None


class NewKeyOut(KeyOut):
    """A key, and the whole of it, shown this once."""

    tool_id: UUID
    key: str


class SecretOut(BaseModel):
    """A secret by which a tool signs its messages, without the secret itself."""

    id: UUID
    created_at: datetime
    expires_at: datetime | None


class OwnToolOut(BaseModel):
    """What a tool may know of itself: what it is, what its key opens, what else it holds."""

    tool: ToolOut
    key: KeyOut
    scopes: list[Scope] = Field(description="what this very request could have opened")
    keys: list[KeyOut]
    secrets: list[SecretOut]


class OwnEndpointsOut(BaseModel):
    """The addresses at which a tool is told."""

    items: list[EndpointOut]


class AccessTokenOut(BaseModel):
    """A short token for a key (RFC 6749, section 5.1)."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 – the type, no token
    expires_in: int
    scope: str
