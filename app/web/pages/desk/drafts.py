"""The drafts that the viewer may see, found by state, author and words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.domain.vocabulary import DraftState
from app.drafts import queries as drafts
from app.identity import queries as identity
from app.infra.db import ReadSession
from app.reviews import progress
from app.web.pages.draft.panels.tracks import TONES, where
from app.web.shell.render import page
from app.web.shell.viewer import Reader
from app.words.labels import choices, label

router = APIRouter()

PAGE = 50


@dataclass(frozen=True, slots=True)
class Row:
    """A draft in the list."""

    id: UUID
    title: str
    number: str
    tone: str
    state: str
    stages: str
    where: str
    author: str
    updated_at: datetime


@router.get("/drafts")
def listing(
    request: Request,
    viewer: Reader,
    session: ReadSession,
    state: DraftState | None = None,
    mine: bool = False,
    q: Annotated[str, Query(max_length=100)] = "",
    before: UUID | None = None,
) -> Response:
    """Show the drafts that the viewer may see, the newest first; the filters stand in the address."""
    found = drafts.listing(
        session,
        viewer.actor,
        states=[state] if state else [],
        submitter_id=viewer.actor.id if mine else None,
        words=q,
        before=before,
        limit=PAGE + 1,
    )
    shown = found[:PAGE]
    places = drafts.targets_of(session, [draft.id for draft in shown])
    names = identity.names(session, [draft.submitter_id for draft in shown])
    open_stages = progress.open_stages(session, [draft.id for draft in shown])
    asked = {"state": state or "", "mine": "1" if mine else "", "q": q.strip()}
    rows = [
        Row(
            draft.id,
            draft.title,
            draft.number,
            TONES[DraftState(draft.state)],
            label(DraftState(draft.state)),
            "、".join(open_stages.get(draft.id, ())),
            where(places.get(draft.id, ())),
            names.get(draft.submitter_id, ""),
            draft.updated_at,
        )
        for draft in shown
    ]

    def address(**changed: str) -> str:
        """Return the address of this list with another choice."""
        kept = {name: value for name, value in {**asked, **changed}.items() if value}
        return "/drafts" + ("?" + urlencode(kept) if kept else "")

    return page(
        request,
        "drafts.html",
        viewer=viewer,
        section="/drafts",
        drafts=rows,
        asked=asked,
        address=address,
        states=choices(DraftState),
        more=address(before=str(shown[-1].id)) if len(found) > PAGE else "",
    )
