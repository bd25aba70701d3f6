"""What tests take over from one another is what they would have made themselves."""

import gc
import weakref
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import SQLModel

from app.audit import verification
from app.infra.db import Database
from app.infra.runtime import Runtime
from tests import factories, states
from tests.api.desk import Desk
from tests.api.press import ready, signed
from tests.applications import serving
from tests.conftest import SetClock

pytestmark = pytest.mark.both_databases


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime)


def contents(database: Database) -> dict[str, list[Any]]:
    """Return every row of every table."""
    with database.read() as session:
        return {
            table.name: sorted(map(repr, session.connection().execute(table.select())))
            for table in SQLModel.metadata.sorted_tables
        }


def kept(desk: Desk) -> Path | str:
    assert desk.way.way is not None
    state = states.kept.get(desk.way.way)
    assert state is not None
    return state.copy


def test_a_copy_holds_what_the_walk_left(desk: Desk) -> None:
    ready(desk)
    walked, copy = contents(desk.runtime.database), kept(desk)
    signed(desk)
    assert contents(desk.runtime.database) != walked
    states._restore(desk.runtime.database, copy)
    assert contents(desk.runtime.database) == walked


def test_from_a_copy_one_goes_on_as_from_the_walk(desk: Desk) -> None:
    """Ids, tokens, keys and the record are those of the state; its chain goes on and verifies."""
    ready(desk)
    states._restore(desk.runtime.database, kept(desk))
    signed(desk)
    assert "release.signed" in desk.actions()
    with desk.runtime.database.read() as session:
        assert verification.verify(session).faults == ()


def test_the_second_walk_is_a_copy(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were every verb walked after all, nothing would tell but the time that it takes."""
    ready(desk)
    copied = []
    restore = states._restore
    monkeypatch.setattr(states, "_restore", lambda *given: copied.append(given) or restore(*given))
    way = desk.way.way
    assert way is not None
    states._restore(desk.runtime.database, kept(desk))
    desk.way = states.Standing(way[:-1], _seal=states._sealed(desk.runtime))
    ready(desk)
    assert len(copied) == 2


def test_what_else_was_written_is_not_lost(desk: Desk) -> None:
    desk.draft().submit()
    with desk.runtime.database.write() as session:
        other = factories.draft(session, desk.bureau, at=desk.runtime.clock())
    desk.approve("initial_review", "initial_reviewer")
    desk.draft().reviews()
    assert desk.get(f"/drafts/{other.id}").status_code == 200
    assert desk.way.way is None


def test_what_another_connection_wrote_is_not_lost(desk: Desk, database_url: str) -> None:
    desk.draft()
    other = Database(database_url)
    with other.write() as session:
        factories.unit(session, "青川县民政局", at=desk.runtime.clock())
    other.close()
    desk.reviews()
    assert desk.way.way is None


def test_another_clock_is_another_way(desk: Desk, clock: SetClock) -> None:
    desk.draft()
    clock.advance(hours=1)
    desk.reviews()
    assert desk.way.way is None


def test_another_negative_list_is_another_way(desk: Desk, runtime: Runtime) -> None:
    desk.draft()
    runtime.negative_list = type("Other", (), {"current": runtime.negative_list.current, "faults": ()})()
    desk.reviews()
    assert desk.way.way is None


def test_an_application_keeps_nothing_of_another_test(
    runtime: Runtime, database: Database, database_url: str
) -> None:
    """All that it has of a runtime is put into it again: nothing else holds the database before."""
    first = Database(database_url)
    gone = weakref.ref(first)
    runtime.settings = runtime.settings.model_copy(
        update={"request_seconds": 77.0}
    )  # an application of its own
    runtime.database = first
    app = serving(runtime)
    with TestClient(app) as client:
        assert client.get("/healthz").status_code == 200
    first.close()
    runtime.database = database
    assert serving(runtime) is app
    del first
    gc.collect()
    assert gone() is None
    assert app.state.runtime is runtime
    assert app.state.database is database
