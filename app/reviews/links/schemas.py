from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from app.domain.vocabulary import LinkState, Subject
from app.reviews.links.service import DAYS, MAX_DAYS
from app.reviews.schemas import Comment, Line, OutcomeOut, StageKey, _In


class InvitationIn(_In):
    """Whom to ask outside (外部签审). The telephone number says who they are; a keyed hash of it is kept.

    `namesake`: somebody else in the case has the same name, and it is really another person.
    """

    stage: StageKey
    line: Line | None = None
    name: Annotated[str, Field(min_length=1, max_length=50)]
    post: Annotated[str, Field(min_length=1, max_length=60)]
    phone: Annotated[str, Field(min_length=1, max_length=30)]
    note: Annotated[str, Field(max_length=500)] = ""
    days: Annotated[int, Field(ge=1, le=MAX_DAYS)] = DAYS
    namesake: bool = False


class LinkOut(BaseModel):
    """A link as those who may see the draft see it; never its token."""

    id: UUID
    stage: str
    line: str
    digest: str
    name: str
    post: str
    state: LinkState
    asked_by: UUID
    asked_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    outcome: str | None


class LinkMade(LinkOut):
    """A new link: its address is shown this once."""

    address: str


class AnswerIn(_In):
    """A decision by link: the key of an outcome, and the invited person's own name as they type it."""

    outcome: Annotated[str, Field(max_length=40)]
    name: Annotated[str, Field(max_length=50)]
    comment: Comment = ""
    checklist: list[Annotated[str, Field(max_length=200)]] = Field(default_factory=list, max_length=100)


class SeenOut(BaseModel):
    """What the holder of a link may see.

    Where `subject` is the proof, what is decided on is its bytes, at `/signing/{token}/proof`; `digest` names
    them.
    """

    title: str
    subject: Subject
    stage_title: str
    duty: str
    name: str
    post: str
    asked_by: str
    note: str
    digest: str
    expires_at: datetime
    document: dict[str, object]
    outcomes: list[OutcomeOut]
    checklist: list[str]


class AnsweredOut(BaseModel):
    """That a decision by link was taken down."""

    state: LinkState
    outcome: str
    decided_at: datetime
