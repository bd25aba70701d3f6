"""The FastAPI application: every feature's router, in the order of the layers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module

import anyio.to_thread
from fastapi import BackgroundTasks, FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from app.audit.service import AuditActor
from app.domain.vocabulary import Role
from app.identity import access
from app.infra import bodies, logs, problems
from app.infra.runtime import Runtime
from app.operations import readiness
from app.web import policy_faults

#: Features with a router, from below to above.
FEATURES = (
    "audit",
    "jobs",
    "identity",
    "channels",
    "drafts",
    "screening",
    "reviews",
    "proofs",
    "publication",
    "webhooks",
    "notifications",
    "web",
)
#: Asked most, and so looked through first: a request is held against route after route.
_FIRST = "reviews"


def create_app(runtime: Runtime) -> FastAPI:
    """Return the application that serves pages and API with this runtime."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = runtime.settings.threads
        yield

    app = FastAPI(title="三审 Sanshen", version="1", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.runtime = runtime
    app.state.database = runtime.database
    app.state.admit = _admit
    app.add_middleware(bodies.BodyGate)
    app.add_middleware(logs.RequestContext)
    problems.install(app)
    for name in sorted(FEATURES, key=lambda name: name != _FIRST):
        import_module(f"app.{name}.router").install(app)
    _operations(app, runtime)
    policy_faults.report(runtime.settings.policies)
    return app


def _admit(request: Request, tasks: BackgroundTasks, roles: tuple[Role, ...]) -> AuditActor:
    """Let only holders of one of `roles` pass: the gate of features that lie below identity."""
    actor = access.current_actor(request, tasks)
    access.authorize(actor, *roles)
    return actor.as_audit(roles[0])


def _operations(app: FastAPI, runtime: Runtime) -> None:
    readiness.install(app, runtime)

    @app.get("/metrics", tags=["operations"], response_class=Response)
    def metrics() -> Response:
        """Give Prometheus its figures."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
