"""Tables of app.drafts, and the triggers that keep every revision as it was written."""

import sqlalchemy as sa
from alembic import op

from app.infra.db import UtcDateTime

revision = "0006_drafts"
down_revision = "0005_channels"
branch_labels = None
depends_on = None

STATES = (
    "state IN ('editing', 'in_review', 'returned', 'held', 'declined', 'cleared', 'published', "
    "'published_with_debt', 'retracted')"
)

# REPLACE deletes rows in SQLite without firing DELETE triggers, so the insert looks up what it would replace.
SQLITE = (
    """CREATE TRIGGER revision_no_update BEFORE UPDATE ON revision
       BEGIN SELECT RAISE(ABORT, 'revision is insert-only'); END""",
    """CREATE TRIGGER revision_no_delete BEFORE DELETE ON revision
       BEGIN SELECT RAISE(ABORT, 'revision is insert-only'); END""",
    """CREATE TRIGGER revision_no_replace BEFORE INSERT ON revision
       WHEN EXISTS (SELECT 1 FROM revision
                    WHERE id = NEW.id OR (draft_id = NEW.draft_id AND number = NEW.number))
       BEGIN SELECT RAISE(ABORT, 'revision is insert-only'); END""",
    """CREATE TRIGGER asset_no_update BEFORE UPDATE ON asset
       BEGIN SELECT RAISE(ABORT, 'asset is insert-only'); END""",
    """CREATE TRIGGER asset_no_replace BEFORE INSERT ON asset
       WHEN EXISTS (SELECT 1 FROM asset WHERE sha256 = NEW.sha256)
       BEGIN SELECT RAISE(ABORT, 'asset is insert-only'); END""",
)
POSTGRESQL = (
    """CREATE FUNCTION drafts_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         RAISE EXCEPTION '% refuses %', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
       END $$""",
    """CREATE TRIGGER revision_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON revision
       FOR EACH STATEMENT EXECUTE FUNCTION drafts_refuse()""",
    "ALTER TABLE revision ENABLE ALWAYS TRIGGER revision_insert_only",
    """CREATE TRIGGER asset_no_update BEFORE UPDATE ON asset
       FOR EACH STATEMENT EXECUTE FUNCTION drafts_refuse()""",
    "ALTER TABLE asset ENABLE ALWAYS TRIGGER asset_no_update",
)


def _head() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["head_id"], ["revision.id"], name="fk_draft_head_id", deferrable=True, initially="DEFERRED"
    )


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.create_table(
        "draft",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("unit_path", sa.String(1000), nullable=False),
        sa.Column("submitter_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(30), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("head_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(STATES, name=op.f("ck_draft_state_known")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_draft_unit_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["submitter_id"], ["user_account.id"], name=op.f("fk_draft_submitter_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
        sa.UniqueConstraint("number", name=op.f("uq_draft_number")),
        # SQLite takes a reference to a table that is made later; PostgreSQL gets it below.
        *([_head()] if sqlite else []),
    )
    op.create_index("ix_draft_unit_id_id", "draft", ["unit_id", "id"])
    op.create_index(op.f("ix_draft_submitter_id"), "draft", ["submitter_id"])
    op.create_table(
        "revision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("text_digest", sa.String(64), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("left_out", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["draft.id"], name=op.f("fk_revision_draft_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user_account.id"], name=op.f("fk_revision_author_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revision")),
        sa.UniqueConstraint("draft_id", "number", name=op.f("uq_revision_draft_id_number")),
    )
    op.create_index(op.f("ix_revision_digest"), "revision", ["digest"])
    op.create_index("ix_revision_author_id_draft_id", "revision", ["author_id", "draft_id"])
    if not sqlite:
        op.create_foreign_key(
            "fk_draft_head_id",
            "draft",
            "revision",
            ["head_id"],
            ["id"],
            deferrable=True,
            initially="DEFERRED",
        )
    op.create_table(
        "draft_target",
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("section_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["draft.id"], name=op.f("fk_draft_target_draft_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channel.id"], name=op.f("fk_draft_target_channel_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["section_id"], ["section.id"], name=op.f("fk_draft_target_section_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("draft_id", "channel_id", name=op.f("pk_draft_target")),
    )
    op.create_index(op.f("ix_draft_target_channel_id"), "draft_target", ["channel_id"])
    op.create_index(op.f("ix_draft_target_section_id"), "draft_target", ["section_id"])
    op.create_table(
        "asset",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_asset")),
    )
    op.create_table(
        "draft_asset",
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("filename", sa.String(200), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.CheckConstraint("role IN ('image', 'attachment')", name=op.f("ck_draft_asset_role_known")),
        sa.ForeignKeyConstraint(
            ["draft_id"], ["draft.id"], name=op.f("fk_draft_asset_draft_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["sha256"], ["asset.sha256"], name=op.f("fk_draft_asset_sha256"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("draft_id", "sha256", name=op.f("pk_draft_asset")),
    )
    op.create_index(op.f("ix_draft_asset_sha256"), "draft_asset", ["sha256"])
    op.create_table(
        "draft_counter",
        sa.Column("year", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_draft_counter")),
    )
    for statement in SQLITE if sqlite else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    if not sqlite:
        op.drop_constraint("fk_draft_head_id", "draft", type_="foreignkey")
    for table in ("draft_counter", "draft_asset", "asset", "draft_target"):
        op.drop_table(table)
    # Each names the other: in SQLite a table goes only when nothing in it is referred to any more.
    if sqlite:
        op.execute("DROP TRIGGER revision_no_delete")
        op.execute("DELETE FROM revision")
        op.execute("DELETE FROM draft")
    op.drop_table("revision")
    op.drop_table("draft")
    if not sqlite:
        op.execute("DROP FUNCTION drafts_refuse()")
