"""Where what was made can be read: one declaration gives OpenAPI's link and the `Location` header.

`responses={201: made("show_draft", draft_id="id")}` says that the operation `show_draft` shows it, with the
answer's `id` as its parameter `draft_id`. A dotted name goes deeper (`release.draft_id`).
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

#: The header of an answer that carries an entity tag.
TAG: dict[str, Any] = {
    "ETag": {
        "description": "The version, to be quoted in `If-Match` and `If-None-Match`.",
        "schema": {"type": "string"},
    }
}
REPLAYED: dict[str, Any] = {
    "Idempotency-Replayed": {
        "description": "`true` on an answer that was given before to the same `Idempotency-Key`.",
        "schema": {"type": "string"},
    }
}
#: For `responses`: such an answer.
TAGGED: dict[str, Any] = {"headers": TAG}


def tagged_bytes(*types: str) -> dict[str, Any]:
    """Describe an answer of plain bytes of one of these types, with its entity tag."""
    return {"headers": TAG, "content": {type_: {"schema": BYTES} for type_ in types}}


#: Bytes that are no JSON.
BYTES: dict[str, Any] = {"type": "string", "format": "binary"}


def made(
    operation: str, /, *, tagged: bool = False, replayed: bool = False, **parameters: str
) -> dict[str, Any]:
    """Describe an answer that tells of something made, which `operation` shows.

    Each parameter of that operation is named with the entry of the answer that has its value, or with
    `path.<name>` for a parameter of the request itself. `tagged` says that it has an
    `ETag`, `replayed` that it may have been given before.
    """
    return {
        "headers": {
            **(TAG if tagged else {}),
            **(REPLAYED if replayed else {}),
            "Location": {
                "description": "Where what was made can be read.",
                "schema": {"type": "string", "format": "uri-reference"},
            },
        },
        "links": {
            operation: {
                "operationId": operation,
                "parameters": {name: _expression(where) for name, where in parameters.items()},
            }
        },
    }


def _expression(where: str) -> str:
    if where.startswith("path."):
        return f"$request.{where}"
    return "$response.body#/" + where.replace(".", "/")


def location_of(
    app: FastAPI,
    route: APIRoute,
    asked: Mapping[str, Any],
    answer: Any,  # noqa: ANN401 – any JSON value
) -> str | None:
    """Return the address of what was made; `None` where the route does not say, or the answer has none."""
    links: dict[str, Any] = route.responses.get(route.status_code or 200, {}).get("links", {})
    for link in links.values():
        path = _paths(app).get(link["operationId"])
        values = {name: _value(where, asked, answer) for name, where in link["parameters"].items()}
        if path is None or None in values.values():
            return None
        return path.format(**{name: quote(str(value), safe="") for name, value in values.items()})
    return None


def _value(expression: str, asked: Mapping[str, Any], answer: Any) -> Any:  # noqa: ANN401 – any JSON value
    source, _, where = expression.removeprefix("$").partition("#/")
    if source.startswith("request.path."):
        return asked.get(source.removeprefix("request.path."))
    for part in where.split("/"):
        answer = answer.get(part) if isinstance(answer, dict) else None
    return answer


def _paths(app: FastAPI) -> dict[str, str]:
    """Return the path of every operation of the API by its name; made once."""
    paths: dict[str, str] | None = getattr(app.state, "paths_by_operation", None)
    if paths is None:
        paths = app.state.paths_by_operation = dict(_named(app))
    return paths


def _named(app: FastAPI) -> Iterator[tuple[str, str]]:
    for context in iter_route_contexts(app.routes):
        if getattr(context, "include_in_schema", False) and context.path_format and context.name:
            yield context.operation_id or context.name, context.path_format
