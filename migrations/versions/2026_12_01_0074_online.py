"""What was found at the addresses of what is out."""

import sqlalchemy as sa
from alembic import op

from app.infra.db import UtcDateTime

revision = "0074_online"
down_revision = "0073_pushes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "online_check",
        sa.Column("publication_id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("checked_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "state IN ('same', 'changed', 'gone', 'unknown')", name=op.f("ck_online_check_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["publication_id"], ["publication.id"], name=op.f("fk_online_check_publication_id_publication")
        ),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name=op.f("fk_online_check_draft_id_draft")),
        sa.PrimaryKeyConstraint("publication_id", name=op.f("pk_online_check")),
    )
    for column in ("draft_id", "state", "checked_at"):
        op.create_index(op.f(f"ix_online_check_{column}"), "online_check", [column])


def downgrade() -> None:
    op.drop_table("online_check")
