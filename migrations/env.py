import os
from datetime import UTC, datetime

from alembic import context
from sqlalchemy import Connection
from sqlmodel import Session, SQLModel

from app.audit import first_seals
from app.identity.roles import alone
from app.infra.db import Database
from app.infra.migrate import load_tables
from app.infra.settings import Settings
from app.words.labels import label

load_tables()


def run(connection: Connection, *, is_sqlite: bool) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        compare_type=True,
        render_as_batch=is_sqlite,
    )
    with context.begin_transaction():
        context.run_migrations()
    if context.get_context().get_current_revision() == context.script.get_current_head():
        # The record vouches for every table from the first day on that it is there.
        with Session(bind=connection) as session:
            at = datetime.now(UTC)
            first_seals.begin(session, at=at)
            # What was given before the record said whether a second person was there.
            alone.put_on_record(session, named=label, at=at)
            session.commit()


if (given := context.config.attributes.get("connection")) is not None:
    # In the transaction of whoever asked, a restore for instance.
    run(given, is_sqlite=given.dialect.name == "sqlite")
else:
    url = context.config.get_main_option("sqlalchemy.url") or os.environ.get("ALEMBIC_URL") or Settings().url
    database = Database(url, create=True)
    try:
        with database.write() as session:
            # All revisions in one transaction: a migration that fails leaves nothing behind.
            run(session.connection(), is_sqlite=database.is_sqlite)
    finally:
        database.close()
