"""The bureau that the tests of the API play in."""

from collections.abc import Callable

import pytest

from app.infra.db import Database
from app.infra.runtime import Runtime
from tests import factories
from tests.conftest import SetClock
from tests.factories import Bureau


@pytest.fixture
def bureau(database: Database, clock: SetClock) -> Bureau:
    with database.write() as session:
        return factories.bureau(session, clock())


@pytest.fixture
def as_(runtime: Runtime, bureau: Bureau) -> Callable[[str], dict[str, str]]:
    """Return the headers of somebody signed in, by login; nobody's for the empty login."""

    def headers(login: str) -> dict[str, str]:
        return factories.bearer(runtime, login) if login else {}

    return headers
