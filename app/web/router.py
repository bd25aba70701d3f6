import json
from collections.abc import Awaitable, Callable

from fastapi import BackgroundTasks, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.staticfiles import StaticFiles

from app.infra.errors import AppError
from app.infra.http import problems
from app.web import query_faults
from app.web.forms.addresses import asked_page, is_verb, page_above, page_of_form, sign_in_address
from app.web.forms.redisplay import Again, Refused, refusal_of
from app.web.forms.typed import typed
from app.web.pages import api_docs, first_steps, guest_links, help, sign_in, workflows  # noqa: A004 – the page's own word
from app.web.pages.desk import board, board_csv, drafts, next_task, notices, quality, start_page, together
from app.web.pages.draft import changes, live_checks, pasting, working, writing
from app.web.pages.draft import page as draft
from app.web.pages.draft.verbs import collaboration, comments, deciding, findings, scheduling, urgent
from app.web.pages.integrations import endpoints, online, pushes, tools
from app.web.pages.people import (
    account_verbs,
    accounts,
    delegations,
    handover,
    own_account,
    own_account_page,
    staff_import,
    twins,
)
from app.web.pages.proof import page as proof
from app.web.pages.proof import preview as proof_preview
from app.web.pages.publication import page as publication
from app.web.pages.publication import public
from app.web.pages.rules import back_tests, editor, file_editing, reading, versions, waivers
from app.web.pages.sign_in import ask_again, not_theirs
from app.web.shell.render import STATIC, error_page
from app.web.shell.security_headers import Shield
from app.web.shell.viewer import Form, bare_form_of, from_here, posted, viewer_of

PAGES = (
    sign_in.router,
    api_docs.router,
    help.router,
    first_steps.router,
    start_page.router,
    next_task.router,
    together.router,
    drafts.router,
    board.router,
    board_csv.router,
    quality.router,
    writing.router,
    live_checks.router,
    pasting.router,
    working.router,
    draft.router,
    changes.router,
    deciding.router,
    findings.router,
    collaboration.router,
    urgent.router,
    scheduling.router,
    comments.router,
    publication.router,
    public.router,
    delegations.router,
    twins.router,
    staff_import.router,
    accounts.router,
    account_verbs.router,
    handover.router,
    own_account.router,
    proof.router,
    proof_preview.router,
    guest_links.router,
    workflows.router,
    notices.router,
    tools.router,
    endpoints.router,
    pushes.router,
    online.router,
    reading.router,
    file_editing.router,
    editor.router,
    versions.router,
    back_tests.router,
    waivers.router,
)

#: How browsers send forms: one with a file in parts.
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
#: htmx puts a refusal beside what was there, never in its place; and a whole page in place of the whole.
_BESIDE = {"HX-Retarget": "#told", "HX-Reswap": "innerHTML", "HX-Reselect": "#refused"}
_WHOLE = {"HX-Retarget": "#main", "HX-Reswap": "outerHTML", "HX-Reselect": "#main"}


def install(app: FastAPI) -> None:
    """Add the pages, their files, their errors and their headers."""
    for router in PAGES:
        app.include_router(router, include_in_schema=False)
    app.include_router(workflows.api)
    app.include_router(board_csv.api)
    app.state.page_routes = tuple(route for router in PAGES for route in router.routes)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.state.refused = _refused_body
    for kind in (AppError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _for_people(app.exception_handlers[kind]))
    app.add_middleware(Shield, https=app.state.runtime.settings.secure_cookies)


def wants_page(request: Request) -> bool:
    """Say whether the answer is for a person's eyes rather than for a program."""
    for_eyes = "text/html" in request.headers.get("accept", "") or "hx-request" in request.headers
    return for_eyes and not request.url.path.startswith("/api/")


def _refused_body(request: Request, error: AppError) -> Response:
    """Answer a body that was refused before any route saw it: as a page to people, else as a problem."""
    said = problems.problem(request, error)
    return _page(request, said) if wants_page(request) else said


def _for_people(
    machine: Callable[..., Response | Awaitable[Response]],
) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Return a handler that renders what `machine` says as a page where a person asked."""

    async def handler(request: Request, error: Exception) -> Response:
        said: object = query_faults.told(request, error) if wants_page(request) else None
        if said is None:
            said = await run_in_threadpool(machine, request, error)
        assert isinstance(said, Response)
        if said.status_code < 400 or not wants_page(request):
            return said
        form = await _form(request) if request.method == "POST" else None
        return await run_in_threadpool(_answer, request, said, form)

    return handler


async def _form(request: Request) -> Form | None:
    """Return what was sent, although it is refused; `None` for what was not sent from a page of ours."""
    kind = request.headers.get("content-type", "")
    if not from_here(request) or not kind.startswith(_FORMS):
        return None
    try:
        return posted(request) or await bare_form_of(request)
    except (AppError, ClientDisconnect, RuntimeError):
        # Too large or broken; or another part of the service has read it already.
        return None


def _answer(request: Request, said: Response, form: Form | None) -> Response:
    """Answer for people what `said` says to programs: on the page they were on, where that can be."""
    status, script = said.status_code, "hx-request" in request.headers
    if request.method in {"GET", "HEAD"}:
        if status == 401 and not script:
            return RedirectResponse(sign_in_address(asked_page(request)), status_code=303)
        if status == 403 and not script and own_account.is_needed(said):
            return RedirectResponse(own_account_page.address(asked_page(request)), status_code=303)
        if status in {404, 405, 422} and is_verb(request):
            return RedirectResponse(page_above(request.app, request.url.path), status_code=303)
    elif form is not None and refusal_of(request) is None:
        answer = ask_again(request, form) if status == 401 else _on_its_page(request, said, form)
        if script:
            answer.headers.update(_WHOLE)
        return answer
    answer = _page(request, said)
    if script:
        answer.headers.update(_BESIDE)
    return answer


def _on_its_page(request: Request, said: Response, form: Form) -> Response:
    problem = json.loads(bytes(said.body))
    sent = typed(request.url.path, page_of_form(request, form.text("form_page")), form.fields)
    if problem["code"] == "csrf_failed" and (viewer := viewer_of(request, BackgroundTasks())) is not None:
        other = not_theirs(request, viewer, form)
        if other is not None:
            return other
    if not sent.words or said.status_code >= 500:
        return _page(request, said)
    kept = {name: value for name, value in said.headers.items() if name in {"retry-after", "allow"}}
    return Again(Refused(sent, said.status_code, problem), headers=kept)


def _page(request: Request, said: Response) -> Response:
    try:
        viewer = viewer_of(request, BackgroundTasks())
    except AppError:
        # The database that would say who asks is what failed.
        viewer = None
    return error_page(request, said, viewer)
