import os

from alembic import context
from sqlmodel import SQLModel

from app.infra.db import Database
from app.infra.migrate import load_tables
from app.infra.settings import Settings

load_tables()
url = context.config.get_main_option("sqlalchemy.url") or os.environ.get("ALEMBIC_URL") or Settings().url
database = Database(url)

with database.write() as session:
    # All revisions in one transaction: a migration that fails leaves nothing behind.
    context.configure(
        connection=session.connection(),
        target_metadata=SQLModel.metadata,
        compare_type=True,
        render_as_batch=database.is_sqlite,
    )
    with context.begin_transaction():
        context.run_migrations()
database.close()
