"""Links that sign without an account, and wishes to move open cases to another workflow version."""

import sqlalchemy as sa
from alembic import op

from app.infra.db import UtcDateTime

revision = "0015_links"
down_revision = "0014_notifications"
branch_labels = None
depends_on = None

LINK_STATES = "'open', 'used', 'revoked', 'expired'"
MIGRATION_STATES = "'asked', 'granted', 'declined'"


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"), ondelete="RESTRICT")


def upgrade() -> None:
    op.create_table(
        "sign_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.String(40), nullable=False),
        sa.Column("line", sa.String(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("post", sa.String(60), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(40), nullable=True),
        sa.CheckConstraint(f"state IN ({LINK_STATES})", name=op.f("ck_sign_link_state_known")),
        _to("sign_link", "case_id", "review_case.id"),
        _to("sign_link", "draft_id", "draft.id"),
        _to("sign_link", "person_id", "user_account.id"),
        _to("sign_link", "asked_by", "user_account.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_link_token_hash")),
    )
    op.create_index(op.f("ix_sign_link_case_id"), "sign_link", ["case_id"])
    op.create_index(
        "uq_sign_link_open",
        "sign_link",
        ["case_id", "stage", "line", "person_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "workflow_migration",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("to_digest", sa.String(64), nullable=False),
        sa.Column("cases", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.CheckConstraint(f"state IN ({MIGRATION_STATES})", name=op.f("ck_workflow_migration_state_known")),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> asked_by", name=op.f("ck_workflow_migration_two_persons")
        ),
        _to("workflow_migration", "asked_by", "user_account.id"),
        _to("workflow_migration", "decided_by", "user_account.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_migration")),
    )
    op.create_index("ix_workflow_migration_key_asked_at", "workflow_migration", ["key", "asked_at"])


def downgrade() -> None:
    op.drop_table("workflow_migration")
    op.drop_table("sign_link")
