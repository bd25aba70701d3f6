"""What somebody writes before it is saved, and who has an edit page open."""

import sqlalchemy as sa
from alembic import op

from app.infra.db import UtcDateTime

revision = "0099_working_copies"
down_revision = "0087_stage_notices"
branch_labels = None
depends_on = None


def _to(table: str, column: str, target: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [target], name=name, ondelete=ondelete)


def upgrade() -> None:
    op.create_table(
        "working_copy",
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        _to("working_copy", "draft_id", "draft.id", "CASCADE"),
        _to("working_copy", "user_id", "user_account.id", "RESTRICT"),
        sa.PrimaryKeyConstraint("draft_id", "user_id", name=op.f("pk_working_copy")),
    )
    op.create_index("ix_working_copy_user_id", "working_copy", ["user_id"])
    op.create_table(
        "editor_presence",
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        _to("editor_presence", "draft_id", "draft.id", "CASCADE"),
        _to("editor_presence", "user_id", "user_account.id", "RESTRICT"),
        sa.PrimaryKeyConstraint("draft_id", "user_id", name=op.f("pk_editor_presence")),
    )


def downgrade() -> None:
    op.drop_table("editor_presence")
    op.drop_table("working_copy")
