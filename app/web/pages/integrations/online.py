"""What was found online, as whoever has a board sees it."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.connections.online import queries
from app.domain.vocabulary import OnlineState
from app.identity import permissions
from app.infra.db import ReadSession
from app.web.shell.render import page
from app.web.shell.viewer import Reader

router = APIRouter()

PAGE = 50
#: What is shown unless all is asked for: what somebody has to look into.
WRONG = (OnlineState.CHANGED, OnlineState.GONE)


@router.get("/online")
def listing(
    request: Request, viewer: Reader, session: ReadSession, every: bool = False, before: UUID | None = None
) -> Response:
    """Show what is not online as it was signed, or with `every` all that was looked at."""
    permissions.require_board(viewer.actor)
    found = queries.found(session, viewer.actor, states=() if every else WRONG, before=before, limit=PAGE + 1)
    shown = found[:PAGE]
    more = f"/online?before={shown[-1][1].id}" + ("&every=true" if every else "") if len(found) > PAGE else ""
    return page(
        request,
        "online.html",
        viewer=viewer,
        section="/board",
        rows=[(check, one, draft, name, OnlineState(check.state)) for check, one, draft, name in shown],
        counts=queries.counted(session, viewer.actor),
        every=every,
        more=more,
    )
