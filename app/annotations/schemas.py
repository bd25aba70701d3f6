"""Comments and suggestions on the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from app.domain.document.anchors import Standing
from app.domain.vocabulary import MarkKind, ThreadState
from app.infra.http.bounds import Digest

Words = Annotated[str, Field(max_length=5000)]
_POSITION = 5_000_000
_ON_WORDS: JsonDict = {
    "digest": "0" * 64,
    "place": "blocks/0",
    "start": 4,
    "end": 6,
    "quote": "帐号",
    "kind": "correct",
    "new_text": "账号",
    "text": "规范写法是“账号”。",
}
_ON_THE_DRAFT: JsonDict = {"digest": "0" * 64, "text": "请 @lin 补一张现场照片。"}


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ThreadIn(_In):
    """A comment on words of the text with this digest; with a `kind`, a suggestion of what they shall read.

    `quote` stands at `start:end` of `place`, in code points, end-exclusive; without a place the comment is
    about the whole draft. Kinds are those of marks on proofs (GB/T 14706); `@name` calls somebody.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_ON_WORDS, _ON_THE_DRAFT]})

    digest: Digest
    place: str = Field(default="", max_length=100)
    start: int = Field(default=0, ge=0, le=_POSITION)
    end: int = Field(default=0, ge=0, le=_POSITION)
    quote: Words = ""
    kind: MarkKind | None = None
    new_text: Words = ""
    move_to: int | None = Field(default=None, ge=0, le=_POSITION)
    text: Words = ""


class SaidIn(_In):
    """Something said to a thread."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"text": "已核对，原文无误。"}]}
    )

    text: Words = ""


class AcceptIn(_In):
    """Suggestions to carry out in one new revision: all of them, or none."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"threads": ["01900000-0000-7000-8000-000000000001"]}]},
    )

    threads: list[UUID] = Field(min_length=1, max_length=1000)


class CommentOut(BaseModel):
    """What one person said, and the state that it left the thread in, if it did."""

    id: UUID
    text: str
    state: ThreadState | None
    mentioned: list[UUID]
    said_by: UUID
    said_by_name: str
    said_at: datetime


class WhereOut(BaseModel):
    """Where the words stand in the text that was asked for; `text` is what stands there.

    `held`: as they were; `moved`: the same words at another place; `changed`: other words, perhaps none;
    `lost`: no place is known. Positions are code points.
    """

    standing: Standing
    place: str
    start: int
    end: int
    text: str


class ThreadOut(BaseModel):
    """A comment or suggestion: on which words of which revision, and where they stand now."""

    id: UUID
    draft_id: UUID
    revision: int
    digest: str
    place: str
    start: int
    end: int
    quote: str
    kind: MarkKind | None
    new_text: str
    move_to: int | None
    state: ThreadState
    started_by: UUID
    started_by_name: str
    started_at: datetime
    settled_by: UUID | None
    settled_at: datetime | None
    where: WhereOut
    comments: list[CommentOut]


class ThreadSaidOut(ThreadOut):
    """A thread after something was said; `unreached` are names behind an `@` of nobody who sees the draft."""

    unreached: list[str]


class ThreadsOut(BaseModel):
    """The threads of a draft in reading order, those on the whole draft first, lost ones last."""

    items: list[ThreadOut]
    unsettled: int


class ToAnswerOut(BaseModel):
    """A draft of which so many threads wait for a word of the caller, the longest since `since`."""

    draft_id: UUID
    number: str
    title: str
    threads: int
    since: datetime


class AllToAnswerOut(BaseModel):
    """The drafts whose threads wait for the caller, the longest waiting first."""

    items: list[ToAnswerOut]


class AcceptedOut(BaseModel):
    """The draft after suggestions were carried out; `version` is its ETag."""

    draft_id: UUID
    version: int
    revision: int
    digest: str
    accepted: int
