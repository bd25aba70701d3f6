"""Help: what each role does here, the keys, the words; and every part that pages are made of."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.domain.vocabulary import ChangeClass, Role
from app.infra.db import ReadSession
from app.web.shell.render import page
from app.web.shell.viewer import Reader
from app.words.differences import Difference
from app.words.labels import label
from app.words.stretches import stretches

router = APIRouter()


@router.get("/help")
def show(request: Request, viewer: Reader, session: ReadSession) -> Response:  # noqa: ARG001 – who looks and what they see is one transaction
    """Show the help, what the viewer does here first."""
    mine = {grant.role for grant in viewer.actor.grants}
    return page(
        request,
        "help.html",
        viewer=viewer,
        section="/help",
        mine=[role for role in Role if role in mine],
        others=[role for role in Role if role not in mine],
    )


@router.get("/help/components")
def components(request: Request, viewer: Reader, session: ReadSession) -> Response:  # noqa: ARG001 – as above
    """Show every part that pages are made of, in its states, for who writes pages."""
    return page(
        request,
        "components.html",
        viewer=viewer,
        section="/help",
        classes=[label(one) for one in ChangeClass],
        change=Difference("edited", "第2段", stretches("共126件,已办结。", "共128件，已办结。")),
    )
