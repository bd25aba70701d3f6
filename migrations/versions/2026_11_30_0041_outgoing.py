"""Whom outside a job waits for, and how an endpoint of webhooks fares."""

import sqlalchemy as sa
from alembic import op

from app.infra.db import UtcDateTime

revision = "0041_outgoing"
down_revision = "0018_timing"
branch_labels = None
depends_on = None

QUEUED = sa.text("party IS NOT NULL AND state = 'queued'")
COLUMNS = ("failures", "failing_since", "resting_until")


def upgrade() -> None:
    op.add_column("job", sa.Column("party", sa.String(80), nullable=True))
    op.create_index("ix_job_party_queued", "job", ["party"], sqlite_where=QUEUED, postgresql_where=QUEUED)
    op.add_column("webhook_endpoint", sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("webhook_endpoint", sa.Column("failing_since", UtcDateTime(), nullable=True))
    op.add_column("webhook_endpoint", sa.Column("resting_until", UtcDateTime(), nullable=True))


def downgrade() -> None:
    for column in COLUMNS:
        op.drop_column("webhook_endpoint", column)
    op.drop_index("ix_job_party_queued", "job")
    op.drop_column("job", "party")
