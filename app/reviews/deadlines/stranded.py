"""Open stages at which nobody can act at all: the chain hears of them, and they stand on the board.

The first rung that is at work hears when it is found, with the authors; each further one after a working day
more, until somebody can act. Source: decision 114.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.calendar import Calendar
from app.domain.deadlines import CHAIN, Rung
from app.domain.vocabulary import CaseState, Event, StageState
from app.domain.workflow.definition import Late
from app.domain.workflow.diagram import who_words
from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.events.emit import emit
from app.events.payloads.cases import StageStranded
from app.identity import permissions
from app.identity.queries import SYSTEM, Actor
from app.infra.runtime import Runtime
from app.reviews import calendar as clock
from app.reviews import queries, stranding
from app.reviews.cases import load
from app.reviews.deadlines import escalation
from app.reviews.deadlines.unattended import Stuck
from app.reviews.eligibility import Opening
from app.reviews.models import Call, ReviewCase, StageCall, StageRun
from app.words.labels import label

#: Open stages that are looked at in one go.
PAGE = 400


@dataclass(frozen=True, slots=True)
class Stranded:
    """An open run at which nobody can act, and the stage of its case."""

    run: StageRun
    opening: Opening


def sweep(runtime: Runtime, *, at: datetime) -> int:
    """Look at every open stage for people who could act there; return how many calls were new."""
    calendar, made, after = clock.calendar_of(runtime.policies), 0, None
    while True:
        with runtime.database.read() as session:
            query = _open().order_by(col(StageRun.id)).limit(PAGE)
            if after is not None:
                query = query.where(col(StageRun.id) > after)
            rows = session.exec(query).all()
            found = [(one.run.id, one.run.case_id) for one in _nobody(session, rows, at)]
        for run_id, case_id in found:
            with runtime.database.write() as session:
                made += _call(session, run_id, case_id, calendar, at)
        if len(rows) < PAGE:
            return made
        after = rows[-1][0].id


def stuck(session: Session, actor: Actor, at: datetime) -> tuple[Stuck, ...]:
    """Return the open stages in the actor's sight that were found with nobody, and still are.

    Raises `Forbidden` for who reviews, proofreads and publishes nowhere, as the board does.
    """
    permissions.require_board(actor)
    query = (
        _open()
        .join(StageCall, col(StageCall.run_id) == col(StageRun.id))
        .where(StageCall.call == Call.STRANDED, drafts.visible_to(actor))
        .order_by(col(StageRun.id))
        .limit(PAGE)
    )
    shown = []
    for one in _nobody(session, session.exec(query).all(), at):
        run, stage, draft = one.run, one.opening.stage, one.opening.walking.draft
        asked = "、".join(dict.fromkeys(who_words(who, label, {}) for who in stage.who))
        shown.append(Stuck(draft, run.case_id, run.stage, stage.title, run.line, run.due_at, (), asked))
    return tuple(shown)


def _open() -> Any:  # noqa: ANN401 – of three tables
    return (
        select(StageRun, ReviewCase, Draft)
        .join(ReviewCase, col(ReviewCase.id) == col(StageRun.case_id))
        .join(Draft, col(Draft.id) == col(ReviewCase.draft_id))
        .where(StageRun.state == StageState.OPEN, ReviewCase.state == CaseState.RUNNING)
    )


def _nobody(
    session: Session, rows: Sequence[tuple[StageRun, ReviewCase, Draft]], at: datetime
) -> Iterator[Stranded]:
    cases = queries.in_hand(session, ((row, draft) for _, row, draft in rows))
    openings = {
        (run.case_id, run.stage, run.line): (run, Opening(cases[row.id], stage, run.line))
        for run, row, _ in rows
        if (stage := cases[row.id].workflow.by_key.get(run.stage)) is not None
    }
    for opening in stranding.with_nobody(session, [opening for _, opening in openings.values()], at):
        run, _ = openings[opening.walking.row.id, opening.stage.key, opening.line]
        yield Stranded(run, opening)


def _call(session: Session, run_id: UUID, case_id: UUID, calendar: Calendar, at: datetime) -> int:
    """Call out what is new about one stage that nobody can act at."""
    loaded = load(session, case_id, SYSTEM)
    run = session.get(StageRun, run_id)
    if run is None or run.state != StageState.OPEN or loaded.case.state is not CaseState.RUNNING:
        return 0
    called = {
        Call(call.call): call.called_at
        for call in session.exec(select(StageCall).where(StageCall.run_id == run_id)).all()
    }
    since = called.get(Call.STRANDED)
    if since is None:
        wished = {Call.STRANDED, *escalation.instead(session, loaded, run.line, CHAIN[1:], at)}
    else:
        calls, _ = escalation.wanted(since, at, Late(remind=False, escalate=True), calendar)
        wished = set(calls)
    made = 0
    new = sorted(wished - called.keys(), key=list(Call).index)
    for call in new:
        # Where a rung hears of it, that says it all.
        if not escalation.note(session, run_id, call, at=at) or (call is Call.STRANDED and len(new) > 1):
            continue
        told = frozenset[UUID]()
        if call is not Call.STRANDED:
            told = escalation.on_rung(session, loaded, run.line, Rung(call.value))
        payload = StageStranded(
            draft=loaded.draft.id,
            case=case_id,
            workflow=loaded.row.workflow_digest,
            stage=run.stage,
            line=run.line,
            round=run.round,
            told=sorted(told, key=str),
        )
        emit(
            session,
            Event.CASE_STAGE_STRANDED,
            payload,
            about=loaded.draft.id,
            actor=SYSTEM.as_audit(),
            at=at,
        )
        made += 1
    return made
