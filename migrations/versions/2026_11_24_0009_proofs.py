"""Tables of app.proofs."""

import sqlalchemy as sa
from alembic import op
from app.infra.db import UtcDateTime

revision = "0009_proofs"
down_revision = "0008_reviews"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Owner of app.proofs fills this in."""


def downgrade() -> None:
    """Owner of app.proofs fills this in."""
