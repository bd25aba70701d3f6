from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.domain.vocabulary import DraftState, RemedyKind, RemedyOrigin, RemedyReason
from app.drafts.models import Draft
from app.drafts.remedies.models import Remedy
from app.publication.remedies.commands import OpenRemedy
from app.publication.schemas import Code

Explanation = Annotated[str, StringConstraints(max_length=2000)]
Note = Annotated[str, StringConstraints(max_length=2000)]


class _OpenIn(BaseModel):
    """Why, for the house; what the public is to read; and on which channels, all where it is out if none."""

    model_config = ConfigDict(extra="forbid")

    reason: RemedyReason
    explanation: Explanation
    note: Note = ""
    channels: list[Code] = Field(default_factory=list, max_length=50)


class CorrectionIn(_OpenIn):
    """更正: the note becomes a paragraph of the corrected text; it may be left out for slips of the pen."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "reason": "factual",
                    "explanation": "受理时间与通知原件不符",
                    "note": "受理截止时间应为 12 月 20 日，误为 12 月 10 日。",
                }
            ]
        },
    )

    def command(self) -> OpenRemedy:
        """Return what is to be opened."""
        return OpenRemedy(
            RemedyKind.CORRECTION, self.reason, self.explanation, self.note, tuple(self.channels)
        )


class RetractionIn(_OpenIn):
    """撤稿: the note is what the public reads in its place."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "reason": "sensitive",
                    "explanation": "附件含未遮挡的身份证号",
                    "note": "因附件内容需要调整，本稿已撤下。",
                }
            ]
        },
    )

    def command(self) -> OpenRemedy:
        """Return what is to be opened."""
        return OpenRemedy(
            RemedyKind.RETRACTION, self.reason, self.explanation, self.note, tuple(self.channels)
        )


class DropIn(BaseModel):
    """Why a correction or retraction is given up."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"comment": "核对原件，已发布的无误"}]}
    )

    comment: Annotated[str, StringConstraints(max_length=2000)] = ""


class RemedyOut(BaseModel):
    """A correction or retraction: the draft that does it and how far it is, and what it is about."""

    draft_id: UUID
    number: str
    state: DraftState
    kind: RemedyKind
    reason: RemedyReason
    explanation: str
    origin: RemedyOrigin
    of_draft_id: UUID
    of_revision_id: UUID
    opened_by: UUID | None
    opened_at: datetime


def shown(remedy: Remedy, draft: Draft) -> RemedyOut:
    """Return a correction or retraction as the API shows it."""
    return RemedyOut(**remedy.model_dump(), number=draft.number, state=DraftState(draft.state))
