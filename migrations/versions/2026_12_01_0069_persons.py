"""Natural persons, whose account each is, and who was found to be two."""

import sqlalchemy as sa
from alembic import op

revision = "0069_persons"
down_revision = "0058_publication_ends"
branch_labels = None
depends_on = None

REFERENCE = (
    ", CONSTRAINT fk_user_account_person_id_person FOREIGN KEY(person_id) "
    "REFERENCES person (id) ON DELETE RESTRICT"
)


def _rewrite(text: str, *, added: str) -> None:
    op.execute("PRAGMA writable_schema = ON")
    statement = f"UPDATE sqlite_master SET sql = {text} WHERE type = 'table' AND name = 'user_account'"  # noqa: S608 – our own text
    op.execute(sa.text(statement).bindparams(added=added))
    op.execute("PRAGMA writable_schema = RESET")


def upgrade() -> None:
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("staff_number", sa.String(40), nullable=False),
        sa.Column("phone_hash", sa.String(40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("merged_into IS NULL OR merged_into <> id", name=op.f("ck_person_into_another")),
        sa.ForeignKeyConstraint(
            ["merged_into"], ["person.id"], name=op.f("fk_person_merged_into_person"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_index(op.f("ix_person_phone_hash"), "person", ["phone_hash"])
    op.create_table(
        "told_apart",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("one_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("settled_by", sa.Uuid(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("one_id < other_id", name=op.f("ck_told_apart_in_order")),
        *(
            sa.ForeignKeyConstraint(
                [column],
                ["user_account.id"],
                name=op.f(f"fk_told_apart_{column}_user_account"),
                ondelete="RESTRICT",
            )
            for column in ("one_id", "other_id", "settled_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_told_apart")),
        sa.UniqueConstraint("one_id", "other_id", name=op.f("uq_told_apart_one_id_other_id")),
    )
    # Nobody is entered as a person here: no event would vouch for it. Whoever has one account alone is named
    # by its id, and is entered when something is first said of them.
    if op.get_bind().dialect.name == "sqlite":
        # Other tables point at this one, so it is not written anew: the reference is put into its text.
        op.execute("ALTER TABLE user_account ADD COLUMN person_id CHAR(32)")
        _rewrite("substr(rtrim(sql), 1, length(rtrim(sql)) - 1) || :added || ')'", added=REFERENCE)
    else:
        op.add_column("user_account", sa.Column("person_id", sa.Uuid(), nullable=True))
        op.create_foreign_key(
            op.f("fk_user_account_person_id_person"),
            "user_account",
            "person",
            ["person_id"],
            ["id"],
            ondelete="RESTRICT",
        )
    op.create_index(op.f("ix_user_account_person_id"), "user_account", ["person_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_user_account_person_id"), "user_account")
    if op.get_bind().dialect.name == "sqlite":
        _rewrite("replace(sql, :added, '')", added=REFERENCE)
    else:
        op.drop_constraint(op.f("fk_user_account_person_id_person"), "user_account", type_="foreignkey")
    op.drop_column("user_account", "person_id")
    op.drop_table("told_apart")
    op.drop_table("person")
