from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from app.domain.guests import LinkState
from app.domain.vocabulary import Subject
from app.infra.http.examples import taken
from app.reviews.guest_links.service import MAX_DAYS
from app.reviews.schemas import Comment, Line, OutcomeOut, StageKey, _In


class InvitationIn(_In):
    """Whom to ask outside (外部签审). The telephone number says who they are; a keyed hash of it is kept.

    `days` are working days that the link is good for; without them three, or as long as the stage may take.
    `namesake`: somebody else in the case has the same name, and it is really another person; who sends the
    link makes sure of it.
    """

    model_config = taken(
        stage="expert_review", name="陈知远", post="市社科院研究员", phone="13800000000", days=3
    )

    stage: StageKey
    line: Line | None = None
    name: Annotated[str, Field(min_length=1, max_length=50)]
    post: Annotated[str, Field(min_length=1, max_length=60)]
    phone: Annotated[str, Field(min_length=1, max_length=30)]
    note: Annotated[str, Field(max_length=500)] = ""
    days: Annotated[int, Field(ge=1, le=MAX_DAYS)] | None = None
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
    namesake: bool
    sent_by: UUID | None
    sent_at: datetime | None


class LinkMade(LinkOut):
    """A new link: the code that opens it, shown this once, to be said to the invited person."""

    code: str


class SendingIn(_In):
    """Sending a link that somebody else asked for; `namesake` once it is sure that it is another person."""

    model_config = taken(namesake=True)

    namesake: bool = False


class LinkSent(LinkOut):
    """A link that was sent: its address is shown this once."""

    address: str


class AnswerIn(_In):
    """A decision by link: its code, the key of an outcome, and the person's own name as they type it."""

    model_config = taken(code="482913", outcome="approve", name="陈知远", comment="无意见。")

    code: Annotated[str, Field(max_length=40)] = ""

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
