"""Alembic, run from the installed product: no configuration file is needed."""

from importlib import import_module
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from sqlmodel import SQLModel

from app.infra.db import connect_arguments
from app.infra.paths import shipped
from app.infra.sqlite_file import path_of

#: Features that have tables, from below to above.
WITH_TABLES = (
    "infra",
    "integrations",
    "audit",
    "jobs",
    "identity",
    "channels",
    "policies",
    "drafts",
    "drafts.remedies",
    "drafts.working",
    "annotations",
    "screening",
    "reviews",
    "proofs",
    "publication",
    "publication.end_times",
    "publication.orders",
    "webhooks",
    "connections",
    "connections.online",
    "notifications",
    "operations",
)


def load_tables() -> None:
    """Import every feature's tables, so that `SQLModel.metadata` is whole."""
    for name in WITH_TABLES:
        import_module(f"app.{name}.models")
    assert SQLModel.metadata.tables


def config(url: str) -> Config:
    """Return Alembic's configuration for the database at `url`."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(shipped("migrations"))))
    settings.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return settings


def upgrade(url: str, revision: str = "head", *, connection: Connection | None = None) -> None:
    """Bring the database at `url` to `revision`, in the transaction of `connection` where one is given."""
    settings = config(url)
    settings.attributes["connection"] = connection
    command.upgrade(settings, revision)


def downgrade(url: str, revision: str) -> None:
    """Take the database at `url` back to `revision`; loses what the later revisions stored."""
    command.downgrade(config(url), revision)


def head() -> str | None:
    """Return the revision that this version of the product needs."""
    return ScriptDirectory.from_config(config("")).get_current_head()


def is_older(revision: str) -> bool:
    """Say whether an upgrade of this version leads from `revision` to the head."""
    script = ScriptDirectory.from_config(config(""))
    return revision != script.get_current_head() and any(
        script_revision.revision == revision for script_revision in script.walk_revisions()
    )


def revision(url: str) -> str | None:
    """Return the revision that the database at `url` is at; `None` when it has no tables of ours.

    A SQLite file that is not there has none, and is not made by asking.
    Raises `sqlalchemy.exc.SQLAlchemyError` when the database does not answer.
    """
    if (file := path_of(url)) is not None and not file.is_file():
        return None
    engine = create_engine(url, connect_args=connect_arguments(url))
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def check(url: str) -> None:
    """Raise `alembic.util.CommandError` when tables and migrations differ."""
    command.check(config(url))
