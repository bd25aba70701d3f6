"""Tables of app.reviews, and the triggers that keep every decision as it was made."""

import sqlalchemy as sa
from alembic import op

from app.infra.db import UtcDateTime

revision = "0008_reviews"
down_revision = "0007_screening"
branch_labels = None
depends_on = None

CASE_STATES = "'blocked', 'running', 'returned', 'held', 'recalled', 'declined', 'cleared'"
RUN_STATES = "'waiting', 'open', 'passed', 'voided', 'sent_back', 'declined', 'skipped', 'overridden'"
GOING_ON = "state NOT IN ('recalled', 'declined', 'cleared')"

# REPLACE deletes rows in SQLite without firing DELETE triggers, so the insert itself looks for what it would
# replace.
SQLITE = (
    """CREATE TRIGGER decision_no_update BEFORE UPDATE ON decision
       BEGIN SELECT RAISE(ABORT, 'decision is insert-only'); END""",
    """CREATE TRIGGER decision_no_delete BEFORE DELETE ON decision
       BEGIN SELECT RAISE(ABORT, 'decision is insert-only'); END""",
    """CREATE TRIGGER decision_no_replace BEFORE INSERT ON decision
       WHEN EXISTS (SELECT 1 FROM decision
                    WHERE id = NEW.id OR (stage_run_id = NEW.stage_run_id
                                          AND (actor_id = NEW.actor_id OR (final AND NEW.final))))
       BEGIN SELECT RAISE(ABORT, 'UNIQUE constraint failed: decision has one final outcome a run'); END""",
    """CREATE TRIGGER workflow_version_no_update BEFORE UPDATE ON workflow_version
       BEGIN SELECT RAISE(ABORT, 'workflow_version is insert-only'); END""",
    """CREATE TRIGGER workflow_version_no_delete BEFORE DELETE ON workflow_version
       BEGIN SELECT RAISE(ABORT, 'workflow_version is insert-only'); END""",
)
POSTGRESQL = (
    """CREATE FUNCTION reviews_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         RAISE EXCEPTION '% refuses %', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
       END $$""",
    """CREATE TRIGGER decision_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decision
       FOR EACH STATEMENT EXECUTE FUNCTION reviews_refuse()""",
    "ALTER TABLE decision ENABLE ALWAYS TRIGGER decision_insert_only",
    """CREATE TRIGGER workflow_version_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON workflow_version
       FOR EACH STATEMENT EXECUTE FUNCTION reviews_refuse()""",
    "ALTER TABLE workflow_version ENABLE ALWAYS TRIGGER workflow_version_insert_only",
)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"), ondelete="RESTRICT")


def upgrade() -> None:
    op.create_table(
        "workflow_version",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("title", sa.String(60), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_workflow_version")),
    )
    op.create_index(op.f("ix_workflow_version_key"), "workflow_version", ["key"])
    op.create_table(
        "review_case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("workflow_digest", sa.String(64), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("revision_digest", sa.String(64), nullable=False),
        sa.Column("submitter_id", sa.Uuid(), nullable=False),
        sa.Column("book", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("held_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(f"state IN ({CASE_STATES})", name=op.f("ck_review_case_state_known")),
        _to("review_case", "draft_id", "draft.id"),
        _to("review_case", "workflow_digest", "workflow_version.digest"),
        _to("review_case", "revision_id", "revision.id"),
        _to("review_case", "submitter_id", "user_account.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_case")),
    )
    op.create_index(
        "uq_review_case_going_on",
        "review_case",
        ["draft_id"],
        unique=True,
        sqlite_where=sa.text(GOING_ON),
        postgresql_where=sa.text(GOING_ON),
    )
    op.create_index(
        "ix_review_case_running",
        "review_case",
        ["workflow_digest"],
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_index("ix_review_case_draft_id_opened_at", "review_case", ["draft_id", "opened_at"])
    op.create_table(
        "stage_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.String(40), nullable=False),
        sa.Column("line", sa.String(40), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("digest", sa.String(64), nullable=True),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("claimed_by", sa.Uuid(), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(f"state IN ({RUN_STATES})", name=op.f("ck_stage_run_state_known")),
        sa.CheckConstraint("round >= 1", name=op.f("ck_stage_run_round_from_one")),
        _to("stage_run", "case_id", "review_case.id"),
        _to("stage_run", "claimed_by", "user_account.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_run")),
        sa.UniqueConstraint(
            "case_id", "stage", "line", "round", name=op.f("uq_stage_run_case_id_stage_line_round")
        ),
    )
    op.create_index(
        "ix_stage_run_open",
        "stage_run",
        ["stage", "opened_at"],
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("stage_run_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.String(40), nullable=False),
        sa.Column("line", sa.String(40), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("outcome", sa.String(40), nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("principal_id", sa.Uuid(), nullable=True),
        sa.Column("through_id", sa.Uuid(), nullable=True),
        sa.Column("role", sa.String(60), nullable=False),
        sa.Column("bench", sa.String(40), nullable=True),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("workflow_digest", sa.String(64), nullable=False),
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("checklist", sa.JSON(), nullable=False),
        sa.Column("sent_to", sa.String(40), nullable=True),
        sa.Column("then", sa.String(20), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "verdict IN ('approved', 'sent_back', 'declined')", name=op.f("ck_decision_verdict_known")
        ),
        sa.CheckConstraint(
            "principal_id IS NULL OR principal_id <> actor_id", name=op.f("ck_decision_two_persons")
        ),
        *(
            _to("decision", column, target)
            for column, target in (
                ("case_id", "review_case.id"),
                ("draft_id", "draft.id"),
                ("stage_run_id", "stage_run.id"),
                ("actor_id", "user_account.id"),
                ("principal_id", "user_account.id"),
                ("through_id", "user_account.id"),
                ("workflow_digest", "workflow_version.digest"),
                ("revision_id", "revision.id"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sa.UniqueConstraint("stage_run_id", "actor_id", name=op.f("uq_decision_stage_run_id_actor_id")),
    )
    op.create_index(
        "uq_decision_final",
        "decision",
        ["stage_run_id"],
        unique=True,
        sqlite_where=sa.text("final"),
        postgresql_where=sa.text("final"),
    )
    op.create_index("ix_decision_actor_id_decided_at", "decision", ["actor_id", "decided_at"])
    op.create_index(op.f("ix_decision_case_id"), "decision", ["case_id"])
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    for name in ("decision", "stage_run", "review_case", "workflow_version"):
        op.drop_table(name)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION reviews_refuse")
