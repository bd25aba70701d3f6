"""The description of the API (OpenAPI 3.1): what FastAPI knows, and what every operation has besides.

Statuses and headers follow from what an operation is: who may call it, whether it takes a body, an
`If-Match`, an `Idempotency-Key`. A test holds every answer of the suite against this description.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from app.infra.http import validation_words
from app.infra.http.idempotency import FORM
from app.infra.http.links import REPLAYED, TAG
from app.infra.http.problems import MEDIA_TYPE, PROBLEMS
from app.infra.http.routing import is_proved, summary_of

Schema = dict[str, Any]

REFS = "#/components/schemas/"
_METHODS = ("get", "post", "put", "patch", "delete")
#: Models that stand in bodies which FastAPI does not parse, and in webhooks.
_MORE: dict[str, type[BaseModel]] = {}
#: Not limited by a role or a unit, so that asking for it finds something always.
_PAGING = frozenset({"limit", "after", "before", "cursor"})

BEARER, COOKIE, SIGNATURE, TOOL = "bearer", "session", "webhookSignature", "toolKey"
SCHEMES: Schema = {
    BEARER: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token from `POST /api/v1/auth/token`, good for ten minutes at most.",
    },
    COOKIE: {
        "type": "apiKey",
        "in": "cookie",
        "name": "sanshen",
        "description": "The session of the web client (`__Host-sanshen` over https). What changes anything "
        "also needs the session's token in `X-CSRF-Token`. Programs use the Bearer token.",
    },
    TOOL: {
        "type": "http",
        "scheme": "bearer",
        "description": "A key of a publishing tool (`sst_…`, from `POST /api/v1/tools/{tool_id}/keys`), or a "
        "token for one (`sat_…`, from `POST /api/v1/auth/oauth/token`). It opens what its scopes say, and no "
        "decision.",
    },
    SIGNATURE: {
        "type": "apiKey",
        "in": "header",
        "name": "webhook-signature",
        "description": "Standard Webhooks 1.0.0: `v1,` and the base64 of HMAC-SHA256 under the tool's secret "
        "over `webhook-id.webhook-timestamp.body`; several, parted by spaces, while a secret is exchanged.",
    },
}
#: Operations that a tool's key opens, and those of them that nothing else does; filled by who knows.
BY_KEY: set[str] = set()
OWN_OF_TOOLS: set[str] = set()
_BY_STATUS: Mapping[int, tuple[str, str]] = {
    401: ("Unauthenticated", "Nobody is signed in, or the credentials do not hold."),
    403: ("Forbidden", "Known, but not allowed to do this."),
    404: ("NotFound", "Not there, or not to be known by the caller."),
    406: ("NotAcceptable", "No media type of the answer is in `Accept`."),
    409: ("Conflict", "The state is another than the caller thought; every reason is told."),
    412: ("PreconditionFailed", "`If-Match` names an older version; the present one is told."),
    413: ("TooLarge", "The body is over its limit."),
    415: ("UnsupportedMediaType", "The body is of another type than is taken, or compressed."),
    422: ("Invalid", "The request cannot be used; every fault is told with its place."),
    428: ("PreconditionRequired", "`If-Match` is missing, or names no version."),
    429: ("TooManyRequests", "Too many tries; `Retry-After` says when to try again."),
    500: ("InternalError", "A fault of the service; it is logged under the request's id."),
    503: ("Unavailable", "Out of service for the moment; nothing was changed."),
}
_RETRY = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}}}
_HEADERS: Mapping[int, Schema] = {
    401: {
        "WWW-Authenticate": {
            "description": "How to prove oneself; `error` says what is wrong with a token.",
            "schema": {"type": "string"},
        }
    },
    412: {"ETag": {"description": "The present version.", "schema": {"type": "string"}}},
    429: _RETRY,
    503: _RETRY,
}


class ReasonOut(BaseModel):
    """One reason of a refusal: what is wrong, where, and what to do."""

    code: str
    message: str
    data: dict[str, Any]
    field: str | None


class Problem(BaseModel):
    """A refusal as `application/problem+json` (RFC 9457), with every reason at once."""

    type: str
    title: str
    title_en: str
    status: int
    code: str
    request_id: str
    reasons: list[ReasonOut]
    data: dict[str, Any] = {}


def described(model: type[BaseModel]) -> Schema:
    """Return the reference to a model's schema, and see to it that the description has it."""
    _MORE[model.__name__] = model
    return {"$ref": REFS + model.__name__}


def form_with_file(model: type[BaseModel]) -> Schema:
    """Describe a form with a `file` and the fields of a model: what is not meant is left out, never null."""
    fields = model.model_json_schema(ref_template=REFS + "{model}")
    return {
        "type": "object",
        "required": ["file", *fields.get("required", ())],
        "properties": {
            "file": {"type": "string", "format": "binary"},
            **{name: _without_null(field) for name, field in fields["properties"].items()},
        },
        "additionalProperties": False,
    }


def _without_null(field: Schema) -> Schema:
    kinds = [kind for kind in field.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) != 1:
        return field
    rest = {key: said for key, said in field.items() if key not in {"anyOf", "default"}}
    return {**kinds[0], **rest}


def json_body(model: type[BaseModel]) -> Schema:
    """Describe a JSON body that a route reads by itself."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": described(model)}}}}


def document(app: FastAPI, *, webhooks: Schema) -> Schema:
    """Return the whole description; made anew at each call."""
    whole = get_openapi(
        title=app.title,
        version=app.version,
        summary="Content review for public bodies: three reviews, three proofreads, a signed release.",
        description=validation_words.ABOUT,
        license_info={"name": "MIT", "identifier": "MIT"},
        servers=[{"url": "/", "description": "This installation"}],
        tags=[dict(tag) for tag in validation_words.TAGS],
        routes=app.routes,
    )
    described(Problem)
    _, more = models_json_schema(
        [(model, "serialization" if model is Problem else "validation") for model in _MORE.values()],
        ref_template=REFS + "{model}",
    )
    schemas: Schema = whole["components"]["schemas"]
    for name, schema in more["$defs"].items():
        schemas.setdefault(name, schema)
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"]["properties"]["code"]["examples"] = ["not_found"]
    whole["components"]["securitySchemes"] = SCHEMES
    whole["components"]["responses"] = {name: _problem(status) for status, (name, _) in _BY_STATUS.items()}
    # By reference: openapi-generator writes clients of webhooks, and writes them wrongly.
    whole["components"]["pathItems"] = webhooks
    whole["webhooks"] = {name: {"$ref": f"#/components/pathItems/{name}"} for name in webhooks}
    whole["x-problems"] = {code: {"title": zh, "title_en": en} for code, (zh, en) in sorted(PROBLEMS.items())}
    secured = _secured(app)
    for path, item in whole["paths"].items():
        for method in _METHODS:
            if method in item:
                _complete(item[method], path, method, secured=(path, method.upper()) in secured)
    for name, schema in schemas.items():
        validation_words.explain(name, schema)
    _tidy(whole["paths"])
    _tidy(schemas)
    return whole


def _problem(status: int) -> Schema:
    answer: Schema = {
        "description": _BY_STATUS[status][1],
        "content": {MEDIA_TYPE: {"schema": {"$ref": REFS + "Problem"}}},
    }
    return answer | ({"headers": _HEADERS[status]} if status in _HEADERS else {})


def _secured(app: FastAPI) -> set[tuple[str, str]]:
    """Return path and method of every operation that wants to know who asks."""
    return {
        (context.path_format, method)
        for context in iter_route_contexts(app.routes)
        if getattr(context, "dependant", None) is not None and is_proved(context.dependant)
        for method in context.methods or ()
        if context.path_format is not None
    }


def _complete(operation: Schema, path: str, method: str, *, secured: bool) -> None:
    """Add to an operation who may call it, what it refuses with, and its headers."""
    for parameter in operation.get("parameters", ()):
        _plain(parameter)
    named = {parameter["name"] for parameter in operation.get("parameters", ())}
    if secured:
        by_key: list[Schema] = [{TOOL: []}] if operation["operationId"] in BY_KEY else []
        own = operation["operationId"] in OWN_OF_TOOLS
        operation["security"] = by_key if own else [{BEARER: []}, {COOKIE: []}, *by_key]
    operation.setdefault("security", [])
    responses: Schema = operation["responses"]
    responses.pop("422", None)
    operation["summary"] = summary_of(operation["description"])
    if (short := operation.get("x-minimal")) is not None:
        operation["x-minimal"] = {"$ref": REFS + short}
    good = {status: answer for status, answer in responses.items() if status.startswith("2")}
    if "Idempotency-Key" in named:
        for answer in good.values():
            answer.setdefault("headers", {}).update(REPLAYED)
    if method == "get" and any("ETag" in answer.get("headers", ()) for answer in good.values()):
        operation.setdefault("parameters", []).append(
            {
                "name": "If-None-Match",
                "in": "header",
                "required": False,
                "description": "An entity tag that the client holds: 304 when it is still the present one.",
                "schema": {"type": "string"},
            }
        )
        responses["304"] = {"description": "What the client holds is the present version.", "headers": TAG}
    for status in sorted(_statuses(operation, path, method, named)):
        responses.setdefault(str(status), {"$ref": f"#/components/responses/{_BY_STATUS[status][0]}"})
    operation["responses"] = dict(sorted(responses.items()))


def _statuses(operation: Schema, path: str, method: str, named: set[str]) -> Iterator[int]:
    """Yield the statuses of refusals that this operation may answer with."""
    if not path.startswith("/api/"):
        return
    yield from (422, 500, 503)
    if not operation["security"]:
        # Open to all, and so a place for guesses: of passwords, of links.
        yield from (401, 429) if "/auth/" in path else (429,)
    elif path.endswith("/me/password"):
        yield 429  # the old password can be guessed at here too
    if any("content" in answer for status, answer in operation["responses"].items() if status[0] == "2"):
        yield 406
    if operation["security"]:
        yield from (401, 403)
    if "{" in path or method != "get" or named - _PAGING - {"If-None-Match"}:
        yield 404
    if method != "get":
        yield 409
    if "requestBody" in operation:
        yield from (413, 415)
    if "If-Match" in named:
        yield from (412, 428)


def _plain(parameter: Schema) -> None:
    """Say of a parameter that may be left out what it is when it is there: no null can be sent."""
    schema = parameter.get("schema", {})
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if choices and len(choices) < len(schema["anyOf"]):
        rest = {key: value for key, value in schema.items() if key not in {"anyOf", "default"}}
        parameter["schema"] = rest | (choices[0] if len(choices) == 1 else {"anyOf": choices})
    if parameter["name"] == "Idempotency-Key":
        parameter["schema"] |= {"minLength": 1, "pattern": f"^{FORM}$"}
    if parameter["name"] == "If-Match":
        # Routes take it as one that may be missing, to answer 428 then.
        parameter |= {"required": True}
        parameter["schema"] |= {"pattern": '^"[0-9]{1,9}"(, ?"[0-9]{1,9}")*$'}
    validation_words.explain_parameter(parameter)


def _tidy(value: Any) -> None:  # noqa: ANN401 – any JSON value
    """Make all schemas in a value plain for generators; see `_property`."""
    if isinstance(value, list):
        for item in value:
            _tidy(item)
    if not isinstance(value, dict):
        return
    for name, schema in value.get("properties", {}).items():
        if isinstance(schema, dict):
            _property(value, name, schema)
    if isinstance(value.get("schema"), dict):
        value["schema"].pop("title", None)
    for item in value.values():
        _tidy(item)


def _property(owner: Schema, name: str, schema: Schema) -> None:
    """Make one property plain.

    Its title only repeats its name; but a choice of types is named by it. What a field is taken for when it
    is left out is told in words: by a `default` some generators make a field one that must be given. A
    `kind` by which blocks are told apart is always there.
    """
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) < 2:
        schema.pop("title", None)
    if name == "kind" and "const" in schema:
        owner["required"] = [*dict.fromkeys(["kind", *owner.get("required", ())])]
    taken_for = schema.pop("default", None) if name not in owner.get("required", ()) else None
    if taken_for not in (None, [], {}):
        said = f"Left out: `{json.dumps(taken_for, ensure_ascii=False)}`."
        schema["description"] = f"{schema.get('description', '')} {said}".strip()
