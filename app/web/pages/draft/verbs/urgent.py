"""What people do in the urgent lane: lay out a proof, let it go out, see and make up for what is owed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.domain.vocabulary import StageState, Subject
from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.identity import permissions
from app.identity import queries as identity
from app.infra.db import ReadSession
from app.infra.runtime import runtime_of
from app.publication import queries as publication
from app.publication.debts import service as debts
from app.publication.models import ReviewDebt
from app.publication.urgent import service as urgent
from app.reviews import cursors
from app.reviews import queries as reviews
from app.reviews.eligibility import Opening
from app.reviews.queries import StagesView, StageView
from app.web.forms import limits
from app.web.pages.draft.panels.deciding import to_decide
from app.web.pages.draft.panels.holders import Holders, holders_of
from app.web.pages.draft.verbs.forms import on_case
from app.web.shell.render import page
from app.web.shell.viewer import Reader, SentForm, Viewer
from app.words.labels import label

router = APIRouter()

PAGE = 60


@dataclass(frozen=True, slots=True)
class Row:
    """A stage that is owed; `href` leads to where this viewer makes up for it, "" where they may not now."""

    title: str
    state: str
    by: str
    due_at: datetime
    overdue: bool
    href: str


@dataclass(frozen=True, slots=True)
class Owing:
    """What is owed for one line of a draft; `unit` cannot use the lane while any of it is overdue."""

    draft_id: UUID
    title: str
    number: str
    unit: str
    channel: str
    by: str
    since: datetime
    rows: tuple[Row, ...]

    @property
    def overdue(self) -> bool:
        """Whether any of it has run out."""
        return any(row.overdue for row in self.rows)


@router.get("/debts")
def show(
    request: Request,
    viewer: Reader,
    session: ReadSession,
    after: Annotated[str | None, Query(max_length=100)] = None,
) -> Response:
    """Show what is owed for drafts that the viewer may see, the longest overdue first."""
    permissions.require_board(viewer.actor)
    at = runtime_of(request).clock()
    found, following = debts.in_sight(session, viewer.actor, after=cursors.read(after), limit=PAGE)
    rows = tuple(_owing(session, viewer, found, at))
    return page(
        request,
        "debts.html",
        viewer=viewer,
        section="/board",
        rows=rows,
        closed=sorted({one.unit for one in rows if one.overdue}),
        first=after is None,
        more=f"/debts?after={cursors.written(following)}" if following else "",
    )


def _owing(
    session: Session, viewer: Viewer, found: Iterable[tuple[ReviewDebt, Draft]], at: datetime
) -> Iterator[Owing]:
    """Yield what is owed, line by line. The statements do not grow with the lines."""
    groups: dict[tuple[UUID, str], list[ReviewDebt]] = {}
    of: dict[UUID, Draft] = {}
    for row, draft in found:
        groups.setdefault((row.case_id, row.channel), []).append(row)
        of[row.case_id] = draft
    if not groups:
        return
    places = drafts.targets_of(session, [draft.id for draft in of.values()])
    views = reviews.stages_of(session, of, viewer.actor, at=at)
    signers = publication.signers_of(session, {rows[0].release_id for rows in groups.values()})
    units = identity.unit_names(session, {draft.unit_id for draft in of.values()})
    claimers = {UUID(run.claimed_by) for view in views.values() for run in view.case.runs if run.claimed_by}
    names = identity.names(session, {*signers.values(), *claimers})
    holders = holders_of(
        session, [_openings(views[case_id], rows) for (case_id, _), rows in groups.items()], at
    )
    for ((case_id, channel), rows), whom in zip(groups.items(), holders, strict=True):
        draft, view = of[case_id], views[case_id]
        able = to_decide(view)
        yield Owing(
            draft.id,
            draft.title,
            draft.number,
            units.get(draft.unit_id, ""),
            drafts.names_of(places.get(draft.id, ())).get(channel, channel),
            names.get(signers[rows[0].release_id], ""),
            rows[0].owed_since,
            tuple(_row(row, view, able, whom, names, at) for row in rows),
        )


def _openings(view: StagesView, rows: Iterable[ReviewDebt]) -> list[Opening]:
    keys = {row.stage for row in rows}
    return [Opening(view, place.stage, place.line) for place in view.stages if place.stage.key in keys]


def _row(
    row: ReviewDebt,
    view: StagesView,
    able: tuple[StageView, ...],
    whom: Holders,
    names: Mapping[UUID, str],
    at: datetime,
) -> Row:
    place = next((one for one in view.stages if (one.stage.key, one.line) == (row.stage, row.line)), None)
    run = place.run if place else None
    claimed = names.get(UUID(run.claimed_by), "") if run and run.claimed_by else ""
    return Row(
        row.title,
        label(run.state if run else StageState.WAITING),
        claimed or "、".join(whom.get((row.stage, row.line), ())),
        row.due_at,
        row.due_at < at,
        _panel(view.draft.id, place) if place in able else "",
    )


def _panel(draft_id: UUID, place: StageView | None) -> str:
    assert place is not None
    if place.stage.acts_on is Subject.PROOF:
        return f"/drafts/{draft_id}/proofs/{place.line}#decide-{place.stage.key}-{place.line}"
    return f"/drafts/{draft_id}#decide-{place.stage.key}"


@router.post("/drafts/{draft_id}/urgent-layouts")
def lay_out(request: Request, sent: SentForm, draft_id: UUID) -> Response:
    """Have a line's proof laid out before its reviews are done."""
    runtime = runtime_of(request)

    def verb(session: Session, case_id: UUID) -> None:
        urgent.lay_out(
            session,
            case_id=case_id,
            line=sent.form.word("line"),
            actor=sent.actor,
            runtime=runtime,
            at=runtime.clock(),
        )

    return on_case(request, sent, draft_id, verb, "urgent_layout", at="#urgent")


@router.post("/drafts/{draft_id}/urgent-releases")
def release(request: Request, sent: SentForm, draft_id: UUID) -> Response:
    """Let a line go out at once, on the proof that was read; the rest is owed."""
    runtime, form = runtime_of(request), sent.form

    def verb(session: Session, case_id: UUID) -> None:
        urgent.release(
            session,
            case_id=case_id,
            line=form.word("line"),
            digest=form.word("digest"),
            reason=form.within("reason", limits.URGENT),
            actor=sent.actor,
            runtime=runtime,
            at=runtime.clock(),
        )

    return on_case(request, sent, draft_id, verb, "urgent_released", at="#urgent")
