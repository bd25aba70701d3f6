"""Scheduled releases, embargoes, and the kinds of notice that tell of them."""

import sqlalchemy as sa
from alembic import op

from app.infra.db import UtcDateTime

revision = "0018_timing"
down_revision = "0017_absences"
branch_labels = None
depends_on = None

KINDS_BEFORE = (
    "'stage_opened', 'stage_reminded', 'stage_due', 'stage_late', 'stage_escalated', 'handed_over', "
    "'consulted', 'advised', 'copied', 'returned', 'signed_but_returned', 'blocked', 'declined', 'held', "
    "'answered', 'cleared', 'published', 'corrected', 'retracted', 'waiver_asked', 'waiver_decided', "
    "'debt_owed', 'calendar_missing'"
)
NEW_KINDS = "'scheduled', 'unscheduled', 'withheld'"
#: Tables that hold a kind of notice.
OF_KINDS = ("notice", "notice_preference", "robot_message")
STATES = "state IN ('waiting', 'released', 'withheld', 'withdrawn')"
WAITING = sa.text("state = 'waiting'")


def _let_in(kinds: str) -> None:
    for table in OF_KINDS:
        # SQLite keeps its checks in the text of the table, so there the table is written anew.
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(f"ck_{table}_kind_known"), type_="check")
            batch.create_check_constraint(op.f(f"ck_{table}_kind_known"), f"kind IN ({kinds})")


def upgrade() -> None:
    _let_in(f"{KINDS_BEFORE}, {NEW_KINDS}")
    op.add_column("draft", sa.Column("scheduled_line", sa.String(40), nullable=True))
    op.add_column("draft", sa.Column("scheduled_at", UtcDateTime(), nullable=True))
    op.add_column("review_case", sa.Column("scheduled", sa.JSON(), nullable=True))
    op.add_column("review_case", sa.Column("embargo_until", UtcDateTime(), nullable=True))
    op.create_table(
        "scheduled_release",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("release_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("signed_by", sa.Uuid(), nullable=False),
        sa.Column("signed_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(STATES, name=op.f("ck_scheduled_release_state_known")),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name=op.f("fk_scheduled_release_draft_id")),
        sa.ForeignKeyConstraint(["case_id"], ["review_case.id"], name=op.f("fk_scheduled_release_case_id")),
        sa.ForeignKeyConstraint(
            ["signed_by"], ["user_account.id"], name=op.f("fk_scheduled_release_signed_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduled_release")),
    )
    op.create_index(op.f("ix_scheduled_release_draft_id"), "scheduled_release", ["draft_id"])
    op.create_index(
        "uq_scheduled_release_waiting",
        "scheduled_release",
        ["case_id", "channel"],
        unique=True,
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    op.create_index(
        "ix_scheduled_release_due",
        "scheduled_release",
        ["release_at"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )


def downgrade() -> None:
    op.drop_table("scheduled_release")
    for table, columns in (
        ("review_case", ("embargo_until", "scheduled")),
        ("draft", ("scheduled_at", "scheduled_line")),
    ):
        for column in columns:
            op.drop_column(table, column)
    for table in OF_KINDS:
        op.execute(f"DELETE FROM {table} WHERE kind IN ({NEW_KINDS})")  # noqa: S608 – our names
    _let_in(KINDS_BEFORE)
