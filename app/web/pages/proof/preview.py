"""How a draft will look on a channel, at any time: also before anybody has submitted it."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.domain.vocabulary import ChannelKind
from app.infra.db import ReadSession
from app.proofs import previews
from app.proofs.content_policy import framed
from app.web.shell.render import page
from app.web.shell.viewer import Reader
from app.words.labels import limit

router = APIRouter()


@router.get("/drafts/{draft_id}/previews/{line}")
def show(request: Request, viewer: Reader, session: ReadSession, draft_id: UUID, line: str) -> Response:
    """Show the newest text as it stands on a channel. Raises `NotFound` for one that it is not bound for."""
    found = previews.preview(session, draft_id, line, viewer.actor)
    return page(
        request,
        "preview.html",
        viewer=viewer,
        section="/drafts",
        draft=found.draft,
        revision=found.revision,
        line=line,
        channel=found.target.channel_name,
        phone=found.target.kind is ChannelKind.WECHAT,
        exceeded=[limit(code) for code in found.rendered.exceeded],
        size=len(found.rendered.content),
    )


@router.get("/drafts/{draft_id}/previews/{line}/content")
def content(viewer: Reader, session: ReadSession, draft_id: UUID, line: str) -> Response:
    """Give the bytes, to be shown in a frame of their own where nothing runs. Raises `NotFound`."""
    made = previews.preview(session, draft_id, line, viewer.actor).rendered
    return framed(made.content, made.media_type, made.digest)
