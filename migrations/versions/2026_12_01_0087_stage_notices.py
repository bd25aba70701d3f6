"""Notices of corrected classes, of stages that nobody can act at, and of answers and cases that are due."""

from alembic import op

revision = "0087_stage_notices"
down_revision = "0078_ignored_findings"
branch_labels = None
depends_on = None

NOTICES_BEFORE = (
    "'stage_opened', 'stage_reminded', 'stage_due', 'stage_late', 'stage_escalated', 'handed_over', "
    "'consulted', 'advised', 'copied', 'returned', 'signed_but_returned', 'blocked', 'declined', 'held', "
    "'answered', 'cleared', 'scheduled', 'unscheduled', 'withheld', 'published', 'corrected', 'retracted', "
    "'remedy_opened', 'unpublished', 'order_overdue', 'waiver_asked', 'waiver_decided', 'debt_owed', "
    "'calendar_missing', 'account', 'endpoint', 'commented', 'mentioned', 'suggestion_answered'"
)
ADDED = "'class_asked', 'class_changed', 'stage_stranded', 'answer_due', 'case_late'"
#: Tables that hold a kind of notice.
OF_KINDS = ("notice", "notice_preference", "robot_message")


def _let_in(table: str, values: str) -> None:
    # SQLite keeps its checks in the text of the table, so there the table is written anew.
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(op.f(f"ck_{table}_kind_known"), type_="check")
        batch.create_check_constraint(op.f(f"ck_{table}_kind_known"), f"kind IN ({values})")


def upgrade() -> None:
    for table in OF_KINDS:
        _let_in(table, f"{NOTICES_BEFORE}, {ADDED}")


def downgrade() -> None:
    for table in OF_KINDS:
        op.execute(f"DELETE FROM {table} WHERE kind IN ({ADDED})")  # noqa: S608 – our own names
        _let_in(table, NOTICES_BEFORE)
