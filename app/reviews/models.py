from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Column, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.domain.guests import LinkState
from app.domain.vocabulary import CaseState, MigrationState, StageState, Verdict
from app.infra.db import UtcDateTime, one_of

_ENDED = "('recalled', 'declined', 'cleared')"
_GOING_ON = text(f"state NOT IN {_ENDED}")
_OPEN = text("state = 'open'")
_RUNNING = text("state = 'running'")
_FINAL = text("final")


class WorkflowVersion(SQLModel, table=True):
    """A workflow as it was when cases began on it, named by its digest; insert-only, held by triggers."""

    __tablename__ = "workflow_version"

    digest: str = Field(primary_key=True, max_length=64)
    key: str = Field(max_length=40, index=True)
    title: str = Field(max_length=60)
    definition: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=UtcDateTime)


class ReviewCase(SQLModel, table=True):
    """One walk of one draft through one workflow version; a draft has at most one that goes on.

    `book` holds what the domain needs beside the runs: authors, carriers, targets, proofs, flags, open marks.
    `version` is its ETag and grows with every step.
    """

    __tablename__ = "review_case"
    __table_args__ = (
        one_of("state", CaseState),
        Index(
            "uq_review_case_going_on",
            "draft_id",
            unique=True,
            sqlite_where=_GOING_ON,
            postgresql_where=_GOING_ON,
        ),
        Index("ix_review_case_running", "workflow_digest", sqlite_where=_RUNNING, postgresql_where=_RUNNING),
        Index("ix_review_case_draft_id_opened_at", "draft_id", "opened_at"),
    )

    id: UUID = Field(primary_key=True)
    draft_id: UUID = Field(foreign_key="draft.id", ondelete="RESTRICT")
    workflow_digest: str = Field(foreign_key="workflow_version.digest", max_length=64, ondelete="RESTRICT")
    state: str = Field(max_length=20)
    revision_id: UUID = Field(foreign_key="revision.id", ondelete="RESTRICT")
    revision_digest: str = Field(max_length=64)
    submitter_id: UUID = Field(foreign_key="user_account.id", ondelete="RESTRICT")
    book: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    version: int = 1
    opened_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    held_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # When lines that are signed go out, by line in ISO 8601.
    scheduled: dict[str, str] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    embargo_until: datetime | None = Field(default=None, sa_type=UtcDateTime)


class StageRun(SQLModel, table=True):
    """One run of one stage on one line (a channel's code, or "" for the draft as a whole)."""

    __tablename__ = "stage_run"
    __table_args__ = (
        one_of("state", StageState),
        CheckConstraint("round >= 1", name="round_from_one"),
        UniqueConstraint("case_id", "stage", "line", "round"),
        Index("ix_stage_run_open", "stage", "opened_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_stage_run_due", "due_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )

    id: UUID = Field(primary_key=True)
    case_id: UUID = Field(foreign_key="review_case.id", ondelete="RESTRICT")
    stage: str = Field(max_length=40)
    line: str = Field(max_length=40)
    round: int
    state: str = Field(max_length=20)
    digest: str | None = Field(default=None, max_length=64)
    opened_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    claimed_by: UUID | None = Field(default=None, foreign_key="user_account.id", ondelete="RESTRICT")
    changed_at: datetime = Field(sa_type=UtcDateTime)


class Call(StrEnum):
    """What a stage that is due or late has called out; each once a run. Three climb the chain."""

    DUE = "due"
    LATE = "late"
    HEAD_OF_DEPARTMENT = "head_of_department"
    LEADER_IN_CHARGE = "leader_in_charge"
    PARTY_SECRETARY = "party_secretary"
    STRANDED = "stranded"


class StageCall(SQLModel, table=True):
    """That people were told of a run that is due or late, at one level."""

    __tablename__ = "stage_call"
    __table_args__: ClassVar = (one_of("call", Call),)

    run_id: UUID = Field(primary_key=True, foreign_key="stage_run.id", ondelete="RESTRICT")
    call: str = Field(primary_key=True, max_length=30)
    called_at: datetime = Field(sa_type=UtcDateTime)


class Decision(SQLModel, table=True):
    """One person, one stage, one digest, one verdict; insert-only, held by triggers.

    A run has one final decision at most. What a decision names cannot be deleted.
    """

    __tablename__ = "decision"
    __table_args__: ClassVar = (
        one_of("verdict", Verdict),
        CheckConstraint("principal_id IS NULL OR principal_id <> actor_id", name="two_persons"),
        UniqueConstraint("stage_run_id", "actor_id"),
        Index("uq_decision_final", "stage_run_id", unique=True, sqlite_where=_FINAL, postgresql_where=_FINAL),
        Index("ix_decision_actor_id_decided_at", "actor_id", "decided_at"),
    )

    id: UUID = Field(primary_key=True)
    case_id: UUID = Field(foreign_key="review_case.id", ondelete="RESTRICT", index=True)
    draft_id: UUID = Field(foreign_key="draft.id", ondelete="RESTRICT")
    stage_run_id: UUID = Field(foreign_key="stage_run.id", ondelete="RESTRICT")
    stage: str = Field(max_length=40)
    line: str = Field(max_length=40)
    round: int
    verdict: str = Field(max_length=20)
    outcome: str = Field(max_length=40)
    final: bool
    actor_id: UUID = Field(foreign_key="user_account.id", ondelete="RESTRICT")
    principal_id: UUID | None = Field(default=None, foreign_key="user_account.id", ondelete="RESTRICT")
    through_id: UUID | None = Field(default=None, foreign_key="user_account.id", ondelete="RESTRICT")
    role: str = Field(max_length=60)
    bench: str | None = Field(default=None, max_length=40)
    own: bool
    workflow_digest: str = Field(foreign_key="workflow_version.digest", max_length=64, ondelete="RESTRICT")
    revision_id: UUID = Field(foreign_key="revision.id", ondelete="RESTRICT")
    digest: str = Field(max_length=64)
    comment: str = Field(sa_type=Text)
    checklist: list[str] = Field(default_factory=list, sa_type=JSON)
    sent_to: str | None = Field(default=None, max_length=40)
    then: str | None = Field(default=None, max_length=20)
    decided_at: datetime = Field(sa_type=UtcDateTime)


class SignLink(SQLModel, table=True):
    """A single-use link by which somebody outside signs at one stage, on one digest.

    The link's token is stored by its SHA-256 alone, and the code that opens it by a keyed hash. Who asks says
    the code, another person sends the address. A person has one open link at a place at most.
    """

    __tablename__ = "sign_link"
    __table_args__: ClassVar = (
        one_of("state", LinkState),
        CheckConstraint("sent_by IS NULL OR sent_by <> asked_by", name="two_persons"),
        Index(
            "uq_sign_link_open",
            "case_id",
            "stage",
            "line",
            "person_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    id: UUID = Field(primary_key=True)
    token_hash: str = Field(max_length=64, unique=True)
    case_id: UUID = Field(foreign_key="review_case.id", ondelete="RESTRICT", index=True)
    draft_id: UUID = Field(foreign_key="draft.id", ondelete="RESTRICT")
    stage: str = Field(max_length=40)
    line: str = Field(max_length=40)
    digest: str = Field(max_length=64)
    person_id: UUID = Field(foreign_key="user_account.id", ondelete="RESTRICT")
    name: str = Field(max_length=50)
    post: str = Field(max_length=60)
    note: str = Field(sa_type=Text)
    state: str = Field(max_length=20)
    asked_by: UUID = Field(foreign_key="user_account.id", ondelete="RESTRICT")
    asked_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str | None = Field(default=None, max_length=40)
    code_hash: str = Field(default="", max_length=64)
    namesake: bool = False
    sent_by: UUID | None = Field(default=None, foreign_key="user_account.id", ondelete="RESTRICT")
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class WorkflowMigration(SQLModel, table=True):
    """A wish to move open cases of one workflow to the version in force, and what became of it."""

    __tablename__ = "workflow_migration"
    __table_args__: ClassVar = (
        one_of("state", MigrationState),
        CheckConstraint("decided_by IS NULL OR decided_by <> asked_by", name="two_persons"),
        Index("ix_workflow_migration_key_asked_at", "key", "asked_at"),
    )

    id: UUID = Field(primary_key=True)
    key: str = Field(max_length=40)
    to_digest: str = Field(max_length=64)
    cases: list[str] = Field(default_factory=list, sa_type=JSON)
    reason: str = Field(sa_type=Text)
    state: str = Field(max_length=20)
    asked_by: UUID = Field(foreign_key="user_account.id", ondelete="RESTRICT")
    asked_at: datetime = Field(sa_type=UtcDateTime)
    decided_by: UUID | None = Field(default=None, foreign_key="user_account.id", ondelete="RESTRICT")
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    comment: str = Field(default="", sa_type=Text)
