"""Keys of publishing tools, and addresses that are a tool's own."""

import sqlalchemy as sa
from alembic import op

from app.infra.db import UtcDateTime

revision = "0059_tool_keys"
down_revision = "0063_words"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tool_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tool_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("places", sa.Text(), nullable=False),
        sa.Column("networks", sa.Text(), nullable=False),
        sa.Column("acts_for", sa.Uuid(), nullable=True),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("replaced_by", sa.Uuid(), nullable=True),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.Column("last_used_from", sa.String(60), nullable=True),
        sa.ForeignKeyConstraint(
            ["tool_id"], ["publishing_tool.id"], name=op.f("fk_tool_key_tool_id_publishing_tool")
        ),
        sa.ForeignKeyConstraint(
            ["acts_for"],
            ["user_account.id"],
            name=op.f("fk_tool_key_acts_for_user_account"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["created_by"],
            ["user_account.id"],
            name=op.f("fk_tool_key_created_by_user_account"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tool_key")),
    )
    op.create_index(op.f("ix_tool_key_tool_id"), "tool_key", ["tool_id"])
    with op.batch_alter_table("webhook_endpoint") as batch:
        batch.add_column(sa.Column("tool_id", sa.Uuid(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_webhook_endpoint_tool_id_publishing_tool"), "publishing_tool", ["tool_id"], ["id"]
        )
        batch.create_index(op.f("ix_webhook_endpoint_tool_id"), ["tool_id"])


def downgrade() -> None:
    with op.batch_alter_table("webhook_endpoint") as batch:
        batch.drop_index(op.f("ix_webhook_endpoint_tool_id"))
        batch.drop_constraint(op.f("fk_webhook_endpoint_tool_id_publishing_tool"), type_="foreignkey")
        batch.drop_column("tool_id")
    op.drop_table("tool_key")
