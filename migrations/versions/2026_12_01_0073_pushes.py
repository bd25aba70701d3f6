"""What the service publishes itself on connected channels."""

import sqlalchemy as sa
from alembic import op

from app.infra.db import UtcDateTime

revision = "0073_pushes"
down_revision = "0069_persons"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "channel_push",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("external_id", sa.String(200), nullable=False),
        sa.Column("begun_by", sa.Uuid(), nullable=True),
        sa.Column("begun_at", UtcDateTime(), nullable=True),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'working', 'laid_in', 'published', 'failed')",
            name=op.f("ck_channel_push_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release.id"], name=op.f("fk_channel_push_release_id_release")
        ),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name=op.f("fk_channel_push_draft_id_draft")),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channel.id"], name=op.f("fk_channel_push_channel_id_channel")
        ),
        sa.ForeignKeyConstraint(
            ["begun_by"],
            ["user_account.id"],
            name=op.f("fk_channel_push_begun_by_user_account"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_push")),
        sa.UniqueConstraint("release_id", name=op.f("uq_channel_push_release_id")),
    )
    for column in ("draft_id", "channel_id", "state"):
        op.create_index(op.f(f"ix_channel_push_{column}"), "channel_push", [column])


def downgrade() -> None:
    op.drop_table("channel_push")
