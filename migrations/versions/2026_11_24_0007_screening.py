"""Tables of app.screening, and the triggers that keep every report as it was written."""

import sqlalchemy as sa
from alembic import op

from app.infra.db import UtcDateTime

revision = "0007_screening"
down_revision = "0006_drafts"
branch_labels = None
depends_on = None

REASONS = "reason IN ('quotation', 'proper_name', 'historical', 'false_positive', 'other')"

SQLITE = (
    """CREATE TRIGGER check_report_no_update BEFORE UPDATE ON check_report
       BEGIN SELECT RAISE(ABORT, 'check_report is insert-only'); END""",
    """CREATE TRIGGER check_report_no_delete BEFORE DELETE ON check_report
       BEGIN SELECT RAISE(ABORT, 'check_report is insert-only'); END""",
    """CREATE TRIGGER check_report_no_replace BEFORE INSERT ON check_report
       WHEN EXISTS (SELECT 1 FROM check_report WHERE id = NEW.id
                    OR (revision_id = NEW.revision_id AND policy = NEW.policy AND scope = NEW.scope))
       BEGIN SELECT RAISE(ABORT, 'check_report is insert-only'); END""",
    """CREATE TRIGGER waiver_decided_once BEFORE UPDATE ON waiver WHEN OLD.state <> 'asked'
       BEGIN SELECT RAISE(ABORT, 'a decided waiver does not change'); END""",
    """CREATE TRIGGER waiver_no_delete BEFORE DELETE ON waiver
       BEGIN SELECT RAISE(ABORT, 'a waiver is not deleted'); END""",
)
POSTGRESQL = (
    """CREATE FUNCTION screening_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         RAISE EXCEPTION '% refuses %', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
       END $$""",
    """CREATE TRIGGER check_report_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON check_report
       FOR EACH STATEMENT EXECUTE FUNCTION screening_refuse()""",
    "ALTER TABLE check_report ENABLE ALWAYS TRIGGER check_report_insert_only",
    """CREATE TRIGGER waiver_decided_once BEFORE UPDATE ON waiver
       FOR EACH ROW WHEN (OLD.state <> 'asked') EXECUTE FUNCTION screening_refuse()""",
    "ALTER TABLE waiver ENABLE ALWAYS TRIGGER waiver_decided_once",
    """CREATE TRIGGER waiver_no_delete BEFORE DELETE OR TRUNCATE ON waiver
       FOR EACH STATEMENT EXECUTE FUNCTION screening_refuse()""",
    "ALTER TABLE waiver ENABLE ALWAYS TRIGGER waiver_no_delete",
)


def upgrade() -> None:
    op.create_table(
        "check_report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("policy", sa.String(64), nullable=False),
        sa.Column("scope", sa.String(64), nullable=False),
        sa.Column("blocks", sa.Integer(), nullable=False),
        sa.Column("warnings", sa.Integer(), nullable=False),
        sa.Column("infos", sa.Integer(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["draft.id"], name=op.f("fk_check_report_draft_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["revision_id"], ["revision.id"], name=op.f("fk_check_report_revision_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_report")),
        sa.UniqueConstraint(
            "revision_id", "policy", "scope", name=op.f("uq_check_report_revision_id_policy_scope")
        ),
    )
    op.create_index("ix_check_report_draft_id_created_at", "check_report", ["draft_id", "created_at"])
    op.create_table(
        "waiver",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("rule", sa.String(100), nullable=False),
        sa.Column("reason", sa.String(30), nullable=False),
        sa.Column("explanation", sa.String(1000), nullable=False),
        sa.Column("evidence", sa.String(200), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("comment", sa.String(1000), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(REASONS, name=op.f("ck_waiver_reason_known")),
        sa.CheckConstraint("state IN ('asked', 'granted', 'refused')", name=op.f("ck_waiver_state_known")),
        sa.CheckConstraint("decided_by IS NULL OR decided_by <> asked_by", name=op.f("ck_waiver_two_people")),
        sa.CheckConstraint(
            "state <> 'granted' OR (decided_by IS NOT NULL AND expires_at IS NOT NULL)",
            name=op.f("ck_waiver_granted_for_a_time"),
        ),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["draft.id"], name=op.f("fk_waiver_draft_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["check_report.id"], name=op.f("fk_waiver_report_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["user_account.id"], name=op.f("fk_waiver_asked_by"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["user_account.id"], name=op.f("fk_waiver_decided_by"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver")),
    )
    op.create_index("ix_waiver_draft_id_fingerprint", "waiver", ["draft_id", "fingerprint"])
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("waiver")
    op.drop_table("check_report")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION screening_refuse()")
