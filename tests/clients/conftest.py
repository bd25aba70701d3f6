"""A running installation for clients that generators made from its description."""

import json
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from app.infra.clock import system_clock
from app.infra.runtime import Runtime
from app.jobs.runner import Runner
from app.main import create_app
from tests import factories


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """Clients know nothing of the database: one kind is enough."""
    path = tmp_path / "sanshen.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def described(runtime: Runtime, tmp_path: Path) -> Path:
    """The description of the API as a file."""
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(create_app(runtime).openapi()), encoding="utf-8")
    return path


@pytest.fixture
def served(runtime: Runtime) -> Iterator[str]:
    """The address of the application, with the bureau of the tests and its jobs running."""
    runtime.clock = system_clock
    with runtime.database.write() as session:
        factories.bureau(session, runtime.clock())
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(create_app(runtime), log_config=None, access_log=False, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    runner = Runner(runtime)
    runner.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    runner.stop()
    server.should_exit = True
    thread.join(20)
