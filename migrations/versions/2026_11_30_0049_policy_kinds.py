"""Versions of every kind of policy files, where only the negative list had them.

What is in force of the other kinds is taken from the folder when the service first starts, and recorded: the
folder's place is known to the service, not to the database.
"""

import sqlalchemy as sa
from alembic import op

revision = "0049_policy_kinds"
down_revision = "0031_people"
branch_labels = None
depends_on = None

KINDS = "kind IN ('negative_list', 'workflows', 'routing', 'calendar', 'urgent', 'channels')"
NEXT_ONLY = "NEW.seq <> OLD.seq + 1 OR NEW.since_at < OLD.since_at"
OF_IN_USE = (
    f"""CREATE TRIGGER policy_in_use_forward BEFORE UPDATE ON policy_in_use WHEN {NEXT_ONLY}
        BEGIN SELECT RAISE(ABORT, 'the policy in use only moves forward'); END""",
    """CREATE TRIGGER policy_in_use_no_delete BEFORE DELETE ON policy_in_use
       BEGIN SELECT RAISE(ABORT, 'there is always a policy in use'); END""",
)


def upgrade() -> None:
    kind = sa.Column("kind", sa.String(20), nullable=False, server_default="negative_list")
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_version()
    else:
        op.add_column("policy_version", kind)
        op.create_check_constraint(op.f("ck_policy_version_kind_known"), "policy_version", KINDS)
    op.create_index("ix_policy_version_kind_created_at", "policy_version", ["kind", "created_at"])
    with op.batch_alter_table("policy_in_use") as batch:
        batch.add_column(sa.Column("kind", sa.String(20), nullable=False, server_default="negative_list"))
        batch.drop_constraint(op.f("ck_policy_in_use_one_row"), type_="check")
        batch.create_check_constraint(op.f("ck_policy_in_use_kind_known"), KINDS)
        batch.create_unique_constraint(op.f("uq_policy_in_use_kind"), ["kind"])
    if op.get_bind().dialect.name == "sqlite":
        for statement in OF_IN_USE:
            op.execute(statement)


def _sqlite_version() -> None:
    # Other tables point at this one, so it is not written anew: SQLite takes a check with a new column.
    op.execute(
        "ALTER TABLE policy_version ADD COLUMN kind VARCHAR(20) DEFAULT 'negative_list' NOT NULL "
        f"CONSTRAINT ck_policy_version_kind_known CHECK ({KINDS})"
    )


#: Guards that a downgrade lifts: their names on SQLite and PostgreSQL, and on SQLite their text.
_LIFTED = (
    (
        "policy_activation",
        "no_delete",
        "no_delete",
        """CREATE TRIGGER policy_activation_no_delete BEFORE DELETE ON policy_activation
           BEGIN SELECT RAISE(ABORT, 'an activation is not deleted'); END""",
    ),
    (
        "policy_version",
        "no_delete",
        "insert_only",
        """CREATE TRIGGER policy_version_no_delete BEFORE DELETE ON policy_version
           BEGIN SELECT RAISE(ABORT, 'policy_version is insert-only'); END""",
    ),
    ("policy_in_use", "no_delete", "no_delete", OF_IN_USE[1]),
)


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table, here, there, _ in _LIFTED:
        op.execute(
            f"DROP TRIGGER {table}_{here}"
            if sqlite
            else f"ALTER TABLE {table} DISABLE TRIGGER {table}_{there}"
        )
    op.execute("DELETE FROM policy_in_use WHERE kind <> 'negative_list'")
    op.execute(
        "DELETE FROM policy_activation WHERE digest IN "
        "(SELECT digest FROM policy_version WHERE kind <> 'negative_list')"
    )
    op.execute("DELETE FROM policy_version WHERE kind <> 'negative_list'")
    with op.batch_alter_table("policy_in_use") as batch:
        batch.drop_constraint(op.f("uq_policy_in_use_kind"), type_="unique")
        batch.drop_constraint(op.f("ck_policy_in_use_kind_known"), type_="check")
        batch.create_check_constraint(op.f("ck_policy_in_use_one_row"), "id = 1")
        batch.drop_column("kind")
    op.drop_index("ix_policy_version_kind_created_at", "policy_version")
    if not sqlite:
        op.drop_constraint(op.f("ck_policy_version_kind_known"), "policy_version", type_="check")
    op.execute("ALTER TABLE policy_version DROP COLUMN kind")
    if sqlite:
        # Writing the table of what is in force anew took its other guard away too.
        op.execute(OF_IN_USE[0])
    for table, _, there, text in _LIFTED:
        op.execute(text if sqlite else f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{there}")
