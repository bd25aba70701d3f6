"""Where outgoing messages may go.

An allow-list of hosts, one look-up, and a connection to that very address.
"""

import ipaddress
import socket
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from app.infra.errors import Reason

_PORTS = {"http": 80, "https": 443}


class Unreachable(Exception):
    """A host that may not be called, or that has no address that may be called."""


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


def faults(url: str, *, allowed: Collection[str]) -> list[Reason]:
    """Return every reason why messages may not go to `url`; empty when they may. Looks nothing up."""
    parts, port = _split(url)
    if parts is None or parts.scheme not in _PORTS or not parts.hostname or port is None:
        return [Reason("url_not_http", field="url")]
    found = []
    if parts.username is not None or parts.password is not None:
        found.append(Reason("url_has_credentials", field="url"))
    if parts.fragment:
        found.append(Reason("url_has_fragment", field="url"))
    if not _is_allowed(parts.hostname, port, allowed):
        found.append(Reason("host_not_allowed", {"host": f"{parts.hostname}:{port}"}, field="url"))
    return found


def resolve(url: str, *, allowed: Collection[str]) -> Target:
    """Look the host of `url` up once.

    Raises `Unreachable`; the allow-list is asked again, it may have changed.
    """
    if found := faults(url, allowed=allowed):
        raise Unreachable(found[0].code)
    parts, port = _split(url)
    assert parts is not None
    assert parts.hostname is not None
    assert port is not None
    try:
        answers = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable("host_not_found") from error
    addresses = [str(answer[4][0]) for answer in answers]
    usable = [one for one in addresses if _may_be_called(one)]
    if not usable:
        raise Unreachable("address_refused")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, parts.hostname, usable[0], port, path)


def _split(url: str) -> tuple[SplitResult | None, int | None]:
    try:
        parts = urlsplit(url)
        return parts, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None, None


def _is_allowed(host: str, port: int, allowed: Collection[str]) -> bool:
    listed = {one.lower() for one in allowed}
    return host.lower() in listed or f"{host.lower()}:{port}" in listed


def _may_be_called(address: str) -> bool:
    # The list names hosts, and offices do have receivers in their own network; but a name that leads to
    # 169.254.169.254 or to everybody at once is an attack or a mistake.
    ip = ipaddress.ip_address(address.partition("%")[0])
    return not (ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip.is_reserved)
