"""Versions of how errors are counted, beside those of the other policy files."""

import sqlalchemy as sa
from alembic import op

revision = "0101_quality"
down_revision = "0088_stranded"
branch_labels = None
depends_on = None

TABLES = ("policy_version", "policy_in_use")
BEFORE = "kind IN ('negative_list', 'workflows', 'routing', 'calendar', 'urgent', 'channels')"
AFTER = BEFORE.replace("'channels')", "'channels', 'quality')")


def _known(old: str, new: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            name = op.f(f"ck_{table}_kind_known")
            op.drop_constraint(name, table, type_="check")
            op.create_check_constraint(name, table, new)
        return
    # Other tables point at these, and triggers guard them: they are not written anew.
    op.execute("PRAGMA writable_schema = ON")
    for table in TABLES:
        statement = (
            "UPDATE sqlite_master SET sql = replace(sql, :old, :new) WHERE type = 'table' AND name = :name"
        )
        op.execute(sa.text(statement).bindparams(old=old, new=new, name=table))
    op.execute("PRAGMA writable_schema = RESET")


def upgrade() -> None:
    _known(BEFORE, AFTER)


def downgrade() -> None:
    _known(AFTER, BEFORE)
