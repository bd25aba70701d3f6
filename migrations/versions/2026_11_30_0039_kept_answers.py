"""What a publishing tool was told, kept with its message: a repeated message gets the same answer."""

import sqlalchemy as sa
from alembic import op

revision = "0039_kept_answers"
down_revision = "0028_workflow_risks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("received_webhook", sa.Column("request_digest", sa.String(64), nullable=True))
    op.add_column("received_webhook", sa.Column("status", sa.Integer(), nullable=True))
    op.add_column("received_webhook", sa.Column("answer", sa.Text(), nullable=True))


def downgrade() -> None:
    for column in ("answer", "status", "request_digest"):
        op.drop_column("received_webhook", column)
