"""Tables of app.audit, and the triggers that keep the record as it was written."""

import sqlalchemy as sa
from alembic import op

from app.infra.db import UtcDateTime

revision = "0002_audit"
down_revision = "0001_infra"
branch_labels = None
depends_on = None

# REPLACE deletes rows in SQLite without firing DELETE triggers, so the insert itself looks for what it would
# replace.
SQLITE = (
    """CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event
       BEGIN SELECT RAISE(ABORT, 'audit_event is insert-only'); END""",
    """CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event
       BEGIN SELECT RAISE(ABORT, 'audit_event is insert-only'); END""",
    """CREATE TRIGGER audit_event_no_replace BEFORE INSERT ON audit_event
       WHEN EXISTS (SELECT 1 FROM audit_event
                    WHERE id = NEW.id OR (stream = NEW.stream AND seq = NEW.seq))
       BEGIN SELECT RAISE(ABORT, 'audit_event is insert-only'); END""",
    """CREATE TRIGGER audit_head_forward BEFORE UPDATE ON audit_head
       WHEN NEW.stream <> OLD.stream OR NEW.seq <= OLD.seq OR NEW.ts < OLD.ts
       BEGIN SELECT RAISE(ABORT, 'audit_head only moves forward'); END""",
    """CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head
       BEGIN SELECT RAISE(ABORT, 'audit_head only moves forward'); END""",
)
POSTGRESQL = (
    """CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         RAISE EXCEPTION '% refuses %', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
       END $$""",
    """CREATE FUNCTION audit_forward() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF NEW.stream <> OLD.stream OR NEW.seq <= OLD.seq OR NEW.ts < OLD.ts THEN
           RAISE EXCEPTION 'audit_head only moves forward' USING ERRCODE = 'restrict_violation';
         END IF;
         RETURN NEW;
       END $$""",
    """CREATE TRIGGER audit_event_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
       FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
    "ALTER TABLE audit_event ENABLE ALWAYS TRIGGER audit_event_insert_only",
    """CREATE TRIGGER audit_head_forward BEFORE UPDATE ON audit_head
       FOR EACH ROW EXECUTE FUNCTION audit_forward()""",
    "ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_head_forward",
    """CREATE TRIGGER audit_head_stays BEFORE DELETE OR TRUNCATE ON audit_head
       FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
    "ALTER TABLE audit_head ENABLE ALWAYS TRIGGER audit_head_stays",
)


def upgrade() -> None:
    op.create_table(
        "audit_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stream", sa.String(100), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("ts", UtcDateTime(), nullable=False),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_role", sa.String(40), nullable=True),
        sa.Column("prev", sa.String(64), nullable=False),
        sa.Column("leaf", sa.String(64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.CheckConstraint("outcome IN ('done', 'refused')", name=op.f("ck_audit_event_outcome_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
        sa.UniqueConstraint("stream", "seq", name=op.f("uq_audit_event_stream_seq")),
    )
    op.create_index(op.f("ix_audit_event_ts"), "audit_event", ["ts"])
    op.create_index(op.f("ix_audit_event_actor_id"), "audit_event", ["actor_id"])
    op.create_table(
        "audit_private",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("openings", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["audit_event.id"],
            name=op.f("fk_audit_private_event_id_audit_event"),
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_audit_private")),
    )
    op.create_table(
        "audit_head",
        sa.Column("stream", sa.String(100), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("leaf", sa.String(64), nullable=False),
        sa.Column("ts", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("stream", name=op.f("pk_audit_head")),
    )
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    for name in ("audit_private", "audit_head", "audit_event"):
        op.drop_table(name)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_refuse")
        op.execute("DROP FUNCTION audit_forward")
