from collections.abc import Awaitable, Callable

from fastapi import BackgroundTasks, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from app.infra.errors import AppError
from app.web import (
    accounts,
    accounts_verbs,
    api_docs,
    board,
    board_csv,
    delegations,
    draft,
    drafts,
    leaving,
    links,
    notices,
    proof,
    rules,
    rules_back_tests,
    rules_editor,
    rules_versions,
    rules_waivers,
    sign_in,
    timing,
    together_verbs,
    urgent_verbs,
    verbs,
    work,
    workflows,
    writing,
)
from app.web.render import STATIC, error_page
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
    verbs.router,
    together_verbs.router,
    urgent_verbs.router,
    timing.router,
    delegations.router,
    accounts.router,
    accounts_verbs.router,
    leaving.router,
    proof.router,
    links.router,
    workflows.router,
    notices.router,
    rules.router,
    rules_editor.router,
    rules_versions.router,
    rules_back_tests.router,
    rules_waivers.router,
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
