"""Stages that nobody can act at call that out; two kinds of notice that nothing tells of go again."""

from alembic import op

revision = "0088_stranded"
down_revision = "0099_working_copies"
branch_labels = None
depends_on = None

BEFORE = "'due', 'late', 'head_of_department', 'leader_in_charge', 'party_secretary'"

NOTICES = (
    "'stage_opened', 'stage_reminded', 'stage_due', 'stage_late', 'stage_escalated', 'handed_over', "
    "'consulted', 'advised', 'copied', 'returned', 'signed_but_returned', 'blocked', 'declined', 'held', "
    "'answered', 'cleared', 'scheduled', 'unscheduled', 'withheld', 'published', 'corrected', 'retracted', "
    "'remedy_opened', 'unpublished', 'order_overdue', 'waiver_asked', 'waiver_decided', 'debt_owed', "
    "'calendar_missing', 'account', 'endpoint', 'commented', 'mentioned', 'suggestion_answered', "
    "'class_asked', 'class_changed', 'stage_stranded'"
)
NEVER_TOLD = "'answer_due', 'case_late'"
OF_KINDS = ("notice", "notice_preference", "robot_message")


def _know(table: str, values: str) -> None:
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(op.f(f"ck_{table}_kind_known"), type_="check")
        batch.create_check_constraint(op.f(f"ck_{table}_kind_known"), f"kind IN ({values})")


def _let_in(values: str) -> None:
    with op.batch_alter_table("stage_call") as batch:
        batch.drop_constraint(op.f("ck_stage_call_call_known"), type_="check")
        batch.create_check_constraint(op.f("ck_stage_call_call_known"), f"call IN ({values})")


def upgrade() -> None:
    _let_in(f"{BEFORE}, 'stranded'")
    for table in OF_KINDS:
        op.execute(f"DELETE FROM {table} WHERE kind IN ({NEVER_TOLD})")  # noqa: S608 – our own names
        _know(table, NOTICES)


def downgrade() -> None:
    op.execute("DELETE FROM stage_call WHERE call = 'stranded'")
    _let_in(BEFORE)
    for table in OF_KINDS:
        _know(table, f"{NOTICES}, {NEVER_TOLD}")
