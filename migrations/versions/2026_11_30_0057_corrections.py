"""Corrections and retractions of what is out, what channels are told to do, and their notices."""

import sqlalchemy as sa
from alembic import op

revision = "0057_corrections"
down_revision = "0059_tool_keys"
branch_labels = None
depends_on = None

KINDS_BEFORE = (
    "'stage_opened', 'stage_reminded', 'stage_due', 'stage_late', 'stage_escalated', 'handed_over', "
    "'consulted', 'advised', 'copied', 'returned', 'signed_but_returned', 'blocked', 'declined', 'held', "
    "'answered', 'cleared', 'scheduled', 'unscheduled', 'withheld', 'published', 'corrected', 'retracted', "
    "'waiver_asked', 'waiver_decided', 'debt_owed', 'calendar_missing', 'account', 'endpoint', "
    "'commented', 'mentioned', 'suggestion_answered'"
)
NEW = "'remedy_opened', 'unpublished', 'order_overdue'"
#: Tables that hold a kind of notice.
OF_KINDS = ("notice", "notice_preference", "robot_message")
WAITING = sa.text("state = 'waiting'")


def _let_in(table: str, values: str) -> None:
    # SQLite keeps its checks in the text of the table, so there the table is written anew.
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(op.f(f"ck_{table}_kind_known"), type_="check")
        batch.create_check_constraint(op.f(f"ck_{table}_kind_known"), f"kind IN ({values})")


def upgrade() -> None:
    op.create_table(
        "remedy",
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("of_draft_id", sa.Uuid(), nullable=False),
        sa.Column("of_revision_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(20), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('correction', 'retraction')", name=op.f("ck_remedy_kind_known")),
        sa.CheckConstraint(
            "reason IN ('factual', 'wording', 'sensitive', 'policy', 'rights', 'other')",
            name=op.f("ck_remedy_reason_known"),
        ),
        sa.CheckConstraint("origin IN ('asked', 'owed_review')", name=op.f("ck_remedy_origin_known")),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["draft.id"], name=op.f("fk_remedy_draft_id_draft"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["of_draft_id"], ["draft.id"], name=op.f("fk_remedy_of_draft_id_draft"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["of_revision_id"],
            ["revision.id"],
            name=op.f("fk_remedy_of_revision_id_revision"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["opened_by"],
            ["user_account.id"],
            name=op.f("fk_remedy_opened_by_user_account"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("draft_id", name=op.f("pk_remedy")),
    )
    op.create_index(op.f("ix_remedy_of_draft_id"), "remedy", ["of_draft_id"])
    op.create_table(
        "channel_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("publication_id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("remedy_id", sa.Uuid(), nullable=True),
        sa.Column("release_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("by_tool", sa.Boolean(), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.Column("successor_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('correct', 'retract', 'unpublish')", name=op.f("ck_channel_order_kind_known")
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'confirmed', 'overtaken')", name=op.f("ck_channel_order_state_known")
        ),
        sa.CheckConstraint(
            "(kind = 'unpublish') = (remedy_id IS NULL)", name=op.f("ck_channel_order_ordered_by_remedy")
        ),
        sa.CheckConstraint(
            "(state = 'confirmed') = (confirmed_at IS NOT NULL)", name=op.f("ck_channel_order_confirmed_when")
        ),
        sa.ForeignKeyConstraint(
            ["publication_id"], ["publication.id"], name=op.f("fk_channel_order_publication_id_publication")
        ),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name=op.f("fk_channel_order_draft_id_draft")),
        sa.ForeignKeyConstraint(
            ["remedy_id"], ["remedy.draft_id"], name=op.f("fk_channel_order_remedy_id_remedy")
        ),
        sa.ForeignKeyConstraint(
            ["release_id"],
            ["release.id"],
            name=op.f("fk_channel_order_release_id_release"),
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(
            ["successor_id"], ["publication.id"], name=op.f("fk_channel_order_successor_id_publication")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_order")),
    )
    for column in ("publication_id", "draft_id", "remedy_id"):
        op.create_index(op.f(f"ix_channel_order_{column}"), "channel_order", [column])
    op.create_index("ix_channel_order_channel_digest", "channel_order", ["channel", "digest"])
    op.create_index(
        "ix_channel_order_due", "channel_order", ["due_at"], sqlite_where=WAITING, postgresql_where=WAITING
    )
    op.create_index(
        "uq_channel_order_waiting",
        "channel_order",
        ["publication_id"],
        unique=True,
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    for table in OF_KINDS:
        _let_in(table, f"{KINDS_BEFORE}, {NEW}")


def downgrade() -> None:
    for table in OF_KINDS:
        op.execute(f"DELETE FROM {table} WHERE kind IN ({NEW})")  # noqa: S608 – our own names
        _let_in(table, KINDS_BEFORE)
    op.drop_table("channel_order")
    op.drop_table("remedy")
