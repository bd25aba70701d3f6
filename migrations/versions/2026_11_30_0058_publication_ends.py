"""Until when something may be out."""

import sqlalchemy as sa
from alembic import op

revision = "0058_publication_ends"
down_revision = "0064_disputed_marks"
branch_labels = None
depends_on = None

AHEAD = sa.text("ends_at IS NOT NULL AND looked_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "publication_end",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name=op.f("fk_publication_end_draft_id_draft")),
        sa.ForeignKeyConstraint(
            ["set_by"], ["user_account.id"], name=op.f("fk_publication_end_set_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication_end")),
    )
    op.create_index(op.f("ix_publication_end_draft_id"), "publication_end", ["draft_id"])
    op.create_index(
        "ix_publication_end_ahead",
        "publication_end",
        ["ends_at"],
        sqlite_where=AHEAD,
        postgresql_where=AHEAD,
    )


def downgrade() -> None:
    op.drop_table("publication_end")
