from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from app.domain.vocabulary import ChannelKind, ReleaseState
from app.publication.packages.forms import Form


class ReleasedOut(BaseModel):
    """A release whose bytes are to be had."""

    id: UUID
    draft_id: UUID
    number: str = Field(description="the draft's number, as people quote it")
    title: str
    channel: str
    digest: str = Field(description="SHA-256 of the page: what is cleared and reported")
    state: ReleaseState
    signed_at: datetime
    expires_at: datetime = Field(description="until when its ticket is good")


class ReleasedPage(BaseModel):
    """A page of releases, the oldest first; `next` is null on the last page."""

    items: list[ReleasedOut]
    next: UUID | None


class ReleasedFormOut(BaseModel):
    """The released text in one form, exactly as it may go out."""

    form: Form
    media_type: str
    text: str = Field(description="the very bytes, in UTF-8")
    size: int = Field(description="of the bytes")
    digest: str = Field(description="SHA-256 of the bytes")
    normal_digest: str = Field(
        description="SHA-256 of its normal form: each file's address written as `sha256:<digest>`, and no "
        "white space around the whole"
    )


class ReleasedFileOut(BaseModel):
    """A file that the released text shows or links to."""

    sha256: str
    kind: str = Field(description="`picture`, `video` or `attachment`")
    address: str = Field(description="what stands in the text for it; a tool that hosts it puts its own")
    url: str = Field(description="where its bytes are to be had")
    filename: str
    media_type: str
    size: int
    alt: str
    caption: str
    credit: str


class ReleasedSectionOut(BaseModel):
    """Where on a channel it goes."""

    code: str
    name: str


class PackageOut(ReleasedOut):
    """Everything that a tool needs to publish a release."""

    channel_name: str
    channel_kind: ChannelKind
    section: ReleasedSectionOut
    revision: str = Field(description="SHA-256 of the reviewed text that the page was laid out from")
    subtitle: str
    summary: str
    author: str
    source: str = Field(description="where a text comes from that is not the house's own")
    source_url: str
    first_address: str | None = Field(description="where the draft was published first, on any channel")
    canonical_address: str | None = Field(
        description="its source's address, else that on the website, else the first"
    )
    cover: str | None = Field(description="SHA-256 of the first picture, to be shown where there are lists")
    forms: list[ReleasedFormOut]
    files: list[ReleasedFileOut] = Field(description="in the order in which they stand in the text")
