"""When a line goes out: scheduled (定时), taken back from its time, withheld at it; and not before (embargo).

While any line is scheduled the text is read-only. At the instant the gate is asked anew (`domain.release`):
then the line is `fulfilled`, or withheld.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from app.domain.refusals import Refusal, RefusalCode
from app.domain.vocabulary import CaseState, Event, StageKind, StageState
from app.domain.workflow import checks, separation
from app.domain.workflow.case import Act, Actor, Case, Person, Run
from app.domain.workflow.definition import Stage, Workflow
from app.domain.workflow.effects import Walk

#: How far ahead a release may be scheduled, and an embargo may last.
FURTHEST = timedelta(days=366)


def schedule(walk: Walk, act: Act, actor: Actor) -> tuple[Refusal, ...]:
    """Set a line that is signed on this very digest to go out at `act.when` (定时).

    Only for who may act at the line's sign-off. Nothing goes out by this: at the instant the gate decides.
    """
    case, stage = walk.case, signing(walk.workflow)
    if act.line not in case.lines:
        return (Refusal(RefusalCode.LINE_UNKNOWN, {"line": act.line}),)
    if stage is None:
        return (Refusal(RefusalCode.VERB_NOT_OFFERED, {"verb": act.verb}),)
    run = walk.current.get((stage.key, act.line))
    refusals = () if case.state is CaseState.CLEARED else checks.running(case)
    refusals += checks.person(case, walk.workflow, walk.current, stage, act.line, actor)
    refusals += checks.subject(case, stage, act)
    if run is None or run.state is not StageState.PASSED or run.digest != act.digest:
        data = {"stage": stage.key, "title": stage.title, "line": act.line}
        refusals += (Refusal(RefusalCode.NOT_SIGNED_OFF, data),)
    refusals += _instant(act.when, walk.at)
    if act.when is not None and (until := case.embargoed_until(act.when)) is not None:
        refusals += (Refusal(RefusalCode.UNDER_EMBARGO, {"until": until.isoformat()}),)
    if (known := case.scheduled_at(act.line)) is not None:
        refusals += (_scheduled(act.line, known),)
    if refusals or act.when is None:
        return refusals
    walk.set(scheduled=tuple(sorted((*case.scheduled, (act.line, act.when)))))
    walk.say(
        Event.RELEASE_SCHEDULED,
        line=act.line,
        digest=act.digest,
        release_at=act.when.isoformat(),
        comment=act.comment,
    )
    return ()


def unschedule(walk: Walk, act: Act, actor: Actor) -> tuple[Refusal, ...]:
    """Take a line back from its time (取消定时): its sign-off is voided, and the line must be signed anew.

    For whoever may sign the line, and for authors: to stop is the safe direction.
    """
    case = walk.case
    refusals: list[Refusal] = []
    due = case.scheduled_at(act.line)
    if due is None:
        refusals.append(Refusal(RefusalCode.NOT_SCHEDULED, {"line": act.line}))
    if actor.persons.isdisjoint(case.authors) and not may_sign(case, walk.workflow, act.line, actor):
        refusals.append(Refusal(RefusalCode.NOT_ALLOWED, {"verb": act.verb, "line": act.line}))
    if not act.comment.strip():
        refusals.append(Refusal(RefusalCode.COMMENT_REQUIRED, {"verb": act.verb}))
    if refusals or due is None:
        return tuple(refusals)
    _take_off(walk, act.line)
    walk.say(
        Event.RELEASE_UNSCHEDULED,
        line=act.line,
        release_at=due.isoformat(),
        reason="taken_back",
        signed_by=_signers(walk, act.line),
        comment=act.comment,
    )
    _reopen(walk, act.line, "unscheduled", actor.person)
    return ()


def withhold(walk: Walk, act: Act, actor: Actor) -> tuple[Refusal, ...]:
    """Let a line that may not go out at its time not go out: what stood in the way, and who had signed."""
    due = walk.case.scheduled_at(act.line)
    if due is None:
        return (Refusal(RefusalCode.NOT_SCHEDULED, {"line": act.line}),)
    if walk.at < due:
        return (_scheduled(act.line, due),)
    _take_off(walk, act.line)
    walk.say(
        Event.RELEASE_WITHHELD,
        line=act.line,
        release_at=due.isoformat(),
        reasons=sorted(set(walk.facts.against)),
        signed_by=_signers(walk, act.line),
    )
    _reopen(walk, act.line, "withheld", actor.person)
    return ()


def fulfilled(case: Case, line: str) -> Case:
    """Return the case after a scheduled line went out at its time: it is a signed line like any other."""
    return replace(case, scheduled=tuple(one for one in case.scheduled if one[0] != line))


def embargo(walk: Walk, act: Act, actor: Actor) -> tuple[Refusal, ...]:
    """Let nothing go out before `act.when` (不早于), or lift that with `None`.

    Authors, who holds an open stage, and who may sign may set and lengthen it. Who may sign alone may shorten
    or lift it, with a reason. A line that is scheduled before the new instant is taken back first.
    """
    case, until = walk.case, act.when
    now = case.embargoed_until(walk.at)
    refusals: list[Refusal] = []
    if not case.runs:
        refusals.append(Refusal(RefusalCode.NOT_SUBMITTED))
    if case.state in {CaseState.RECALLED, CaseState.DECLINED}:
        refusals.append(Refusal(RefusalCode.CASE_CLOSED, {"state": case.state}))
    signs = any(may_sign(case, walk.workflow, line, actor) for line in case.lines)
    earlier = now is not None and (until is None or until < now)
    if not signs and (earlier or not _takes_part(walk, actor)):
        refusals.append(Refusal(RefusalCode.NOT_ALLOWED, {"verb": act.verb, "line": ""}))
    if earlier and not act.comment.strip():
        refusals.append(Refusal(RefusalCode.COMMENT_REQUIRED, {"verb": act.verb}))
    if until == now:
        refusals.append(Refusal(RefusalCode.EMBARGO_SAME, {"until": _iso(now)}))
    if until is not None:
        refusals += _instant(until, walk.at)
        refusals += [
            Refusal(
                RefusalCode.SCHEDULED_EARLIER,
                {"line": line, "release_at": due.isoformat(), "until": until.isoformat()},
            )
            for line, due in case.scheduled
            if due < until
        ]
    if refusals:
        return tuple(refusals)
    walk.set(embargo_until=until)
    walk.say(Event.CASE_EMBARGOED, until=_iso(until), was=_iso(now), comment=act.comment)
    return ()


def read_only(case: Case) -> tuple[Refusal, ...]:
    """Refuse a new text while any line is scheduled: the schedule is taken back first."""
    return tuple(_scheduled(line, due) for line, due in case.scheduled)


def drop(walk: Walk, reason: str) -> None:
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


def signing(workflow: Workflow) -> Stage | None:
    """Return the stage by which a line is signed; `None` for a workflow without one."""
    signs = [stage for stage in workflow.stages if StageKind.SIGN_OFF in stage.kinds]
    return signs[-1] if signs else None


def may_sign(case: Case, workflow: Workflow, line: str, actor: Actor) -> bool:
    """Tell whether somebody may act at the sign-off of a line, whoever has done so already."""
    stage = signing(workflow)
    return (
        stage is not None
        and bool(checks.seats(case, stage, line, actor))
        and actor.persons.isdisjoint(case.recused)
        and not separation.own_draft(case, stage, actor)
    )


def later(case: Case, at: datetime) -> datetime:
    """Return an instant that would lengthen the embargo of a case, or begin one: for asking who may."""
    return (case.embargoed_until(at) or at) + timedelta(minutes=1)


def _takes_part(walk: Walk, actor: Actor) -> bool:
    """Tell whether somebody wrote the text or may act at a stage that is open now."""
    if not actor.persons.isdisjoint(walk.case.authors):
        return True
    return actor.persons.isdisjoint(walk.case.recused) and any(
        run.state is StageState.OPEN
        and checks.seats(walk.case, walk.workflow.by_key[run.stage], run.line, actor)
        for run in walk.current.values()
    )


def _instant(when: datetime | None, at: datetime) -> tuple[Refusal, ...]:
    if when is None or when <= at:
        return (Refusal(RefusalCode.INSTANT_PAST, {"given": _iso(when), "now": at.isoformat()}),)
    if when > at + FURTHEST:
        return (Refusal(RefusalCode.INSTANT_TOO_FAR, {"latest": (at + FURTHEST).isoformat()}),)
    return ()


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def _scheduled(line: str, due: datetime) -> Refusal:
    return Refusal(RefusalCode.LINE_SCHEDULED, {"line": line, "release_at": due.isoformat()})


def _take_off(walk: Walk, line: str) -> None:
    walk.set(scheduled=fulfilled(walk.case, line).scheduled)


def _signed(walk: Walk, line: str) -> Run | None:
    """Return the newest run in which the line was signed, also where it was voided since."""
    stage = signing(walk.workflow)
    runs = [
        run for run in walk.case.runs if stage is not None and run.spot == (stage.key, line) and run.votes
    ]
    return max(runs, key=lambda run: run.round) if runs else None


def _signers(walk: Walk, line: str) -> list[Person]:
    run = _signed(walk, line)
    return [] if run is None else sorted(run.persons)


def _reopen(walk: Walk, line: str, reason: str, by: Person) -> None:
    """Void the sign-off of a line, if it still stands, and open it again as far as the case allows."""
    signed = _signed(walk, line)
    if signed is not None and signed.state is StageState.PASSED:
        walk.void(signed, reason, by=by)
    if walk.case.state is CaseState.CLEARED:
        walk.set(state=CaseState.RUNNING)
    if walk.case.state is CaseState.RUNNING:
        walk.close_orphans()
        walk.advance()
