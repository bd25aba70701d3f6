"""Tables of delegations and of what people add to a case."""

revision = "0012_delegations"
down_revision = "0011_webhooks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
