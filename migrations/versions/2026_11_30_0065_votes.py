"""Votes against and abstentions among the verdicts of decisions."""

from alembic import op
from sqlalchemy import text

revision = "0065_votes"
down_revision = "0057_corrections"
branch_labels = None
depends_on = None

BEFORE = "'approved', 'sent_back', 'declined'"


def _let_in(values: str) -> None:
    bind = op.get_bind()
    triggers: list[str] = []
    if bind.dialect.name == "sqlite":
        # SQLite keeps its checks in the text of the table, so there the table is written anew: with the
        # triggers that keep decisions as they were made.
        query = text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'decision'")
        triggers = list(bind.execute(query).scalars())
    with op.batch_alter_table("decision") as batch:
        batch.drop_constraint(op.f("ck_decision_verdict_known"), type_="check")
        batch.create_check_constraint(op.f("ck_decision_verdict_known"), f"verdict IN ({values})")
    for trigger in triggers:
        op.execute(text(trigger.replace(":", "\\:")))


def upgrade() -> None:
    _let_in(f"{BEFORE}, 'opposed', 'abstained'")


def downgrade() -> None:
    # What was decided is never deleted: a record that holds such votes stays with this version.
    _let_in(BEFORE)
