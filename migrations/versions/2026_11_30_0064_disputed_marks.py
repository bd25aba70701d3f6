"""Marks that the author does not carry out, with the reason."""

import sqlalchemy as sa
from alembic import op

from app.infra.db import UtcDateTime

revision = "0064_disputed_marks"
down_revision = "0060_deliveries"
branch_labels = None
depends_on = None

STATES = "'open', 'carried_out', 'withdrawn', 'overtaken'"
# A mark says for ever what was found where; what became of it may be written down while nobody has ended it.
FIXED = (
    "case_id",
    "draft_id",
    "proof_id",
    "line",
    "stage",
    "digest",
    "kind",
    "place",
    "position_start",
    "position_end",
    "quote",
    "new_text",
    "error_type",
    "weight",
    "marked_by",
    "marked_at",
)
CHANGED = " OR ".join(f"NEW.{column} <> OLD.{column}" for column in FIXED)


def _sqlite(living: str) -> tuple[str, ...]:
    return (
        f"""CREATE TRIGGER proof_mark_fixed BEFORE UPDATE ON proof_mark
            WHEN OLD.state NOT IN ({living}) OR {CHANGED}
            BEGIN SELECT RAISE(ABORT, 'proof_mark is ended once'); END""",
        """CREATE TRIGGER proof_mark_no_delete BEFORE DELETE ON proof_mark
           BEGIN SELECT RAISE(ABORT, 'proof_mark is never deleted'); END""",
    )


def _postgresql(living: str) -> str:
    return f"""CREATE OR REPLACE FUNCTION proofs_mark_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF OLD.state NOT IN ({living}) OR {CHANGED} THEN
           RAISE EXCEPTION 'proof_mark is ended once' USING ERRCODE = 'restrict_violation';
         END IF;
         RETURN NEW;
       END $$"""


def _guard(living: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_postgresql(living))
        return
    for statement in _sqlite(living):
        op.execute(statement)


def _asleep() -> None:
    # SQLite writes the table anew, and its triggers go with the old one; they would also refuse the copying.
    if op.get_bind().dialect.name == "sqlite":
        for name in ("proof_mark_fixed", "proof_mark_no_delete"):
            op.execute(f"DROP TRIGGER {name}")


def upgrade() -> None:
    _asleep()
    with op.batch_alter_table("proof_mark") as batch:
        batch.drop_constraint(op.f("ck_proof_mark_state_known"), type_="check")
        batch.create_check_constraint(op.f("ck_proof_mark_state_known"), f"state IN ({STATES}, 'disputed')")
        batch.add_column(sa.Column("answer", sa.String(1000), nullable=False, server_default=""))
        batch.add_column(sa.Column("answered_by", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("answered_at", UtcDateTime(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_proof_mark_answered_by"), "user_account", ["answered_by"], ["id"], ondelete="RESTRICT"
        )
    with op.batch_alter_table("proof_mark") as batch:
        batch.alter_column("answer", server_default=None)
    _guard("'open', 'disputed'")


def downgrade() -> None:
    _asleep()
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE proof_mark DISABLE TRIGGER proof_mark_fixed")
    op.execute("UPDATE proof_mark SET state = 'open' WHERE state = 'disputed'")
    with op.batch_alter_table("proof_mark") as batch:
        batch.drop_constraint(op.f("fk_proof_mark_answered_by"), type_="foreignkey")
        batch.drop_constraint(op.f("ck_proof_mark_state_known"), type_="check")
        batch.create_check_constraint(op.f("ck_proof_mark_state_known"), f"state IN ({STATES})")
        for column in ("answered_at", "answered_by", "answer"):
            batch.drop_column(column)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE proof_mark ENABLE ALWAYS TRIGGER proof_mark_fixed")
    _guard("'open'")
