"""Wrong guesses are counted where they come from: they slow the guesser down, and keep nobody else out."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlmodel import select

from app.identity.models import SignInFailure
from app.identity.sessions import sign_in
from app.identity.sessions.sign_in import Caller
from app.infra.errors import AppError
from app.infra.runtime import Runtime
from tests.conftest import SetClock
from tests.factories import PASSWORD, Bureau

pytestmark = pytest.mark.both_databases


def _token(client: TestClient, login: str = "editor", password: str = PASSWORD) -> Response:
    return client.post("/api/v1/auth/token", json={"login": login, "password": password})


def test_failures_throttle_a_login_at_its_address_before_any_hashing(
    client: TestClient, bureau: Bureau, clock: SetClock
) -> None:
    for _ in range(sign_in.FREE_FOR_PLACE):
        assert _token(client, "editor", "wrong-password").status_code == 401

    throttled = _token(client, "EDITOR ", PASSWORD)
    assert (throttled.status_code, throttled.json()["code"]) == (429, "sign_in_throttled")
    assert int(throttled.headers["retry-after"]) == 2
    assert _token(client, "editor2").status_code == 200

    clock.advance(seconds=2)
    assert _token(client, "editor").status_code == 200
    assert _token(client, "editor", "wrong-password").status_code == 401, (
        "the count starts again after success"
    )


def _tries(runtime: Runtime, login: str, address: str, password: str = "wrong", *devices: str) -> str:
    """Return what became of an attempt to sign in: `in`, or the code of its refusal."""
    try:
        sign_in.verify(runtime, login, password, caller=Caller(address, devices))
    except AppError as error:
        return error.code
    return "in"


def _guess(runtime: Runtime, times: int, login: str, address: str) -> None:
    for _ in range(times):
        _tries(runtime, login, address)


HOME, AWAY = "198.51.100.7", "203.0.113.9"


def test_guesses_elsewhere_keep_nobody_out(runtime: Runtime, bureau: Bureau) -> None:
    _guess(runtime, 20, "editor", AWAY)

    assert _tries(runtime, "editor", AWAY, PASSWORD) == "sign_in_throttled"
    assert _tries(runtime, "editor", HOME, PASSWORD) == "in"


def test_guesses_from_everywhere_keep_out_only_whoever_comes_from_a_new_place(
    runtime: Runtime, bureau: Bureau
) -> None:
    assert _tries(runtime, "editor", HOME, PASSWORD) == "in"
    for number in range(sign_in.FREE_FOR_LOGIN):
        _tries(runtime, "editor", f"203.0.113.{number}")

    assert _tries(runtime, "editor", "192.0.2.1", PASSWORD) == "sign_in_throttled"
    assert _tries(runtime, "editor", HOME, PASSWORD) == "in"


def test_guesses_of_many_names_at_one_address_keep_out_none_who_is_known_there(
    runtime: Runtime, bureau: Bureau, clock: SetClock
) -> None:
    assert _tries(runtime, "editor", HOME, PASSWORD) == "in"
    for number in range(sign_in.FREE_FOR_ADDRESS):
        _tries(runtime, f"guess-{number}", HOME)

    assert _tries(runtime, "editor2", HOME, PASSWORD) == "sign_in_throttled"
    assert _tries(runtime, "editor", HOME, PASSWORD) == "in"
    clock.advance(hours=1, seconds=1)
    assert _tries(runtime, "editor2", HOME, PASSWORD) == "in"


def test_a_device_that_signed_in_before_is_counted_by_itself(
    client: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    device = _token(client).json()["device"]
    _guess(runtime, 20, "editor", "testclient")

    assert _token(client).status_code == 429
    body = {"login": "editor", "password": PASSWORD, "device": device}
    answer = client.post("/api/v1/auth/token", json=body)
    assert answer.status_code == 200
    assert answer.json()["device"] == device
    for _ in range(sign_in.FREE_FOR_PLACE):
        client.post("/api/v1/auth/token", json={**body, "password": "wrong"})
    assert client.post("/api/v1/auth/token", json=body).status_code == 429, "a stolen device guesses slowly"


@pytest.mark.parametrize("wrong", ["", "x", "x.y", "{device}0", "{other}", "00{device}", "." * 150])
def test_no_device_can_be_made_up(client: TestClient, runtime: Runtime, bureau: Bureau, wrong: str) -> None:
    device, other = (_token(client, login).json()["device"] for login in ("editor", "editor2"))
    _guess(runtime, 20, "editor", HOME)

    given = wrong.format(device=device, other=other)
    assert _tries(runtime, "editor", HOME, PASSWORD, given) == "sign_in_throttled"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::3", "2001:db8:1:2:ffff::1", True),
        ("2001:db8:1:2::3", "2001:db8:1:3::3", False),
        ("::ffff:198.51.100.7", "198.51.100.7", True),
        ("198.51.100.7", "198.51.100.8", False),
        ("", "", True),
    ],
)
def test_a_network_of_addresses_is_one_place(
    runtime: Runtime, bureau: Bureau, one: str, other: str, same: bool
) -> None:
    _guess(runtime, 20, "editor", one)

    assert _tries(runtime, "editor", other, PASSWORD) == ("sign_in_throttled" if same else "in")


def test_of_tries_at_once_none_goes_uncounted(runtime: Runtime, bureau: Bureau) -> None:
    with ThreadPoolExecutor(12) as pool:
        codes = list(pool.map(lambda _: _tries(runtime, "editor", HOME), range(24)))

    assert codes.count("sign_in_refused") == sign_in.FREE_FOR_PLACE
    assert codes.count("sign_in_throttled") == 24 - sign_in.FREE_FOR_PLACE


def test_right_passwords_at_once_all_come_in(runtime: Runtime, bureau: Bureau) -> None:
    with ThreadPoolExecutor(12) as pool:
        codes = list(pool.map(lambda _: _tries(runtime, "editor", HOME, PASSWORD), range(24)))

    assert codes == ["in"] * 24


def test_old_counts_are_cleared_away(runtime: Runtime, bureau: Bureau, clock: SetClock) -> None:
    for number in range(30):
        _tries(runtime, f"guess-{number}", HOME)
    _tries(runtime, "editor", HOME, PASSWORD)
    clock.advance(hours=2)
    _tries(runtime, "somebody", AWAY)

    with runtime.database.read() as session:
        left = session.exec(select(SignInFailure)).all()
    assert len(left) == 3 + 1, "the three of this try, and the place that is known"
    assert [one.succeeded_at is not None for one in left].count(True) == 1


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (4, 0), (5, 2), (6, 4), (7, 8), (13, 512), (14, 900), (900, 900)]
)
def test_the_delay_doubles_up_to_a_quarter_of_an_hour(failures: int, seconds: int) -> None:
    assert sign_in.delay(failures, free=5) == timedelta(seconds=seconds)
