"""What was read of attachments and pictures, so that a check reads no file twice."""

import sqlalchemy as sa
from alembic import op

revision = "0056_asset_readings"
down_revision = "0049_policy_kinds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "asset_reading",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reading", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["sha256"], ["asset.sha256"], name=op.f("fk_asset_reading_sha256_asset"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("sha256", "version", name=op.f("pk_asset_reading")),
    )


def downgrade() -> None:
    op.drop_table("asset_reading")
