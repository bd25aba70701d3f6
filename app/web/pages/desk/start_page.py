"""The start page: what awaits the viewer, and where their own drafts are."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.domain.vocabulary import CaseState, DraftState
from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.identity import permissions
from app.identity import queries as identity
from app.infra.db import ReadSession
from app.infra.runtime import runtime_of
from app.reviews import progress
from app.reviews.cases import CaseInHand
from app.reviews.eligibility import Opening
from app.web.pages.desk.tasks import MOST, tasks_of
from app.web.pages.draft.panels.holders import Holders, holders_of, waiting_for
from app.web.pages.draft.panels.scheduled import waiting_rows
from app.web.shell.render import page
from app.web.shell.viewer import Reader, Viewer
from app.words.labels import label

router = APIRouter()

#: Tasks on one page.
PAGE = 50
#: Drafts of one's own that are told about below the tasks; the list of drafts has all.
_OWN = 20
#: With others: what is neither with its author nor at its end.
_AWAY = (DraftState.IN_REVIEW, DraftState.HELD)


@dataclass(frozen=True, slots=True)
class Handed:
    """A draft of the viewer's that is with others, and with whom."""

    id: UUID
    title: str
    number: str
    stage: str
    waiting_for: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Own:
    """The viewer's own drafts: the newest with others, the newest being written, and how many of each."""

    away: tuple[Handed, ...] = ()
    away_count: int = 0
    writing: tuple[Draft, ...] = ()
    writing_count: int = 0


@router.get("/")
def work(
    request: Request,
    viewer: Reader,
    session: ReadSession,
    number: Annotated[int, Query(alias="page", ge=1, le=1000)] = 1,
    duty: Annotated[str, Query(alias="do", max_length=100)] = "",
) -> Response:
    """Show what awaits the viewer, overdue and oldest first, and where their own drafts are.

    At most twenty statements, however many tasks and drafts there are.
    """
    at = runtime_of(request).clock()
    awaited, more = tasks_of(session, viewer, at)
    duties = Counter(task.duty for task in awaited)
    # A kind of which nothing is left is not filtered by: what is there is shown.
    chosen = duty if duty in duties else ""
    tasks = tuple(task for task in awaited if not chosen or task.duty == chosen)
    pages = max(1, -(-len(tasks) // PAGE))
    number = min(number, pages)
    return page(
        request,
        "work.html",
        viewer=viewer,
        section="/",
        tasks=tasks[(number - 1) * PAGE : number * PAGE],
        count=len(tasks),
        first=(number - 1) * PAGE + 1,
        # Said as a lower bound where there may be more than were looked for.
        at_least=more,
        most=MOST,
        overdue=sum(task.overdue for task in tasks),
        number=number,
        pages=pages,
        duties=sorted(duties.items(), key=lambda pair: (-pair[1], pair[0])),
        awaited=len(awaited),
        chosen=chosen,
        at_page=lambda page: _address(page, chosen),
        own=_own(session, viewer, at) if viewer.writes else Own(),
        means=_duty(viewer),
        scheduled=waiting_rows(session, viewer, mine=True),
    )


def _address(number: int, chosen: str) -> str:
    asked = {"do": chosen, "page": str(number) if number > 1 else ""}
    told = urlencode({name: value for name, value in asked.items() if value})
    return f"/?{told}" if told else "/"


def _duty(viewer: Viewer) -> str:
    """Return what an empty list means for this viewer: `writes`, `reviews`, `administers`, or `nothing`."""
    if viewer.writes:
        return "writes"
    if permissions.keeps_rules(viewer.actor):
        return "reviews"
    return "administers" if viewer.knows_accounts else "nothing"


def _own(session: Session, viewer: Viewer, at: datetime) -> Own:
    def mine(*states: DraftState) -> tuple[Draft, ...]:
        me = viewer.actor.id
        return drafts.listing(session, viewer.actor, states=states, submitter_id=me, limit=_OWN)

    away, writing = mine(*_AWAY), mine(DraftState.EDITING)
    many = max(len(away), len(writing)) >= _OWN
    counted = drafts.counts(session, viewer.actor, submitter_id=viewer.actor.id) if many else {}

    def count(shown: tuple[Draft, ...], *states: DraftState) -> int:
        return sum(counted.get(state, 0) for state in states) if many else len(shown)

    found = progress.standings(session, away)
    openings = [[Opening(case, stage, run.line) for stage, run in case.open_runs] for case in found]
    able = holders_of(session, openings, at)
    claimed = {UUID(run.claimed_by) for one in found for _, run in one.open_runs if run.claimed_by}
    names = identity.names(session, claimed)
    return Own(
        tuple(_handed(found, able, names)),
        count(away, *_AWAY),
        writing,
        count(writing, DraftState.EDITING),
    )


def _handed(found: tuple[CaseInHand, ...], able: list[Holders], names: dict[UUID, str]) -> Iterator[Handed]:
    for one, holders in zip(found, able, strict=True):
        opened = [run.opened_at for _, run in one.open_runs if run.opened_at]
        titles = dict.fromkeys(stage.title for stage, _ in one.open_runs)
        stage = "、".join(titles) or ("正在排校样" if one.laying_out else label(CaseState(one.row.state)))
        yield Handed(
            one.draft.id,
            one.draft.title,
            one.draft.number,
            stage,
            waiting_for((run for _, run in one.open_runs), holders, names),
            min(opened, default=one.draft.updated_at),
        )
