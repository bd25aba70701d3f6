"""Stages that are due or late: who is reminded, who is told, and how it climbs the chain.

What was called out is kept, so that each level is called once, however often and by however many it is looked
for. A case that waits for an answer from outside is left alone; its clock stands still. A stage where
everybody who may act is away until it is due does not wait for that: it climbs at once, to the first rung
that is at work.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from prometheus_client import Gauge
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from app.channels import queries as channels
from app.domain import deadlines
from app.domain.calendar import Calendar, YearUnknown
from app.domain.deadlines import CHAIN, Rung
from app.domain.vocabulary import CaseState, Event, StageState
from app.domain.workflow.definition import Late
from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.events.emit import emit
from app.events.payloads.base import ABSENT
from app.events.payloads.cases import StageCalled
from app.identity.absences import service as absences
from app.identity.queries import SYSTEM
from app.infra.runtime import Runtime
from app.jobs import queries as job_queries
from app.jobs import service as jobs
from app.jobs.kinds import JobKind
from app.reviews import calendar as clock
from app.reviews import workflows
from app.reviews.cases import Loaded, load
from app.reviews.deadlines.unattended import Place, only_away
from app.reviews.models import Call, ReviewCase, StageCall, StageRun

LATE = Gauge("sanshen_stages_late", "Open stages that are past their deadline")
YEARS_MISSING = Gauge(
    "sanshen_calendar_years_missing", "Years that deadlines need and no calendar file holds"
)

#: A deadline on the far side of the longest holiday is reminded of before it.
AHEAD = timedelta(days=16)
#: So many working days ahead a year must be known, or there is an alarm before any deadline fails.
SOON = 10

#: What each call is on record, and the rung that it tells besides those at the stage.
_EVENTS: Mapping[Call, tuple[Event, Rung | None]] = {
    Call.DUE: (Event.CASE_STAGE_DUE, None),
    Call.LATE: (Event.CASE_STAGE_LATE, Rung.HANDLER),
    Call.HEAD_OF_DEPARTMENT: (Event.CASE_STAGE_ESCALATED, Rung.HEAD_OF_DEPARTMENT),
    Call.LEADER_IN_CHARGE: (Event.CASE_STAGE_ESCALATED, Rung.LEADER_IN_CHARGE),
    Call.PARTY_SECRETARY: (Event.CASE_STAGE_ESCALATED, Rung.PARTY_SECRETARY),
}

#: Calls that climb the chain.
_RUNGS = frozenset(Call) - {Call.DUE, Call.LATE, Call.STRANDED}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open stage with a deadline, and what it has called out so far."""

    run_id: UUID
    case_id: UUID
    due_at: datetime
    late: Late
    called: frozenset[Call]
    place: Place


def sweep(runtime: Runtime, *, at: datetime) -> int:
    """Look at every open stage that is due or late, one transaction a stage; return how many calls were new.

    A year whose holidays are not known is no crash: those deadlines are left alone, and the administrators
    are told which file is missing. Raises `Faults` for a calendar file that cannot be read.
    """
    calendar = clock.calendar_of(runtime.policies)
    missing: set[int] = set()
    with runtime.database.read() as session:
        waiting = _waiting(session, at)
        undated = _undated(session)
        away = only_away(session, [one.place for one in waiting if not one.called & _RUNGS], at)
    made = 0
    for one in waiting:
        calls, unknown = wanted(one.due_at, at, one.late, calendar)
        if unknown is not None:
            missing.add(unknown.year)
        new, absent = calls - one.called, away.get(one.run_id, frozenset())
        if new or absent:
            with runtime.database.write() as session:
                made += _call(session, one, new, absent=absent, at=at)
    for case_id, opened_at, days in undated:
        found = deadlines.due_at(opened_at, days, calendar)
        if isinstance(found, YearUnknown):
            missing.add(found.year)
        else:
            with runtime.database.write() as session:
                _date(session, case_id, calendar, at=at)
    soon = deadlines.due_at(at, SOON, calendar)
    if isinstance(soon, YearUnknown):
        missing.add(soon.year)
    LATE.set(sum(one.due_at < at for one in waiting))
    YEARS_MISSING.set(len(missing))
    if missing:
        _alarm(runtime, missing, calendar, at=at)
    return made


def wanted(
    due: datetime, at: datetime, late: Late, calendar: Calendar
) -> tuple[frozenset[Call], YearUnknown | None]:
    """Return what a stage that is due at `due` should have called out by now, if it still waits.

    The reminder on the day itself and the call to those at the stage belong to `remind`; the rungs above,
    one more after each working day, to `escalate`. Nobody is reminded of what is late already. Beside it
    stands the year without which no more could be reckoned, if there is one.
    """
    if at <= due:
        reminder = deadlines.reminder_at(due, calendar) if late.remind else None
        if isinstance(reminder, YearUnknown):
            return frozenset(), reminder
        return frozenset({Call.DUE} if reminder is not None and at >= reminder else ()), None
    found = {Call.LATE} if late.remind else set()
    if not late.escalate:
        return frozenset(found), None
    calls = deadlines.escalation(due, calendar)
    if isinstance(calls, YearUnknown):
        return frozenset(found), calls
    rungs = (rung for rung in deadlines.told_by(calls, at) if rung is not CHAIN[0])
    return frozenset(found | {Call(rung.value) for rung in rungs}), None


def _waiting(session: Session, at: datetime) -> list[Waiting]:
    query = (
        select(StageRun, ReviewCase.workflow_digest, Draft.unit_path)
        .join(ReviewCase, col(ReviewCase.id) == col(StageRun.case_id))
        .join(Draft, col(Draft.id) == col(ReviewCase.draft_id))
        .where(
            StageRun.state == StageState.OPEN,
            ReviewCase.state == CaseState.RUNNING,
            col(StageRun.due_at) < at + AHEAD,
        )
        .order_by(col(StageRun.due_at), col(StageRun.id))
    )
    rows = session.exec(query).all()
    called: dict[UUID, set[Call]] = {}
    for call in session.exec(
        select(StageCall)
        .join(StageRun, col(StageRun.id) == col(StageCall.run_id))
        .where(StageRun.state == StageState.OPEN)
    ).all():
        called.setdefault(call.run_id, set()).add(Call(call.call))
    found = []
    for run, digest, unit_path in rows:
        # A stage that was added to one case stands in no version; it is reminded of as stages usually are.
        stage = workflows.version(session, digest).by_key.get(run.stage)
        late = Late() if stage is None else stage.late
        if run.due_at is not None:
            place = Place(run.id, run.case_id, digest, run.stage, run.line, unit_path, run.due_at)
            said = frozenset(called.get(run.id, ()))
            found.append(Waiting(run.id, run.case_id, run.due_at, late, said, place))
    return found


def _undated(session: Session) -> list[tuple[UUID, datetime, int]]:
    """Return the cases with an open stage that has a limit but no deadline, when it opened, and the limit."""
    query = (
        select(StageRun, ReviewCase.workflow_digest)
        .join(ReviewCase, col(ReviewCase.id) == col(StageRun.case_id))
        .where(
            StageRun.state == StageState.OPEN,
            ReviewCase.state == CaseState.RUNNING,
            col(StageRun.due_at).is_(None),
        )
    )
    return [
        (run.case_id, run.opened_at, stage.within.working_days)
        for run, digest in session.exec(query).all()
        if run.opened_at is not None
        and (stage := workflows.version(session, digest).by_key.get(run.stage)) is not None
        and stage.within is not None
        and stage.within.working_days > 0
    ]


def _call(
    session: Session,
    waiting: Waiting,
    new: Iterable[Call],
    *,
    absent: frozenset[UUID] = frozenset(),
    at: datetime,
) -> int:
    """Call out what is new about one stage, if it still waits with that deadline.

    `absent` are those for whom it waits, where all of them are away: then the chain hears now.
    """
    loaded = load(session, waiting.case_id, SYSTEM)
    run = session.get(StageRun, waiting.run_id)
    still = loaded.case.state is CaseState.RUNNING and run is not None and run.state == StageState.OPEN
    if run is None or not still or run.due_at != waiting.due_at:
        return 0
    wished = set(new)
    if absent:
        wished |= instead(session, loaded, run.line, CHAIN[1:], at)
    for call in wished & _RUNGS:
        rung = Rung(call.value)
        if (there := on_rung(session, loaded, run.line, rung)) and there == absences.away(session, there, at):
            wished |= instead(session, loaded, run.line, CHAIN[CHAIN.index(rung) + 1 :], at)
    made = 0
    for call in sorted(wished - waiting.called, key=list(Call).index):
        if note(session, run.id, call, at=at):
            _emit(session, loaded, run, call, absent=() if call in new else absent, at=at)
            made += 1
    return made


def instead(
    session: Session, loaded: Loaded, line: str, rungs: Iterable[Rung], at: datetime
) -> frozenset[Call]:
    """Return the first of these rungs on which somebody is at work; none where nobody is."""
    for rung in rungs:
        there = on_rung(session, loaded, line, rung)
        if there - absences.away(session, there, at):
            return frozenset({Call(rung.value)})
    return frozenset()


def note(session: Session, run_id: UUID, call: Call, *, at: datetime) -> bool:
    """Keep that a run called out at a level; `False` where it had already."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    insert = dialect.insert(StageCall).values(run_id=run_id, call=call, called_at=at)
    added = insert.on_conflict_do_nothing(index_elements=["run_id", "call"]).returning(col(StageCall.run_id))
    return session.execute(added).first() is not None


def _emit(
    session: Session,
    loaded: Loaded,
    run: StageRun,
    call: Call,
    *,
    absent: Iterable[UUID],
    at: datetime,
) -> None:
    event, rung = _EVENTS[call]
    assert run.due_at is not None
    told = on_rung(session, loaded, run.line, rung) if rung is not None else frozenset()
    # Better somebody who is away than nobody.
    told = told - absences.away(session, told, at) or told
    payload = StageCalled(
        draft=loaded.draft.id,
        case=loaded.row.id,
        workflow=loaded.row.workflow_digest,
        stage=run.stage,
        line=run.line,
        round=run.round,
        due_at=run.due_at,
        rung=rung if rung is not None else ABSENT,
        told=sorted(told, key=str) if rung is not None else ABSENT,
        absent=sorted(absent, key=str) or ABSENT,
    )
    if event is Event.CASE_STAGE_ESCALATED and not told:
        log.warning("stage.nobody_on_rung", rung=str(rung), case=str(loaded.row.id), stage=run.stage)
    emit(session, event, payload, about=loaded.draft.id, actor=SYSTEM.as_audit(), at=at)


def on_rung(session: Session, loaded: Loaded, line: str, rung: Rung) -> frozenset[UUID]:
    """Return who stands on a rung for this stage: of its channel, or of all that the draft is bound for."""
    bound = [one for one in drafts.targets(session, loaded.draft.id) if line in {"", one.channel}]
    return channels.on_rung(
        session, [one.channel_id for one in bound], rung, unit_path=loaded.draft.unit_path
    )


def _date(session: Session, case_id: UUID, calendar: Calendar, *, at: datetime) -> None:
    """Give open stages the deadlines that they could not be given, now that the year is known.

    The days count from now: nobody was ever told of an earlier deadline.
    """
    loaded = load(session, case_id, SYSTEM)
    if loaded.case.state is not CaseState.RUNNING:
        return
    for run in session.exec(
        select(StageRun).where(
            StageRun.case_id == case_id, StageRun.state == StageState.OPEN, col(StageRun.due_at).is_(None)
        )
    ).all():
        within = loaded.workflow.by_key[run.stage].within
        due = deadlines.due_at(at, within.days(loaded.case.grade), calendar) if within else None
        if isinstance(due, datetime):
            run.due_at = due
            session.add(run)


def _alarm(runtime: Runtime, years: Iterable[int], calendar: Calendar, *, at: datetime) -> None:
    log.error("calendar.year_unknown", years=sorted(years), known=list(calendar.known))
    for year in sorted(years):
        key = f"calendar:{year}"
        with runtime.database.write() as session:
            if not job_queries.ever(session, JobKind.ALARM, key):
                payload = {"kind": "calendar_missing", "data": {"year": year}, "source": key}
                jobs.enqueue(session, JobKind.ALARM, payload, at=at, key=key)
