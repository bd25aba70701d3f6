"""Passwords that others set, former passwords, known places, confirmed delegations, the reading role."""

import sqlalchemy as sa
from alembic import op

from app.infra.db import UtcDateTime

revision = "0031_people"
down_revision = "0029_link_senders"
branch_labels = None
depends_on = None

ROLES_BEFORE = (
    "'editor', 'initial_reviewer', 'second_reviewer', 'final_reviewer', 'proofreader', 'publisher', "
    "'policy_keeper', 'system_admin', 'security_admin', 'audit_admin'"
)
KINDS_BEFORE = (
    "'stage_opened', 'stage_reminded', 'stage_due', 'stage_late', 'stage_escalated', 'handed_over', "
    "'consulted', 'advised', 'copied', 'returned', 'signed_but_returned', 'blocked', 'declined', 'held', "
    "'answered', 'cleared', 'scheduled', 'unscheduled', 'withheld', 'published', 'corrected', 'retracted', "
    "'waiver_asked', 'waiver_decided', 'debt_owed', 'calendar_missing'"
)
#: Tables that hold a kind of notice.
OF_KINDS = ("notice", "notice_preference", "robot_message")


def _let_in(table: str, column: str, values: str) -> None:
    # SQLite keeps its checks in the text of the table, so there the table is written anew.
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(op.f(f"ck_{table}_{column}_known"), type_="check")
        batch.create_check_constraint(op.f(f"ck_{table}_{column}_known"), f"{column} IN ({values})")


def upgrade() -> None:
    for table in OF_KINDS:
        _let_in(table, "kind", f"{KINDS_BEFORE}, 'account'")
    _let_in("role_grant", "role", f"{ROLES_BEFORE}, 'reader'")
    op.add_column(
        "user_account",
        sa.Column("must_change_password", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column(
        "user_account", sa.Column("credentials", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )
    op.create_table(
        "former_password",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("replaced_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_former_password_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former_password")),
    )
    op.create_index(op.f("ix_former_password_user_id"), "former_password", ["user_id"])
    op.add_column("sign_in_failure", sa.Column("succeeded_at", UtcDateTime(), nullable=True))
    op.create_index(op.f("ix_sign_in_failure_last_at"), "sign_in_failure", ["last_at"])
    with op.batch_alter_table("delegation") as batch:
        batch.add_column(sa.Column("confirmed_by", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("confirmed_at", UtcDateTime(), nullable=True))
        batch.create_foreign_key(
            op.f("fk_delegation_confirmed_by"),
            "user_account",
            ["confirmed_by"],
            ["id"],
            ondelete="RESTRICT",
        )
    # What was in force stays in force: it was given under the rules of its time.
    op.execute("UPDATE delegation SET confirmed_by = granted_by, confirmed_at = granted_at")


def downgrade() -> None:
    with op.batch_alter_table("delegation") as batch:
        batch.drop_constraint(op.f("fk_delegation_confirmed_by"), type_="foreignkey")
        batch.drop_column("confirmed_at")
        batch.drop_column("confirmed_by")
    op.drop_index(op.f("ix_sign_in_failure_last_at"), "sign_in_failure")
    op.drop_column("sign_in_failure", "succeeded_at")
    op.drop_table("former_password")
    op.drop_column("user_account", "credentials")
    op.drop_column("user_account", "must_change_password")
    op.execute("DELETE FROM role_grant WHERE role = 'reader'")
    _let_in("role_grant", "role", ROLES_BEFORE)
    for table in OF_KINDS:
        op.execute(f"DELETE FROM {table} WHERE kind = 'account'")  # noqa: S608 – our own names
        _let_in(table, "kind", KINDS_BEFORE)
