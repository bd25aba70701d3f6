"""Links that sign without an account."""

revision = "0015_links"
down_revision = "0014_notifications"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
