"""Where messages may go: the list, the forms of addresses, and what is never called, listed or not."""

import socket
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.infra import outgoing_calls
from app.infra.outgoing_calls import Call
from app.infra.runtime import Runtime
from app.infra.settings import Settings
from app.webhooks.addresses import networks
from app.webhooks.addresses import targets as addresses
from app.webhooks.addresses.targets import AllowList, Target, Unreachable
from tests.api.desk import Desk

#: Addresses that hand out credentials, are this machine, or lead to everybody; and disguises of them.
NEVER = [
    "169.254.169.254",
    "169.254.170.2",
    "169.254.0.23",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "0.0.0.0",
    "0.1.2.3",
    "224.0.0.1",
    "255.255.255.255",
    "240.1.1.1",
    "::",
    "fe80::1%eth0",
    "fe80::a9fe:a9fe",
    "ff02::1",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    "fd00:42::42",
    "fd00:c1::a9fe:a9fe",
    "::ffff:169.254.169.254",
    "::ffff:100.100.100.200",
    "::169.254.169.254",
    "64:ff9b::169.254.169.254",
    "64:ff9b::6464:64c8",
    "64:ff9b:1::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "2002:6464:64c8::",
    "2001:0:a9fe:a9fe:0:0:0:1",
    "2001:0:cb00:7107:0:ffff:5601:5601",
    "2001:db8::5efe:169.254.169.254",
    "2001:db8::200:5efe:100.100.100.200",
]
HERE = [
    "127.0.0.1",
    "127.8.9.10",
    "::1",
    "::ffff:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "2002:7f00:1::",
    "::127.0.0.1",
]
FINE = [
    "203.0.113.7",
    "10.1.2.3",
    "172.16.9.9",
    "192.168.0.8",
    "100.128.0.1",
    "168.63.129.17",
    "2001:db8::7",
    "fd12:3456::9",
    "64:ff9b::203.0.113.7",
]


@pytest.mark.parametrize("address", NEVER)
def test_what_is_no_receiver_is_never_called(address: str) -> None:
    assert not networks.may_be_called(address)
    assert not networks.may_be_called(address, loopback=True)


@pytest.mark.parametrize("address", HERE)
def test_this_machine_is_called_only_where_that_was_switched_on(address: str) -> None:
    assert not networks.may_be_called(address)
    assert networks.may_be_called(address, loopback=True)


@pytest.mark.parametrize("address", FINE)
def test_receivers_in_the_house_and_outside_are_called(address: str) -> None:
    assert networks.may_be_called(address)


def resolved(monkeypatch: pytest.MonkeyPatch, *found: str) -> Callable[[], Target]:
    asked: list[str] = []

    def look_up(host: str, port: int, **_more: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    monkeypatch.setattr(outgoing_calls.socket, "getaddrinfo", look_up)

    def run() -> Target:
        with Call(5) as call:
            allowed = AllowList(frozenset({"HOOK.example"}))
            target = addresses.resolve("https://hook.example/a?b=c", allowed=allowed, call=call)
        assert asked == ["hook.example"]
        return target

    return run


def test_the_address_that_was_looked_up_is_the_one_called(monkeypatch: pytest.MonkeyPatch) -> None:
    target = resolved(monkeypatch, "203.0.113.7", "203.0.113.8")()
    assert (target.url, target.host_header) == ("https://203.0.113.7:443/a?b=c", "hook.example")
    target = resolved(monkeypatch, "2001:db8::7")()
    assert target.url == "https://[2001:db8::7]:443/a?b=c"


@pytest.mark.parametrize("address", [*NEVER, *HERE])
def test_a_listed_name_that_leads_there_is_refused(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    with pytest.raises(Unreachable, match="address_refused"):
        resolved(monkeypatch, address)()
    assert resolved(monkeypatch, address, "203.0.113.7")().address == "203.0.113.7"


def test_a_host_without_an_address() -> None:
    allowed = AllowList(frozenset({"nowhere.invalid"}))
    with Call(5) as call, pytest.raises(Unreachable, match="host_not_found"):
        addresses.resolve("https://nowhere.invalid/", allowed=allowed, call=call)


def codes(url: str, *hosts: str, loopback: bool = False) -> set[str]:
    return {one.code for one in addresses.faults(url, allowed=AllowList(frozenset(hosts), loopback))}


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("100.100.100.200", "host_never_allowed"),
        ("[fd00:ec2::254]", "host_never_allowed"),
        ("[::ffff:a9fe:a9fe]", "host_never_allowed"),
        ("[64:ff9b::a9fe:a9fe]", "host_never_allowed"),
        ("metadata.google.internal", "host_never_allowed"),
        ("METADATA.google.internal", "host_never_allowed"),
        ("a.metadata.goog", "host_never_allowed"),
        ("metadata.tencentyun.com", "host_never_allowed"),
        ("127.0.0.1", "host_is_this_machine"),
        ("[::1]", "host_is_this_machine"),
        ("[0:0:0:0:0:ffff:127.0.0.1]", "host_is_this_machine"),
        ("2130706433", "host_number_form"),
        ("0x7f000001", "host_number_form"),
        ("0177.0.0.1", "host_number_form"),
        ("127.1", "host_number_form"),
        ("10.0.0.0x5", "host_number_form"),
        ("10.0.0.256", "host_number_form"),
        ("１２７.0.0.1", "host_number_form"),
        ("10。0。0。1", "host_malformed"),
        ("a..example", "host_malformed"),
        ("hook.example.", "host_malformed"),
        ("a_b%2e.example", "host_malformed"),
        ("[fe80::1%25eth0]", "host_malformed"),
    ],
)
def test_a_host_in_a_form_that_hides_where_it_leads_is_refused_though_listed(host: str, code: str) -> None:
    bare = host.strip("[]").lower()
    found = codes(f"http://{host}/", host, bare, f"{host.lower()}:80")
    assert code in found or (code == "host_malformed" and found == {"url_not_http"})


def test_a_bare_host_stands_for_its_two_ports_and_a_port_for_itself() -> None:
    for url in ("https://hook.example/", "http://hook.example/x", "http://HOOK.example:443/"):
        assert codes(url, "hook.example") == set()
    for port in (22, 25, 8443, 5432, 6379):
        assert codes(f"http://hook.example:{port}/", "hook.example") == {"host_not_allowed"}
        assert codes(f"http://hook.example:{port}/", f"hook.example:{port}") == set()
    assert codes("https://hook.example/", "hook.example:8443") == {"host_not_allowed"}
    assert codes("http://[fd12::9]:8080/", "[fd12::9]:8080") == set()
    assert codes("http://[fd12::9]/", "fd12::9") == codes("http://[fd12::9]/", "[fd12::9]") == set()


def test_this_machine_can_be_registered_where_that_was_switched_on() -> None:
    assert codes("http://127.0.0.1:9/", "127.0.0.1:9") == {"host_is_this_machine"}
    assert codes("http://127.0.0.1:9/", "127.0.0.1:9", loopback=True) == set()
    assert codes("http://169.254.169.254/", "169.254.169.254", loopback=True) == {"host_never_allowed"}


@pytest.mark.parametrize("sign", ["\t", "\r\n", " ", "\x00", "\u3000", "\u200b", "\xa0", "\ufeff", "\\"])
@pytest.mark.parametrize(
    "place", ["{0}https://hook.example/a", "https://hook{0}.example/a", "https://hook.example/a{0}b"]
)
def test_what_cannot_be_seen_in_an_address_is_not_dropped_in_silence(sign: str, place: str) -> None:
    assert codes(place.format(sign), "hook.example") == {"url_has_unseen"}


def test_settings_refuse_what_is_no_host_and_this_machine_in_production(tmp_path: Any) -> None:
    for entry in ("https://hook.example", "*.example", "hook.example/x", "", "a b", "hook.example:http"):
        with pytest.raises(ValueError, match="SANSHEN_WEBHOOK_HOSTS"):
            Settings(webhook_hosts=frozenset({entry}))
    Settings(
        webhook_hosts=frozenset({"hook.example", "10.0.0.5:8443", "[fd12::9]:80", "fd12::9", "Hook.EXAMPLE"})
    )
    with pytest.raises(ValueError, match="SANSHEN_WEBHOOK_LOOPBACK"):
        Settings(
            environment="production",
            secret_key="x1" * 20,
            token_key_file=tmp_path,
            signing_key_file=tmp_path,
            public_url="https://sanshen.example",
            webhook_loopback=True,
        )


def test_one_address_in_several_spellings_is_registered_once(client: TestClient, runtime: Runtime) -> None:
    desk = Desk.open(client, runtime)
    runtime.settings.webhook_hosts = frozenset({"hook.example"})
    path, unit = "/webhooks/endpoints", str(desk.bureau.city.id)
    made = desk.post(path, "system_admin", {"unit_id": unit, "url": "https://hook.example"})
    assert (made.status_code, made.json()["url"]) == (201, "https://hook.example/")
    for same in ("https://HOOK.example/", "https://hook.example:443", "HTTPS://hook.example:443/"):
        again = desk.post(path, "system_admin", {"unit_id": unit, "url": same})
        assert (again.status_code, again.json()["code"]) == (409, "webhook_endpoint_exists")
        assert again.json()["data"]["endpoint"] == made.json()["id"]
    other = desk.post(path, "system_admin", {"unit_id": unit, "url": "https://hook.example/other"})
    assert other.status_code == 201
    assert desk.post(f"{path}/{made.json()['id']}/deactivation", "system_admin").status_code == 200
    again = desk.post(path, "system_admin", {"unit_id": unit, "url": "https://hook.example"})
    assert again.status_code == 201
