"""Days on which people are out of office."""

import sqlalchemy as sa
from alembic import op

from app.infra.db import UtcDateTime

revision = "0017_absences"
down_revision = "0015_links"
branch_labels = None
depends_on = None


def _to_user(column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], ["user_account.id"], name=op.f(f"fk_absence_{column}"), ondelete="RESTRICT"
    )


def upgrade() -> None:
    op.create_table(
        "absence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("entered_by", sa.Uuid(), nullable=False),
        sa.Column("entered_at", UtcDateTime(), nullable=False),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_absence_in_order")),
        *(_to_user(column) for column in ("user_id", "entered_by", "ended_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_index("ix_absence_user_id_ends_on", "absence", ["user_id", "ends_on"])


def downgrade() -> None:
    op.drop_table("absence")
