"""Waivers across drafts: those that await the viewer, those in force, and those that are stale."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.domain.vocabulary import WaiverStanding
from app.infra.db import ReadSession
from app.infra.runtime import runtime_of
from app.policies.in_use import policy_of
from app.screening.waivers import queries as waivers
from app.screening.waivers.queries import STALE
from app.web.pages.draft.panels.checks import WaiverView, waiver_views
from app.web.shell.render import page
from app.web.shell.viewer import Reader
from app.words.labels import label

router = APIRouter()

PAGE = 100
Tab = Literal["mine", "asked", "in_force", "stale", "refused"]
TABS: dict[Tab, tuple[str, frozenset[WaiverStanding]]] = {
    "mine": ("待我批准", frozenset({WaiverStanding.ASKED})),
    "asked": ("全部待批准", frozenset({WaiverStanding.ASKED})),
    "in_force": ("生效中", frozenset({WaiverStanding.IN_FORCE})),
    "stale": ("已失效", frozenset(STALE)),
    "refused": ("未获批准", frozenset({WaiverStanding.REFUSED})),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A waiver in the list."""

    draft_id: UUID
    title: str
    number: str
    rule: str
    rule_title: str
    view: WaiverView
    standing: str
    asked_at: datetime


@router.get("/waivers")
def listing(
    request: Request, viewer: Reader, session: ReadSession, tab: Tab = "mine", before: UUID | None = None
) -> Response:
    """Show waivers on drafts that the viewer may see; the tab stands in the address."""
    runtime = runtime_of(request)
    policy = policy_of(session, runtime)
    found = waivers.listing(session, policy, viewer.actor, at=runtime.clock(), before=before, limit=PAGE)
    views = waiver_views(session, [(row, draft) for row, draft, _ in found], viewer.actor)
    rows = []
    for row, draft, standing in found:
        if standing not in TABS[tab][1]:
            continue
        view = views[row.id]
        if tab == "mine" and not view.decidable:
            continue
        rule = policy.rule(row.rule)
        rows.append(
            Row(
                draft.id,
                draft.title,
                draft.number,
                row.rule,
                rule.title if rule else row.rule,
                view,
                label(standing),
                row.asked_at,
            )
        )
    return page(
        request,
        "rules_waivers.html",
        viewer=viewer,
        section="/rules",
        rows=rows,
        tab=tab,
        tabs=[(key, name) for key, (name, _) in TABS.items()],
        more=f"/waivers?tab={tab}&before={found[-1].waiver.id}" if len(found) == PAGE else "",
    )
