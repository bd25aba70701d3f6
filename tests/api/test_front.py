"""Who asks, under which name, what is open to whom, and what the log keeps of it."""

import json
import threading
import time
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.identity.sessions.sign_in import FREE_FOR_PLACE
from app.infra import logs
from app.infra.http.proxies import client_of
from app.infra.runtime import Runtime
from app.infra.settings import Environment, Settings
from app.main import create_app
from tests import factories
from tests.api.wire import asked, serving, status

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PROXIES = tuple(map(ip_network, ("10.0.0.0/24", "192.168.7.9/32", "fd00:7::/64")))
Headers = Callable[[str], dict[str, str]]


@pytest.fixture(autouse=True)
def logs_of_the_service() -> None:
    """Log as the service does, whatever a command line that ran in this process before has set."""
    logs.configure(level="INFO", json=True)


@pytest.fixture
def production(runtime: Runtime) -> Runtime:
    """The same service as it is set up for real."""
    changed = {
        "environment": Environment.PRODUCTION,
        "hosts": frozenset(),
        "public_url": "https://sanshen.example",
    }
    runtime.settings = runtime.settings.model_copy(update=changed)
    return runtime


def client_at(runtime: Runtime, base: str, *, address: str = "203.0.113.9") -> TestClient:
    return TestClient(
        create_app(runtime), base_url=base, client=(address, 50_000), raise_server_exceptions=False
    )


# --- proxies ---


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("203.0.113.5", "203.0.113.5"),
        ("198.51.100.5, 203.0.113.5", "203.0.113.5"),  # the left one is the client's own invention
        ("198.51.100.5,203.0.113.5,10.0.0.4", "203.0.113.5"),
        ("198.51.100.5, 203.0.113.5, 10.0.0.4, 192.168.7.9", "203.0.113.5"),
        ("203.0.113.5:4711", "203.0.113.5"),
        ("[2001:db8::5]:4711", "2001:db8::5"),
        ("2001:DB8:0::5, fd00:7::1", "2001:db8::5"),
        ("203.0.113.5, unknown", None),
        ("203.0.113.5, 10.0.0.4, _hidden", None),
        ("garbage, 10.0.0.4", "10.0.0.4"),
        ("", None),
        ("203.0.113.5, " + "9" * 5000, None),
        ("10.0.0.7, 10.0.0.4", "10.0.0.7"),
    ],
)
def test_the_client_is_the_first_from_the_right_that_is_no_proxy(forwarded: str, client: str | None) -> None:
    assert client_of(forwarded, PROXIES) == client


def logged(capfd: pytest.CaptureFixture[str], event: str = "request") -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith("{")]
    return [one for one in lines if one["event"] == event]


@ON_SQLITE
def test_only_a_proxy_of_ours_is_believed(runtime: Runtime, capfd: pytest.CaptureFixture[str]) -> None:
    runtime.settings.proxies = PROXIES
    for peer, expected in (
        ("10.0.0.4", "203.0.113.5"),
        ("10.0.1.4", "10.0.1.4"),
        ("203.0.113.9", "203.0.113.9"),
    ):
        with client_at(runtime, "http://testserver", address=peer) as client:
            client.get("/healthz", headers={"X-Forwarded-For": "198.51.100.5, 203.0.113.5"})
        assert logged(capfd)[-1]["address"] == expected


@ON_SQLITE
def test_forged_addresses_do_not_get_round_the_throttling(runtime: Runtime, bureau: factories.Bureau) -> None:
    """Through the proxy, one client that invents an address for each try is one client."""
    runtime.settings.proxies = PROXIES
    with client_at(runtime, "http://testserver", address="10.0.0.4") as client:
        answers = [
            client.post(
                "/api/v1/auth/token",
                json={"login": "nobody", "password": "wrong"},
                headers={"X-Forwarded-For": f"198.51.100.{number}, 203.0.113.5"},
            ).status_code
            for number in range(FREE_FOR_PLACE + 2)
        ]
    assert answers[0] == 401
    assert answers[-1] == 429


@pytest.mark.parametrize("given", ["*", "10.0.0.1/8", "proxy.example", "10.0.0.5 10.0.0.6"])
def test_proxies_are_addresses_and_never_everybody(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SANSHEN_PROXIES", "FORWARDED_ALLOW_IPS"):
        monkeypatch.setenv(name, given)
        with pytest.raises(ValueError, match="不是地址或网段"):
            Settings()
        monkeypatch.setenv(name, "10.0.0.5, 192.168.8.0/24,::1")
        assert [str(one) for one in Settings().proxies] == ["10.0.0.5/32", "192.168.8.0/24", "::1/128"]
        monkeypatch.delenv(name)


# --- hosts ---


@ON_SQLITE
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "sanshen.example.evil.example",
        "sanshen.example@evil.example",
        "127.0.0.1",
        "localhost",
        "sanshen.example, evil.example",
        "sanshen.example/evil",
        "",
    ],
)
def test_a_host_that_is_not_ours_is_refused(production: Runtime, host: str) -> None:
    with client_at(production, "https://sanshen.example") as client:
        for path in ("/drafts/", "/sign-in", "/api/v1/drafts"):
            answer = client.get(path, headers={"Host": host}, follow_redirects=False)
            assert answer.status_code == 421
            assert "evil" not in str(answer.headers) + answer.text
        for good in ("sanshen.example", "SANSHEN.example:443"):
            assert client.get("/sign-in", headers={"Host": good}).status_code == 200
        assert client.get("/drafts/", follow_redirects=False).status_code == 404


@ON_SQLITE
def test_hosts_that_are_doubled_or_missing_are_refused(runtime: Runtime) -> None:
    with serving(runtime) as port:
        end = b"Connection: close\r\n\r\n"
        assert status(asked(port, b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n" + end)) == 200
        assert status(asked(port, b"GET /healthz HTTP/1.1\r\n" + end)) == 421
        assert (
            status(asked(port, b"GET /healthz HTTP/1.1\r\nHost: a.example\r\nHost: 127.0.0.1\r\n" + end))
            == 421
        )
        assert status(asked(port, b"GET /healthz HTTP/1.0\r\n" + end)) == 421


# --- what operators ask ---


@ON_SQLITE
@pytest.mark.parametrize("path", ["/metrics", "/openapi.json", "/docs"])
def test_figures_and_descriptions_are_for_those_inside_or_signed_in(
    production: Runtime, bureau: factories.Bureau, path: str
) -> None:
    with client_at(production, "https://sanshen.example") as client:
        assert client.get(path).status_code == 401
        token = factories.signed_in(client, "editor")
        assert client.get(path, headers=token).status_code == 200
    # By the public name nobody is inside, wherever they seem to come from: a proxy may have told nothing.
    with client_at(production, "https://sanshen.example", address="127.0.0.1") as client:
        assert client.get(path).status_code == 401
    if path == "/metrics":
        with client_at(production, "http://127.0.0.1:8000", address="127.0.0.1") as client:
            assert client.get(path).status_code == 200
        with client_at(production, "http://10.0.0.9:8000") as client:
            assert client.get(path).status_code == 401
        production.settings.operators = (ip_network("203.0.113.0/24"),)
        with client_at(production, "http://10.0.0.9:8000") as client:
            assert client.get(path).status_code == 200


@ON_SQLITE
def test_outsiders_hear_in_one_word_whether_the_service_is_ready(production: Runtime) -> None:
    by_name, directly = "https://sanshen.example", "http://127.0.0.1:8000"
    for base, address, more in (
        (by_name, "203.0.113.9", False),
        (by_name, "127.0.0.1", False),
        (directly, "203.0.113.9", False),
        (directly, "127.0.0.1", True),
    ):
        with client_at(production, base, address=address) as client:
            assert ("policy" in client.get("/readyz").json()) is more


# --- deadline and log ---


@ON_SQLITE
def test_a_request_that_takes_too_long_is_answered(
    runtime: Runtime, capfd: pytest.CaptureFixture[str]
) -> None:
    runtime.settings.request_seconds = 0.3
    app, go_on = create_app(runtime), threading.Event()

    @app.get("/slow")
    def slow() -> dict[str, str]:
        go_on.wait(20)
        return {"status": "late"}

    with TestClient(app, raise_server_exceptions=False) as client:
        threading.Timer(1.5, go_on.set).start()
        began = time.monotonic()
        answer = client.get("/slow")
    assert (answer.status_code, answer.json()["code"]) == (503, "request_took_too_long")
    assert time.monotonic() - began < 15
    assert logged(capfd, "request.took_too_long")


@ON_SQLITE
def test_the_log_names_who_asked_from_where_and_what_was_refused(
    runtime: Runtime, bureau: factories.Bureau, capfd: pytest.CaptureFixture[str]
) -> None:
    with client_at(runtime, "http://testserver") as client:
        token = factories.signed_in(client, "editor")
        client.get("/api/v1/drafts", headers=token)
        client.get("/api/v1/audit/streams/x/events", headers=token)
        client.get("/api/v1/drafts")
        client.post("/api/v1/drafts", headers=token, json={})
        for _ in range(8):
            client.post("/api/v1/auth/token", json={"login": "editor", "password": "wrong"})
        found = logged(capfd)
    editor = str(bureau.user("editor").id)
    assert {one["address"] for one in found} == {"203.0.113.9"}
    told = [(one["status"], one["account"], one["code"]) for one in found]
    assert (200, editor, None) in told
    assert (403, editor, "forbidden") in told
    assert (401, None, "unauthenticated") in told
    assert (422, editor, "malformed") in told
    assert {one[0] for one in told[-8:]} == {401, 429}
    assert all(one[2] for one in told[-8:])
    assert "wrong" not in json.dumps(found)
