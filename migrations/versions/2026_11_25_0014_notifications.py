"""Tables of app.notifications."""

revision = "0014_notifications"
down_revision = "0013_policies"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
