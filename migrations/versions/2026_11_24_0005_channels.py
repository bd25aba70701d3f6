"""Tables of app.channels."""

import sqlalchemy as sa
from alembic import op
from app.infra.db import UtcDateTime

revision = "0005_channels"
down_revision = "0004_identity"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Owner of app.channels fills this in."""


def downgrade() -> None:
    """Owner of app.channels fills this in."""
