"""The router of the API: what every operation has without saying so.

Its name in clients is its function's name, its summary the first words of its docstring, and whatever makes
something by POST takes an `Idempotency-Key`.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Annotated, Any, TypeVar, get_args, get_origin

from fastapi import APIRouter
from fastapi.params import Depends

from app.infra.http import idempotent_routes

Proof = TypeVar("Proof", bound=Callable[..., Any])

#: The dependencies that prove who asks: operations with one of them want credentials.
PROOFS: set[Callable[..., Any]] = set()
_SENTENCE_ENDS = re.compile(r"[.:;](?:\s|$)")


def proves(dependency: Proof) -> Proof:
    """Note that this dependency proves who asks, and return it."""
    PROOFS.add(dependency)
    return dependency


def is_proved(dependant: Any) -> bool:  # noqa: ANN401 – FastAPI's own
    """Say whether anything that a route depends on proves who asks."""
    return dependant.call in PROOFS or any(is_proved(inner) for inner in dependant.dependencies)


def dependency_of(annotation: Any) -> Callable[..., Any] | None:  # noqa: ANN401 – any annotation
    """Return what `Annotated[..., Depends(what)]` depends on; `None` for any other annotation."""
    if get_origin(annotation) is not Annotated:
        return None
    return next((mark.dependency for mark in get_args(annotation)[1:] if isinstance(mark, Depends)), None)


def summary_of(text: str) -> str:
    """Return the first words of a docstring, up to the end of its first sentence or clause."""
    joined = " ".join(text.split("\n\n", 1)[0].split())
    ends = (end.start() for end in _SENTENCE_ENDS.finditer(joined))
    return next(
        (joined[:end] for end in ends if joined.count("(", 0, end) == joined.count(")", 0, end)), joined
    )


class ApiRouter(APIRouter):
    """A router under `/api/v1`."""

    def __init__(self, *, tags: list[str], prefix: str = "/api/v1", **more: Any) -> None:  # noqa: ANN401
        super().__init__(
            prefix=prefix, tags=[*tags], generate_unique_id_function=lambda route: route.name, **more
        )

    def add_api_route(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:  # noqa: ANN401
        """Add a route; see the module."""
        if "POST" in (more.get("methods") or ()) and (who := _asker(endpoint)) is not None:
            endpoint = idempotent_routes.keyed(endpoint, asker=who, status=more.get("status_code") or 200)
        super().add_api_route(path, endpoint, **more)


def _asker(endpoint: Callable[..., Any]) -> str | None:
    """Return the parameter that says who asks; `None` when nobody proves who they are."""
    return next(_askers(endpoint), None)


def _askers(endpoint: Callable[..., Any]) -> Iterator[str]:
    for name, parameter in inspect.signature(endpoint).parameters.items():
        if dependency_of(parameter.annotation) in PROOFS:
            yield name
