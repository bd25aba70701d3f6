"""Where outgoing messages may go.

An allow-list of hosts, one look-up, and a connection to that very address.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

from app.infra.errors import Reason
from app.infra.outgoing_calls import Call, NotFound
from app.infra.settings import Settings
from app.webhooks.addresses import networks

_PORTS = {"http": 80, "https": 443}
#: `urlsplit` drops some of these without a word, so they are looked for before it.
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff\\]")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
#: What libraries of C take for a number: the last part decides. Source: WHATWG URL, "ends in a number".
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


class Unreachable(Exception):
    """A host that may not be called, or that has no address that may be called."""


@dataclass(frozen=True, slots=True)
class AllowList:
    """The hosts that messages may go to: `host` stands for its ports 443 and 80, `host:port` for that one.

    `loopback`: this machine may be called, which is for trying things out.
    """

    hosts: frozenset[str]
    loopback: bool = False

    @classmethod
    def of(cls, settings: Settings) -> "AllowList":
        """Return the list that the security administrator keeps in the settings."""
        return cls(settings.webhook_hosts, settings.webhook_loopback)

    def has(self, host: str, port: int) -> bool:
        """Say whether a host, in lower case and without brackets, is listed with this port."""
        shown = f"[{host}]" if ":" in host else host
        listed = {one.lower() for one in self.hosts}
        bare = bool(listed & {host, shown}) and port in _PORTS.values()
        return bare or f"{shown}:{port}" in listed


@dataclass(frozen=True, slots=True)
class Target:
    """A resolved address: `address` is what is connected to, `host` what is asked for there."""

    scheme: str
    host: str
    address: str
    port: int
    path: str

    @property
    def url(self) -> str:
        """The URL with the address in place of the host."""
        shown = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.scheme}://{shown}:{self.port}{self.path}"

    @property
    def host_header(self) -> str:
        """What the `Host` header says."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return shown if self.port == _PORTS[self.scheme] else f"{shown}:{self.port}"


def faults(url: str, *, allowed: AllowList) -> list[Reason]:
    """Return every reason why messages may not go to `url`; empty when they may. Looks nothing up."""
    if _UNSEEN.search(url):
        return [Reason("url_has_unseen", field="url")]
    parts, port = _split(url)
    if parts is None or parts.scheme not in _PORTS or not parts.hostname or port is None:
        return [Reason("url_not_http", field="url")]
    found = []
    if parts.username is not None or parts.password is not None:
        found.append(Reason("url_has_credentials", field="url"))
    if parts.fragment:
        found.append(Reason("url_has_fragment", field="url"))
    if fault := _host_fault(parts.hostname, loopback=allowed.loopback):
        found.append(Reason(fault, {"host": parts.hostname}, field="url"))
    if not allowed.has(parts.hostname, port):
        found.append(Reason("host_not_allowed", {"host": f"{parts.hostname}:{port}"}, field="url"))
    return found


def normal(url: str) -> str:
    """Return a faultless URL in its one form: host in lower case, no port that need not be said, a path."""
    parts, port = _split(url)
    assert parts is not None
    assert port is not None
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    place = shown if port == _PORTS[parts.scheme] else f"{shown}:{port}"
    return f"{parts.scheme}://{place}{parts.path or '/'}" + (f"?{parts.query}" if parts.query else "")


def resolve(url: str, *, allowed: AllowList, call: Call) -> Target:
    """Look the host of `url` up once, within the time of `call`.

    Raises `Unreachable`; the allow-list is asked again, it may have changed.
    """
    if found := faults(url, allowed=allowed):
        raise Unreachable(found[0].code)
    parts, port = _split(url)
    assert parts is not None
    assert parts.hostname is not None
    assert port is not None
    try:
        addresses = call.look_up(parts.hostname, port)
    except NotFound as error:
        raise Unreachable("host_not_found") from error
    usable = [address for address in addresses if networks.may_be_called(address, loopback=allowed.loopback)]
    if not usable:
        raise Unreachable("address_refused")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.hostname, usable[0], port, path)


def _split(url: str) -> tuple[SplitResult | None, int | None]:
    try:
        parts = urlsplit(url)
        port = _PORTS.get(parts.scheme) if parts.port is None else parts.port
    except ValueError:
        return None, None
    return parts, port or None


def _host_fault(host: str, *, loopback: bool) -> str | None:
    """Return the code of what is wrong with a host by itself, whatever is listed; `None` when nothing is."""
    if networks.is_metadata_name(host):
        return "host_never_allowed"
    literal = _literal(host)
    if literal is None:
        labels = host.split(".")
        if _NUMBER.fullmatch(labels[-1]):
            return "host_number_form"
        return (
            None
            if all(_LABEL.fullmatch(label) for label in labels) and len(host) <= 253
            else "host_malformed"
        )
    if isinstance(literal, IPv6Address) and literal.scope_id:
        return "host_malformed"
    if networks.is_loopback(host):
        return None if loopback else "host_is_this_machine"
    return None if networks.may_be_called(host) else "host_never_allowed"


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
