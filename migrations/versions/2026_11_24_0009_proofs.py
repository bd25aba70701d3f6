"""Tables of app.proofs, and the triggers that keep every proof as it was laid out."""

import sqlalchemy as sa
from alembic import op

from app.infra.db import UtcDateTime

revision = "0009_proofs"
down_revision = "0008_reviews"
branch_labels = None
depends_on = None

KINDS = "'wechat', 'website', 'journal', 'video', 'app', 'notice_board', 'screen', 'outside_media'"
MARK_KINDS = (
    "'correct', 'delete', 'insert', 'transpose', 'move', 'run_on', 'new_paragraph', 'add_space', "
    "'remove_space', 'stet'"
)
ERROR_TYPES = "'word', 'fact', 'logic', 'grammar', 'number_style', 'punctuation', 'layout'"

# A mark says for ever what was found where; only what became of it may still be written down, once.
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
SQLITE = (
    """CREATE TRIGGER proof_no_update BEFORE UPDATE ON proof
       BEGIN SELECT RAISE(ABORT, 'proof is insert-only'); END""",
    """CREATE TRIGGER proof_no_delete BEFORE DELETE ON proof
       BEGIN SELECT RAISE(ABORT, 'proof is insert-only'); END""",
    """CREATE TRIGGER proof_no_replace BEFORE INSERT ON proof
       WHEN EXISTS (SELECT 1 FROM proof
                    WHERE id = NEW.id OR (case_id = NEW.case_id AND line = NEW.line
                                          AND revision_id = NEW.revision_id))
       BEGIN SELECT RAISE(ABORT, 'UNIQUE constraint failed: proof is insert-only'); END""",
    f"""CREATE TRIGGER proof_mark_fixed BEFORE UPDATE ON proof_mark
       WHEN OLD.state <> 'open' OR {CHANGED}
       BEGIN SELECT RAISE(ABORT, 'proof_mark is ended once'); END""",
    """CREATE TRIGGER proof_mark_no_delete BEFORE DELETE ON proof_mark
       BEGIN SELECT RAISE(ABORT, 'proof_mark is never deleted'); END""",
)
POSTGRESQL = (
    """CREATE FUNCTION proofs_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         RAISE EXCEPTION '% refuses %', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
       END $$""",
    f"""CREATE FUNCTION proofs_mark_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF OLD.state <> 'open' OR {CHANGED} THEN
           RAISE EXCEPTION 'proof_mark is ended once' USING ERRCODE = 'restrict_violation';
         END IF;
         RETURN NEW;
       END $$""",
    """CREATE TRIGGER proof_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON proof
       FOR EACH STATEMENT EXECUTE FUNCTION proofs_refuse()""",
    "ALTER TABLE proof ENABLE ALWAYS TRIGGER proof_insert_only",
    """CREATE TRIGGER proof_mark_fixed BEFORE UPDATE ON proof_mark
       FOR EACH ROW EXECUTE FUNCTION proofs_mark_fixed()""",
    "ALTER TABLE proof_mark ENABLE ALWAYS TRIGGER proof_mark_fixed",
    """CREATE TRIGGER proof_mark_stays BEFORE DELETE OR TRUNCATE ON proof_mark
       FOR EACH STATEMENT EXECUTE FUNCTION proofs_refuse()""",
    "ALTER TABLE proof_mark ENABLE ALWAYS TRIGGER proof_mark_stays",
)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"), ondelete="RESTRICT")


def upgrade() -> None:
    op.create_table(
        "proof",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("characters", sa.Integer(), nullable=False),
        sa.Column("renderer", sa.String(40), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_proof_kind_known")),
        _to("proof", "case_id", "review_case.id"),
        _to("proof", "draft_id", "draft.id"),
        _to("proof", "revision_id", "revision.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proof")),
        sa.UniqueConstraint("case_id", "line", "revision_id", name=op.f("uq_proof_case_id_line_revision_id")),
    )
    op.create_index(op.f("ix_proof_draft_id"), "proof", ["draft_id"])
    op.create_index(op.f("ix_proof_digest"), "proof", ["digest"])
    op.create_table(
        "proof_mark",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("proof_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.String(40), nullable=False),
        sa.Column("stage", sa.String(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("place", sa.String(100), nullable=False),
        sa.Column("position_start", sa.Integer(), nullable=False),
        sa.Column("position_end", sa.Integer(), nullable=False),
        sa.Column("start16", sa.Integer(), nullable=False),
        sa.Column("end16", sa.Integer(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("new_text", sa.Text(), nullable=False),
        sa.Column("move_to", sa.Integer(), nullable=True),
        sa.Column("error_type", sa.String(20), nullable=False),
        sa.Column("weight", sa.Numeric(6, 2), nullable=False),
        sa.Column("remark", sa.String(1000), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("marked_by", sa.Uuid(), nullable=False),
        sa.Column("marked_at", UtcDateTime(), nullable=False),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("carried_into", sa.Uuid(), nullable=True),
        sa.CheckConstraint(f"kind IN ({MARK_KINDS})", name=op.f("ck_proof_mark_kind_known")),
        sa.CheckConstraint(f"error_type IN ({ERROR_TYPES})", name=op.f("ck_proof_mark_error_type_known")),
        sa.CheckConstraint(
            "state IN ('open', 'carried_out', 'withdrawn', 'overtaken')",
            name=op.f("ck_proof_mark_state_known"),
        ),
        sa.CheckConstraint(
            "position_start >= 0 AND position_end >= position_start", name=op.f("ck_proof_mark_range")
        ),
        sa.CheckConstraint("weight >= 0", name=op.f("ck_proof_mark_weight")),
        *(
            _to("proof_mark", column, target)
            for column, target in (
                ("case_id", "review_case.id"),
                ("draft_id", "draft.id"),
                ("proof_id", "proof.id"),
                ("marked_by", "user_account.id"),
                ("ended_by", "user_account.id"),
                ("carried_into", "revision.id"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proof_mark")),
    )
    op.create_index("ix_proof_mark_case_id_line_state", "proof_mark", ["case_id", "line", "state"])
    op.create_index(op.f("ix_proof_mark_proof_id"), "proof_mark", ["proof_id"])
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    for name in ("proof_mark", "proof"):
        op.drop_table(name)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION proofs_refuse")
        op.execute("DROP FUNCTION proofs_mark_fixed")
