"""Proofs are laid out behind the scenes, as soon as a text is through its reviews."""

from uuid import UUID

from app.jobs.kinds import JobKind
from app.jobs.registry import JobContext, handles
from app.proofs import service


@handles(JobKind.LAY_OUT)
def lay_out(context: JobContext) -> None:
    """Lay out the present text of a case for one of its lines; the same again when it is run twice."""
    case_id, line = UUID(context.payload["case_id"]), context.payload["line"]
    runtime = context.runtime
    # The work is done outside the transaction that stores it: nobody waits for a renderer.
    with runtime.database.read() as session:
        made = service.preview(session, case_id, line)
    if made is None:
        return
    rendered, loaded = made
    with runtime.database.write() as session:
        context.end(session)
        service.lay_out(
            session,
            case_id=case_id,
            line=line,
            rendered=rendered,
            of=loaded,
            runtime=runtime,
            at=runtime.clock(),
        )
