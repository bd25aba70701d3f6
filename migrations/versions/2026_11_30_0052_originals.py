"""The file that a text was read from is kept with its draft, in a role of its own."""

from alembic import op

revision = "0052_originals"
down_revision = "0050_endpoint_notices"
branch_labels = None
depends_on = None

ROLES_BEFORE = "'image', 'attachment'"


def _roles(values: str) -> None:
    # SQLite keeps its checks in the text of the table, so there the table is written anew.
    with op.batch_alter_table("draft_asset") as batch:
        batch.drop_constraint(op.f("ck_draft_asset_role_known"), type_="check")
        batch.create_check_constraint(op.f("ck_draft_asset_role_known"), f"role IN ({values})")


def upgrade() -> None:
    _roles(f"{ROLES_BEFORE}, 'original'")


def downgrade() -> None:
    op.execute("UPDATE draft_asset SET role = 'attachment' WHERE role = 'original'")
    _roles(ROLES_BEFORE)
