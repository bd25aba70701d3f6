"""Tables of app.notifications, the calls that late stages have made, and the debts of the urgent lane."""

import sqlalchemy as sa
from alembic import op

from app.infra.db import UtcDateTime

revision = "0014_notifications"
down_revision = "0013_policies"
branch_labels = None
depends_on = None

KINDS = (
    "kind IN ('stage_opened', 'stage_reminded', 'stage_due', 'stage_late', 'stage_escalated', 'handed_over', "
    "'consulted', 'advised', 'copied', 'returned', 'signed_but_returned', 'blocked', 'declined', 'held', "
    "'answered', 'cleared', 'published', 'corrected', 'retracted', 'waiver_asked', 'waiver_decided', "
    "'debt_owed', 'calendar_missing')"
)
MAIL_STATES = "mail IN ('none', 'waiting', 'gathering', 'sent')"
MAIL_MODES = "mail IN ('never', 'at_once', 'daily')"
CALLS = "call IN ('due', 'late', 'head_of_department', 'leader_in_charge', 'party_secretary')"
UNREAD = sa.text("read_at IS NULL")
TO_MAIL = sa.text("mail IN ('waiting', 'gathering')")
TO_SEND = sa.text("sent_at IS NULL")
OPEN = sa.text("state = 'open'")
OWED = sa.text("settled_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.Column("stage", sa.String(40), nullable=False),
        sa.Column("line", sa.String(40), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(120), nullable=False),
        sa.Column("mail", sa.String(20), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(KINDS, name=op.f("ck_notice_kind_known")),
        sa.CheckConstraint(MAIL_STATES, name=op.f("ck_notice_mail_known")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_notice_user_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["draft.id"], name=op.f("fk_notice_draft_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["review_case.id"], name=op.f("fk_notice_case_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("user_id", "source", name=op.f("uq_notice_user_id_source")),
    )
    op.create_index("ix_notice_user_id_id", "notice", ["user_id", "id"])
    op.create_index("ix_notice_unread", "notice", ["user_id"], sqlite_where=UNREAD, postgresql_where=UNREAD)
    op.create_index(
        "ix_notice_to_mail", "notice", ["user_id"], sqlite_where=TO_MAIL, postgresql_where=TO_MAIL
    )
    op.create_index(
        "ix_notice_case_unread", "notice", ["case_id"], sqlite_where=UNREAD, postgresql_where=UNREAD
    )
    op.create_table(
        "notice_preference",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("mail", sa.String(20), nullable=False),
        sa.CheckConstraint(KINDS, name=op.f("ck_notice_preference_kind_known")),
        sa.CheckConstraint(MAIL_MODES, name=op.f("ck_notice_preference_mail_known")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_notice_preference_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("user_id", "kind", name=op.f("pk_notice_preference")),
    )
    op.create_table(
        "notice_robot",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("unit_path", sa.String(1000), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("host", sa.String(300), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("titles", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("disabled_reason", sa.String(200), nullable=True),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["unit.id"], name=op.f("fk_notice_robot_unit_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_robot")),
        sa.UniqueConstraint("unit_id", "name", name=op.f("uq_notice_robot_unit_id_name")),
    )
    op.create_table(
        "robot_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("robot_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(120), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(KINDS, name=op.f("ck_robot_message_kind_known")),
        sa.ForeignKeyConstraint(
            ["robot_id"], ["notice_robot.id"], name=op.f("fk_robot_message_robot_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["draft.id"], name=op.f("fk_robot_message_draft_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_robot_message")),
        sa.UniqueConstraint("robot_id", "source", name=op.f("uq_robot_message_robot_id_source")),
    )
    op.create_index(
        "ix_robot_message_to_send",
        "robot_message",
        ["robot_id"],
        sqlite_where=TO_SEND,
        postgresql_where=TO_SEND,
    )
    op.create_table(
        "stage_call",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("call", sa.String(30), nullable=False),
        sa.Column("called_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(CALLS, name=op.f("ck_stage_call_call_known")),
        sa.ForeignKeyConstraint(
            ["run_id"], ["stage_run.id"], name=op.f("fk_stage_call_run_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("run_id", "call", name=op.f("pk_stage_call")),
    )
    op.create_index("ix_stage_run_due", "stage_run", ["due_at"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_table(
        "review_debt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("stage", sa.String(40), nullable=False),
        sa.Column("line", sa.String(40), nullable=False),
        sa.Column("title", sa.String(60), nullable=False),
        sa.Column("levels", sa.JSON(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("owed_since", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("overdue_told_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["release_id"],
            ["release.id"],
            name=op.f("fk_review_debt_release_id"),
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_review_debt_unit_id")),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name=op.f("fk_review_debt_draft_id")),
        sa.ForeignKeyConstraint(["case_id"], ["review_case.id"], name=op.f("fk_review_debt_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_debt")),
        sa.UniqueConstraint(
            "case_id", "channel", "stage", "line", name=op.f("uq_review_debt_case_id_channel_stage_line")
        ),
    )
    op.create_index(op.f("ix_review_debt_draft_id"), "review_debt", ["draft_id"])
    op.create_index(
        "ix_review_debt_open", "review_debt", ["unit_id", "due_at"], sqlite_where=OWED, postgresql_where=OWED
    )


def downgrade() -> None:
    op.drop_index("ix_stage_run_due", "stage_run")
    for name in (
        "review_debt",
        "stage_call",
        "robot_message",
        "notice_robot",
        "notice_preference",
        "notice",
    ):
        op.drop_table(name)
