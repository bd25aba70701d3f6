from typing import Annotated

from fastapi import Depends, FastAPI, Path, Query

from app.audit import proofs, queries
from app.audit.schemas import (
    CheckpointOut,
    ConsistencyOut,
    EventOut,
    EventsOut,
    InclusionOut,
    StreamFaultOut,
    WalkOut,
)
from app.domain.record.checkpoints import Checkpoint
from app.domain.vocabulary import Role
from app.infra.db import ReadSession
from app.infra.errors import NotFound
from app.infra.http import cursors
from app.infra.http.permissions import holder_of
from app.infra.http.routing import ApiRouter

router = ApiRouter(
    prefix="/api/v1/audit", tags=["audit"], dependencies=[Depends(holder_of(Role.AUDIT_ADMIN))]
)

STREAM = r"^[a-z]+:[A-Za-z0-9_.:-]+$"
Stream = Annotated[str, Path(max_length=100, pattern=STREAM)]
#: So many entries of the log.
Size = Annotated[int, Query(ge=1, le=2**63 - 1)]


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


@router.get("/checkpoint")
def newest_checkpoint(session: ReadSession, size: Size | None = None) -> CheckpointOut:
    """Give the newest signed checkpoint, or the one that was made at a size; 404 where there is none."""
    return CheckpointOut(**proofs.shown(_checkpoint(session, size)))


@router.get("/inclusion")
def prove_inclusion(
    session: ReadSession,
    stream: Annotated[str, Query(max_length=100, pattern=STREAM)],
    seq: Annotated[int, Query(ge=1, le=2**31 - 1)],
    size: Size | None = None,
) -> InclusionOut:
    """Prove that an event is in the log of the newest checkpoint, or of the one that was made at a size.

    404 for an event that is not in it: it does not exist, or was recorded later.
    """
    checkpoint = _checkpoint(session, size)
    entry = proofs.entry_of(session, stream, seq)
    if entry is None or entry.position >= checkpoint.size:
        raise NotFound("not_found")
    place = proofs.Log(session, checkpoint.size).place(entry.position)
    return InclusionOut(
        stream=stream,
        seq=seq,
        leaf=entry.leaf,
        position=place.position,
        path=[step.hex() for step in place.path],
        checkpoint=CheckpointOut(**proofs.shown(checkpoint)),
    )


@router.get("/consistency")
def prove_consistency(session: ReadSession, first: Size, size: Size | None = None) -> ConsistencyOut:
    """Prove that the log of a checkpoint begins with the log as it was at `first` entries.

    Who kept a checkpoint of that size learns so that nothing in it was changed since. 404 for a log that was
    never so large.
    """
    checkpoint = _checkpoint(session, size)
    if first > checkpoint.size:
        raise NotFound("not_found")
    path = proofs.Log(session, checkpoint.size).grown_from(first)
    return ConsistencyOut(
        first=first,
        size=checkpoint.size,
        path=[step.hex() for step in path],
        checkpoint=CheckpointOut(**proofs.shown(checkpoint)),
    )


def _checkpoint(session: ReadSession, size: int | None) -> Checkpoint:
    checkpoint = proofs.newest(session) if size is None else proofs.of_size(session, size)
    if checkpoint is None:
        raise NotFound("not_found")
    return checkpoint


def install(app: FastAPI) -> None:
    """Add this feature's routes."""
    app.include_router(router)
