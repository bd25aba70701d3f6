from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.domain.vocabulary import WaiverReason, WaiverState
from app.infra.db import UtcDateTime, one_of


class CheckReport(SQLModel, table=True):
    """All findings of one revision under one policy within one scope; insert-only, held by triggers.

    `report` is the engine's report as JSON; the counts repeat it. `scope` is the hash of where the text is
    bound for and of which rules applied, so that a rule that comes into force brings a report of its own.
    """

    __tablename__ = "check_report"
    __table_args__ = (
        UniqueConstraint("revision_id", "policy", "scope"),
        Index("ix_check_report_draft_id_created_at", "draft_id", "created_at"),
    )

    id: UUID = Field(primary_key=True)
    draft_id: UUID = Field(foreign_key="draft.id", ondelete="RESTRICT")
    revision_id: UUID = Field(foreign_key="revision.id", ondelete="RESTRICT")
    digest: str = Field(max_length=64)
    policy: str = Field(max_length=64)
    scope: str = Field(max_length=64)
    blocks: int
    warnings: int
    infos: int
    report: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=UtcDateTime)


class Waiver(SQLModel, table=True):
    """A finding let through: asked by one person, granted or refused by another, for a time.

    `evidence` says where the consent or the approval is kept that some findings need.
    """

    __tablename__ = "waiver"
    __table_args__ = (
        one_of("reason", WaiverReason),
        one_of("state", WaiverState),
        CheckConstraint("decided_by IS NULL OR decided_by <> asked_by", name="two_people"),
        CheckConstraint(
            "state <> 'granted' OR (decided_by IS NOT NULL AND expires_at IS NOT NULL)",
            name="granted_for_a_time",
        ),
        Index("ix_waiver_draft_id_fingerprint", "draft_id", "fingerprint"),
    )

    id: UUID = Field(primary_key=True)
    draft_id: UUID = Field(foreign_key="draft.id", ondelete="RESTRICT")
    report_id: UUID = Field(foreign_key="check_report.id", ondelete="RESTRICT")
    fingerprint: str = Field(max_length=64)
    rule: str = Field(max_length=100)
    reason: str = Field(max_length=30)
    explanation: str = Field(max_length=1000)
    evidence: str = Field(default="", max_length=200)
    state: str = Field(max_length=20)
    asked_by: UUID = Field(foreign_key="user_account.id", ondelete="RESTRICT")
    asked_at: datetime = Field(sa_type=UtcDateTime)
    decided_by: UUID | None = Field(default=None, foreign_key="user_account.id", ondelete="RESTRICT")
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    comment: str = Field(default="", max_length=1000)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class IgnoredFinding(SQLModel, table=True):
    """A finding that somebody left as it is, with the reason; it stands until somebody takes it back."""

    __tablename__ = "ignored_finding"
    __table_args__ = (
        CheckConstraint("(withdrawn_by IS NULL) = (withdrawn_at IS NULL)", name="withdrawn_by_somebody"),
        Index("ix_ignored_finding_draft_id_fingerprint", "draft_id", "fingerprint"),
    )

    id: UUID = Field(primary_key=True)
    draft_id: UUID = Field(foreign_key="draft.id", ondelete="RESTRICT")
    fingerprint: str = Field(max_length=64)
    rule: str = Field(max_length=100)
    reason: str = Field(max_length=500)
    said_by: UUID = Field(foreign_key="user_account.id", ondelete="RESTRICT")
    said_at: datetime = Field(sa_type=UtcDateTime)
    withdrawn_by: UUID | None = Field(default=None, foreign_key="user_account.id", ondelete="RESTRICT")
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RuleHit(SQLModel, table=True):
    """That a rule found something in a draft: once for each place, however often the draft is checked.

    Counted for the health of rules; `report_id` is the first report that names it.
    """

    __tablename__ = "rule_hit"
    __table_args__ = (Index("ix_rule_hit_rule_found_at", "rule", "found_at"),)

    draft_id: UUID = Field(primary_key=True, foreign_key="draft.id", ondelete="RESTRICT")
    fingerprint: str = Field(primary_key=True, max_length=64)
    rule: str = Field(max_length=100)
    severity: str = Field(max_length=10)
    shadow: bool
    report_id: UUID = Field(foreign_key="check_report.id", ondelete="RESTRICT")
    found_at: datetime = Field(sa_type=UtcDateTime)
