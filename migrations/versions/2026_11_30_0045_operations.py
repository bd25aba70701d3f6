"""Which installation a database is, and which processes live."""

from datetime import UTC, datetime
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

from app.infra.db import UtcDateTime

revision = "0045_operations"
down_revision = "0041_outgoing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    installation = op.create_table(
        "installation",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("secret_check", sa.String(64), nullable=True),
        sa.Column("signing_key", sa.String(64), nullable=True),
        sa.Column("token_key", sa.String(64), nullable=True),
        sa.Column("clock_settled_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("number = 1", name=op.f("ck_installation_one_row")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_installation")),
    )
    op.bulk_insert(installation, [{"number": 1, "id": uuid4(), "made_at": datetime.now(UTC)}])
    op.create_table(
        "process_beat",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("serves", sa.Boolean(), nullable=False),
        sa.Column("works", sa.Boolean(), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_beat")),
    )


def downgrade() -> None:
    op.drop_table("process_beat")
    op.drop_table("installation")
