from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field, SQLModel

from app.domain.vocabulary import RemedyKind, RemedyOrigin, RemedyReason
from app.infra.db import UtcDateTime, one_of


class Remedy(SQLModel, table=True):
    """That a draft corrects or retracts another one that is out (更正、撤稿).

    `draft_id` is the draft that is reviewed: the corrected text, or the note of the retraction; `of_draft_id`
    what is out, `of_revision_id` its text. `explanation` is for the house; what the public reads stands in
    the draft. `opened_by` is null where a review that was owed said no and the service opened it.
    """

    __tablename__ = "remedy"
    __table_args__: ClassVar = (
        one_of("kind", RemedyKind),
        one_of("reason", RemedyReason),
        one_of("origin", RemedyOrigin),
    )

    draft_id: UUID = Field(primary_key=True, foreign_key="draft.id", ondelete="RESTRICT")
    kind: str = Field(max_length=20)
    of_draft_id: UUID = Field(foreign_key="draft.id", ondelete="RESTRICT", index=True)
    of_revision_id: UUID = Field(foreign_key="revision.id", ondelete="RESTRICT")
    reason: str = Field(max_length=20)
    explanation: str = Field(sa_type=Text)
    origin: str = Field(max_length=20)
    opened_by: UUID | None = Field(default=None, foreign_key="user_account.id", ondelete="RESTRICT")
    opened_at: datetime = Field(sa_type=UtcDateTime)
