"""Pages from templates: escaped by default, strict about names, with Beijing time."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app.infra.clock import beijing
from app.infra.errors import AppError
from app.infra.http import problems
from app.infra.runtime import runtime_of
from app.web.forms.addresses import asked_page, current_page, page_of_form, sign_in_address
from app.web.forms.filling import filled
from app.web.forms.limits import BY_FORM
from app.web.forms.redisplay import Refused, refusal_of
from app.web.forms.sealed_input import owner_mark
from app.web.forms.typed import Typed, legible, title_of, typed
from app.web.shell.flash import SAID, done_to, said
from app.web.shell.viewer import MAX_FORM_BYTES, Viewer, posted
from app.words.labels import choices, label, limit

#: Where a page tells what was typed and has no place in any of its forms.
_KEPT = "<!-- kept -->"
STATIC = Path(__file__).parents[1] / "static"


@cache
def static(name: str) -> str:
    """Return the address of a static file with its content in it, so that browsers may keep it for ever.

    Raises `FileNotFoundError` for a file that is not there.
    """
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


def moment(at: datetime, *, seconds: bool = False) -> str:
    """Return an instant in Beijing's time, such as `2026年3月2日 09:00`."""
    local = beijing(at)
    clock = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    return f"{local.year}年{local.month}月{local.day}日 {clock}"


def local(at: datetime) -> str:
    """Return an instant as a `datetime-local` field holds it, in Beijing's time: `2026-03-02T09:00`."""
    return f"{beijing(at):%Y-%m-%dT%H:%M}"


def when(at: datetime) -> Markup:
    """Return an instant as a `<time>` element."""
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), moment(at))


def span_of(at: datetime, now: datetime) -> str:
    """Return how long ago an instant was, in a unit that says something: `刚刚`, `3小时`, `12天`."""
    minutes = int((now - at).total_seconds() // 60)
    if minutes < 1:
        return "刚刚"
    if minutes < 60:
        return f"{minutes}分钟"
    return f"{minutes // 60}小时" if minutes < 48 * 60 else f"{minutes // 1440}天"


@cache
def environment() -> Environment:
    """Return the one template environment."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        most_bytes=MAX_FORM_BYTES, static=static, label=label, choices=choices, limit=limit, limits=BY_FORM
    )
    made.filters.update(moment=moment, when=when, local=local)
    return made


def page(
    request: Request,
    template: str,
    *,
    viewer: Viewer | None,
    status: int = 200,
    error: AppError | None = None,
    headers: Mapping[str, str] | None = None,
    shows_typed: bool = True,
    **context: Any,  # noqa: ANN401 – whatever the template shows
) -> HTMLResponse:
    """Return a page. With an `error` its words stand on top and its status is the answer's.

    A page that answers a refused form holds what was typed, unless that is not for the eyes of whoever sits
    there now (`shows_typed`).
    """
    request_id = getattr(request.state, "request_id", "")
    refused = refusal_of(request)
    problem = problems.problem_body(error, request_id) if error else context.pop("problem", None)
    if refused is not None and refused.problem:
        problem = refused.problem
    now = runtime_of(request).clock()
    html = (
        environment()
        .get_template(template)
        .render(
            viewer=viewer,
            csrf=_form_fields(request, viewer),
            owner=owner_mark(runtime_of(request).secret, viewer.actor.id) if viewer else "",
            answered=_own_address(request, refused, error),
            problem=problem,
            request_id=request_id if problem else "",
            said=SAID[refused.said] if refused is not None and refused.said else said(request),
            done_to=done_to(request),
            section=context.pop("section", ""),
            now=now,
            since=lambda at: span_of(at, now),
            **context,
        )
    )
    status = error.status if error else status
    sent = refused.typed if refused is not None else _refused_form(request, status)
    whole = _with_kept(html, sent if shows_typed else None, problem)
    return HTMLResponse(whole, status_code=status, headers=dict(headers or {}))


def _form_fields(request: Request, viewer: Viewer | None) -> Callable[[], Markup]:
    """Return what every form carries: the proof of its session, its page, and who opened it."""
    form = posted(request)
    given = form.text("form_page") if form is not None else ""
    address = page_of_form(request, given) if request.method == "POST" else asked_page(request)
    mark = owner_mark(runtime_of(request).secret, viewer.actor.id) if viewer else ""
    fields = Markup('<input type="hidden" name="{}" value="{}">')
    values = {"csrf": viewer.csrf if viewer else "", "form_page": address, "form_by": mark}
    made = Markup("").join(fields.format(name, value) for name, value in values.items())
    return lambda: made


def _own_address(request: Request, refused: Refused | None, error: AppError | None) -> str:
    """Return the address under which a page that answers a form can be read again; "" for any other page."""
    if refused is not None:
        return refused.typed.page
    form = posted(request)
    return page_of_form(request, form.text("form_page")) if form is not None and error is not None else ""


def _refused_form(request: Request, status: int) -> Typed | None:
    """Return the form that this page answers, when it was not taken."""
    form = posted(request)
    if form is None or status < 400:
        return None
    return typed(request.url.path, page_of_form(request, form.text("form_page")), form.fields)


def _with_kept(html: str, sent: Typed | None, problem: Mapping[str, Any] | None) -> str:
    """Return a page with what was typed: in its form, and where that has no place for it, to be copied."""
    if sent is None:
        return html.replace(_KEPT, "", 1)
    wrong = [
        (reason["field"].split(".")[-1], reason["message"])
        for reason in (problem or {}).get("reasons", ())
        if reason["field"]
    ]
    page_now = filled(html, sent, wrong)
    words = [(title_of(name), legible(name, value)) for name, value in page_now.left]
    box = environment().get_template("_kept.html").render(words=words, there=page_now.there) if words else ""
    return page_now.html.replace(_KEPT, box, 1)


def error_page(request: Request, machine: Response, viewer: Viewer | None) -> HTMLResponse:
    """Return a problem+json answer as a page in Chinese that says what to do next, with the same status."""
    problem = json.loads(bytes(machine.body))
    kept = {name: value for name, value in machine.headers.items() if name in {"retry-after", "allow"}}
    return page(
        request,
        "error.html",
        viewer=viewer,
        status=machine.status_code,
        problem=problem,
        headers=kept,
        retry_after=kept.get("retry-after"),
        sign_in=sign_in_address(current_page(request)),
        here=request.url.path,
    )
