"""Comments and suggestions on selected words, and the notices of them."""

import sqlalchemy as sa
from alembic import op

from app.infra.db import UtcDateTime

revision = "0063_words"
down_revision = "0052_originals"
branch_labels = None
depends_on = None

MARK_KINDS = (
    "'correct', 'delete', 'insert', 'transpose', 'move', 'run_on', 'new_paragraph', 'add_space', "
    "'remove_space', 'stet'"
)
STATES = "'open', 'resolved', 'accepted', 'disputed'"
NOTICES_BEFORE = (
    "'stage_opened', 'stage_reminded', 'stage_due', 'stage_late', 'stage_escalated', 'handed_over', "
    "'consulted', 'advised', 'copied', 'returned', 'signed_but_returned', 'blocked', 'declined', 'held', "
    "'answered', 'cleared', 'scheduled', 'unscheduled', 'withheld', 'published', 'corrected', 'retracted', "
    "'waiver_asked', 'waiver_decided', 'debt_owed', 'calendar_missing', 'account', 'endpoint'"
)
ADDED = "'commented', 'mentioned', 'suggestion_answered'"
#: Tables that hold a kind of notice.
OF_KINDS = ("notice", "notice_preference", "robot_message")

# A thread says for ever on which words it is and what was suggested; what became of it may be written down.
FIXED = (
    "draft_id",
    "revision_id",
    "place",
    "position_start",
    "position_end",
    "quote",
    "before",
    "after",
    "new_text",
    "started_by",
    "started_at",
)
CHANGED = " OR ".join(f"NEW.{column} <> OLD.{column}" for column in FIXED)
KEPT_SQLITE = f"{CHANGED} OR NEW.kind IS NOT OLD.kind OR NEW.move_to IS NOT OLD.move_to"
KEPT_POSTGRESQL = (
    f"{CHANGED} OR NEW.kind IS DISTINCT FROM OLD.kind OR NEW.move_to IS DISTINCT FROM OLD.move_to"
)
SQLITE = (
    f"""CREATE TRIGGER comment_thread_fixed BEFORE UPDATE ON comment_thread
       WHEN OLD.state = 'accepted' OR {KEPT_SQLITE}
       BEGIN SELECT RAISE(ABORT, 'comment_thread keeps its words'); END""",
    """CREATE TRIGGER comment_thread_no_delete BEFORE DELETE ON comment_thread
       BEGIN SELECT RAISE(ABORT, 'comment_thread is never deleted'); END""",
    """CREATE TRIGGER thread_comment_no_update BEFORE UPDATE ON thread_comment
       BEGIN SELECT RAISE(ABORT, 'thread_comment is insert-only'); END""",
    """CREATE TRIGGER thread_comment_no_delete BEFORE DELETE ON thread_comment
       BEGIN SELECT RAISE(ABORT, 'thread_comment is insert-only'); END""",
    """CREATE TRIGGER thread_comment_no_replace BEFORE INSERT ON thread_comment
       WHEN EXISTS (SELECT 1 FROM thread_comment WHERE id = NEW.id)
       BEGIN SELECT RAISE(ABORT, 'UNIQUE constraint failed: thread_comment is insert-only'); END""",
)
POSTGRESQL = (
    """CREATE FUNCTION annotations_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         RAISE EXCEPTION '% refuses %', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
       END $$""",
    f"""CREATE FUNCTION annotations_thread_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF OLD.state = 'accepted' OR {KEPT_POSTGRESQL} THEN
           RAISE EXCEPTION 'comment_thread keeps its words' USING ERRCODE = 'restrict_violation';
         END IF;
         RETURN NEW;
       END $$""",
    """CREATE TRIGGER comment_thread_fixed BEFORE UPDATE ON comment_thread
       FOR EACH ROW EXECUTE FUNCTION annotations_thread_fixed()""",
    "ALTER TABLE comment_thread ENABLE ALWAYS TRIGGER comment_thread_fixed",
    """CREATE TRIGGER comment_thread_stays BEFORE DELETE OR TRUNCATE ON comment_thread
       FOR EACH STATEMENT EXECUTE FUNCTION annotations_refuse()""",
    "ALTER TABLE comment_thread ENABLE ALWAYS TRIGGER comment_thread_stays",
    """CREATE TRIGGER thread_comment_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON thread_comment
       FOR EACH STATEMENT EXECUTE FUNCTION annotations_refuse()""",
    "ALTER TABLE thread_comment ENABLE ALWAYS TRIGGER thread_comment_insert_only",
)


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"), ondelete="RESTRICT")


def _let_in(table: str, values: str) -> None:
    # SQLite keeps its checks in the text of the table, so there the table is written anew.
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(op.f(f"ck_{table}_kind_known"), type_="check")
        batch.create_check_constraint(op.f(f"ck_{table}_kind_known"), f"kind IN ({values})")


def upgrade() -> None:
    op.create_table(
        "comment_thread",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("revision_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.String(100), nullable=False),
        sa.Column("position_start", sa.Integer(), nullable=False),
        sa.Column("position_end", sa.Integer(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("before", sa.String(32), nullable=False),
        sa.Column("after", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(20), nullable=True),
        sa.Column("new_text", sa.Text(), nullable=False),
        sa.Column("move_to", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("started_by", sa.Uuid(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("last_by", sa.Uuid(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("accepted_into", sa.Uuid(), nullable=True),
        sa.CheckConstraint(f"kind IN ({MARK_KINDS})", name=op.f("ck_comment_thread_kind_known")),
        sa.CheckConstraint(f"state IN ({STATES})", name=op.f("ck_comment_thread_state_known")),
        sa.CheckConstraint(
            "position_start >= 0 AND position_end >= position_start", name=op.f("ck_comment_thread_range")
        ),
        *(
            _to("comment_thread", column, target)
            for column, target in (
                ("draft_id", "draft.id"),
                ("revision_id", "revision.id"),
                ("started_by", "user_account.id"),
                ("last_by", "user_account.id"),
                ("settled_by", "user_account.id"),
                ("accepted_into", "revision.id"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment_thread")),
    )
    op.create_index("ix_comment_thread_draft_id_state", "comment_thread", ["draft_id", "state"])
    op.create_index("ix_comment_thread_started_by_state", "comment_thread", ["started_by", "state"])
    op.create_table(
        "thread_comment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(20), nullable=True),
        sa.Column("mentioned", sa.JSON(), nullable=False),
        sa.Column("said_by", sa.Uuid(), nullable=False),
        sa.Column("said_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(f"state IN ({STATES})", name=op.f("ck_thread_comment_state_known")),
        _to("thread_comment", "thread_id", "comment_thread.id"),
        _to("thread_comment", "draft_id", "draft.id"),
        _to("thread_comment", "said_by", "user_account.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread_comment")),
    )
    op.create_index(op.f("ix_thread_comment_thread_id"), "thread_comment", ["thread_id"])
    op.create_index(op.f("ix_thread_comment_draft_id"), "thread_comment", ["draft_id"])
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)
    for table in OF_KINDS:
        _let_in(table, f"{NOTICES_BEFORE}, {ADDED}")


def downgrade() -> None:
    for table in OF_KINDS:
        op.execute(f"DELETE FROM {table} WHERE kind IN ({ADDED})")  # noqa: S608 – our own names
        _let_in(table, NOTICES_BEFORE)
    for name in ("thread_comment", "comment_thread"):
        op.drop_table(name)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION annotations_refuse")
        op.execute("DROP FUNCTION annotations_thread_fixed")
