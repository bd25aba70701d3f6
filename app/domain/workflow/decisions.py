"""What somebody decides at a stage: approve, send back, decline, hold and answer, and who is at work on it.

Of each verb two functions: what stands against it, also while no form is filled in (`None`), and doing it.
"""

from dataclasses import replace

from app.domain.refusals import Refusal, RefusalCode, Refusals
from app.domain.vocabulary import CaseState, Event, StageState, Verb, Verdict
from app.domain.workflow import checks, committee, separation
from app.domain.workflow.case import Run, Spot, Vote
from app.domain.workflow.commands import (
    Abstain,
    AnswerHold,
    Approve,
    ByOutcome,
    Claim,
    CloseVote,
    ConfirmMarks,
    Decide,
    Decline,
    Hold,
    Oppose,
    SendBack,
    Unclaim,
)
from app.domain.workflow.definition import Outcome, Stage
from app.domain.workflow.effects import Decided, Walk
from app.domain.workflow.facts import AssessedText, Facts
from app.domain.workflow.scheduling import close


def against_approving(walk: Walk[AssessedText], spot: Spot, form: Approve | None) -> Refusals:
    """Refuse to pass a stage: for the person, the text, the form, or an opinion that is awaited."""
    stage, refusals = walk.workflow.by_key.get(spot[0]), _against(walk, spot, Verb.APPROVE, form)
    if stage is None:
        return refusals
    if not stage.confirms_marks and isinstance(form, ConfirmMarks):
        refusals += (Refusal(RefusalCode.VERB_NOT_OFFERED, {"verb": form.verb, "stage": stage.key}),)
    refusals += checks.text_ready(stage, walk.facts)
    if form is not None:
        refusals += checks.checklist(stage, form)
    refusals += checks.opinions(walk.case, walk.current.get(spot))
    return refusals or (() if form is None else checks.strands(walk.facts, knowing=form.knowing))


def approve(walk: Walk[AssessedText], command: Approve) -> None:
    """Pass a stage, or give one of the approvals that it asks for."""
    stage = walk.workflow.by_key[command.stage]
    outcome = _outcome(stage, command)
    run = walk.current[command.spot]
    vote = _vote(walk, stage, run)
    votes = (*run.votes, vote)
    closed = _result(walk, stage, votes)
    if stage.committee is None:
        passed = checks.enough(walk.case, stage, command.line, votes, walk.facts.candidates)
    else:
        passed = closed == "passed"
    run = run.approved(vote, passed=passed)
    walk.put(run)
    walk.decided = Decided(run, Verdict.APPROVED, outcome.key, final=passed)
    raised = checks.raised(walk.case, stage, command.line, walk.actor, outcome)
    walk.say(
        Event.MARKS_CONFIRMED if stage.confirms_marks else Event.DECISION_APPROVED,
        **_record(run, outcome, command),
        final=passed,
        **({"raised": sorted(raised)} if raised else {}),
    )
    if raised:
        walk.set(flags=walk.case.flags | raised)
        walk.look_again()
    if closed is not None:
        _close_vote(walk, stage, run, closed)
    if passed:
        walk.advance()


def against_voting(walk: Walk[AssessedText], spot: Spot, form: Oppose | Abstain | None) -> Refusals:
    """Refuse a vote against, or an abstention, where no committee votes or this person may not."""
    stage, refusals = walk.workflow.by_key.get(spot[0]), _against(walk, spot, Verb.OPPOSE, form)
    if stage is None:
        return refusals
    if stage.committee is None:
        data = {"verb": Verb.OPPOSE if form is None else form.verb, "stage": stage.key}
        refusals += (Refusal(RefusalCode.VERB_NOT_OFFERED, data),)
    return refusals + checks.opinions(walk.case, walk.current.get(spot))


def vote_otherwise(walk: Walk[AssessedText], command: Oppose | Abstain) -> None:
    """Vote against, or abstain; by it the vote may close, one way or the other."""
    stage = walk.workflow.by_key[command.stage]
    outcome = _outcome(stage, command)
    against = isinstance(command, Oppose)
    vote = replace(_vote(walk, stage, walk.current[command.spot]), says="no" if against else "abstain")
    run = walk.current[command.spot].approved(vote, passed=False)
    closed = _result(walk, stage, run.votes)
    walk.put(run)
    verdict = Verdict.OPPOSED if against else Verdict.ABSTAINED
    walk.decided = Decided(run, verdict, outcome.key, final=False)
    event = Event.DECISION_OPPOSED if against else Event.DECISION_ABSTAINED
    walk.say(event, **_record(run, outcome, command), final=False)
    if closed is not None:
        _close_vote(walk, stage, run, closed)
        if closed == "passed":
            walk.advance()


def against_closing_vote(walk: Walk[AssessedText], spot: Spot, _command: CloseVote | None) -> Refusals:
    """Refuse to close a vote that is none, or whose time has not come."""
    refusals = checks.running(walk.case) + checks.stage_open(walk.workflow, walk.current, spot)
    stage, run = walk.workflow.by_key.get(spot[0]), walk.current.get(spot)
    if stage is None or run is None:
        return refusals
    if stage.committee is None or stage.committee.closes != "at_time":
        data = {"verb": Verb.CLOSE_VOTE, "stage": stage.key}
        refusals += (Refusal(RefusalCode.VERB_NOT_OFFERED, data),)
    elif run.due_at is None or walk.at < run.due_at:
        refusals += (Refusal(RefusalCode.VOTE_GOES_ON, {"stage": stage.key}),)
    return refusals


def close_vote(walk: Walk[AssessedText], command: CloseVote) -> None:
    """Close a vote whose time is up: who has not voted is counted as the scheme says."""
    stage, run = walk.workflow.by_key[command.stage], walk.current[command.spot]
    closed = _result(walk, stage, run.votes, time_is_up=True)
    assert closed is not None
    if closed == "passed":
        walk.put(replace(run, state=StageState.PASSED))
    _close_vote(walk, stage, run, closed)
    if closed == "passed":
        walk.advance()


def _result(
    walk: Walk[AssessedText], stage: Stage, votes: tuple[Vote, ...], *, time_is_up: bool = False
) -> committee.Result | None:
    if stage.committee is None:
        return None
    return committee.result(stage.committee, votes, _members(walk, votes), time_is_up=time_is_up)


def _members(walk: Walk[AssessedText], votes: tuple[Vote, ...]) -> int:
    # Who voted for another is one member, and so is who may vote and has not.
    behind = {person for vote in votes for person in vote.persons}
    return len(walk.facts.candidates - behind) + len(committee.each_once(votes))


def _close_vote(walk: Walk[AssessedText], stage: Stage, run: Run, closed: committee.Result) -> None:
    """Say how a vote ended, and where it failed let the stage and the case end so."""
    assert stage.committee is not None
    counted = committee.tally(stage.committee, run.votes, _members(walk, run.votes))
    fails = stage.committee.fails
    walk.say(
        Event.CASE_VOTE_CLOSED,
        stage=run.stage,
        line=run.line,
        round=run.round,
        digest=run.digest,
        result=closed,
        yes=counted.yes,
        no=counted.no,
        abstained=counted.abstain,
        members=counted.members,
        **({"to": "author"} if closed == "failed" else {}),
    )
    if closed == "passed":
        if walk.current[run.spot].state is StageState.OPEN:
            walk.put(replace(run, state=StageState.PASSED))
        return
    ended = StageState.SENT_BACK if fails == "send_back" else StageState.DECLINED
    walk.put(replace(run, state=ended))
    if fails == "decline":
        close(walk, CaseState.DECLINED, "declined")
    else:
        walk.close_orphans()
        walk.set(state=CaseState.RETURNED)


def against_sending_back(walk: Walk[Facts], spot: Spot, form: SendBack | None) -> Refusals:
    """Refuse to send back: too often, or to a stage that cannot be gone back to."""
    stage, refusals = walk.workflow.by_key.get(spot[0]), _against(walk, spot, Verb.SEND_BACK, form)
    if stage is None:
        return refusals
    refusals += checks.rounds(walk.case, stage, spot[1])
    if form is not None and form.send_back_to is not None:
        refusals += checks.way_back(walk.case, walk.workflow, walk.current, stage, form)
        # Nothing opens on a text with blocking findings: only its author can mend it.
        refusals += checks.blocked(walk.facts)
    return refusals


def send_back(walk: Walk[Facts], command: SendBack) -> None:
    """Send the draft back to an earlier stage, or to its author."""
    stage = walk.workflow.by_key[command.stage]
    outcome = _outcome(stage, command)
    ways = checks.ways_back(walk.case, walk.workflow, walk.current, stage, command.line)
    reopened = ways.get(command.send_back_to or "", ())
    run = _end_run(walk, command, outcome, StageState.SENT_BACK, Verdict.SENT_BACK)
    to = {"to": command.send_back_to or "author", "then": command.then}
    raised = frozenset(outcome.raises) - walk.case.flags
    more = {"raised": sorted(raised)} if raised else {}
    walk.say(Event.DECISION_SENT_BACK, **_record(run, outcome, command), **to, **more)
    for passed in reopened:
        walk.void(passed, "sent_back", by=stage.key)
    if command.then == "walk_again":
        _walk_again(walk, command.send_back_to, reopened, stage.key)
    if raised:
        walk.set(flags=walk.case.flags | raised)
        walk.look_again()
    walk.close_orphans()
    if command.send_back_to is None:
        walk.set(state=CaseState.RETURNED)
    else:
        walk.advance()


def _walk_again(walk: Walk[Facts], start: str | None, reopened: tuple[Run, ...], by: str) -> None:
    for spot, run in list(walk.current.items()):
        after = start is None or (
            run.stage in walk.workflow.descendants[start]
            and any(separation.meet(spot, other.spot) for other in reopened)
        )
        if after and run.state is StageState.PASSED:
            walk.void(run, "walk_again", by=by)


def against_declining(walk: Walk[Facts], spot: Spot, form: Decline | None) -> Refusals:
    """Refuse to decline."""
    return _against(walk, spot, Verb.DECLINE, form)


def decline(walk: Walk[Facts], command: Decline) -> None:
    """End the case: the draft is not used."""
    outcome = _outcome(walk.workflow.by_key[command.stage], command)
    run = _end_run(walk, command, outcome, StageState.DECLINED, Verdict.DECLINED)
    walk.say(Event.DECISION_DECLINED, **_record(run, outcome, command))
    close(walk, CaseState.DECLINED, "declined")


def against_holding(walk: Walk[Facts], spot: Spot, form: Hold | None) -> Refusals:
    """Refuse to hold a case."""
    return _against(walk, spot, Verb.HOLD, form)


def hold(walk: Walk[Facts], command: Hold) -> None:
    """Stop the clock while somebody outside is asked."""
    outcome = _outcome(walk.workflow.by_key[command.stage], command)
    walk.set(state=CaseState.HELD, held_at=walk.at)
    spot = {"stage": command.stage, "line": command.line}
    walk.say(Event.CASE_HELD, **spot, comment=command.comment, outcome=outcome.key)


def against_answering(walk: Walk[Facts], _spot: Spot, form: AnswerHold | None) -> Refusals:
    """Refuse an answer where none is awaited, from who has no part in it, or without a word."""
    refusals: list[Refusal] = []
    case = walk.case
    if case.state is not CaseState.HELD or case.held_at is None:
        refusals.append(Refusal(RefusalCode.CASE_NOT_HELD, {"state": case.state}))
    stands = any(
        run.state is StageState.OPEN
        and checks.seats(case, walk.workflow.by_key[run.stage], run.line, walk.actor)
        for run in walk.current.values()
    )
    if not stands and checks.by_author(case.authors, walk.actor):
        refusals.append(Refusal(RefusalCode.NOT_ALLOWED, {"verb": Verb.ANSWER}))
    if form is not None:
        refusals += checks.worded(Verb.ANSWER, form.comment)
    return tuple(refusals)


def answer(walk: Walk[Facts], command: AnswerHold) -> None:
    """Attach the answer that came from outside, and go on: the time that it took does not count."""
    assert walk.case.held_at is not None
    waited = walk.at - walk.case.held_at
    for run in list(walk.current.values()):
        if run.state is StageState.OPEN and run.due_at is not None:
            walk.put(replace(run, due_at=run.due_at + waited))
    walk.set(state=CaseState.RUNNING, held_at=None)
    walk.say(Event.CASE_ANSWERED, comment=command.comment, waited_seconds=int(waited.total_seconds()))
    walk.advance()  # a proof may have been laid out meanwhile


def against_claiming(walk: Walk[Facts], spot: Spot, _form: Claim | None) -> Refusals:
    """Refuse to claim a stage at which one may not act."""
    return checks.standing(walk.case, walk.workflow, walk.current, spot, walk.actor)


def claim(walk: Walk[Facts], command: Claim) -> None:
    """Take an open stage upon oneself."""
    if not walk.workflow.by_key[command.stage].by_several:
        # Where each decides for themselves a claim is on record, and keeps nobody from having their say.
        walk.put(replace(walk.current[command.spot], claimed_by=walk.actor.person))
    walk.say(Event.CASE_CLAIMED, stage=command.stage, line=command.line)


def against_unclaiming(walk: Walk[Facts], spot: Spot, _form: Unclaim | None) -> Refusals:
    """Refuse to give back what one has not claimed."""
    refusals = checks.running(walk.case) + checks.stage_open(walk.workflow, walk.current, spot)
    run = walk.current.get(spot)
    if run is not None and run.state is StageState.OPEN and run.claimed_by not in walk.actor.own:
        refusals += (Refusal(RefusalCode.NOT_CLAIMED, {"stage": spot[0], "by": run.claimed_by}),)
    return refusals


def unclaim(walk: Walk[Facts], command: Unclaim) -> None:
    """Give a claimed stage back to all."""
    walk.put(replace(walk.current[command.spot], claimed_by=None))
    walk.say(Event.CASE_UNCLAIMED, stage=command.stage, line=command.line)


def _against(walk: Walk[Facts], spot: Spot, verb: Verb, form: ByOutcome | None) -> Refusals:
    refusals = checks.standing(walk.case, walk.workflow, walk.current, spot, walk.actor)
    stage = walk.workflow.by_key.get(spot[0])
    if stage is None:
        return refusals
    verb = verb if form is None else form.verb
    return refusals + checks.reading(walk.case, stage, form) + checks.way_out(stage, verb, form)


def _outcome(stage: Stage, command: ByOutcome) -> Outcome:
    outcome = checks.outcome(stage, command)
    assert outcome is not None, "asked before, by `_against`"
    return outcome


def _vote(walk: Walk[Facts], stage: Stage, run: Run) -> Vote:
    actor, benches = walk.actor, stage.benches
    if stage.committee is not None:
        chair = stage.committee.chair
        seat = committee.CHAIR if checks.is_named_by(walk.case, chair, run.line, actor) else None
        return Vote(actor.person, actor.principal, seat, actor.through, also=actor.others)
    if len(benches) > 1:
        benches = frozenset(seat.group for seat in checks.seats(walk.case, stage, run.line, actor))
    bench = checks.bench_of(benches)
    return Vote(actor.person, actor.principal, bench, actor.through, also=actor.others)


def _end_run(
    walk: Walk[Facts], command: Decide, outcome: Outcome, state: StageState, verdict: Verdict
) -> Run:
    run = replace(walk.current[command.spot], state=state)
    walk.put(run)
    walk.decided = Decided(run, verdict, outcome.key, final=True)
    return run


def _record(run: Run, outcome: Outcome, command: Decide) -> dict[str, object]:
    return {
        "stage": run.stage,
        "line": run.line,
        "round": run.round,
        "digest": command.digest,
        "outcome": outcome.key,
        "comment": command.comment,
        **({"reasons": list(given)} if (given := outcome.reasons_in(command.comment)) else {}),
    }
