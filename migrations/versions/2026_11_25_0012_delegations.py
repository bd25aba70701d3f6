"""Tables of delegations, and of those who were let in to see one draft."""

import sqlalchemy as sa
from alembic import op

from app.infra.db import UtcDateTime

revision = "0012_delegations"
down_revision = "0011_webhooks"
branch_labels = None
depends_on = None

READING_FOR = "'copied', 'asked', 'added', 'named', 'left'"


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"), ondelete="RESTRICT")


def upgrade() -> None:
    op.create_table(
        "delegation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("principal_id", sa.Uuid(), nullable=False),
        sa.Column("delegate_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("section", sa.String(40), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("absent", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("granted_by", sa.Uuid(), nullable=False),
        sa.Column("granted_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_by", sa.Uuid(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("principal_id <> delegate_id", name=op.f("ck_delegation_two_persons")),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_delegation_in_order")),
        *(
            _to("delegation", column, "user_account.id")
            for column in ("principal_id", "delegate_id", "granted_by", "revoked_by")
        ),
        _to("delegation", "unit_id", "unit.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation")),
    )
    op.create_index("ix_delegation_delegate_id_ends_on", "delegation", ["delegate_id", "ends_on"])
    op.create_index("ix_delegation_principal_id_ends_on", "delegation", ["principal_id", "ends_on"])
    op.create_table(
        "draft_reader",
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("why", sa.String(10), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(f"why IN ({READING_FOR})", name=op.f("ck_draft_reader_why_known")),
        _to("draft_reader", "draft_id", "draft.id"),
        _to("draft_reader", "user_id", "user_account.id"),
        _to("draft_reader", "by", "user_account.id"),
        sa.PrimaryKeyConstraint("draft_id", "user_id", "why", name=op.f("pk_draft_reader")),
    )
    op.create_index("ix_draft_reader_user_id_at", "draft_reader", ["user_id", "at"])


def downgrade() -> None:
    op.drop_table("draft_reader")
    op.drop_table("delegation")
