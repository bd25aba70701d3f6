"""Alembic, run from the installed product: no configuration file is needed."""

from importlib import import_module
from pathlib import Path

from alembic import command
from alembic.config import Config
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


def check(url: str) -> None:
    """Raise `alembic.util.CommandError` when tables and migrations differ."""
    command.check(config(url))
