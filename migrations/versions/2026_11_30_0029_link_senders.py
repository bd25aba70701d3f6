"""A link for somebody outside is sent by another person than who asked, and opened with a code."""

import sqlalchemy as sa
from alembic import op

from app.infra.db import UtcDateTime

revision = "0029_link_senders"
down_revision = "0035_record"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Who asked has seen the addresses of links that are open now: these are taken back, and asked anew.
    op.execute("UPDATE sign_link SET state = 'revoked', ended_at = CURRENT_TIMESTAMP WHERE state = 'open'")
    with op.batch_alter_table("sign_link") as table:
        table.add_column(sa.Column("code_hash", sa.String(64), nullable=False, server_default=""))
        table.add_column(sa.Column("namesake", sa.Boolean(), nullable=False, server_default=sa.false()))
        table.add_column(sa.Column("sent_by", sa.Uuid(), nullable=True))
        table.add_column(sa.Column("sent_at", UtcDateTime(), nullable=True))
        table.create_foreign_key(
            op.f("fk_sign_link_sent_by_user_account"),
            "user_account",
            ["sent_by"],
            ["id"],
            ondelete="RESTRICT",
        )
        table.create_check_constraint(
            op.f("ck_sign_link_two_persons"), "sent_by IS NULL OR sent_by <> asked_by"
        )


def downgrade() -> None:
    with op.batch_alter_table("sign_link") as table:
        table.drop_constraint(op.f("ck_sign_link_two_persons"), type_="check")
        table.drop_constraint(op.f("fk_sign_link_sent_by_user_account"), type_="foreignkey")
        for name in ("sent_at", "sent_by", "namesake", "code_hash"):
            table.drop_column(name)
