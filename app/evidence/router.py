from uuid import UUID

from fastapi import FastAPI, Request
from fastapi.responses import Response

from app.evidence import export
from app.identity.access import CurrentActor
from app.infra.http.links import BYTES
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of

router = ApiRouter(tags=["publication"])


@router.post(
    "/drafts/{draft_id}/evidence",
    response_class=Response,
    responses={200: {"content": {"application/zip": {"schema": BYTES}}}},
)
def export_evidence(request: Request, actor: CurrentActor, draft_id: UUID) -> Response:
    """Give the draft's evidence: a zip that anybody can verify without this service.

    That it was handed out, to whom and with which digest, goes on the draft's record: hence no GET.
    """
    runtime = runtime_of(request)
    package = export.export(runtime.database, runtime.signer, draft_id, actor=actor, at=runtime.clock())
    headers = {"Content-Disposition": f'attachment; filename="{package.filename}"'}
    return Response(package.content, media_type="application/zip", headers=headers)


def install(app: FastAPI) -> None:
    """Add this feature's routes."""
    app.include_router(router)
