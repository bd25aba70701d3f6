from collections.abc import Awaitable, Callable

from fastapi import BackgroundTasks, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from app.infra.errors import AppError
from app.web import api_docs, links, sign_in, workflows
from app.web.desk import board, board_csv, drafts, notices, work
from app.web.draft import page as draft
from app.web.draft import writing
from app.web.draft.verbs import deciding, timing, together, urgent
from app.web.people import account_verbs, accounts, delegations, leaving
from app.web.proof import page as proof
from app.web.render import STATIC, error_page
from app.web.rules import back_tests, editor, reading, versions, waivers
from app.web.shield import Shield
from app.web.sign_in import sign_in_address
from app.web.viewer import viewer_of

PAGES = (
    sign_in.router,
    api_docs.router,
    work.router,
    drafts.router,
    board.router,
    board_csv.router,
    writing.router,
    draft.router,
    deciding.router,
    together.router,
    urgent.router,
    timing.router,
    delegations.router,
    accounts.router,
    account_verbs.router,
    leaving.router,
    proof.router,
    links.router,
    workflows.router,
    notices.router,
    reading.router,
    editor.router,
    versions.router,
    back_tests.router,
    waivers.router,
)


def install(app: FastAPI) -> None:
    """Add the pages, their files, their errors and their headers."""
    for router in PAGES:
        app.include_router(router, include_in_schema=False)
    app.include_router(workflows.api)
    app.include_router(board_csv.api)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for kind in (AppError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, _for_people(app.exception_handlers[kind]))
    app.add_middleware(Shield, https=app.state.runtime.settings.secure_cookies)


def wants_page(request: Request) -> bool:
    """Say whether the answer is for a person's eyes rather than for a program."""
    return not request.url.path.startswith("/api/") and "text/html" in request.headers.get("accept", "")


def _for_people(
    machine: Callable[..., Response | Awaitable[Response]],
) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Return a handler that renders what `machine` says as a page where a person asked."""

    async def handler(request: Request, error: Exception) -> Response:
        said = await run_in_threadpool(machine, request, error)
        assert isinstance(said, Response)
        if not wants_page(request):
            return said
        if said.status_code == 401 and request.method == "GET":
            return RedirectResponse(sign_in_address(request), status_code=303)
        return await run_in_threadpool(_page, request, said)

    return handler


def _page(request: Request, said: Response) -> Response:
    try:
        viewer = viewer_of(request, BackgroundTasks())
    except AppError:
        # The database that would say who asks is what failed.
        viewer = None
    return error_page(request, said, viewer)
