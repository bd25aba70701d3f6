"""schemathesis finds nothing, whoever asks.

In the short form one role asks on SQLite, so many cases, however fast the machine is. `--fuzz 90` lets every
role and a reading machine ask on both databases, for 90 seconds each; docs/reliability.md tells its figures.
"""

import pytest
from fastapi.testclient import TestClient

from app.domain.roles import UserKind
from app.domain.vocabulary import Role
from app.infra.db import Database
from app.infra.runtime import Runtime
from app.main import create_app
from tests import factories
from tests.conftest import SetClock
from tests.fuzz.run import PHASES, Bound, run

MACHINE = "reading_machine"
SHORT = Bound(cases=150, every=3)


@pytest.mark.parametrize("login", [*map(str, Role), MACHINE])
def test_nothing_is_found(
    runtime: Runtime, database: Database, clock: SetClock, login: str, request: pytest.FixtureRequest
) -> None:
    with database.write() as session:
        bureau = factories.bureau(session, clock())
        factories.person(
            session, MACHINE, unit=bureau.city, roles=[Role.READER], kind=UserKind.SERVICE, at=clock()
        )
        factories.draft(session, bureau, at=clock())
    app = create_app(runtime)
    headers = factories.signed_in(TestClient(app), login)
    seconds = request.config.getoption("--fuzz")
    bound = Bound(seconds=seconds // len(PHASES)) if seconds else SHORT
    told = run(app, headers, bound)
    print(f"\n{login}: {told}")  # noqa: T201 – the figures of a long run, seen with -s
    assert (told.failures, told.errors) == ({}, {})
    assert min(told.phases.values()) > 0
    assert told.statuses[200] > 0
