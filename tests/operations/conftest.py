"""A small installation with a published draft, one under review, keys and a webhook, on either database."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from app.bench import postgres
from app.demo import case_driver, load
from app.identity.models import Unit
from app.infra.clock import system_clock
from app.infra.db import Database
from app.infra.runtime import Runtime
from app.infra.settings import Settings
from app.jobs.runner import Runner
from app.operations import installation
from app.webhooks import service as webhooks
from tests import states


@pytest.fixture
def installed(runtime: Runtime) -> Runtime:
    """A runtime whose installation has been in use."""
    runtime.clock = system_clock
    states.reach(runtime, "in use", lambda: _use(runtime))
    installation.join(runtime)
    return runtime


def _use(runtime: Runtime) -> None:
    load.load(runtime, drafts=False, progress=lambda _: None)
    with runtime.database.write() as session:
        people = load._found(session)
    entries = {entry["until"]: entry for entry in load.texts("drafts.yaml")}
    for until in ("published", "second_review"):
        case_driver.to(runtime, people.actors, entries[until])
    with runtime.database.write() as session:
        unit = session.exec(select(Unit).where(Unit.parent_id == None)).one()  # noqa: E711 – SQL's IS NULL
        webhooks.create_tool(
            session,
            unit_id=unit.id,
            name="网站发布系统",
            channel_codes=("website",),
            actor=people["xitong"],
            master=runtime.secret,
            at=runtime.clock(),
        )
    # Tests look at a copy of this much later: what waited since would be told as overdue.
    Runner(runtime).run_until_idle()


@pytest.fixture
def elsewhere(
    request: pytest.FixtureRequest, database_url: str, tmp_path: Path
) -> Iterator[Callable[[], Settings]]:
    """Makes settings of an empty place of the same kind of database, with a data folder of its own."""
    made: list[str] = []

    def make() -> Settings:
        folder = tmp_path / f"elsewhere-{len(made)}"
        if database_url.startswith("sqlite"):
            made.append("")
            return Settings(data_dir=folder)
        name = f"{database_url.rpartition('/')[2]}_{len(made)}"
        made.append(name)
        server = request.getfixturevalue("postgres_server")
        return Settings(data_dir=folder, database_url=postgres.create_database(server, name))

    yield make
    for name in filter(None, made):
        postgres.drop_database(request.getfixturevalue("postgres_server"), name)


def opened(settings: Settings) -> Database:
    return Database(settings.url, pool_size=2)
