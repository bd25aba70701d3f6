"""Tables of app.webhooks."""

import sqlalchemy as sa
from alembic import op
from app.infra.db import UtcDateTime

revision = "0011_webhooks"
down_revision = "0010_publication"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Owner of app.webhooks fills this in."""


def downgrade() -> None:
    """Owner of app.webhooks fills this in."""
