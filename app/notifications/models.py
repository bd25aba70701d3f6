from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import JSON, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.domain.vocabulary import MailMode, NoticeKind
from app.infra.db import UtcDateTime, one_of

_UNREAD = text("read_at IS NULL")
_TO_MAIL = text("mail IN ('waiting', 'gathering')")
_TO_SEND = text("sent_at IS NULL")


class MailState(StrEnum):
    """Where the mail of a notice stands; gathering: it waits for the one mail of the day."""

    NONE = "none"
    WAITING = "waiting"
    GATHERING = "gathering"
    SENT = "sent"


class Notice(SQLModel, table=True):
    """Something that one person is told; `data` holds codes and names, and is put into words when shown.

    `source` names what it tells of, so that a job that runs twice tells once.
    """

    __tablename__ = "notice"
    __table_args__: ClassVar = (
        one_of("kind", NoticeKind),
        one_of("mail", MailState),
        UniqueConstraint("user_id", "source"),
        Index("ix_notice_user_id_id", "user_id", "id"),
        Index("ix_notice_unread", "user_id", sqlite_where=_UNREAD, postgresql_where=_UNREAD),
        Index("ix_notice_to_mail", "user_id", sqlite_where=_TO_MAIL, postgresql_where=_TO_MAIL),
        Index("ix_notice_case_unread", "case_id", sqlite_where=_UNREAD, postgresql_where=_UNREAD),
    )

    id: UUID = Field(primary_key=True)
    user_id: UUID = Field(foreign_key="user_account.id", ondelete="RESTRICT")
    kind: str = Field(max_length=30)
    draft_id: UUID | None = Field(default=None, foreign_key="draft.id", ondelete="RESTRICT")
    case_id: UUID | None = Field(default=None, foreign_key="review_case.id", ondelete="RESTRICT")
    stage: str = Field(default="", max_length=40)
    line: str = Field(default="", max_length=40)
    data: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    source: str = Field(max_length=120)
    mail: str = Field(default=MailState.NONE, max_length=20)
    created_at: datetime = Field(sa_type=UtcDateTime)
    read_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class NoticePreference(SQLModel, table=True):
    """When somebody wants notices of a kind by mail; without a row the kind's usual mode holds."""

    __tablename__ = "notice_preference"
    __table_args__: ClassVar = (one_of("kind", NoticeKind), one_of("mail", MailMode))

    user_id: UUID = Field(primary_key=True, foreign_key="user_account.id", ondelete="RESTRICT")
    kind: str = Field(primary_key=True, max_length=30)
    mail: str = Field(max_length=20)


class NoticeRobot(SQLModel, table=True):
    """A robot in a group chat that is told of a unit's drafts. Its address holds its key, so it is sealed.

    `kinds` is a JSON list, empty for all; `titles` lets it name drafts by their titles. `next_at` is when it
    may be written to again.
    """

    __tablename__ = "notice_robot"
    __table_args__: ClassVar = (UniqueConstraint("unit_id", "name"),)

    id: UUID = Field(primary_key=True)
    unit_id: UUID = Field(foreign_key="unit.id", ondelete="RESTRICT")
    unit_path: str = Field(max_length=1000)
    name: str = Field(max_length=100)
    host: str = Field(max_length=300)
    sealed: bytes = Field(sa_type=LargeBinary)
    kinds: list[str] = Field(default_factory=list, sa_type=JSON)
    titles: bool = False
    active: bool = True
    disabled_reason: str | None = Field(default=None, max_length=200)
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_by: UUID | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)


class RobotMessage(SQLModel, table=True):
    """One thing that a robot is to say; several go out in one message of the chat."""

    __tablename__ = "robot_message"
    __table_args__: ClassVar = (
        one_of("kind", NoticeKind),
        UniqueConstraint("robot_id", "source"),
        Index("ix_robot_message_to_send", "robot_id", sqlite_where=_TO_SEND, postgresql_where=_TO_SEND),
    )

    id: UUID = Field(primary_key=True)
    robot_id: UUID = Field(foreign_key="notice_robot.id", ondelete="RESTRICT")
    kind: str = Field(max_length=30)
    draft_id: UUID = Field(foreign_key="draft.id", ondelete="RESTRICT")
    data: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    source: str = Field(max_length=120)
    created_at: datetime = Field(sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
