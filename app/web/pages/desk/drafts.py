"""The drafts that the viewer may see, found by state, author and words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.domain.search_language import NAMES, Search, read
from app.domain.vocabulary import DraftState
from app.drafts import queries as drafts
from app.drafts.models import Draft, Revision
from app.identity import queries as identity
from app.infra.db import ReadSession
from app.infra.runtime import runtime_of
from app.policies.in_use import policy_of
from app.reviews import progress
from app.reviews.search import holds, wanted
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


_STATES = "、".join(word for _, word in choices(DraftState))
#: What is told of a search that is not understood wholly.
_FAULTS = {
    "unknown": "“{}：”不是可以查的名称，已按普通的字查找。",
    "empty": "“{}：”后面没有写要查什么，没有用它。",
    "date": "“{}”不是日期，没有用它；可写 2026、2026-03、2026-03-01，或者 2026-03..2026-05。",
    "state": "没有“{}”这种状态，所以什么也查不到；可写" + _STATES + "。",
}


def _holds(search: Search, draft: Draft, head: Revision) -> bool:
    return holds(search, drafts.document_of(head), title=draft.title, number=draft.number)


@router.get("/drafts")
def listing(
    request: Request,
    viewer: Reader,
    session: ReadSession,
    state: DraftState | None = None,
    mine: bool = False,
    q: Annotated[str, Query(max_length=200)] = "",
    before: UUID | None = None,
) -> Response:
    """Show the drafts that the viewer may see, the newest first; the filters stand in the address."""
    search = read(q)
    policy = policy_of(session, runtime_of(request))
    asked_for = wanted(session, search, policy)
    found = drafts.listing(
        session,
        viewer.actor,
        states=[state] if state else [],
        submitter_id=viewer.actor.id if mine else None,
        conditions=asked_for.conditions,
        before=before,
        limit=PAGE + 1,
    )
    listed = found[:PAGE]
    heads = drafts.heads(session, listed) if search.words else {}
    shown = [one for one in listed if not search.words or _holds(search, one, heads[one.id])]
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
        faults=[_FAULTS[code].format(value) for code, value in asked_for.faults],
        names=tuple(dict.fromkeys(NAMES)),
        more=address(before=str(listed[-1].id)) if len(found) > PAGE else "",
    )
