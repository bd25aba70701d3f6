"""Notices of addresses outside that are switched off, or of which a message is given up."""

from alembic import op

revision = "0050_endpoint_notices"
down_revision = "0056_asset_readings"
branch_labels = None
depends_on = None

KINDS_BEFORE = (
    "'stage_opened', 'stage_reminded', 'stage_due', 'stage_late', 'stage_escalated', 'handed_over', "
    "'consulted', 'advised', 'copied', 'returned', 'signed_but_returned', 'blocked', 'declined', 'held', "
    "'answered', 'cleared', 'scheduled', 'unscheduled', 'withheld', 'published', 'corrected', 'retracted', "
    "'waiver_asked', 'waiver_decided', 'debt_owed', 'calendar_missing', 'account'"
)
#: Tables that hold a kind of notice.
OF_KINDS = ("notice", "notice_preference", "robot_message")


def _let_in(table: str, values: str) -> None:
    # SQLite keeps its checks in the text of the table, so there the table is written anew.
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(op.f(f"ck_{table}_kind_known"), type_="check")
        batch.create_check_constraint(op.f(f"ck_{table}_kind_known"), f"kind IN ({values})")


def upgrade() -> None:
    for table in OF_KINDS:
        _let_in(table, f"{KINDS_BEFORE}, 'endpoint'")


def downgrade() -> None:
    for table in OF_KINDS:
        op.execute(f"DELETE FROM {table} WHERE kind = 'endpoint'")  # noqa: S608 – our own names
        _let_in(table, KINDS_BEFORE)
