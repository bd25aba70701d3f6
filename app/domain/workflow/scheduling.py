"""When a line goes out: scheduled (定时), taken back from its time, withheld at it; and not before (embargo).

While any line is scheduled the text is read-only. At the instant the gate is asked anew (`domain.release`):
then the line is `fulfilled`, or withheld. Of each verb two functions, as in `decisions`.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from app.domain.refusals import Refusal, RefusalCode, Refusals
from app.domain.vocabulary import CaseState, Event, StageKind, StageState, Verb
from app.domain.workflow import checks, separation
from app.domain.workflow.case import PENDING, Case, Participant, Person, Run, Spot
from app.domain.workflow.commands import Embargo, Schedule, Unschedule, Withhold
from app.domain.workflow.definition import Stage, Workflow
from app.domain.workflow.effects import Walk
from app.domain.workflow.facts import Facts

#: How far ahead a release may be scheduled, and an embargo may last.
FURTHEST = timedelta(days=366)


def against_scheduling(walk: Walk[Facts], spot: Spot, form: Schedule | None) -> Refusals:
    """Refuse a line that is not signed on this very digest, an instant that is none, or who may not sign."""
    case, stage, line = walk.case, signing(walk.workflow), spot[1]
    if line not in case.lines:
        return (Refusal(RefusalCode.LINE_UNKNOWN, {"line": line}),)
    if stage is None:
        return (Refusal(RefusalCode.VERB_NOT_OFFERED, {"verb": Verb.SCHEDULE}),)
    run = walk.current.get((stage.key, line))
    refusals = () if case.state is CaseState.CLEARED else checks.running(case)
    refusals += checks.person(case, walk.workflow, walk.current, stage, line, walk.actor)
    if form is not None:
        refusals += checks.subject(case, stage, line, form.digest)
    signed = run is not None and run.state is StageState.PASSED
    if not signed or (form is not None and run is not None and run.digest != form.digest):
        data = {"stage": stage.key, "title": stage.title, "line": line}
        refusals += (Refusal(RefusalCode.NOT_SIGNED_OFF, data),)
    if form is not None:
        refusals += _instant(form.release_at, walk.at)
        if (until := case.embargoed_until(form.release_at)) is not None:
            refusals += (Refusal(RefusalCode.UNDER_EMBARGO, {"until": until.isoformat()}),)
    if (known := case.scheduled_at(line)) is not None:
        refusals += (_scheduled(line, known),)
    return refusals


def schedule(walk: Walk[Facts], command: Schedule) -> None:
    """Set a line that is signed to go out at an instant (定时): the gate decides then."""
    walk.set(scheduled=tuple(sorted((*walk.case.scheduled, (command.line, command.release_at)))))
    walk.say(
        Event.RELEASE_SCHEDULED,
        line=command.line,
        digest=command.digest,
        release_at=command.release_at.isoformat(),
        comment=command.comment,
    )


def against_unscheduling(walk: Walk[Facts], spot: Spot, form: Unschedule | None) -> Refusals:
    """Refuse who neither may sign the line nor wrote of the text, and to do it without a word."""
    case, actor, line = walk.case, walk.actor, spot[1]
    refusals: Refusals = ()
    if case.scheduled_at(line) is None:
        refusals += (Refusal(RefusalCode.NOT_SCHEDULED, {"line": line}),)
    if actor.persons.isdisjoint(case.authors) and not may_sign(case, walk.workflow, line, actor):
        refusals += (Refusal(RefusalCode.NOT_ALLOWED, {"verb": Verb.UNSCHEDULE, "line": line}),)
    return refusals if form is None else refusals + checks.worded(form.verb, form.comment)


def unschedule(walk: Walk[Facts], command: Unschedule) -> None:
    """Take a line back from its time (取消定时): its sign-off is voided, and the line must be signed anew.

    For whoever may sign the line, and for authors: to stop is the safe direction.
    """
    due = _take_off(walk, command.line)
    walk.say(
        Event.RELEASE_UNSCHEDULED,
        line=command.line,
        release_at=due.isoformat(),
        reason="taken_back",
        signed_by=_signers(walk, command.line),
        comment=command.comment,
    )
    _reopen(walk, command.line, "unscheduled")


def against_withholding(walk: Walk[Facts], _spot: Spot, command: Withhold) -> Refusals:
    """Refuse a line that is not scheduled, or whose time has not come."""
    due = walk.case.scheduled_at(command.line)
    if due is None:
        return (Refusal(RefusalCode.NOT_SCHEDULED, {"line": command.line}),)
    return (_scheduled(command.line, due),) if walk.at < due else ()


def withhold(walk: Walk[Facts], command: Withhold) -> None:
    """Let a line that may not go out at its time not go out: what stood in the way, and who had signed."""
    due = _take_off(walk, command.line)
    walk.say(
        Event.RELEASE_WITHHELD,
        line=command.line,
        release_at=due.isoformat(),
        reasons=sorted(set(command.against)),
        signed_by=_signers(walk, command.line),
    )
    _reopen(walk, command.line, "withheld")


def fulfilled(case: Case, line: str) -> Case:
    """Return the case after a scheduled line went out at its time: it is a signed line like any other."""
    return replace(case, scheduled=tuple((on, due) for on, due in case.scheduled if on != line))


def against_embargo(walk: Walk[Facts], _spot: Spot, form: Embargo | None) -> Refusals:
    """Refuse who may not set an embargo, or not this one, and an instant that is none or the same.

    Authors, who holds an open stage, and who may sign may set and lengthen it. Who may sign alone may shorten
    or lift it, with a reason. A line that is scheduled before the new instant is taken back first.
    """
    case, actor, now = walk.case, walk.actor, walk.case.embargoed_until(walk.at)
    refusals: Refusals = ()
    if not case.runs:
        refusals += (Refusal(RefusalCode.NOT_SUBMITTED),)
    if case.state in {CaseState.RECALLED, CaseState.DECLINED}:
        refusals += (Refusal(RefusalCode.CASE_CLOSED, {"state": case.state}),)
    signs = any(may_sign(case, walk.workflow, line, actor) for line in case.lines)
    earlier = form is not None and now is not None and (form.until is None or form.until < now)
    if not signs and (earlier or not _takes_part(walk)):
        refusals += (Refusal(RefusalCode.NOT_ALLOWED, {"verb": Verb.EMBARGO, "line": ""}),)
    if form is None:
        return refusals
    if earlier:
        refusals += checks.worded(form.verb, form.comment)
    if form.until == now:
        refusals += (Refusal(RefusalCode.EMBARGO_SAME, {"until": _iso(now)}),)
    return refusals if form.until is None else refusals + _embargo_instant(walk, form.until)


def embargo(walk: Walk[Facts], command: Embargo) -> None:
    """Let nothing go out before an instant (不早于), or lift that."""
    was = walk.case.embargoed_until(walk.at)
    walk.set(embargo_until=command.until)
    walk.say(Event.CASE_EMBARGOED, until=_iso(command.until), was=_iso(was), comment=command.comment)


def _embargo_instant(walk: Walk[Facts], until: datetime) -> Refusals:
    earlier = tuple(
        Refusal(
            RefusalCode.SCHEDULED_EARLIER,
            {"line": line, "release_at": due.isoformat(), "until": until.isoformat()},
        )
        for line, due in walk.case.scheduled
        if due < until
    )
    return _instant(until, walk.at) + earlier


def read_only(case: Case) -> Refusals:
    """Refuse a new text while any line is scheduled: the schedule is taken back first."""
    return tuple(_scheduled(line, due) for line, due in case.scheduled)


def _drop(walk: Walk[Facts], reason: str) -> None:
    """Take every line from its time, because the case ends without it."""
    for line, due in walk.case.scheduled:
        walk.say(
            Event.RELEASE_UNSCHEDULED,
            line=line,
            release_at=due.isoformat(),
            reason=reason,
            signed_by=_signers(walk, line),
        )
    if walk.case.scheduled:
        walk.set(scheduled=())


def close(walk: Walk[Facts], state: CaseState, reason: str) -> None:
    """End a case: nothing is open any more, and no line waits for its time."""
    for run in list(walk.current.values()):
        if run.state in PENDING:
            walk.void(run, reason)
    _drop(walk, reason)
    walk.set(state=state, held_at=None)


def signing(workflow: Workflow) -> Stage | None:
    """Return the stage by which a line is signed; `None` for a workflow without one."""
    signs = [stage for stage in workflow.stages if StageKind.SIGN_OFF in stage.kinds]
    return signs[-1] if signs else None


def may_sign(case: Case, workflow: Workflow, line: str, actor: Participant) -> bool:
    """Tell whether somebody may act at the sign-off of a line, whoever has done so already."""
    stage = signing(workflow)
    return (
        stage is not None
        and bool(checks.seats(case, stage, line, actor))
        and actor.persons.isdisjoint(case.recused)
        and not separation.own_draft(case, stage, actor)
    )


def _takes_part(walk: Walk[Facts]) -> bool:
    """Tell whether somebody wrote the text or may act at a stage that is open now."""
    actor = walk.actor
    if not actor.persons.isdisjoint(walk.case.authors):
        return True
    return actor.persons.isdisjoint(walk.case.recused) and any(
        run.state is StageState.OPEN
        and checks.seats(walk.case, walk.workflow.by_key[run.stage], run.line, actor)
        for run in walk.current.values()
    )


def _instant(when: datetime, at: datetime) -> Refusals:
    if when <= at:
        return (Refusal(RefusalCode.INSTANT_PAST, {"given": when.isoformat(), "now": at.isoformat()}),)
    if when > at + FURTHEST:
        return (Refusal(RefusalCode.INSTANT_TOO_FAR, {"latest": (at + FURTHEST).isoformat()}),)
    return ()


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def _scheduled(line: str, due: datetime) -> Refusal:
    return Refusal(RefusalCode.LINE_SCHEDULED, {"line": line, "release_at": due.isoformat()})


def _take_off(walk: Walk[Facts], line: str) -> datetime:
    """Take a scheduled line from its time, and return that."""
    due = walk.case.scheduled_at(line)
    assert due is not None
    walk.set(scheduled=fulfilled(walk.case, line).scheduled)
    return due


def _signed(walk: Walk[Facts], line: str) -> Run | None:
    """Return the newest run in which the line was signed, also where it was voided since."""
    stage = signing(walk.workflow)
    runs = [
        run for run in walk.case.runs if stage is not None and run.spot == (stage.key, line) and run.votes
    ]
    return max(runs, key=lambda run: run.round) if runs else None


def _signers(walk: Walk[Facts], line: str) -> list[Person]:
    run = _signed(walk, line)
    return [] if run is None else sorted(run.persons)


def _reopen(walk: Walk[Facts], line: str, reason: str) -> None:
    """Void the sign-off of a line, if it still stands, and open it again as far as the case allows."""
    signed = _signed(walk, line)
    if signed is not None and signed.state is StageState.PASSED:
        walk.void(signed, reason, by=walk.actor.person)
    if walk.case.state is CaseState.CLEARED:
        walk.set(state=CaseState.RUNNING)
    if walk.case.state is CaseState.RUNNING:
        walk.close_orphans()
        walk.advance()
