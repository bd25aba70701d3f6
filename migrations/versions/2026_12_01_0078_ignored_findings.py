"""Findings that somebody left as they are, with the reason."""

import sqlalchemy as sa
from alembic import op

from app.infra.db import UtcDateTime

revision = "0078_ignored_findings"
down_revision = "0074_online"
branch_labels = None
depends_on = None


def _to(column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_ignored_finding_{column}")
    return sa.ForeignKeyConstraint([column], [target], name=name, ondelete="RESTRICT")


def upgrade() -> None:
    op.create_table(
        "ignored_finding",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("rule", sa.String(100), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("said_by", sa.Uuid(), nullable=False),
        sa.Column("said_at", UtcDateTime(), nullable=False),
        sa.Column("withdrawn_by", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(withdrawn_by IS NULL) = (withdrawn_at IS NULL)",
            name=op.f("ck_ignored_finding_withdrawn_by_somebody"),
        ),
        _to("draft_id", "draft.id"),
        _to("said_by", "user_account.id"),
        _to("withdrawn_by", "user_account.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ignored_finding")),
    )
    op.create_index("ix_ignored_finding_draft_id_fingerprint", "ignored_finding", ["draft_id", "fingerprint"])


def downgrade() -> None:
    op.drop_table("ignored_finding")
