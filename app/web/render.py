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

from app.infra import problems
from app.infra.clock import beijing
from app.infra.errors import AppError
from app.infra.runtime import runtime_of
from app.web.labels import choices, label, limit
from app.web.said import said
from app.web.viewer import Viewer

STATIC = Path(__file__).parent / "static"


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
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(static=static, label=label, choices=choices, limit=limit)
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
    **context: Any,  # noqa: ANN401 – whatever the template shows
) -> HTMLResponse:
    """Return a page. With an `error` its words stand on top and its status is the answer's."""
    request_id = getattr(request.state, "request_id", "")
    problem = problems.problem_body(error, request_id) if error else context.pop("problem", None)
    now = runtime_of(request).clock()
    html = (
        environment()
        .get_template(template)
        .render(
            viewer=viewer,
            csrf=_csrf_field(viewer),
            problem=problem,
            request_id=request_id if problem else "",
            said=said(request),
            section=context.pop("section", ""),
            now=now,
            since=lambda at: span_of(at, now),
            **context,
        )
    )
    return HTMLResponse(html, status_code=error.status if error else status, headers=dict(headers or {}))


def _csrf_field(viewer: Viewer | None) -> Callable[[], Markup]:
    token = viewer.csrf if viewer else ""
    return lambda: Markup('<input type="hidden" name="csrf" value="{}">').format(token)


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
    )
