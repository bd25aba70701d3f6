from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypeAliasType

from app.domain.document.model import Document, Sha256
from app.domain.vocabulary import ChannelKind, DraftState
from app.drafts.intake.docx.changes import TrackedChanges
from app.drafts.intake.service import Format
from app.drafts.models import AssetRole
from app.infra.http.examples import taken

Code = Annotated[str, Field(min_length=1, max_length=40)]
#: A schema with a name of its own, so that generated clients have one type for it.
SourceContent = TypeAliasType("SourceContent", str | list[dict[str, Any]])

_EXAMPLE: dict[str, Any] = {
    "format": "markdown",
    "content": "# 清河市开展冬季送温暖活动\n\n12月1日，市民政局组织志愿者走访独居老人。",
    "targets": [{"channel": "wechat", "section": "news"}],
}


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TargetIn(_In):
    """Where a draft shall go: a channel and one of its sections, by code."""

    channel: Code
    section: Code


class ContentIn(_In):
    """Content in one of five formats, with the fields that stand beside it.

    `content` is a text, for `blocks` a list of blocks, for `docx` the bytes of a Word file (at most 20 MB) in
    Base64, which is kept as it is with the draft, under its `filename`. `tracked_changes` says what becomes
    of changes in it that nobody has accepted: `original`, the text before them, or `accepted`; `left_out`
    lists all of them. Without a `title` it is taken from the content.
    """

    format: Format = Format.TEXT
    content: SourceContent
    title: str | None = Field(default=None, max_length=200)
    subtitle: str = Field(default="", max_length=200)
    summary: str = Field(default="", max_length=2000)
    byline: str = Field(default="", max_length=200)
    source: str = Field(default="", max_length=200)
    source_url: str = Field(default="", max_length=2000)
    attachments: list[Sha256] = Field(default=[], max_length=50)
    filename: str = Field(default="", max_length=200)
    tracked_changes: TrackedChanges = TrackedChanges.ORIGINAL

    def fields(self) -> Mapping[str, Any]:
        """Return what stands beside the content."""
        return {
            "title": self.title,
            "subtitle": self.subtitle,
            "summary": self.summary,
            "byline": self.byline,
            "source": self.source,
            "source_url": self.source_url,
            "attachments": tuple(self.attachments),
        }


class DraftIn(ContentIn):
    """A new draft."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    targets: list[TargetIn] = Field(max_length=20)
    unit_id: UUID | None = None


class RevisionIn(ContentIn):
    """New content of a draft."""

    model_config = taken(
        format="markdown", content="# 清河市开展冬季送温暖活动\n\n12月2日，市民政局组织志愿者走访独居老人。"
    )


class TargetsIn(_In):
    """Where a draft shall go instead."""

    model_config = taken(
        targets=[{"channel": "wechat", "section": "news"}, {"channel": "website", "section": "news"}]
    )

    targets: list[TargetIn] = Field(max_length=20)


class TargetOut(BaseModel):
    """Where a draft is bound."""

    channel: str
    kind: ChannelKind
    channel_name: str
    section: str
    section_name: str


class LeftOutOut(BaseModel):
    """Something that the source held and the document does not; `count` where it was there more than once."""

    kind: str
    what: str
    count: int = Field(default=1, ge=1, exclude_if=lambda count: count == 1)


class DraftOut(BaseModel):
    """A draft without its content. `version` is its ETag, `digest` names its newest content."""

    id: UUID
    number: str
    title: str
    state: DraftState
    version: int
    unit_id: UUID
    submitter_id: UUID
    revision: int
    digest: str
    targets: list[TargetOut]
    left_out: list[LeftOutOut]
    created_at: datetime
    updated_at: datetime


class AssetOut(BaseModel):
    """A file that a draft holds."""

    sha256: str
    filename: str
    role: AssetRole
    media_type: str
    size: int
    url: str
    position_removed: bool = Field(
        default=False, description="the place where a picture was taken was removed when it was uploaded"
    )


class DraftWithContent(DraftOut):
    """A draft with its newest content and its files."""

    document: Document
    assets: list[AssetOut]


class DraftListed(BaseModel):
    """A draft in a list."""

    id: UUID
    number: str
    title: str
    state: DraftState
    version: int
    unit_id: UUID
    submitter_id: UUID
    targets: list[TargetOut]
    created_at: datetime
    updated_at: datetime


class DraftsOut(BaseModel):
    """A page of drafts, the newest first; `next` is the cursor of the next page, null on the last."""

    items: list[DraftListed]
    next: str | None


class RevisionOut(BaseModel):
    """A revision without its content."""

    number: int
    digest: str
    text_digest: str
    author_id: UUID
    created_at: datetime
    left_out: list[LeftOutOut]


class RevisionWithContent(RevisionOut):
    """A revision with its content."""

    document: Document
