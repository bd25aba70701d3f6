"""What all tests share: both databases really migrated, an application on each, a clock set by hand."""

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Generator, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.engine.interfaces import Dialect

from app.bench import postgres
from app.infra import logs, migrate
from app.infra.db import Database
from app.infra.paths import shipped
from app.infra.runtime import Runtime
from app.infra.settings import Settings
from app.negative_list import Fault, Policy, load_policy
from app.negative_list.in_use import NegativeList
from app.policies.start import start
from tests import described, selection, states
from tests.applications import serving

CI = os.environ.get("CI") == "true"

# Some images ask Python to keep no bytecode. Each worker would compile all tests anew, and each process that
# tests start the whole product: more than they do.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_addoption(parser: pytest.Parser) -> None:
    selection.options(parser)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return selection.passed_over(collection_path, config)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    selection.select(config, items)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without looking for garbage: what collecting makes is kept, and is not looked through later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Let what tests write lie in memory where there is room: a commit to a disk waits longer than it works.

    `--basetemp` puts it elsewhere, and keeps it.
    """
    workers = hasattr(config, "workerinput")  # these are told by the process that starts them
    if workers or config.option.basetemp is not None or (memory := postgres._memory()) is None:
        return
    config.option.basetemp = tempfile.mkdtemp(prefix="sanshen-tests-", dir=memory)
    config.add_cleanup(partial(shutil.rmtree, config.option.basetemp, ignore_errors=True))


class SetClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # Monday, 09:00 in Beijing

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@pytest.fixture(scope="session", autouse=True)
def logs_as_in_production() -> None:
    """Log as the service does: errors with their traceback, and not with all that its frames hold."""
    logs.configure(level="INFO", json=True)


@pytest.fixture(scope="session", autouse=True)
def compiled(pytestconfig: pytest.Config) -> Iterator[Path]:
    """Let the installations of all tests, and the processes they start, share what rules compile to.

    It is kept for the next run: what is there counts for this very code, rules and processor only.
    """
    folder = pytestconfig.rootpath / ".pytest_cache" / "compiled"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SANSHEN_CACHE_DIR", str(folder))
        yield folder


@pytest.fixture(scope="session", autouse=True)
def states_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Give the states that tests start from a place."""
    states.kept.folder = tmp_path_factory.mktemp("states")


def missing(what: str) -> None:
    """Skip with one loud line on a user's machine; fail in CI, where nothing may be missing."""
    if CI:
        pytest.fail(f"{what} is missing")
    pytest.skip(f"!!! {what} is missing: what needs it is not tested")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str | None]:
    with postgres.server() as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str | None, worker_id: str) -> str | None:
    if postgres_server is None:
        return None
    name = f"template_{worker_id}"
    url = postgres.create_database(postgres_server, name)
    migrate.upgrade("postgresql+psycopg://" + url.split("://", 1)[1])
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty, migrated database of one's own; each test runs on both kinds."""
    if request.param == "sqlite":
        path = tmp_path / "sanshen.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server, template = (
        request.getfixturevalue("postgres_server"),
        request.getfixturevalue("postgres_template"),
    )
    if server is None:
        missing("PostgreSQL")
    name = f"t_{os.getpid()}_{next(_numbers)}"
    url = postgres.create_database(server, name, template)
    yield "postgresql+psycopg://" + url.split("://", 1)[1]
    postgres.drop_database(server, name)


_numbers = iter(range(10**9))


#: By the name of a dialect: the dialect, and the statements that were put together for it.
_warm: dict[str, tuple[Dialect, Any]] = {}


def warm(database: Database) -> Database:
    """Give a database the statements that others of its kind have put together, as a server has them by noon.

    SQLAlchemy keeps them with the engine, and a test has an engine of its own: most of its time went into
    making the text of the same few hundred statements.
    """
    engine = database.engine
    known = _warm.setdefault(engine.dialect.name, (engine.dialect, engine._compiled_cache))
    for each in (engine, database._write_engine):
        each.dialect, each._compiled_cache = known
    engine.pool._dialect = known[0]
    return database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = warm(Database(database_url))
    states.watch(database)
    yield database
    database.close()


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


class Unchanging(NamedTuple):
    """A negative list that nobody changes."""

    current: Policy
    faults: tuple[Fault, ...] = ()


@pytest.fixture(scope="session")
def shipped_list(compiled: Path) -> NegativeList:
    """The shipped negative list, compiled once for all tests."""
    return Unchanging(load_policy(shipped("policies") / "negative_list", cache_dir=compiled))


@pytest.fixture(scope="session")
def negative_list(shipped_list: NegativeList) -> NegativeList:
    """The list in use; files that need another have a fixture of this name."""
    return shipped_list


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory, shipped_list: NegativeList) -> Path:
    """The keys of all installations of the tests: what one has signed is good in a copy of its database."""
    data = tmp_path_factory.mktemp("keys")
    start(Settings(data_dir=data), database=None, negative_list=shipped_list)
    return data / "keys"


@pytest.fixture
def runtime(
    database: Database,
    clock: SetClock,
    negative_list: NegativeList,
    keys: Path,
    tmp_path: Path,
    database_url: str,
) -> Runtime:
    (tmp_path / "data").mkdir(mode=0o700)
    shutil.copytree(keys, tmp_path / "data" / "keys")
    # Receivers of tests listen on this machine.
    settings = Settings(
        data_dir=tmp_path / "data",
        database_url=database_url,
        webhook_loopback=True,
        hosts=frozenset({"testserver"}),
    )
    return start(settings, database=database, clock=clock, negative_list=negative_list)


@pytest.fixture
def client(runtime: Runtime) -> Iterator[TestClient]:
    """A client of the whole application, without anybody signed in. Server errors are answers, as in life."""
    app = serving(runtime)
    with TestClient(app, raise_server_exceptions=False) as client:
        client.event_hooks["response"].append(partial(described.hold, app))
        yield client
    described.hold_messages(runtime)
