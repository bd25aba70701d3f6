"""Shares of errors: by section, month, draft and proofread of what the viewer sees, and of their own work."""

from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.domain.quality import Quality
from app.domain.vocabulary import ChannelKind
from app.infra.db import ReadSession
from app.infra.runtime import runtime_of
from app.proofs.error_rates import queries
from app.proofs.quality_in_force import quality_of
from app.web.shell.render import page
from app.web.shell.viewer import Reader
from app.words.labels import label

router = APIRouter()

#: Days that are counted: the last twelve months and what is left of the first.
_DAYS = 366
#: Lines that are listed; all are counted.
_SHOWN = 50


@router.get("/quality")
def show(request: Request, viewer: Reader, session: ReadSession) -> Response:
    """Show how many errors were found in what the viewer may see. Of persons, their own work only."""
    runtime = runtime_of(request)
    since, quality = runtime.clock() - timedelta(days=_DAYS), quality_of(runtime.policies)
    found = queries.lines(session, viewer.actor, quality, since=since)
    return page(
        request,
        "quality.html",
        viewer=viewer,
        section="/board",
        begun=since,
        total=len(found),
        most=queries.MOST,
        sections=queries.shares(found, "section"),
        months=queries.shares(found, "month"),
        lines=[(one, queries.stages_of(one)) for one in found[:_SHOWN]],
        own=queries.own(found, viewer.actor),
        profiles=[(one, _counted_by(quality, key)) for key, one in quality.profiles.items()],
    )


def _counted_by(quality: Quality, key: str) -> tuple[str, ...]:
    """Return the kinds of channels that are counted by a profile, in words; perhaps none."""
    return tuple(label(kind) for kind in ChannelKind if quality.kinds.get(kind, quality.otherwise) == key)
