from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, Numeric, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.domain.vocabulary import ChannelKind, ErrorType, MarkKind, MarkState
from app.infra.db import UtcDateTime, one_of


class Proof(SQLModel, table=True):
    """A revision laid out for one channel, named by the digest of its bytes; insert-only by triggers."""

    __tablename__ = "proof"
    __table_args__ = (
        one_of("kind", ChannelKind),
        UniqueConstraint("case_id", "line", "revision_id"),
    )

    id: UUID = Field(primary_key=True)
    case_id: UUID = Field(foreign_key="review_case.id", ondelete="RESTRICT")
    draft_id: UUID = Field(foreign_key="draft.id", ondelete="RESTRICT", index=True)
    revision_id: UUID = Field(foreign_key="revision.id", ondelete="RESTRICT")
    line: str = Field(max_length=40)
    kind: str = Field(max_length=20)
    digest: str = Field(max_length=64, index=True)
    media_type: str = Field(max_length=100)
    content: bytes = Field(sa_type=LargeBinary)
    size: int
    characters: int
    renderer: str = Field(max_length=40)
    created_at: datetime = Field(sa_type=UtcDateTime)


class ProofMark(SQLModel, table=True):
    """One error found on a proof: where, what it should read, its type and its weight.

    Positions are code points; `start16` and `end16` are the same in UTF-16 units, as browsers count.
    """

    __tablename__ = "proof_mark"
    __table_args__: ClassVar = (
        one_of("kind", MarkKind),
        one_of("error_type", ErrorType),
        one_of("state", MarkState),
        CheckConstraint("position_start >= 0 AND position_end >= position_start", name="range"),
        CheckConstraint("weight >= 0", name="weight"),
        Index("ix_proof_mark_case_id_line_state", "case_id", "line", "state"),
    )

    id: UUID = Field(primary_key=True)
    case_id: UUID = Field(foreign_key="review_case.id", ondelete="RESTRICT")
    draft_id: UUID = Field(foreign_key="draft.id", ondelete="RESTRICT")
    proof_id: UUID = Field(foreign_key="proof.id", ondelete="RESTRICT", index=True)
    line: str = Field(max_length=40)
    stage: str = Field(max_length=40)
    digest: str = Field(max_length=64)
    kind: str = Field(max_length=20)
    place: str = Field(max_length=100)
    position_start: int
    position_end: int
    start16: int
    end16: int
    quote: str = Field(sa_type=Text)
    new_text: str = Field(sa_type=Text)
    move_to: int | None = None
    error_type: str = Field(max_length=20)
    weight: float = Field(sa_type=Numeric(6, 2, asdecimal=False))
    remark: str = Field(default="", max_length=1000)
    state: str = Field(max_length=20)
    marked_by: UUID = Field(foreign_key="user_account.id", ondelete="RESTRICT")
    marked_at: datetime = Field(sa_type=UtcDateTime)
    ended_by: UUID | None = Field(default=None, foreign_key="user_account.id", ondelete="RESTRICT")
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    carried_into: UUID | None = Field(default=None, foreign_key="revision.id", ondelete="RESTRICT")
    # Why the author does not carry it out.
    answer: str = Field(default="", max_length=1000)
    answered_by: UUID | None = Field(default=None, foreign_key="user_account.id", ondelete="RESTRICT")
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
