from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.domain.vocabulary import ActivationState, BackTestState, MigrationState, PolicyKind, PolicySource
from app.infra.db import UtcDateTime, one_of

#: The wishes that are still open, spelled once: SQLite matches a partial index by its text.
STILL_ASKED = "state = 'asked'"


class PolicyFile(SQLModel, table=True):
    """The text of one policy file, by its SHA-256; insert-only, held by triggers."""

    __tablename__ = "policy_file"

    sha256: str = Field(primary_key=True, max_length=64)
    content: str = Field(sa_type=Text)


class PolicyVersion(SQLModel, table=True):
    """One version of one kind of policy files, named by its digest; insert-only, held by triggers.

    `files` is the JSON object of its files, path to SHA-256. `rules` counts what they hold: rules of the
    negative list or of routing, workflows, years, channels. `engine` is the schema that the digest was made
    under: another engine of the negative list gives other findings, and another digest; the other kinds have
    schema 1. `base` is the version that it was made from.
    """

    __tablename__ = "policy_version"
    __table_args__ = (
        one_of("source", PolicySource),
        one_of("kind", PolicyKind),
        Index("ix_policy_version_kind_created_at", "kind", "created_at"),
    )

    digest: str = Field(primary_key=True, max_length=64)
    kind: str = Field(default=PolicyKind.NEGATIVE_LIST, max_length=20)
    title: str = Field(max_length=200)
    engine: int
    rules: int
    files: str = Field(sa_type=Text)
    source: str = Field(max_length=20)
    base: str | None = Field(default=None, foreign_key="policy_version.digest", max_length=64)
    note: str = Field(default="", max_length=500)
    proposed_by: UUID | None = Field(default=None, foreign_key="user_account.id", ondelete="RESTRICT")
    created_at: datetime = Field(sa_type=UtcDateTime, index=True)


class PolicyInUse(SQLModel, table=True):
    """The row of a kind that says which version is in force; all processes look at it.

    `seq` counts the activations of its kind; `id` is `kinds.ROWS`.
    """

    __tablename__ = "policy_in_use"
    __table_args__ = (one_of("kind", PolicyKind), UniqueConstraint("kind"))

    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    kind: str = Field(default=PolicyKind.NEGATIVE_LIST, max_length=20)
    digest: str = Field(foreign_key="policy_version.digest", max_length=64, ondelete="RESTRICT")
    seq: int
    since_at: datetime = Field(sa_type=UtcDateTime)


class BackTest(SQLModel, table=True):
    """One run of a candidate beside its base over the archive; a finished one does not change.

    `done` of `total` drafts are read, up to `cursor`; `partial` is what was gathered so far, `report` what
    came out, both JSON. `drafts` says which drafts: `published`, `cleared` or `all`.
    """

    __tablename__ = "back_test"
    __table_args__ = (
        one_of("state", BackTestState),
        CheckConstraint(
            "(state IN ('done', 'failed')) = (finished_at IS NOT NULL)", name="finished_when_over"
        ),
        CheckConstraint("(report IS NOT NULL) = (state = 'done')", name="report_when_done"),
        Index("ix_back_test_candidate_asked_at", "candidate", "asked_at"),
    )

    id: UUID = Field(primary_key=True)
    base: str = Field(foreign_key="policy_version.digest", max_length=64, ondelete="RESTRICT")
    candidate: str = Field(foreign_key="policy_version.digest", max_length=64, ondelete="RESTRICT")
    drafts: str = Field(max_length=20)
    since: date | None = None
    asked_by: UUID = Field(foreign_key="user_account.id", ondelete="RESTRICT")
    asked_at: datetime = Field(sa_type=UtcDateTime)
    state: str = Field(max_length=20)
    done: int = 0
    total: int = 0
    cursor: UUID | None = None
    partial: str | None = Field(default=None, sa_type=Text)
    report: str | None = Field(default=None, sa_type=Text)
    report_digest: str = Field(default="", max_length=64)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    error: str = Field(default="", max_length=500)


class PolicyActivation(SQLModel, table=True):
    """The wish to bring a version into force: asked by one person, granted or refused by another.

    The first version is brought in by the system: then nobody asked. `base` was in force when it was asked;
    `activated` is the version that came into force: `digest`, or the same with the new blocking rules in
    `shadowed` (JSON list) only tried. `back_test_digest` names the report that the granter had before them.
    """

    __tablename__ = "policy_activation"
    __table_args__: ClassVar = (
        one_of("state", ActivationState),
        CheckConstraint(
            "asked_by IS NULL OR decided_by IS NULL OR asked_by <> decided_by", name="two_people"
        ),
        CheckConstraint(
            "asked_by IS NULL OR (state = 'asked') = (decided_by IS NULL)", name="decided_by_somebody"
        ),
        CheckConstraint("asked_by IS NOT NULL OR (state = 'granted' AND decided_by IS NULL)", name="system"),
        CheckConstraint("(state = 'granted') = (activated IS NOT NULL)", name="granted_is_active"),
        Index(
            "uq_policy_activation_asked",
            "digest",
            unique=True,
            sqlite_where=text(STILL_ASKED),
            postgresql_where=text(STILL_ASKED),
        ),
    )

    id: UUID = Field(primary_key=True)
    digest: str = Field(foreign_key="policy_version.digest", max_length=64, ondelete="RESTRICT", index=True)
    base: str | None = Field(default=None, foreign_key="policy_version.digest", max_length=64)
    note: str = Field(default="", max_length=1000)
    state: str = Field(max_length=20)
    asked_by: UUID | None = Field(default=None, foreign_key="user_account.id", ondelete="RESTRICT")
    asked_at: datetime = Field(sa_type=UtcDateTime)
    decided_by: UUID | None = Field(default=None, foreign_key="user_account.id", ondelete="RESTRICT")
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    comment: str = Field(default="", max_length=1000)
    back_test_id: UUID | None = Field(default=None, foreign_key="back_test.id", ondelete="RESTRICT")
    back_test_digest: str = Field(default="", max_length=64)
    shadowed: str = Field(default="[]", sa_type=Text)
    activated: str | None = Field(default=None, foreign_key="policy_version.digest", max_length=64)


class WorkflowRisk(SQLModel, table=True):
    """A wish to use a workflow in spite of what the linter warns of, and what a second person said to it.

    `warnings` are objects of a `fingerprint` (see `domain.workflow.risks`), a `code` and its `data`.
    """

    __tablename__ = "workflow_risk"
    __table_args__: ClassVar = (
        one_of("state", MigrationState),
        CheckConstraint("decided_by IS NULL OR decided_by <> asked_by", name="two_persons"),
        Index("ix_workflow_risk_key_asked_at", "key", "asked_at"),
    )

    id: UUID = Field(primary_key=True)
    key: str = Field(max_length=40)
    warnings: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    reason: str = Field(sa_type=Text)
    state: str = Field(max_length=20)
    asked_by: UUID = Field(foreign_key="user_account.id", ondelete="RESTRICT")
    asked_at: datetime = Field(sa_type=UtcDateTime)
    decided_by: UUID | None = Field(default=None, foreign_key="user_account.id", ondelete="RESTRICT")
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    comment: str = Field(default="", sa_type=Text)
