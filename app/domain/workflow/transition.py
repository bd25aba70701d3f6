"""The transition function: what a verb does to a case, or every reason why it may not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from app.domain.refusals import Refusal, RefusalCode, Refused
from app.domain.vocabulary import CaseState, ChangeClass, Event, StageKind, StageState, Verb, Verdict
from app.domain.workflow import checks, collaboration, scheduling, separation
from app.domain.workflow.added_stages import extended
from app.domain.workflow.case import CLOSED, PENDING, Act, Actor, Case, Facts, Run, Vote
from app.domain.workflow.definition import Outcome, Stage, Workflow
from app.domain.workflow.effects import Decided, Effects, Walk
from app.domain.workflow.rerouting import move
from app.domain.workflow.revisions import apply_edit


def transition(
    case: Case, workflow: Workflow, act: Act, actor: Actor, facts: Facts, at: datetime
) -> Effects | Refused:
    """Return what `act.verb` does to the case, or all reasons why this actor may not do it now.

    Total over the verbs: one that a workflow cannot take here is refused as `verb_not_offered`. Pure: the
    same arguments give the same answer, and nothing else is read or changed.
    """
    step = _STEPS[act.verb]
    walk = Walk(case, workflow, facts, at)
    refusals = step(walk, act, actor)
    return Refused(refusals) if refusals else walk.frozen()


def objections(
    case: Case, workflow: Workflow, act: Act, actor: Actor, facts: Facts, at: datetime
) -> tuple[Refusal, ...]:
    """Return what would still refuse the actor if the form were filled in well; empty when they may act.

    For pages: the digest is taken as read, the comment as written, the checklist as ticked, an outcome as
    chosen, and the person to be named as somebody who may.
    """
    stage = extended(workflow, case.added).by_key.get(act.stage)
    offered = () if stage is None else stage.outcomes_of(checks.MEANT.get(act.verb, act.verb))
    filled = replace(
        act,
        comment=act.comment or "…",
        digest=act.digest if stage is None else case.subject_of(stage, act.line) or "",
        ticked=act.ticked if stage is None else frozenset(stage.checklist),
        outcome=act.outcome or next((one.key for one in offered), ""),
        to=collaboration.ANYBODY.person,
    )
    if act.verb is Verb.EMBARGO and act.when is None:
        filled = replace(filled, when=scheduling.later(case, at))
    answer = transition(case, workflow, filled, actor, replace(facts, named=collaboration.ANYBODY), at)
    refusals = answer.refusals if isinstance(answer, Refused) else ()
    return tuple(one for one in refusals if one.code is not RefusalCode.PERSON_CANNOT_ACT)


def _submit(walk: Walk, act: Act, actor: Actor) -> tuple[Refusal, ...]:
    refusals: list[Refusal] = []
    if walk.case.runs:
        refusals.append(Refusal(RefusalCode.ALREADY_SUBMITTED, {"state": walk.case.state}))
    refusals += _by_author(walk.case, actor)
    if act.digest != walk.case.revision:
        refusals.append(Refusal(RefusalCode.STALE_DIGEST, {"quoted": act.digest, "now": walk.case.revision}))
    refusals += _over_limits(walk.facts)
    if refusals:
        return tuple(refusals)
    walk.set(state=CaseState.RUNNING)
    walk.say(Event.DRAFT_SUBMITTED, digest=act.digest, comment=act.comment)
    walk.say(Event.CASE_OPENED, workflow=walk.workflow.digest, lines=list(walk.case.lines))
    walk.advance()
    return ()


def _resubmit(walk: Walk, act: Act, actor: Actor) -> tuple[Refusal, ...]:
    case, facts = walk.case, walk.facts
    new = facts.revision or case.revision
    refusals: list[Refusal] = []
    if not case.runs:
        refusals.append(Refusal(RefusalCode.NOT_SUBMITTED))
    elif case.state not in {CaseState.RETURNED, CaseState.BLOCKED}:
        code = RefusalCode.CASE_CLOSED if case.state in CLOSED else RefusalCode.NOT_WITH_AUTHOR
        refusals.append(Refusal(code, {"state": case.state}))
    refusals += _by_author(replace(case, authors=case.authors | facts.authors), actor)
    if act.digest != new:
        refusals.append(Refusal(RefusalCode.STALE_DIGEST, {"quoted": act.digest, "now": new}))
    if new == case.revision:
        if case.state is CaseState.BLOCKED:
            refusals += _blocked(facts)
        elif case.state is CaseState.RETURNED and not act.comment.strip():
            refusals.append(Refusal(RefusalCode.NOTHING_CHANGED, {"digest": new}))
    else:
        refusals += scheduling.read_only(case)
    refusals += _over_limits(facts)
    if refusals:
        return tuple(refusals)
    walk.set(state=CaseState.RUNNING)
    walk.say(Event.DRAFT_SUBMITTED, digest=new, was=case.revision, comment=act.comment)
    if facts.moves_to is not None and new != case.revision:
        move(walk, facts.moves_to, facts.routed or {})
    apply_edit(walk, actor)
    walk.advance()
    return ()


def _recall(walk: Walk, act: Act, actor: Actor) -> tuple[Refusal, ...]:
    case = walk.case
    refusals = list(_by_author(case, actor))
    if not case.runs:
        refusals.append(Refusal(RefusalCode.NOT_SUBMITTED))
    # A signed line may be on its way out: then the text is retracted, not recalled.
    signed = any(
        walk.workflow.by_key[run.stage].kind is StageKind.SIGN_OFF and run.state is StageState.PASSED
        for run in walk.current.values()
    )
    if case.state in CLOSED or signed:
        refusals.append(Refusal(RefusalCode.CASE_CLOSED, {"state": case.state, "signed": signed}))
    if refusals:
        return tuple(refusals)
    walk.say(Event.DRAFT_RECALLED, comment=act.comment)
    _close(walk, CaseState.RECALLED, "recalled")
    return ()


def _approve(walk: Walk, act: Act, actor: Actor) -> tuple[Refusal, ...]:
    stage, outcome, refusals = _decision(walk, act, actor)
    if stage is not None:
        if act.verb is Verb.CONFIRM_MARKS and not stage.confirms_marks:
            refusals += (Refusal(RefusalCode.VERB_NOT_OFFERED, {"verb": act.verb, "stage": stage.key}),)
        refusals += checks.text_ready(stage, walk.facts) + checks.checklist(stage, act)
        refusals += checks.opinions(walk.case, walk.current.get((stage.key, act.line)))
    if refusals or stage is None or outcome is None:
        return refusals
    run = walk.current[stage.key, act.line]
    vote = _vote(walk.case, stage, run, actor)
    passed = checks.enough(walk.case, stage, act.line, (*run.votes, vote), walk.facts)
    run = run.approved(vote, passed=passed)
    walk.put(run)
    walk.decided = Decided(run, Verdict.APPROVED, outcome.key, final=passed)
    raised = checks.raised(walk.case, stage, act.line, actor, outcome)
    walk.say(
        Event.MARKS_CONFIRMED if stage.confirms_marks else Event.DECISION_APPROVED,
        **_decided(run, outcome, act),
        final=passed,
        **({"raised": sorted(raised)} if raised else {}),
    )
    if raised:
        walk.set(flags=walk.case.flags | raised)
        walk.look_again()
    if passed:
        walk.advance()
    return ()


def _send_back(walk: Walk, act: Act, actor: Actor) -> tuple[Refusal, ...]:
    stage, outcome, refusals = _decision(walk, act, actor)
    if stage is not None:
        refusals += checks.way_back(walk.case, walk.workflow, walk.current, stage, act)
        if act.send_back_to is not None:
            # Nothing opens on a text with blocking findings: only its author can mend it.
            refusals += _blocked(walk.facts)
    if refusals or stage is None or outcome is None:
        return refusals
    reopened = checks.ways_back(walk.case, walk.workflow, walk.current, stage, act.line).get(
        act.send_back_to or "", ()
    )
    _end_run(walk, act, outcome, StageState.SENT_BACK, Verdict.SENT_BACK, Event.DECISION_SENT_BACK)
    for run in reopened:
        walk.void(run, "sent_back", by=stage.key)
    if act.then == "walk_again":
        _walk_again(walk, act.send_back_to, reopened, stage.key)
    walk.close_orphans()
    if act.send_back_to is None:
        walk.set(state=CaseState.RETURNED)
    else:
        walk.advance()
    return ()


def _walk_again(walk: Walk, start: str | None, reopened: tuple[Run, ...], by: str) -> None:
    for spot, run in list(walk.current.items()):
        after = start is None or (
            run.stage in walk.workflow.descendants[start]
            and any(separation.meet(spot, other.spot) for other in reopened)
        )
        if after and run.state is StageState.PASSED:
            walk.void(run, "walk_again", by=by)


def _decline(walk: Walk, act: Act, actor: Actor) -> tuple[Refusal, ...]:
    _, outcome, refusals = _decision(walk, act, actor)
    if refusals or outcome is None:
        return refusals
    _end_run(walk, act, outcome, StageState.DECLINED, Verdict.DECLINED, Event.DECISION_DECLINED)
    _close(walk, CaseState.DECLINED, "declined")
    return ()


def _hold(walk: Walk, act: Act, actor: Actor) -> tuple[Refusal, ...]:
    _, outcome, refusals = _decision(walk, act, actor)
    if refusals or outcome is None:
        return refusals
    walk.set(state=CaseState.HELD, held_at=walk.at)
    walk.say(Event.CASE_HELD, stage=act.stage, line=act.line, comment=act.comment, outcome=outcome.key)
    return ()


def _answer(walk: Walk, act: Act, actor: Actor) -> tuple[Refusal, ...]:
    refusals: list[Refusal] = []
    case = walk.case
    if case.state is not CaseState.HELD or case.held_at is None:
        refusals.append(Refusal(RefusalCode.CASE_NOT_HELD, {"state": case.state}))
    stands = any(
        run.state is StageState.OPEN and checks.seats(case, walk.workflow.by_key[run.stage], run.line, actor)
        for run in walk.current.values()
    )
    if not stands and _by_author(case, actor):
        refusals.append(Refusal(RefusalCode.NOT_ALLOWED, {"verb": act.verb}))
    if not act.comment.strip():
        refusals.append(Refusal(RefusalCode.COMMENT_REQUIRED, {"verb": act.verb}))
    if refusals or case.held_at is None:
        return tuple(refusals)
    waited = walk.at - case.held_at
    for run in list(walk.current.values()):
        if run.state is StageState.OPEN and run.due_at is not None:
            walk.put(replace(run, due_at=run.due_at + waited))
    walk.set(state=CaseState.RUNNING, held_at=None)
    walk.say(Event.CASE_ANSWERED, comment=act.comment, waited_seconds=int(waited.total_seconds()))
    walk.advance()  # a proof may have been laid out meanwhile
    return ()


def _claim(walk: Walk, act: Act, actor: Actor) -> tuple[Refusal, ...]:
    _, refusals = checks.standing(walk.case, walk.workflow, walk.current, act, actor)
    if refusals:
        return refusals
    if not walk.workflow.by_key[act.stage].by_several:
        # Where each decides for themselves a claim is on record, and keeps nobody from having their say.
        walk.put(replace(walk.current[act.stage, act.line], claimed_by=actor.person))
    walk.say(Event.CASE_CLAIMED, stage=act.stage, line=act.line)
    return ()


def _unclaim(walk: Walk, act: Act, actor: Actor) -> tuple[Refusal, ...]:
    refusals = checks.running(walk.case) + checks.stage_open(walk.workflow, walk.current, act)
    run = walk.current.get((act.stage, act.line))
    if run is not None and run.state is StageState.OPEN and run.claimed_by != actor.person:
        refusals += (Refusal(RefusalCode.NOT_CLAIMED, {"stage": act.stage, "by": run.claimed_by}),)
    if refusals:
        return refusals
    walk.put(replace(walk.current[act.stage, act.line], claimed_by=None))
    walk.say(Event.CASE_UNCLAIMED, stage=act.stage, line=act.line)
    return ()


def _carry_out(walk: Walk, _act: Act, actor: Actor) -> tuple[Refusal, ...]:
    case, facts = walk.case, walk.facts
    refusals = list(checks.running(case) + scheduling.read_only(case))
    on_proof = [
        run for run in walk.current.values() if run.state is StageState.OPEN and walk.is_on_proof(run.spot)
    ]
    if not on_proof:
        refusals.append(Refusal(RefusalCode.STAGE_NOT_OPEN, {"stage": "", "line": "", "state": None}))
    if facts.revision is None or facts.revision == case.revision or facts.change is None:
        refusals.append(Refusal(RefusalCode.NOTHING_CHANGED, {"digest": case.revision}))
    elif facts.change.kind is ChangeClass.SUBSTANTIVE:
        refusals.append(Refusal(RefusalCode.NOT_MARKS_ONLY, {"fields": sorted(facts.change.fields)}))
        refusals += facts.change.objections
    decided = sorted(
        {
            run.stage
            for run in walk.current.values()
            if not walk.workflow.by_key[run.stage].author_may_act
            and not run.persons.isdisjoint(actor.persons)
        }
    )
    if decided:
        # They would become an author of a text that they have judged.
        refusals.append(Refusal(RefusalCode.SAME_PERSON, {"stage": "", "stages": decided}))
    refusals += _blocked(facts) + _over_limits(facts)
    if refusals:
        return tuple(refusals)
    walk.say(Event.MARKS_CARRIED_OUT, digest=facts.revision, was=case.revision)
    walk.set(carriers=case.carriers | {actor.person}, authors=case.authors | {actor.person})
    apply_edit(walk, actor)
    walk.advance()
    return ()


def _bind_subject(walk: Walk, act: Act, _actor: Actor) -> tuple[Refusal, ...]:
    case, proof = walk.case, walk.facts.proof
    if case.state in CLOSED:
        return (Refusal(RefusalCode.CASE_CLOSED, {"state": case.state}),)
    if act.line not in case.lines or proof is None or proof.line != act.line:
        return (Refusal(RefusalCode.LINE_UNKNOWN, {"line": act.line}),)
    if proof.revision != case.revision:
        return (Refusal(RefusalCode.PROOF_OUTDATED, {"proof": proof.digest, "revision": case.revision}),)
    if case.proof_of(act.line) is not None:
        return (
            Refusal(RefusalCode.PROOF_ALREADY_BOUND, {"line": act.line, "proof": case.proof_of(act.line)}),
        )
    walk.bind(proof)
    for run in list(walk.current.values()):
        if run.line == proof.line and run.state is StageState.PASSED and run.digest is None:
            walk.rebind(run, proof.digest)
    walk.say(Event.PROOF_LAID_OUT, line=proof.line, digest=proof.digest, revision=proof.revision)
    if case.state is CaseState.RUNNING:
        walk.advance()
    return ()


def _lay_out_failed(walk: Walk, act: Act, _actor: Actor) -> tuple[Refusal, ...]:
    # What cannot be laid out for its channel goes back to its author; what was decided waits for the edit.
    refusals = checks.running(walk.case)
    if act.line not in walk.case.lines:
        refusals += (Refusal(RefusalCode.LINE_UNKNOWN, {"line": act.line}),)
    elif act.digest != walk.case.revision or walk.case.proof_of(act.line) is not None:
        data = {"proof": walk.case.proof_of(act.line), "revision": walk.case.revision}
        refusals += (Refusal(RefusalCode.PROOF_OUTDATED, data),)
    if refusals:
        return refusals
    walk.set(state=CaseState.RETURNED)
    walk.say(Event.PROOF_FAILED, line=act.line, revision=act.digest, limits=list(walk.facts.channel_limits))
    return ()


def _reconsider(walk: Walk, _act: Act, _actor: Actor) -> tuple[Refusal, ...]:
    case = walk.case
    refusals: list[Refusal] = []
    if case.state is not CaseState.BLOCKED:
        refusals.append(Refusal(RefusalCode.NOT_WITH_AUTHOR, {"state": case.state}))
    refusals += _blocked(walk.facts)
    if refusals:
        return tuple(refusals)
    walk.set(state=CaseState.RUNNING)
    walk.say(Event.CASE_RECONSIDERED, digest=case.revision)
    walk.advance()
    return ()


def _decision(walk: Walk, act: Act, actor: Actor) -> tuple[Stage | None, Outcome | None, tuple[Refusal, ...]]:
    stage, refusals = checks.standing(walk.case, walk.workflow, walk.current, act, actor)
    if stage is None:
        return None, None, refusals
    outcome, missing = checks.outcome(stage, act)
    return stage, outcome, refusals + checks.subject(walk.case, stage, act) + missing


def _vote(case: Case, stage: Stage, run: Run, actor: Actor) -> Vote:
    benches = stage.benches
    if len(benches) > 1:
        benches = frozenset(seat.group for seat in checks.seats(case, stage, run.line, actor))
    return Vote(actor.person, actor.principal, checks.bench_of(benches), actor.through)


def _blocked(facts: Facts) -> tuple[Refusal, ...]:
    rules = sorted(set(facts.blockers))
    return (Refusal(RefusalCode.BLOCKING_FINDINGS, {"rules": rules}),) if rules else ()


def _over_limits(facts: Facts) -> tuple[Refusal, ...]:
    limits = list(facts.channel_limits)
    return (Refusal(RefusalCode.CHANNEL_LIMIT, {"limits": limits}),) if limits else ()


def _by_author(case: Case, actor: Actor) -> tuple[Refusal, ...]:
    return () if not actor.persons.isdisjoint(case.authors) else (Refusal(RefusalCode.NOT_AN_AUTHOR),)


def _end_run(
    walk: Walk, act: Act, outcome: Outcome, state: StageState, verdict: Verdict, event: Event
) -> None:
    run = replace(walk.current[act.stage, act.line], state=state)
    walk.put(run)
    walk.decided = Decided(run, verdict, outcome.key, final=True)
    more = {"to": act.send_back_to or "author", "then": act.then} if verdict is Verdict.SENT_BACK else {}
    walk.say(event, **_decided(run, outcome, act), **more)


def _decided(run: Run, outcome: Outcome, act: Act) -> dict[str, object]:
    return {
        "stage": run.stage,
        "line": run.line,
        "round": run.round,
        "digest": act.digest,
        "outcome": outcome.key,
        "comment": act.comment,
    }


def _close(walk: Walk, state: CaseState, reason: str) -> None:
    for run in list(walk.current.values()):
        if run.state in PENDING:
            walk.void(run, reason)
    scheduling.drop(walk, reason)
    walk.set(state=state, held_at=None)


_STEPS: dict[Verb, Callable[[Walk, Act, Actor], tuple[Refusal, ...]]] = {
    Verb.SUBMIT: _submit,
    Verb.RESUBMIT: _resubmit,
    Verb.RECALL: _recall,
    Verb.APPROVE: _approve,
    Verb.CONFIRM_MARKS: _approve,
    Verb.SEND_BACK: _send_back,
    Verb.DECLINE: _decline,
    Verb.HOLD: _hold,
    Verb.ANSWER: _answer,
    Verb.CLAIM: _claim,
    Verb.UNCLAIM: _unclaim,
    Verb.TAKE_BACK: collaboration.take_back,
    Verb.HAND_OVER: collaboration.hand_over,
    Verb.RECUSE: collaboration.recuse,
    Verb.FREE: collaboration.free,
    Verb.REMIND: collaboration.remind,
    Verb.COPY: collaboration.copy,
    Verb.CONSULT: collaboration.consult,
    Verb.ADVISE: collaboration.advise,
    Verb.ADD_REVIEWER: collaboration.add_reviewer,
    Verb.OVERRIDE: collaboration.override,
    Verb.SCHEDULE: scheduling.schedule,
    Verb.UNSCHEDULE: scheduling.unschedule,
    Verb.EMBARGO: scheduling.embargo,
    Verb.WITHHOLD: scheduling.withhold,
    Verb.CARRY_OUT: _carry_out,
    Verb.BIND_SUBJECT: _bind_subject,
    Verb.LAY_OUT_FAILED: _lay_out_failed,
    Verb.RECONSIDER: _reconsider,
}
