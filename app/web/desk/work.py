"""What awaits the viewer, and the drafts they may see."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.domain.vocabulary import CaseState, DraftState, MigrationState, StageKind, StageState, Subject
from app.domain.workflow import Stage
from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.identity import queries as identity
from app.infra.db import ReadSession
from app.infra.runtime import runtime_of
from app.reviews import queries as reviews
from app.reviews.migration import plan as versions
from app.reviews.migration import service as migrating
from app.screening import policy_queries as policies
from app.screening import queries as screening
from app.web.draft.panels.checks import waiver_views
from app.web.draft.panels.deciding import waiting_for
from app.web.draft.panels.holders import holders
from app.web.draft.panels.scheduled import waiting_rows
from app.web.labels import label
from app.web.render import page
from app.web.viewer import Viewer, Visitor

router = APIRouter()

PAGE = 30
#: Drafts of one's own that are told about below the tasks.
_OWN = 20


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that awaits the viewer."""

    address: str
    title: str
    number: str
    author: str
    duty: str
    where: str
    opened_at: datetime
    due_at: datetime | None
    overdue: bool


@dataclass(frozen=True, slots=True)
class Handed:
    """A draft of the viewer's that is with others, and with whom."""

    id: UUID
    title: str
    number: str
    stage: str
    waiting_for: str
    since: datetime


@router.get("/")
def work(request: Request, viewer: Visitor, session: ReadSession) -> Response:
    """Show what awaits the viewer, overdue and oldest first, and where their own drafts are."""
    at = runtime_of(request).clock()
    mine = (
        drafts.listing(session, viewer.actor, submitter_id=viewer.actor.id, limit=_OWN)
        if viewer.writes
        else ()
    )
    away = _away(session, viewer, mine, at)
    tasks = (
        *_tasks(session, viewer, at),
        *_opinions(session, viewer),
        *_returned(session, mine),
        *_to_carry_out(session, away),
        *_to_waive(session, viewer),
        *_to_migrate(session, viewer),
        *_to_activate(session, viewer),
    )
    tasks = tuple(sorted(tasks, key=lambda task: (not task.overdue, task.opened_at)))
    return page(
        request,
        "work.html",
        viewer=viewer,
        section="/",
        tasks=tasks,
        overdue=sum(task.overdue for task in tasks),
        waiting=tuple(_handed(session, away, at)),
        scheduled=waiting_rows(session, viewer, mine=True),
    )


def _tasks(session: Session, viewer: Viewer, at: datetime) -> tuple[Task, ...]:
    found = reviews.awaiting(session, viewer.actor, at, limit=100)
    places = drafts.targets_of(session, [one.draft.id for one in found])
    names = identity.names(session, [one.draft.submitter_id for one in found])
    tasks = []
    for one in found:
        channels = drafts.names_of(places.get(one.draft.id, ()))
        line = one.run.line
        tasks.append(
            Task(
                address=address(one.draft.id, one.stage, line),
                title=one.draft.title,
                number=one.draft.number,
                author=names.get(one.draft.submitter_id, ""),
                duty=one.stage.title,
                where=channels.get(line, line) if line else "、".join(channels.values()),
                opened_at=one.opened_at,
                due_at=one.run.due_at,
                overdue=one.overdue,
            )
        )
    return tuple(tasks)


def _opinions(session: Session, viewer: Viewer) -> Iterator[Task]:
    """Yield the opinions that are asked of the viewer."""
    found = reviews.asked_of(session, viewer.actor)
    names = identity.names(session, {UUID(one.consult.by) for one in found})
    for one in found:
        yield Task(
            address=f"/drafts/{one.draft.id}#together",
            title=one.draft.title,
            number=one.draft.number,
            author=names.get(UUID(one.consult.by), ""),
            duty="反馈意见",
            where=one.stage.title,
            opened_at=one.run.opened_at or one.draft.updated_at,
            due_at=None,
            overdue=False,
        )


def address(draft_id: UUID, stage: Stage, line: str) -> str:
    """Return the page on which a stage is decided: the draft's, or its proof's on that line."""
    return f"/drafts/{draft_id}/proofs/{line}" if stage.acts_on is Subject.PROOF else f"/drafts/{draft_id}"


def _returned(session: Session, mine: Iterable[Draft]) -> Iterator[Task]:
    """Yield what to do about the viewer's own drafts that came back."""
    back = [draft for draft in mine if draft.state == DraftState.RETURNED]
    places = drafts.targets_of(session, [draft.id for draft in back])
    for draft in back:
        yield Task(
            address=f"/drafts/{draft.id}",
            title=draft.title,
            number=draft.number,
            author="我",
            duty="修改后重新提交",
            where="、".join(target.channel_name for target in places.get(draft.id, ())),
            opened_at=draft.updated_at,
            due_at=None,
            overdue=False,
        )


def _to_carry_out(session: Session, away: Sequence[tuple[Draft, reviews.CaseView]]) -> Iterator[Task]:
    """Yield what 核红 waits for on the viewer's own drafts: marks to carry out."""
    places = drafts.targets_of(session, [draft.id for draft, _ in away])
    for draft, view in away:
        names = drafts.names_of(places.get(draft.id, ()))
        for one in view.open:
            if StageKind.CONFIRM_MARKS not in one.stage.kinds or not view.open_marks.get(one.line):
                continue
            yield Task(
                address=address(draft.id, one.stage, one.line),
                title=draft.title,
                number=draft.number,
                author="我",
                duty="改样",
                where=names.get(one.line, one.line),
                opened_at=(one.run and one.run.opened_at) or draft.updated_at,
                due_at=None,
                overdue=False,
            )


def _to_waive(session: Session, viewer: Viewer) -> Iterator[Task]:
    """Yield the waivers that the viewer may grant or refuse."""
    found = screening.asked(session, viewer.actor)
    names = identity.names(session, {row.asked_by for row, _ in found})
    for row, draft in found:
        if not waiver_views(session, draft, [row], viewer.actor)[row.fingerprint].decidable:
            continue
        yield Task(
            address=f"/drafts/{draft.id}#findings",
            title=draft.title,
            number=draft.number,
            author=names.get(row.asked_by, ""),
            duty="批豁免",
            where="",
            opened_at=row.asked_at,
            due_at=None,
            overdue=False,
        )


def _to_activate(session: Session, viewer: Viewer) -> Iterator[Task]:
    """Yield the versions of the negative list whose activation the viewer may grant or refuse."""
    found = policies.to_grant(session, viewer.actor)
    names = identity.names(session, {row.asked_by for row in found if row.asked_by})
    for row in found:
        yield Task(
            address=f"/policies/{row.digest}",
            title="启用负面清单的新版本",
            number=row.digest[:12],
            author=names.get(row.asked_by, "") if row.asked_by else "",
            duty="批准启用",
            where="",
            opened_at=row.asked_at,
            due_at=None,
            overdue=False,
        )


def _to_migrate(session: Session, viewer: Viewer) -> Iterator[Task]:
    """Yield the migrations of open cases that the viewer may grant or decline."""
    if not viewer.actor.roles() & set(migrating.GRANTING):
        return
    found = [one for one in versions.wishes(session) if one.state == MigrationState.ASKED]
    names = identity.names(session, {one.asked_by for one in found})
    for one in found:
        if one.asked_by == viewer.actor.id:
            continue
        yield Task(
            address=f"/workflows/{one.key}#wishes",
            title=f"{len(one.cases)} 件审签案改走现行流程",
            number=one.key,
            author=names.get(one.asked_by, ""),
            duty="批准迁移",
            where="",
            opened_at=one.asked_at,
            due_at=None,
            overdue=False,
        )


def _away(
    session: Session, viewer: Viewer, mine: Iterable[Draft], at: datetime
) -> list[tuple[Draft, reviews.CaseView]]:
    """Return the viewer's own drafts that are with others, with their cases."""
    gone = [draft for draft in mine if draft.state in {DraftState.IN_REVIEW, DraftState.HELD}]
    cases = reviews.cases_of_drafts(session, [draft.id for draft in gone])
    return [
        (draft, reviews.case_view(session, row.id, viewer.actor, at=at))
        for draft in gone
        if (row := cases.get(draft.id)) is not None and row.state in {CaseState.RUNNING, CaseState.HELD}
    ]


def _handed(
    session: Session, away: Iterable[tuple[Draft, reviews.CaseView]], at: datetime
) -> Iterator[Handed]:
    for draft, view in away:
        opened = [one.run.opened_at for one in view.open if one.run and one.run.opened_at]
        titles = dict.fromkeys(one.stage.title for one in view.open)
        laying = any(one.run and one.run.state is StageState.WAITING for one in view.stages)
        stage = "、".join(titles) or ("正在排校样" if laying else label(CaseState(view.row.state)))
        yield Handed(
            draft.id,
            draft.title,
            draft.number,
            stage,
            waiting_for(view, holders(session, view, at)),
            min(opened, default=draft.updated_at),
        )
