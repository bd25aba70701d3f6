from typing import Annotated

from fastapi import Depends, FastAPI, Path, Query

from app.audit import queries
from app.audit.schemas import EventOut, EventsOut, StreamFaultOut, WalkOut
from app.domain.vocabulary import Role
from app.infra.db import ReadSession
from app.infra.errors import NotFound
from app.infra.http import cursors
from app.infra.http.permissions import holder_of
from app.infra.http.routing import ApiRouter

router = ApiRouter(
    prefix="/api/v1/audit", tags=["audit"], dependencies=[Depends(holder_of(Role.AUDIT_ADMIN))]
)

Stream = Annotated[str, Path(max_length=100, pattern=r"^[a-z]+:[A-Za-z0-9_.:-]+$")]


@router.get("/streams/{stream}/events")
def list_events(
    session: ReadSession,
    stream: Stream,
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> EventsOut:
    """Give the events of one stream in their order, for the audit administrator."""
    found, last = cursors.page(queries.events(session, stream, after=after, limit=limit + 1), limit)
    page = [EventOut.model_validate(one, from_attributes=True) for one in found]
    return EventsOut(events=page, next_after=last.seq if last else None)


@router.get("/streams/{stream}/verification")
def verify_stream(session: ReadSession, stream: Stream) -> WalkOut:
    """Walk one stream and tell whether it is whole. 404 for a stream in which nothing was ever recorded."""
    walked = queries.verify_stream(session, stream)
    if walked.head.seq == 0 and not walked.faults:
        raise NotFound("not_found")
    return WalkOut(
        stream=stream,
        events=walked.head.seq,
        head=walked.head.leaf,
        whole=not walked.faults,
        faults=[StreamFaultOut(code=one.code, seq=one.seq, data=dict(one.data)) for one in walked.faults],
        redacted=len(walked.redacted),
    )


def install(app: FastAPI) -> None:
    """Add this feature's routes."""
    app.include_router(router)
