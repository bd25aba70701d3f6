"""Tables of app.publication, and the triggers that keep the time of publication as it was."""

import sqlalchemy as sa
from alembic import op

from app.infra.db import UtcDateTime

revision = "0010_publication"
down_revision = "0009_proofs"
branch_labels = None
depends_on = None

SIGNED = "state = 'signed'"
SQLITE = (
    """CREATE TRIGGER publication_no_update BEFORE UPDATE ON publication
       BEGIN SELECT RAISE(ABORT, 'publication is insert-only'); END""",
    """CREATE TRIGGER publication_no_delete BEFORE DELETE ON publication
       BEGIN SELECT RAISE(ABORT, 'publication is insert-only'); END""",
    """CREATE TRIGGER publication_no_replace BEFORE INSERT ON publication
       WHEN EXISTS (SELECT 1 FROM publication WHERE id = NEW.id OR release_id = NEW.release_id)
       BEGIN SELECT RAISE(ABORT, 'publication is insert-only'); END""",
)
POSTGRESQL = (
    """CREATE TRIGGER publication_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON publication
       FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
    "ALTER TABLE publication ENABLE ALWAYS TRIGGER publication_insert_only",
)


def upgrade() -> None:
    op.create_table(
        "release",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("revision", sa.String(64), nullable=False),
        sa.Column("policy", sa.String(64), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=False),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("signed_by", sa.Uuid(), nullable=False),
        sa.Column("signed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "state IN ('signed', 'published', 'expired', 'retracted')", name=op.f("ck_release_state_known")
        ),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name=op.f("fk_release_draft_id_draft")),
        sa.ForeignKeyConstraint(
            ["signed_by"], ["user_account.id"], name=op.f("fk_release_signed_by_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
        sa.UniqueConstraint("nonce", name=op.f("uq_release_nonce")),
    )
    op.create_index(op.f("ix_release_draft_id"), "release", ["draft_id"])
    op.create_index("ix_release_channel_digest", "release", ["channel", "digest"])
    op.create_index(
        "uq_release_signed",
        "release",
        ["draft_id", "channel"],
        unique=True,
        sqlite_where=sa.text(SIGNED),
        postgresql_where=sa.text(SIGNED),
    )
    op.create_table(
        "release_ticket",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"],
            ["release.id"],
            name=op.f("fk_release_ticket_release_id_release"),
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_release_ticket")),
    )
    op.create_index(op.f("ix_release_ticket_release_id"), "release_ticket", ["release_id"])
    op.create_table(
        "publication",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("external_id", sa.String(200), nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("tool_id", sa.Uuid(), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id"], ["release.id"], name=op.f("fk_publication_release_id_release")
        ),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name=op.f("fk_publication_draft_id_draft")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication")),
        sa.UniqueConstraint("release_id", name=op.f("uq_publication_release_id")),
    )
    op.create_index(op.f("ix_publication_draft_id"), "publication", ["draft_id"])
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("publication")
    op.drop_table("release_ticket")
    op.drop_table("release")
