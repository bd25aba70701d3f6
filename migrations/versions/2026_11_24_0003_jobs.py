"""Tables of app.jobs."""

import sqlalchemy as sa
from alembic import op

from app.infra.db import UtcDateTime

revision = "0003_jobs"
down_revision = "0002_audit"
branch_labels = None
depends_on = None

NOT_BEGUN = "state = 'queued' AND attempt = 0"


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("key", sa.String(200), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("run_at", UtcDateTime(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("worker", sa.String(80), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'dead')", name=op.f("ck_job_state_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index("ix_job_due", "job", ["state", "run_at"])
    op.create_index(
        "uq_job_key_not_begun",
        "job",
        ["kind", "key"],
        unique=True,
        sqlite_where=sa.text(NOT_BEGUN),
        postgresql_where=sa.text(NOT_BEGUN),
    )


def downgrade() -> None:
    op.drop_table("job")
