from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.domain.vocabulary import ChannelKind, ErrorType, MarkKind, MarkState
from app.infra.http.examples import DIGEST, ID, taken

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class MarkIn(_In):
    """A mark on a proof: `quote` stands at `start:end` of `place` and is to read `new_text`.

    Positions are code points, end-exclusive. Without a weight the error counts by its type and length.
    """

    model_config = taken(
        line="wechat",
        digest=DIGEST,
        kind="correct",
        place="blocks/3",
        start=12,
        end=14,
        quote="幕捐",
        new_text="募捐",
        error_type="word",
    )

    line: str = Field(max_length=40)
    digest: Sha256
    kind: MarkKind
    place: str = Field(max_length=100)
    start: int = Field(ge=0, le=5_000_000)
    end: int = Field(ge=0, le=5_000_000)
    quote: str = Field(max_length=5000)
    new_text: str = Field(default="", max_length=5000)
    move_to: int | None = Field(default=None, ge=0, le=5_000_000)
    error_type: ErrorType
    weight: float | None = Field(default=None, ge=0, le=100)
    remark: str = Field(default="", max_length=1000)


class CarryOutIn(_In):
    """The marks to carry out, all that are open without a list; the others stay open."""

    model_config = taken(marks=[ID])

    marks: list[UUID] | None = Field(default=None, max_length=1000)


class DisputeIn(_In):
    """Why a mark is not carried out."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"answer": "“台帐”是文件原题中的写法。"}]}
    )

    answer: str = Field(max_length=1000)


class MarkOut(BaseModel):
    """A mark; `start16` and `end16` are the same positions in UTF-16 units, for browsers."""

    id: UUID
    case_id: UUID
    line: str
    stage: str
    digest: str
    kind: MarkKind
    place: str
    start: int
    end: int
    start16: int
    end16: int
    quote: str
    new_text: str
    move_to: int | None
    error_type: ErrorType
    weight: float
    remark: str
    state: MarkState
    marked_by: UUID
    marked_by_name: str
    marked_at: datetime
    answer: str
    carried_into: UUID | None


class MarksOut(BaseModel):
    """The marks of a case, and what they weigh in 10 000 characters of the proofread text."""

    items: list[MarkOut]
    open: int
    weighted_errors: float
    characters: int
    error_rate: float


class ProofOut(BaseModel):
    digest: str
    case_id: UUID
    draft_id: UUID
    line: str
    kind: ChannelKind
    media_type: str
    size: int
    characters: int
    renderer: str
    revision: str
    created_at: datetime
    content_url: str


class ProofsOut(BaseModel):
    items: list[ProofOut]


class CarriedOut(BaseModel):
    """The new text, and how many marks were carried out in it."""

    draft_id: UUID
    revision: str
    marks: int
