"""Whether a process can serve: looked at when somebody asks, at most every two seconds, for all who ask."""

import threading
import time
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import structlog
from anyio.lowlevel import RunVar
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.exc import SQLAlchemyError

from app.identity.access import is_inside
from app.infra.errors import AppError
from app.infra.runtime import Runtime, runtime_of
from app.operations import running_checks
from app.operations.faults import Fault
from app.policies.files.following import FollowedFiles

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.operations.pulse import Pulse

#: Seconds for which an answer is good, and seconds after which one that does not come is an answer too.
_GOOD_SECONDS, _PATIENCE_SECONDS = 2.0, 6.0

log = structlog.get_logger()


class Readiness:
    """What this process knows of its own state; one look at a time, shared by all who ask."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._steadiness = running_checks.Steadiness()
        self._turn = threading.Condition()
        self._looking = False
        self._looked = float("-inf")
        self._found: tuple[Fault, ...] = ()
        self._told: frozenset[str] = frozenset()
        #: The sign of life of a real process; a test's application has none.
        self.pulse: Pulse | None = None
        #: Whether the job threads of this process go on, where it has some.
        self.working: Callable[[], bool] | None = None

    def faults(self) -> tuple[Fault, ...]:
        """Return what is wrong now, as of at most two seconds ago; empty when all is well.

        A look that hangs, in a disk or a network that answers nothing, is itself told after six seconds.
        """
        with self._turn:
            if time.monotonic() - self._looked < _GOOD_SECONDS:
                return self._found
            if not self._looking:
                self._looking = True
                threading.Thread(target=self._look, name="readiness", daemon=True).start()
            began = self._looked
            if self._turn.wait_for(lambda: self._looked != began, _PATIENCE_SECONDS):
                return self._found
        return (Fault("database_unavailable", {"cause": f"{_PATIENCE_SECONDS:.0f} 秒没有答复"}, stops=True),)

    def _look(self) -> None:
        try:
            faults = tuple(self._all())
        except Exception as error:  # a check that fails is told as such, and hides nothing
            log.exception("readiness.failed")
            faults = (Fault("internal", {"cause": type(error).__name__}, stops=True),)
        with self._turn:
            self._found, self._looked, self._looking = faults, time.monotonic(), False
            self._turn.notify_all()
        codes = frozenset(fault.code for fault in faults)
        if codes != self._told:
            self._told = codes
            log.warning("readiness.changed", faults=sorted(codes))

    def _all(self) -> list[Fault]:
        runtime, settings = self._runtime, self._runtime.settings
        faults = running_checks.database(runtime.database, settings, clock=runtime.clock)
        if not any(fault.stops for fault in faults):
            try:
                with runtime.database.read() as session:
                    faults += running_checks.work(session, at=runtime.clock())
            except (AppError, SQLAlchemyError) as error:
                faults.append(Fault("database_unavailable", {"cause": str(error)}, stops=True))
            if self.pulse is not None and (failed := self.pulse.fault) is not None:
                faults.append(running_checks.unavailable(AppError(failed), settings))
        faults += running_checks.space(settings)
        granted = runtime.granted
        proposed = granted.faults if isinstance(granted, FollowedFiles) else ()
        faults += running_checks.policies(settings, runtime.negative_list, runtime.policies, proposed)
        faults += self._steadiness.faults()
        if self.working is not None and not self.working():
            faults.append(Fault("runner_dead", stops=True))
        return faults


def install(app: FastAPI, runtime: Runtime) -> Readiness:
    """Add the routes by which those who run the service see how it is."""
    readiness = app.state.readiness = Readiness(runtime)

    @app.get("/healthz", tags=["operations"])
    def healthz() -> dict[str, str]:
        """Say that the process lives."""
        return {"status": "ok"}

    #: Beside the pool: when every thread of it waits for the database, this is what has to be told.
    beside: RunVar[anyio.CapacityLimiter] = RunVar("sanshen_readiness")

    not_ready = {"description": "Something stands in the way.", "content": {"application/json": {}}}

    @app.get("/readyz", tags=["operations"], responses={503: not_ready})
    async def readyz(request: Request) -> Response:
        """Say whether the process can serve: 200, else 503.

        To operators with what is wrong and what to do; to others in one word.
        """
        try:
            limiter = beside.get()
        except LookupError:
            beside.set(limiter := anyio.CapacityLimiter(2))
        faults = await anyio.to_thread.run_sync(readiness.faults, limiter=limiter)
        ready = not any(fault.stops for fault in faults)
        body: dict[str, Any] = {"status": "ready" if ready else "not_ready"}
        if is_inside(request):
            body["policy"] = runtime_of(request).negative_list.current.digest
            body["faults"] = [told(fault) for fault in faults]
        return JSONResponse(body, 200 if ready else 503, {"Cache-Control": "no-store"})

    return readiness


def told(fault: Fault) -> dict[str, Any]:
    """Return a fault as JSON, with its words."""
    return {
        "code": fault.code,
        "level": str(fault.level),
        "stops": fault.stops,
        "message": fault.said,
        "advice": fault.advice,
    }
