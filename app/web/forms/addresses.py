"""Where forms stand: the page that a form was sent from, and the page that belongs to a verb's address."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute

#: Verbs whose page does not stand above them in the path.
_ELSEWHERE = {"/absences": "/delegations"}


def inside(address: str) -> str:
    """Return `address` if it is a path on this site, else the start page; it comes from outside."""
    return address if _is_ours(address) else "/"


def _is_ours(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    ours = (
        address.startswith("/")
        and not address.startswith(("//", "/\\"))
        and not parts.netloc
        and not parts.scheme
    )
    return ours and address.isprintable()


def sign_in_address(page: str) -> str:
    """Return the address of the sign-in form that leads back to a page of this site."""
    return "/sign-in" if page == "/" else f"/sign-in?next={quote(page, safe='/')}"


def asked_page(request: Request) -> str:
    """Return the address of the page that is asked for, without what it says only once (`?said=`)."""
    query = [pair for pair in parse_qsl(request.url.query, keep_blank_values=True) if pair[0] != "said"]
    return request.url.path + (f"?{urlencode(query)}" if query else "")


def page_of_form(request: Request, given: str = "") -> str:
    """Return the address of the page that a form was sent from: what the form says, else the browser.

    Where neither says it: the page above the verb's address.
    """
    referer = urlsplit(request.headers.get("referer", ""))
    ours = referer.netloc == request.headers.get("host", "")
    from_browser = referer.path + (f"?{referer.query}" if referer.query else "") if ours else ""
    for address in (given, from_browser):
        if address and _is_ours(address) and _is_page(request.app, urlsplit(address).path):
            return address
    return page_above(request.app, request.url.path)


def current_page(request: Request) -> str:
    """Return the page that a script is on, as htmx says; the start page where it does not."""
    parts = urlsplit(request.headers.get("hx-current-url", ""))
    ours = parts.netloc == request.headers.get("host", "")
    return inside(parts.path + (f"?{parts.query}" if parts.query else "")) if ours and parts.path else "/"


def page_above(app: FastAPI, path: str) -> str:
    """Return the nearest page at or above a path, `/drafts/7` for `/drafts/7/decisions`; else `/`."""
    for above in _upwards(path):
        if above in _ELSEWHERE:
            return _ELSEWHERE[above]
        if _is_page(app, above):
            return above
    return "/"


def _is_page(app: FastAPI, path: str) -> bool:
    return path != "/sign-in" and "GET" in _methods(app, path) and not _is_verb(app, path)


def _is_verb(app: FastAPI, path: str) -> bool:
    """Say whether a path is a verb's own: forms are sent there, and what reads there means something else."""
    return "GET" not in _exact(app, path) and "POST" in _exact(app, path)


def is_verb(request: Request) -> bool:
    """Say whether this request reads where only forms are sent."""
    return _is_verb(request.app, request.url.path)


def _upwards(path: str) -> Iterator[str]:
    while path and path != "/":
        yield path
        path = path.rpartition("/")[0]


def _methods(app: FastAPI, path: str) -> frozenset[str]:
    return frozenset(method for route in _matching(app, path) for method in route.methods or ())


def _exact(app: FastAPI, path: str) -> frozenset[str]:
    """Return the methods of the routes for a path that name most of it in words, not by parameters."""
    found = list(_matching(app, path))
    fewest = min((len(route.param_convertors) for route in found), default=0)
    nearest = [route for route in found if len(route.param_convertors) == fewest]
    return frozenset(method for route in nearest for method in route.methods or ())


def _matching(app: FastAPI, path: str) -> Iterator[APIRoute]:
    routes: tuple[APIRoute, ...] = app.state.page_routes
    return (route for route in routes if route.path_regex.match(path))
