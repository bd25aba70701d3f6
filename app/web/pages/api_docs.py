"""The API's documentation as a page of our own: it needs no other site and no script."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, BackgroundTasks, Depends, Request
from fastapi.responses import Response

from app.identity.access import require_inside
from app.web.shell.render import page
from app.web.shell.viewer import viewer_of

router = APIRouter()

_METHODS = ("get", "post", "put", "patch", "delete")
#: How deep the fields of a body are listed; what lies deeper is named by its schema.
_DEEPEST = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One parameter or one field of a body."""

    name: str
    kind: str
    required: bool
    about: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API."""

    method: str
    path: str
    key: str
    summary: str
    about: str
    parameters: tuple[Row, ...] = ()
    body: tuple[Row, ...] = ()
    example: str = ""
    answers: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Group:
    """The operations under one tag."""

    name: str
    operations: list[Operation] = field(default_factory=list)


@router.get("/docs", dependencies=[Depends(require_inside)])
def docs(request: Request, tasks: BackgroundTasks) -> Response:
    """Show every operation of the API."""
    described = request.app.openapi()
    return page(
        request,
        "docs.html",
        viewer=viewer_of(request, tasks),
        groups=groups(described),
        name=described["info"]["title"],
        version=described["info"]["version"],
    )


def groups(described: dict[str, Any]) -> list[Group]:
    """Return the operations of an OpenAPI document by tag, in its order; empty when it has no paths."""
    found: dict[str, Group] = {}
    for path, item in described.get("paths", {}).items():
        for method in _METHODS:
            if method in item:
                operation = item[method]
                tag = (operation.get("tags") or ["other"])[0]
                found.setdefault(tag, Group(tag)).operations.append(
                    _operation(described, path, method, operation)
                )
    return list(found.values())


def _operation(described: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> Operation:
    content = operation.get("requestBody", {}).get("content", {})
    media: dict[str, Any] = next(iter(content.values()), {})
    schema = media.get("schema", {})
    return Operation(
        method=method.upper(),
        path=path,
        key=f"{method}{path}".replace("/", "-").replace("{", "").replace("}", ""),
        summary=operation.get("summary", ""),
        about=operation.get("description", ""),
        parameters=tuple(
            Row(
                one["name"],
                _kind(described, one.get("schema", {})),
                one.get("required", False),
                one.get("description", ""),
                one["in"],
            )
            for one in operation.get("parameters", ())
        ),
        body=tuple(_rows(described, schema)),
        example=_example(described, media),
        answers=tuple(
            (status, one.get("description", "")) for status, one in operation.get("responses", {}).items()
        ),
    )


def _rows(
    described: dict[str, Any], schema: dict[str, Any], prefix: str = "", depth: int = 0
) -> Iterator[Row]:
    schema = _resolved(described, schema)
    required = set(schema.get("required", ()))
    for name, given in schema.get("properties", {}).items():
        about = _resolved(described, given).get("description", "") if depth else given.get("description", "")
        yield Row(prefix + name, _kind(described, given), name in required, about)
        inner = _resolved(described, given)
        sign = "."
        if inner.get("type") == "array":
            inner, sign = _resolved(described, inner.get("items", {})), "[]."
        if inner.get("properties") and depth + 1 < _DEEPEST:
            yield from _rows(described, inner, f"{prefix}{name}{sign}", depth + 1)


def _resolved(described: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        found: dict[str, Any] = described["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
        return found
    return schema


def _kind(described: dict[str, Any], schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        inner = _resolved(described, schema)
        return " | ".join(map(str, inner["enum"])) if "enum" in inner else name
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return " | ".join(_kind(described, one) for one in schema[choice])
    if schema.get("type") == "array":
        return f"[{_kind(described, schema.get('items', {}))}]"
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    kind = str(schema.get("type", "any"))
    return f"{kind} ({schema['format']})" if "format" in schema else kind


def _example(described: dict[str, Any], media: dict[str, Any]) -> str:
    schema = _resolved(described, media.get("schema", {}))
    named: dict[str, Any] = next(iter(media.get("examples", {}).values()), {})
    value = media.get("example", named.get("value", next(iter(schema.get("examples", ())), None)))
    return "" if value is None else json.dumps(value, ensure_ascii=False, indent=2)
