"""Tables of app.drafts."""

import sqlalchemy as sa
from alembic import op
from app.infra.db import UtcDateTime

revision = "0006_drafts"
down_revision = "0005_channels"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Owner of app.drafts fills this in."""


def downgrade() -> None:
    """Owner of app.drafts fills this in."""
