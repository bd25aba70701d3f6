"""Tables of app.publication."""

import sqlalchemy as sa
from alembic import op
from app.infra.db import UtcDateTime

revision = "0010_publication"
down_revision = "0009_proofs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Owner of app.publication fills this in."""


def downgrade() -> None:
    """Owner of app.publication fills this in."""
