"""The FastAPI application: every feature's router, in the order of the layers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache, partial
from importlib import import_module
from uuid import UUID

import anyio.to_thread
from fastapi import BackgroundTasks, Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlmodel import SQLModel

from app.audit.service import AuditActor
from app.domain.vocabulary import Role
from app.drafts.models import Draft
from app.identity import access
from app.identity.models import Unit, User
from app.infra import logs
from app.infra.errors import Forbidden, NotFound, Reason
from app.infra.http import bodies, contract, problems
from app.infra.http.compression import Compressing
from app.infra.http.deadlines import Deadline
from app.infra.http.hosts import KnownHosts
from app.infra.http.proxies import TrustedProxies
from app.infra.http.requests import well_asked
from app.infra.http.responses import Answering
from app.infra.runtime import Runtime, runtime_of
from app.notifications.models import NoticeRobot
from app.operations import owning_body, policy_checks, readiness
from app.webhooks import openapi as webhooks_described
from app.webhooks.models import PublishingTool, WebhookEndpoint

#: Features with a router, from below to above.
FEATURES = (
    "audit",
    "jobs",
    "identity",
    "channels",
    "policies",
    "drafts",
    "annotations",
    "screening",
    "reviews",
    "proofs",
    "publication",
    "evidence",
    "webhooks",
    "integrations",
    "connections",
    "notifications",
    "web",
)
#: Asked most, and so looked through first: a request is held against route after route.
_FIRST = "reviews"


#: Whose unit a stream is of, by the kind of the stream.
_OF_UNITS: dict[str, type[SQLModel]] = {
    "draft": Draft,
    "user": User,
    "unit": Unit,
    "tool": PublishingTool,
    "webhook": WebhookEndpoint,
    "robot": NoticeRobot,
}
#: Slashes in the path of a whole body: `/<id>/`.
_ROOT = 2


def create_app(runtime: Runtime) -> FastAPI:
    """Return the application that serves pages and API with this runtime."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = runtime.settings.threads
        yield

    app = FastAPI(
        title="三审 Sanshen",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # An address with a slash too many is none of ours; it is not sent on to whatever host a client named.
        redirect_slashes=False,
        dependencies=[Depends(well_asked)],
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.runtime = runtime
    app.state.database = runtime.database
    app.state.admit = _admit
    app.state.of_own_body = owning_body.of_own_body
    app.state.known = access.known
    settings = runtime.settings
    # From the last to the first, as a request meets them.
    app.add_middleware(bodies.BodyGate)
    app.add_middleware(Answering)
    app.add_middleware(Deadline, seconds=settings.request_seconds)
    app.add_middleware(
        KnownHosts,
        hosts=settings.answers_under,
        operators=settings.operators,
        numbers=settings.is_for_trying_out,
    )
    app.add_middleware(logs.RequestContext)
    app.add_middleware(TrustedProxies, proxies=settings.proxies)
    app.add_middleware(Compressing)
    problems.install(app)
    for name in sorted(FEATURES, key=lambda name: name != _FIRST):
        import_module(f"app.{name}.router").install(app)
    _operations(app, runtime)
    policy_checks.report(runtime.policies)
    app.openapi = cache(partial(contract.document, app, webhooks=webhooks_described.described()))  # type: ignore[method-assign]
    return app


def _admit(request: Request, tasks: BackgroundTasks, roles: tuple[Role, ...]) -> AuditActor:
    """Let only holders of one of `roles` pass: the gate of features that lie below identity.

    What is of a unit is for whoever holds the office there, and unknown (404) to everybody else; what is of
    the whole installation, such as its queue, for whoever holds it over a whole body.
    """
    actor = access.current_actor(request, tasks)
    access.authorize(actor, *roles)
    offices = tuple(grant.unit_path for grant in actor.grants if grant.role in roles)
    place = _place_of(request, str(request.path_params.get("stream", "")))
    if not (
        any(place.startswith(office) for office in offices)
        if place
        else any(office.count("/") == _ROOT for office in offices)
    ):
        if "stream" in request.path_params:
            raise NotFound("not_found")
        raise Forbidden("forbidden", reasons=[Reason("role_needed")])
    return actor.as_audit(roles[0])


def _place_of(request: Request, stream: str) -> str:
    """Return the path of the unit that a stream of the record belongs to; "" for the installation's own."""
    kind, _, name = stream.partition(":")
    table = _OF_UNITS.get(kind)
    try:
        named = UUID(name) if table else None
    except ValueError:
        return ""
    if table is None or named is None:
        return ""
    with runtime_of(request).database.read() as session:
        row = session.get(table, named)
        unit = session.get(Unit, row.unit_id) if isinstance(row, User) else None
        path: str = unit.path if unit else getattr(row, "path", "") or getattr(row, "unit_path", "")
    return path


def _operations(app: FastAPI, runtime: Runtime) -> None:
    readiness.install(app, runtime)
    inside = [Depends(access.require_inside)]

    @app.get("/openapi.json", include_in_schema=False, dependencies=inside)
    def openapi() -> JSONResponse:
        """Describe the API."""
        return JSONResponse(app.openapi())

    @app.get("/metrics", tags=["operations"], response_class=PlainTextResponse, dependencies=inside)
    def metrics() -> Response:
        """Give Prometheus its figures."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
