"""The log over all events, its checkpoints; openings change only where an event says that they are erased."""

import sqlalchemy as sa
from alembic import op

from app.infra.db import UtcDateTime

revision = "0035_record"
down_revision = "0039_kept_answers"
branch_labels = None
depends_on = None

INSERT_ONLY = {"audit_log": "position", "audit_tile": "number", "audit_checkpoint": "size"}
SQLITE = (
    *(
        f"""CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}
        BEGIN SELECT RAISE(ABORT, '{table} is insert-only'); END"""
        for table in INSERT_ONLY
        for verb in ("UPDATE", "DELETE")
    ),
    *(
        f"""CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
        WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})
        BEGIN SELECT RAISE(ABORT, '{table} is insert-only'); END"""  # noqa: S608 – our names
        for table, key in INSERT_ONLY.items()
    ),
    """CREATE TRIGGER audit_private_erased BEFORE UPDATE ON audit_private
       WHEN NEW.event_id <> OLD.event_id OR NOT EXISTS (
         SELECT 1 FROM audit_event AS whose JOIN audit_event AS said ON said.stream = whose.stream
         WHERE whose.id = OLD.event_id AND said.action = 'record.erased'
           AND json_extract(said.body, '$.data.seq') = whose.seq)
       BEGIN SELECT RAISE(ABORT, 'audit_private changes only where an event says so'); END""",
    """CREATE TRIGGER audit_private_no_delete BEFORE DELETE ON audit_private
       BEGIN SELECT RAISE(ABORT, 'audit_private changes only where an event says so'); END""",
    """CREATE TRIGGER audit_private_no_replace BEFORE INSERT ON audit_private
       WHEN EXISTS (SELECT 1 FROM audit_private WHERE event_id = NEW.event_id)
       BEGIN SELECT RAISE(ABORT, 'audit_private changes only where an event says so'); END""",
)
POSTGRESQL = (
    *(
        statement
        for table in INSERT_ONLY
        for statement in (
            f"""CREATE TRIGGER {table}_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_insert_only",
        )
    ),
    """CREATE FUNCTION audit_erased() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF NEW.event_id <> OLD.event_id OR NOT EXISTS (
           SELECT 1 FROM audit_event AS whose JOIN audit_event AS said ON said.stream = whose.stream
           WHERE whose.id = OLD.event_id AND said.action = 'record.erased'
             AND said.body::jsonb -> 'data' -> 'seq' = to_jsonb(whose.seq)) THEN
           RAISE EXCEPTION 'audit_private changes only where an event says so'
             USING ERRCODE = 'restrict_violation';
         END IF;
         RETURN NEW;
       END $$""",
    """CREATE TRIGGER audit_private_erased BEFORE UPDATE ON audit_private
       FOR EACH ROW EXECUTE FUNCTION audit_erased()""",
    "ALTER TABLE audit_private ENABLE ALWAYS TRIGGER audit_private_erased",
    """CREATE TRIGGER audit_private_stays BEFORE DELETE OR TRUNCATE ON audit_private
       FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
    "ALTER TABLE audit_private ENABLE ALWAYS TRIGGER audit_private_stays",
)


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stream", sa.String(100), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("leaf", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit_log")),
        sa.UniqueConstraint("stream", "seq", name=op.f("uq_audit_log_stream_seq")),
    )
    op.create_table(
        "audit_tile",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("root", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_tile")),
    )
    op.create_table(
        "audit_logged",
        sa.Column("stream", sa.String(100), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("stream", name=op.f("pk_audit_logged")),
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_audit_checkpoint")),
    )
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(sa.text(statement.replace(":", r"\:")))


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name in ("erased", "no_delete", "no_replace") if sqlite else ("erased", "stays"):
        op.execute(f"DROP TRIGGER audit_private_{name}" + ("" if sqlite else " ON audit_private"))
    for name in ("audit_checkpoint", "audit_logged", "audit_tile", "audit_log"):
        op.drop_table(name)
    if not sqlite:
        op.execute("DROP FUNCTION audit_erased")
