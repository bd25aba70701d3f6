"""Which methods an address answers to: for `Allow`, and for OPTIONS.

Source: RFC 9110, sections 9.3.7 and 10.2.1.
"""

from collections.abc import Iterable, Iterator, MutableMapping
from typing import Any

from fastapi import Request
from starlette.routing import Match


def allowed(request: Request) -> str:
    """Return the methods that an address answers to, as `Allow` names them."""
    methods = {method for route in _matching(request.app.routes, request.scope) for method in route}
    if "GET" in methods:
        methods.add("HEAD")
    return ", ".join(sorted(methods | {"OPTIONS"}))


def _matching(routes: Iterable[Any], scope: MutableMapping[str, Any]) -> Iterator[set[str]]:
    for route in routes:
        inner = getattr(route, "effective_route_contexts", None)
        if inner is not None:
            yield from _matching(inner(), scope)
        elif route.matches({**scope, "path_params": {}})[0] is not Match.NONE:
            yield set(getattr(route, "methods", None) or {"GET"})
