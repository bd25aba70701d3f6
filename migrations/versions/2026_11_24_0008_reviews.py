"""Tables of app.reviews."""

import sqlalchemy as sa
from alembic import op
from app.infra.db import UtcDateTime

revision = "0008_reviews"
down_revision = "0007_screening"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Owner of app.reviews fills this in."""


def downgrade() -> None:
    """Owner of app.reviews fills this in."""
