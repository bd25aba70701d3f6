"""Versions of the negative list, their activation and back-tests, and how often rules hit."""

import sqlalchemy as sa
from alembic import op

from app.infra.db import UtcDateTime

revision = "0013_policies"
down_revision = "0012_delegations"
branch_labels = None
depends_on = None

SOURCES = "source IN ('shipped', 'folder', 'command', 'editor', 'api', 'shadowed', 'engine')"
ACTIVATIONS = "state IN ('asked', 'granted', 'refused')"
BACK_TESTS = "state IN ('queued', 'running', 'done', 'failed')"
NEXT_ONLY = "NEW.seq <> OLD.seq + 1 OR NEW.since_at < OLD.since_at"

_INSERT_ONLY = {"policy_file": "sha256 = NEW.sha256", "policy_version": "digest = NEW.digest"}
SQLITE = (
    *(
        f"""CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}
            BEGIN SELECT RAISE(ABORT, '{table} is insert-only'); END"""
        for table in _INSERT_ONLY
        for verb in ("UPDATE", "DELETE")
    ),
    *(
        f"""CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
            WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})
            BEGIN SELECT RAISE(ABORT, '{table} is insert-only'); END"""  # noqa: S608 – our own names
        for table, same in _INSERT_ONLY.items()
    ),
    f"""CREATE TRIGGER policy_in_use_forward BEFORE UPDATE ON policy_in_use WHEN {NEXT_ONLY}
        BEGIN SELECT RAISE(ABORT, 'the policy in use only moves forward'); END""",
    """CREATE TRIGGER policy_in_use_no_delete BEFORE DELETE ON policy_in_use
       BEGIN SELECT RAISE(ABORT, 'there is always a policy in use'); END""",
    """CREATE TRIGGER policy_activation_decided_once BEFORE UPDATE ON policy_activation
       WHEN OLD.state <> 'asked' BEGIN SELECT RAISE(ABORT, 'a decided activation does not change'); END""",
    """CREATE TRIGGER policy_activation_no_delete BEFORE DELETE ON policy_activation
       BEGIN SELECT RAISE(ABORT, 'an activation is not deleted'); END""",
    """CREATE TRIGGER back_test_finished_once BEFORE UPDATE ON back_test
       WHEN OLD.state IN ('done', 'failed')
       BEGIN SELECT RAISE(ABORT, 'a finished back-test does not change'); END""",
    """CREATE TRIGGER back_test_no_delete BEFORE DELETE ON back_test
       BEGIN SELECT RAISE(ABORT, 'a back-test is not deleted'); END""",
)
_GUARDS = (
    ("policy_file", "insert_only", "UPDATE OR DELETE OR TRUNCATE", "STATEMENT", ""),
    ("policy_version", "insert_only", "UPDATE OR DELETE OR TRUNCATE", "STATEMENT", ""),
    ("policy_in_use", "forward", "UPDATE", "ROW", f"WHEN ({NEXT_ONLY})"),
    ("policy_in_use", "no_delete", "DELETE OR TRUNCATE", "STATEMENT", ""),
    ("policy_activation", "decided_once", "UPDATE", "ROW", "WHEN (OLD.state <> 'asked')"),
    ("policy_activation", "no_delete", "DELETE OR TRUNCATE", "STATEMENT", ""),
    ("back_test", "finished_once", "UPDATE", "ROW", "WHEN (OLD.state IN ('done', 'failed'))"),
    ("back_test", "no_delete", "DELETE OR TRUNCATE", "STATEMENT", ""),
)


def _references(
    table: str, *columns: tuple[str, str], ondelete: str | None = "RESTRICT"
) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint([name], [target], name=op.f(f"fk_{table}_{name}"), ondelete=ondelete)
        for name, target in columns
    ]


def upgrade() -> None:
    op.create_table(
        "policy_file",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_policy_file")),
    )
    op.create_table(
        "policy_version",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("engine", sa.Integer(), nullable=False),
        sa.Column("rules", sa.Integer(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("base", sa.String(64), nullable=True),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(SOURCES, name=op.f("ck_policy_version_source_known")),
        *_references("policy_version", ("base", "policy_version.digest"), ondelete=None),
        *_references("policy_version", ("proposed_by", "user_account.id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_policy_version")),
    )
    op.create_index("ix_policy_version_created_at", "policy_version", ["created_at"])
    op.create_table(
        "policy_in_use",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("since_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_policy_in_use_one_row")),
        *_references("policy_in_use", ("digest", "policy_version.digest")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_in_use")),
    )
    _screening()
    if op.get_bind().dialect.name == "sqlite":
        for statement in SQLITE:
            op.execute(statement)
        return
    for table, name, verbs, each, when in _GUARDS:
        op.execute(
            f"CREATE TRIGGER {table}_{name} BEFORE {verbs} ON {table} "
            f"FOR EACH {each} {when} EXECUTE FUNCTION screening_refuse()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{name}")


def _screening() -> None:
    op.create_table(
        "rule_hit",
        sa.Column("draft_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("rule", sa.String(100), nullable=False),
        sa.Column("severity", sa.String(10), nullable=False),
        sa.Column("shadow", sa.Boolean(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        *_references("rule_hit", ("draft_id", "draft.id"), ("report_id", "check_report.id")),
        sa.PrimaryKeyConstraint("draft_id", "fingerprint", name=op.f("pk_rule_hit")),
    )
    op.create_index("ix_rule_hit_rule_found_at", "rule_hit", ["rule", "found_at"])
    op.create_table(
        "back_test",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("base", sa.String(64), nullable=False),
        sa.Column("candidate", sa.String(64), nullable=False),
        sa.Column("drafts", sa.String(20), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("cursor", sa.Uuid(), nullable=True),
        sa.Column("partial", sa.Text(), nullable=True),
        sa.Column("report", sa.Text(), nullable=True),
        sa.Column("report_digest", sa.String(64), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.String(500), nullable=False),
        sa.CheckConstraint(BACK_TESTS, name=op.f("ck_back_test_state_known")),
        sa.CheckConstraint(
            "(state IN ('done', 'failed')) = (finished_at IS NOT NULL)",
            name=op.f("ck_back_test_finished_when_over"),
        ),
        sa.CheckConstraint(
            "(report IS NOT NULL) = (state = 'done')", name=op.f("ck_back_test_report_when_done")
        ),
        *_references(
            "back_test",
            ("base", "policy_version.digest"),
            ("candidate", "policy_version.digest"),
            ("asked_by", "user_account.id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_back_test")),
    )
    op.create_index("ix_back_test_candidate_asked_at", "back_test", ["candidate", "asked_at"])
    op.create_table(
        "policy_activation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("base", sa.String(64), nullable=True),
        sa.Column("note", sa.String(1000), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("comment", sa.String(1000), nullable=False),
        sa.Column("back_test_id", sa.Uuid(), nullable=True),
        sa.Column("back_test_digest", sa.String(64), nullable=False),
        sa.Column("shadowed", sa.Text(), nullable=False),
        sa.Column("activated", sa.String(64), nullable=True),
        sa.CheckConstraint(ACTIVATIONS, name=op.f("ck_policy_activation_state_known")),
        sa.CheckConstraint(
            "asked_by IS NULL OR decided_by IS NULL OR asked_by <> decided_by",
            name=op.f("ck_policy_activation_two_people"),
        ),
        sa.CheckConstraint(
            "asked_by IS NULL OR (state = 'asked') = (decided_by IS NULL)",
            name=op.f("ck_policy_activation_decided_by_somebody"),
        ),
        sa.CheckConstraint(
            "asked_by IS NOT NULL OR (state = 'granted' AND decided_by IS NULL)",
            name=op.f("ck_policy_activation_system"),
        ),
        sa.CheckConstraint(
            "(state = 'granted') = (activated IS NOT NULL)",
            name=op.f("ck_policy_activation_granted_is_active"),
        ),
        *_references("policy_activation", ("digest", "policy_version.digest")),
        *_references(
            "policy_activation",
            ("base", "policy_version.digest"),
            ("activated", "policy_version.digest"),
            ondelete=None,
        ),
        *_references(
            "policy_activation",
            ("asked_by", "user_account.id"),
            ("decided_by", "user_account.id"),
            ("back_test_id", "back_test.id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_activation")),
    )
    op.create_index("ix_policy_activation_digest", "policy_activation", ["digest"])
    op.create_index(
        "uq_policy_activation_asked",
        "policy_activation",
        ["digest"],
        unique=True,
        sqlite_where=sa.text("state = 'asked'"),
        postgresql_where=sa.text("state = 'asked'"),
    )


def downgrade() -> None:
    for table in (
        "policy_activation",
        "back_test",
        "rule_hit",
        "policy_in_use",
        "policy_version",
        "policy_file",
    ):
        op.drop_table(table)
