"""Under which names the service answers: those it was given, and none that a client makes up."""

import re
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from ipaddress import ip_address
from typing import Any

from starlette.requests import Request

from app.infra.errors import Misdirected
from app.infra.http.problems import problem, problems
from app.infra.http.proxies import Networks, within

problems(
    {
        "host_unknown": (
            "服务不在这个地址上提供，请用正式的网址访问。",
            "The service does not answer under this host.",
        )
    }
)

#: What operators and containers ask under the machine's own address.
OPERATIONS = frozenset({"/healthz", "/readyz", "/metrics"})

_Scope = MutableMapping[str, Any]
_App = Callable[[_Scope, Any, Any], Awaitable[None]]
_HOST = re.compile(r"([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


class KnownHosts:
    """ASGI middleware: refuses requests whose `Host` is missing, doubled, malformed or not ours.

    Bare addresses are fine from the networks of operators, and for what operators ask; with `numbers`, as
    while trying out, from everywhere.
    """

    def __init__(self, app: _App, *, hosts: Collection[str], operators: Networks, numbers: bool) -> None:
        self.app = app
        self.hosts = frozenset(host.lower() for host in hosts)
        self.operators = operators
        self.numbers = numbers

    async def __call__(self, scope: _Scope, receive: Any, send: Any) -> None:  # noqa: ANN401 – ASGI
        """Serve one request."""
        if scope["type"] != "http" or self._is_ours(scope):
            await self.app(scope, receive, send)
            return
        await problem(Request(scope), Misdirected("host_unknown"))(scope, receive, send)

    def _is_ours(self, scope: _Scope) -> bool:
        host = host_of(scope)
        if host is None:
            return False
        if host in self.hosts:
            return True
        client = scope.get("client")
        inside = client is not None and within(client[0], self.operators)
        return (self.numbers or inside or scope["path"] in OPERATIONS) and _is_number(host)


def host_of(scope: _Scope) -> str | None:
    """Return the host that a request names, in lower case, without its port; `None` for none or several."""
    given = [value for name, value in scope["headers"] if name == b"host"]
    match = _HOST.fullmatch(given[0].decode("latin-1")) if len(given) == 1 else None
    return match[1].lower() if match else None


def _is_number(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
