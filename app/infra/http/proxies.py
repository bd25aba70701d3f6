"""Who asks, where proxies stand in between: their word is taken from them alone, and read from the right.

Each proxy adds to the right of `X-Forwarded-For` whom it heard; what stands left of the first address that is
no proxy of ours was written by that client and may be anything.
"""

from collections.abc import Awaitable, Callable, Collection, MutableMapping
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

_Scope = MutableMapping[str, Any]
_App = Callable[[_Scope, Any, Any], Awaitable[None]]
Networks = Collection[IPv4Network | IPv6Network]


class TrustedProxies:
    """ASGI middleware: puts the client's address and scheme in place of the proxy's."""

    def __init__(self, app: _App, *, proxies: Networks) -> None:
        self.app = app
        self.proxies = proxies

    async def __call__(self, scope: _Scope, receive: Any, send: Any) -> None:  # noqa: ANN401 – ASGI
        """Serve one request."""
        if scope["type"] == "http":
            peer = scope.get("client")
            if peer and within(peer[0], self.proxies):
                self._hear(scope)
        await self.app(scope, receive, send)

    def _hear(self, scope: _Scope) -> None:
        said = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
        if said:
            client = client_of(",".join(said), self.proxies)
            if client is not None:
                scope["client"] = (client, 0)
        schemes = [value for name, value in scope["headers"] if name == b"x-forwarded-proto"]
        if schemes:
            scheme = schemes[-1].decode("latin-1").rpartition(",")[2].strip().lower()
            if scheme in {"http", "https"}:
                scope["scheme"] = scheme


def client_of(forwarded: str, proxies: Networks) -> str | None:
    """Return the right-most address that is no proxy of ours; `None` where something else than one stands.

    Where all are proxies it is the left-most: then one of them asked by itself.
    """
    client = None
    for hop in reversed(forwarded.split(",")):
        address = _address(hop.strip())
        if address is None:
            # The proxy that wrote this is at fault, or what is left of here is not by any of ours.
            return client
        client = address
        if not within(address, proxies):
            break
    return client


def within(address: str, networks: Networks) -> bool:
    """Say whether an address lies in one of the networks; what is no address lies in none."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    return any((mapped or ip) in network for network in networks)


def _address(given: str) -> str | None:
    """Return an address without the port that some proxies write, in its one form; `None` for others."""
    if given.startswith("["):
        given = given[1:].partition("]")[0]
    elif given.count(":") == 1:
        given = given.partition(":")[0]
    try:
        return str(ip_address(given)) if len(given) <= 60 else None
    except ValueError:
        return None
