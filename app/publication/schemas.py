from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.domain.document import Sha256
from app.domain.vocabulary import ReleaseState
from app.infra.signing import SignedStatement

Code = Annotated[str, StringConstraints(min_length=1, max_length=40)]


class SignIn(BaseModel):
    """签发: the line, the digest of the proof that was read, and a word if there is one."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"line": "wechat", "digest": "0" * 64, "comment": "同意发布"}]},
    )

    line: Code
    digest: Sha256
    comment: Annotated[str, StringConstraints(max_length=2000)] = ""
    outcome: Annotated[str, StringConstraints(max_length=40)] = ""
    checklist: list[Annotated[str, StringConstraints(max_length=200)]] = Field(
        default_factory=list, max_length=100
    )


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
    """What signing brought: the release, or none while others must sign too."""

    release: ReleaseOut | None


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
    """The releases and publications of a draft, oldest first."""

    releases: list[ReleaseOut]
    publications: list[PublicationOut]
