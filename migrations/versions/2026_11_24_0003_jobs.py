"""Tables of app.jobs."""

import sqlalchemy as sa
from alembic import op
from app.infra.db import UtcDateTime

revision = "0003_jobs"
down_revision = "0002_audit"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Owner of app.jobs fills this in."""


def downgrade() -> None:
    """Owner of app.jobs fills this in."""
