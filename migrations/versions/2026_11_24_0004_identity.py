"""Tables of app.identity."""

import sqlalchemy as sa
from alembic import op
from app.infra.db import UtcDateTime

revision = "0004_identity"
down_revision = "0003_jobs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Owner of app.identity fills this in."""


def downgrade() -> None:
    """Owner of app.identity fills this in."""
