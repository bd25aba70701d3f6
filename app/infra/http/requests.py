"""What is asked of every request before a route sees it: nothing unknown, nothing that cannot be kept.

One dependency for all routes, so that none has to think of it. It costs no thread and no query.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args, get_origin
from urllib.parse import unquote_to_bytes

from fastapi import Request, params
from fastapi.routing import APIRoute

from app.infra.errors import Invalid, NotAcceptable, NotFound, Reason, Unsupported
from app.infra.http.bodies import unstorable
from app.infra.http.routing import is_proved

API = "/api/"
_JSON = "application/json"
_KNOWN = "_sanshen_known"
_PROOFS = frozenset({"authorization", "cookie"})
_FORMS = frozenset({"multipart/form-data", "application/x-www-form-urlencoded"})


@dataclass(frozen=True, slots=True)
class Known:
    """What a route knows: whether it wants proof of who asks, its query parameters, its types of body.

    `several`: the parameters that may be given more than once.
    """

    proved: bool
    parameters: frozenset[str]
    several: frozenset[str]
    taken: frozenset[str]
    given: frozenset[str]


async def well_asked(request: Request) -> None:
    """Let a request through that asks in the way that its route describes.

    Raises `NotFound` for an address that no database stores, `Invalid` for such text in the query, for
    unknown query parameters and for those given twice that have one value, `Unsupported` for a body of
    another type, `NotAcceptable` when no type of the answer is wanted.
    """
    reasons = [*_unstorable(request)]
    route = request.scope.get("route")
    if not request.url.path.startswith(API) or not isinstance(route, APIRoute):
        _refuse(reasons)
        return
    known = known_to(route)
    if known.proved and not _PROOFS.intersection(request.headers.keys()):
        # Who they are comes first: the route says so.
        return
    _type_of_body(request, known)
    _accepts(request, known)
    _refuse(reasons)
    listed = "、".join(sorted(known.parameters)) or "（没有）"
    unknown = [
        Reason("unknown_parameter", {"name": name[:100], "known": listed}, field=f"query.{name[:100]}")
        for name in dict.fromkeys(request.query_params.keys())
        if name not in known.parameters
    ]
    given = Counter(name for name, _ in request.query_params.multi_items() if name in known.parameters)
    twice = [
        Reason("parameter_twice", {"name": name, "times": times}, field=f"query.{name}")
        for name, times in given.items()
        if times > 1 and name not in known.several
    ]
    if unknown or twice:
        raise Invalid("malformed", reasons=[*unknown, *twice])


def _refuse(unstorable_text: list[Reason]) -> None:
    if any((reason.field or "").startswith("path.") for reason in unstorable_text):
        raise NotFound("not_found")
    if unstorable_text:
        raise Invalid("text_unusable", reasons=unstorable_text)


def _unstorable(request: Request) -> Iterator[Reason]:
    for name, value in request.path_params.items():
        if isinstance(value, str):
            yield from unstorable(value, field=f"path.{name}")
    yield from _broken(request.url.query)
    if "%00" in request.url.query or "\0" in request.url.query:
        for name, value in request.query_params.multi_items():
            yield from unstorable(name, field="query")
            yield from unstorable(value, field=f"query.{name}")


def _broken(query: str) -> Iterator[Reason]:
    """Yield why a query is no UTF-8: what cannot be read would be looked for as other text."""
    if query.isascii() and "%" not in query:
        return
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        try:
            unquote_to_bytes(value).decode()
            unquote_to_bytes(name).decode()
        except UnicodeDecodeError as error:
            field = f"query.{unquote_to_bytes(name).decode(errors='replace')[:100]}"
            yield Reason("broken_utf8", {"at": error.start + 1}, field=field)


def _type_of_body(request: Request, known: Known) -> None:
    headers = request.headers
    if not known.taken or (headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers):
        return
    given = headers.get("content-type", "").partition(";")[0].strip().lower()
    is_json = given == _JSON or (given.startswith("application/") and given.endswith("+json"))
    if not (given in known.taken or (is_json and _JSON in known.taken)):
        said = {"given": given[:100] or "（没有写明）", "taken": "、".join(sorted(known.taken))}
        raise Unsupported(
            "unsupported_media_type",
            reasons=[Reason("media_type", said, field="header.Content-Type")],
            headers={"Accept": ", ".join(sorted(known.taken))},
        )


def _accepts(request: Request, known: Known) -> None:
    wanted = request.headers.get("accept")
    if not wanted or not known.given or any(wants(wanted, media) for media in known.given):
        return
    said = {"given": "、".join(sorted(known.given))}
    raise NotAcceptable("not_acceptable", reasons=[Reason("acceptable", said, field="header.Accept")])


def wants(accept: str, media: str) -> bool:
    """Say whether an `Accept` header lets `media` in: the most specific range decides, `q=0` keeps out.

    Source: RFC 9110, section 12.5.1.
    """
    kind = media.partition("/")[0]
    best, answer = 0, False
    for part in accept.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        rank = {media: 3, f"{kind}/*": 2, "*/*": 1}.get(name, 0)
        if rank >= max(best, 1):
            best, answer = rank, not any(_is_zero(parameter) for parameter in parameters)
    return answer


def _is_zero(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.strip() == "q" and value.strip().rstrip("0") in {"", ".", "0", "0."} and value.strip() != ""


def known_to(route: APIRoute) -> Known:
    """Return what a route knows; it is found out once, and kept with the route."""
    known: Known | None = vars(route).get(_KNOWN)
    if known is None:
        known = vars(route)[_KNOWN] = Known(
            is_proved(route.dependant),
            frozenset(field.alias for field in _parameters(route.dependant)),
            frozenset(
                field.alias for field in _parameters(route.dependant) if _is_list(field.field_info.annotation)
            ),
            _taken(route),
            _given(route),
        )
    return known


def _parameters(dependant: Any) -> Iterator[Any]:  # noqa: ANN401 – FastAPI's own
    yield from dependant.query_params
    for inner in dependant.dependencies:
        yield from _parameters(inner)


def _is_list(annotation: Any) -> bool:  # noqa: ANN401 – any annotation
    """Say whether a parameter of this type takes several values, also when it may be left out."""
    origin = get_origin(annotation) or annotation
    if isinstance(origin, type) and issubclass(origin, list | tuple | set | frozenset):
        return True
    return any(_is_list(inner) for inner in get_args(annotation))


def _taken(route: APIRoute) -> frozenset[str]:
    if route.body_field is not None:
        info = route.body_field.field_info
        if isinstance(info, params.File):
            return frozenset({"multipart/form-data"})
        return _FORMS if isinstance(info, params.Form) else frozenset({_JSON})
    described: dict[str, Any] = (route.openapi_extra or {}).get("requestBody", {})
    return frozenset(described.get("content", ()))


def _given(route: APIRoute) -> frozenset[str]:
    """Return the types of a good answer; empty where the route does not say."""
    media_types: set[str] = set()
    for status, described in route.responses.items():
        if str(status).startswith("2"):
            media_types.update(described.get("content", ()))
    plain: Any = getattr(route.response_class, "value", route.response_class)
    if route.response_model is not None:
        media_types.add(_JSON)
    elif not media_types and plain.media_type is not None:
        media_types.add(plain.media_type)
    return frozenset(media_types)


__all__: Sequence[str] = ("Known", "known_to", "wants", "well_asked")
