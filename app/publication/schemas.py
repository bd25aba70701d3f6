from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.domain.document.model import Sha256
from app.domain.vocabulary import ReleaseState, ScheduledState
from app.infra.http.bounds import Instant
from app.infra.signing import SignedStatement
from app.publication.commands import SignLine

Code = Annotated[str, StringConstraints(min_length=1, max_length=40)]


class WhyOut(BaseModel):
    """A reason: its code, a sentence, and the data of it."""

    code: str
    message: str
    data: dict[str, Any]


class SignIn(BaseModel):
    """签发: the line, the digest of the proof that was read, and a word if there is one.

    With `release_at` (RFC 3339, at most a year ahead) the line is signed now and goes out then (定时).
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"line": "wechat", "digest": "0" * 64, "comment": "同意发布"},
            ]
        },
    )

    line: Code
    digest: Sha256
    comment: Annotated[str, StringConstraints(max_length=2000)] = ""
    outcome: Annotated[str, StringConstraints(max_length=40)] = ""
    checklist: list[Annotated[str, StringConstraints(max_length=200)]] = Field(
        default_factory=list, max_length=100
    )
    release_at: Instant | None = None

    def command(self) -> SignLine:
        """Return what is to be signed."""
        return SignLine(self.line, self.digest, self.comment, self.outcome, frozenset(self.checklist))


class UnscheduleIn(BaseModel):
    """Taking a scheduled line back from its time, and why."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"line": "wechat", "comment": "活动改期"}]}
    )

    line: Code
    comment: Annotated[str, StringConstraints(max_length=2000)]


class EmbargoIn(BaseModel):
    """Before when nothing goes out (RFC 3339); null lifts it. Why, where it is shortened or lifted."""

    model_config = ConfigDict(
        extra="forbid",
        # Not null: FastAPI leaves that out of the description, and an example without its field is none.
        json_schema_extra={"examples": [{"until": "2026-12-25T08:00:00+08:00", "comment": "等通稿发布"}]},
    )

    until: Instant | None
    comment: Annotated[str, StringConstraints(max_length=2000)] = ""


class ScheduledOut(BaseModel):
    """A line that was signed for a later instant, and what became of it; `reasons`: why it was withheld."""

    id: UUID
    draft_id: UUID
    case_id: UUID
    channel: str
    digest: str
    release_at: datetime
    state: ScheduledState
    reasons: list[WhyOut]
    signed_by: UUID
    signed_at: datetime
    ended_at: datetime | None


class ScheduledPage(BaseModel):
    """What waits for its time among the drafts that the reader may see, the next to go out in front."""

    items: list[ScheduledOut]
    next: UUID | None


class ReleaseOut(BaseModel):
    """Permission to publish one digest on one channel; the ticket is what a publishing tool shows."""

    id: UUID
    draft_id: UUID
    case_id: UUID
    channel: str
    digest: str
    revision: str
    policy: str
    state: ReleaseState
    signed_by: UUID
    signed_at: datetime
    expires_at: datetime
    ticket: SignedStatement | None


class SignedOut(BaseModel):
    """What signing brought: the release, or what waits for its time; neither while others must sign too."""

    release: ReleaseOut | None
    scheduled: ScheduledOut | None = None


class PublicationOut(BaseModel):
    """What a publishing tool did; the time is the server's."""

    id: UUID
    release_id: UUID
    draft_id: UUID
    channel: str
    digest: str
    external_id: str
    url: str
    tool_id: UUID
    published_at: datetime


class PublicationsOut(BaseModel):
    """The releases, scheduled releases and publications of a draft, oldest first."""

    releases: list[ReleaseOut]
    scheduled: list[ScheduledOut]
    publications: list[PublicationOut]


class SigningKeyOut(BaseModel):
    """A public key, named as a `SignedStatement` names it, and as a JSON Web Key (RFC 8037)."""

    key_id: str = Field(description="what `key_id` of a signed statement names")
    algorithm: str = Field(description="what `algorithm` of a signed statement names")
    public_key: str = Field(description="the raw key, 32 bytes in base64")
    kty: str = "OKP"
    crv: str = "Ed25519"
    x: str = Field(description="the raw key in base64url, without padding")
    kid: str = Field(description="`key_id` once more")
    use: str = "sig"
    alg: str = "EdDSA"


class SigningKeysOut(BaseModel):
    """The public keys in use; `signature` is over the RFC 8785 form of `statement`."""

    keys: list[SigningKeyOut]
