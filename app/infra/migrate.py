"""Alembic, run from the installed product: no configuration file is needed."""

from importlib import import_module
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlmodel import SQLModel

from app.infra.paths import shipped

#: Features that have tables, from below to above.
WITH_TABLES = (
    "infra",
    "audit",
    "jobs",
    "identity",
    "channels",
    "drafts",
    "screening",
    "reviews",
    "proofs",
    "publication",
    "webhooks",
    "notifications",
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


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at `url` to `revision`."""
    command.upgrade(config(url), revision)


def downgrade(url: str, revision: str) -> None:
    """Take the database at `url` back to `revision`; loses what the later revisions stored."""
    command.downgrade(config(url), revision)


def head() -> str | None:
    """Return the revision that this version of the product needs."""
    return ScriptDirectory.from_config(config("")).get_current_head()


def revision(url: str) -> str | None:
    """Return the revision that the database at `url` is at; `None` when it has no tables of ours.

    Raises `sqlalchemy.exc.SQLAlchemyError` when the database does not answer.
    """
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def check(url: str) -> None:
    """Raise `alembic.util.CommandError` when tables and migrations differ."""
    command.check(config(url))
