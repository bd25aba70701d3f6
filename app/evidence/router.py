from uuid import UUID

from fastapi import FastAPI, Request
from fastapi.responses import Response

from app.evidence import export, slip
from app.identity.access import CurrentActor
from app.infra.db import ReadSession
from app.infra.http.links import BYTES
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of
from app.typesetting import press

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


@router.get(
    "/drafts/{draft_id}/slip",
    response_class=Response,
    responses={200: {"content": {press.MEDIA_TYPE: {"schema": BYTES}}}},
)
def show_slip(request: Request, actor: CurrentActor, session: ReadSession, draft_id: UUID) -> Response:
    """Give the draft's sheet (审签单) as it stands, as a PDF to be printed, signed and filed."""
    made = slip.slip(session, draft_id, actor=actor, public_url=runtime_of(request).settings.public_url)
    headers = {"Content-Disposition": f'inline; filename="{made.filename}"'}
    return Response(made.content, media_type=press.MEDIA_TYPE, headers=headers)


def install(app: FastAPI) -> None:
    """Add this feature's routes."""
    app.include_router(router)
