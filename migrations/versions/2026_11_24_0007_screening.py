"""Tables of app.screening."""

import sqlalchemy as sa
from alembic import op
from app.infra.db import UtcDateTime

revision = "0007_screening"
down_revision = "0006_drafts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Owner of app.screening fills this in."""


def downgrade() -> None:
    """Owner of app.screening fills this in."""
