"""Endpoints that are paused, what each try was answered, and the order in which messages are drawn."""

import sqlalchemy as sa
from alembic import op

from app.infra.db import UtcDateTime

revision = "0060_deliveries"
down_revision = "0065_votes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "webhook_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(300), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["webhook_delivery.id"],
            name=op.f("fk_webhook_attempt_delivery_id_webhook_delivery"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_attempt")),
    )
    op.create_index(op.f("ix_webhook_attempt_delivery_id"), "webhook_attempt", ["delivery_id"])
    op.create_index(op.f("ix_webhook_attempt_at"), "webhook_attempt", ["at"])
    with op.batch_alter_table("webhook_endpoint") as batch:
        batch.add_column(sa.Column("paused_at", UtcDateTime(), nullable=True))
    with op.batch_alter_table("webhook_message") as batch:
        batch.add_column(sa.Column("position", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("channel", sa.String(40), nullable=True))
    op.execute(
        "UPDATE webhook_message SET position = numbered.place "
        "FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM webhook_message "
        "WHERE type <> 'webhook.test') AS numbered "
        "WHERE numbered.id = webhook_message.id"
    )
    op.create_index(op.f("ix_webhook_message_position"), "webhook_message", ["position"], unique=True)


def downgrade() -> None:
    op.drop_index(op.f("ix_webhook_message_position"), "webhook_message")
    with op.batch_alter_table("webhook_message") as batch:
        batch.drop_column("channel")
        batch.drop_column("position")
    with op.batch_alter_table("webhook_endpoint") as batch:
        batch.drop_column("paused_at")
    op.drop_table("webhook_attempt")
