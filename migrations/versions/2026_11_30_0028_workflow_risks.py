"""What a second person accepts about a workflow before anybody walks it."""

import sqlalchemy as sa
from alembic import op

from app.infra.db import UtcDateTime

revision = "0028_workflow_risks"
down_revision = "0045_operations"
branch_labels = None
depends_on = None

STATES = "'asked', 'granted', 'declined'"


def _to(column: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_workflow_risk_{column}_user_account")
    return sa.ForeignKeyConstraint([column], ["user_account.id"], name=name, ondelete="RESTRICT")


def upgrade() -> None:
    op.create_table(
        "workflow_risk",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.CheckConstraint(f"state IN ({STATES})", name=op.f("ck_workflow_risk_state_known")),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> asked_by", name=op.f("ck_workflow_risk_two_persons")
        ),
        _to("asked_by"),
        _to("decided_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_risk")),
    )
    op.create_index("ix_workflow_risk_key_asked_at", "workflow_risk", ["key", "asked_at"])


def downgrade() -> None:
    op.drop_table("workflow_risk")
