"""Policy versions and their activation."""

revision = "0013_policies"
down_revision = "0012_delegations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
