"""Tables of app.audit."""

import sqlalchemy as sa
from alembic import op
from app.infra.db import UtcDateTime

revision = "0002_audit"
down_revision = "0001_infra"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Owner of app.audit fills this in."""


def downgrade() -> None:
    """Owner of app.audit fills this in."""
