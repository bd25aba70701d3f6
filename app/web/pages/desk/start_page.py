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
from app.infra.clock import beijing
from app.infra.db import ReadSession
from app.infra.runtime import runtime_of
from app.reviews import progress
from app.reviews.cases import CaseInHand
from app.reviews.eligibility import Opening
from app.web.components.spreadsheets import Format, answer
from app.web.pages.desk.tasks import MOST, Task, Tasks, tasks_of
from app.web.pages.draft.panels.holders import Holders, holders_of, waiting_for
from app.web.pages.draft.panels.scheduled import waiting_rows
from app.web.shell.render import page
from app.web.shell.viewer import Reader, Viewer
from app.words.labels import label

router = APIRouter()

#: Tasks on one page.
PAGE = 50
#: Tasks of a kind in one table.
_MOST_ROWS = 20_000
_HEADINGS = ("稿件编号", "标题", "要我做", "阵地", "作者", "开始", "期限", "逾期")
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
    pick: str


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

    At most twenty statements, however many tasks and drafts there are; more only for pages behind `MOST`.
    """
    at = runtime_of(request).clock()
    awaited = tasks_of(session, viewer, at)
    chosen, tasks = _chosen(awaited, duty)
    if awaited.more and number * PAGE > len(tasks):
        awaited = tasks_of(session, viewer, at, most=number * PAGE + MOST)
        chosen, tasks = _chosen(awaited, duty)
    duties = Counter(task.duty for task in awaited.found)
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
        at_least=awaited.more,
        overdue=sum(task.overdue for task in tasks),
        number=number,
        pages=pages,
        duties=sorted(duties.items(), key=lambda pair: (-pair[1], pair[0])),
        awaited=len(awaited.found),
        may_pick=any(task.pick for task in tasks),
        chosen=chosen,
        at_page=lambda page: _address(page, chosen),
        own=_own(session, viewer, at) if viewer.writes else Own(),
        means=_duty(viewer),
        scheduled=waiting_rows(session, viewer, mine=True),
    )


def _chosen(awaited: Tasks, duty: str) -> tuple[str, tuple[Task, ...]]:
    """Return the kind that is filtered by, and the tasks; of a kind of which nothing is left, all."""
    chosen = duty if any(task.duty == duty for task in awaited.found) else ""
    return chosen, tuple(task for task in awaited.found if not chosen or task.duty == chosen)


@router.get("/tasks.{form}")
def table(request: Request, viewer: Reader, session: ReadSession, form: Format) -> Response:
    """Give all that awaits the viewer as a table, with the time by which it is due."""
    at = runtime_of(request).clock()
    awaited = tasks_of(session, viewer, at, most=_MOST_ROWS)
    rows: list[tuple[str, ...]] = [_HEADINGS, *map(_cells, awaited.found)]
    if awaited.more:
        rows.append((f"每类任务只列出前 {_MOST_ROWS} 件。",))
    return answer(rows, "tasks", at, form)


def _cells(task: Task) -> tuple[str, ...]:
    return (
        task.number,
        task.title,
        task.duty,
        task.where,
        task.author,
        f"{beijing(task.opened_at):%Y-%m-%d %H:%M}",
        f"{beijing(task.due_at):%Y-%m-%d %H:%M}" if task.due_at else "",
        "是" if task.overdue else "",
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
            str(one.row.id) if one.open_runs else "",
        )
