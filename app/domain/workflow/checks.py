"""What stands in the way of a step. Every check returns all its refusals, and none without an objection.

Where a check asks what somebody filled in, it is given their command, or `None` while nobody has filled in
anything: then it has no objection.
"""

from collections.abc import Collection, Iterable

from app.domain.refusals import Refusal, RefusalCode, Refusals
from app.domain.vocabulary import CaseState, Verb
from app.domain.workflow import separation
from app.domain.workflow.case import (
    OPEN,
    PASSED,
    RUNNING,
    Case,
    Participant,
    Person,
    Run,
    Spot,
    Vote,
)
from app.domain.workflow.commands import ByOutcome, Decide, OnReading, SendBack
from app.domain.workflow.committee import each_once
from app.domain.workflow.definition import Outcome, Stage, Workflow, names_basis
from app.domain.workflow.facts import AssessedText, Facts, HandedIn
from app.domain.workflow.needs import QUALIFICATIONS, AtLeast, Who

_STATE_CODES = {
    CaseState.BLOCKED: RefusalCode.CASE_BLOCKED,
    CaseState.RETURNED: RefusalCode.CASE_RETURNED,
    CaseState.HELD: RefusalCode.CASE_HELD,
    CaseState.RECALLED: RefusalCode.CASE_CLOSED,
    CaseState.DECLINED: RefusalCode.CASE_CLOSED,
    CaseState.CLEARED: RefusalCode.CASE_CLOSED,
}
#: Confirming marks is approving, in the words of a workflow file.
MEANT = {Verb.CONFIRM_MARKS: Verb.APPROVE}


def running(case: Case) -> Refusals:
    """Refuse what needs a running case."""
    if case.state is RUNNING:
        return ()
    return (Refusal(_STATE_CODES[case.state], {"state": case.state}),)


def stage_open(workflow: Workflow, current: dict[Spot, Run], spot: Spot) -> Refusals:
    """Refuse a stage that the workflow lacks, or that is not open for people now."""
    stage, line = spot
    if stage not in workflow.by_key:
        return (Refusal(RefusalCode.STAGE_UNKNOWN, {"stage": stage}),)
    run = current.get(spot)
    if run is None or run.state is not OPEN:
        state = None if run is None else run.state
        data = {"stage": stage, "line": line, "state": state}
        return (Refusal(RefusalCode.STAGE_NOT_OPEN, data),)
    return ()


def seats(case: Case, stage: Stage, line: str, actor: Participant) -> tuple[Who, ...]:
    """Return the lines of the stage's `who` that this actor answers to; empty when they may not act there."""
    return tuple([who for who in stage.who if case.meets(who.when, line) and _is(case, who, line, actor)])


def _is(case: Case, who: Who, line: str, actor: Participant) -> bool:
    needed = who.qualification
    if needed != "none" and QUALIFICATIONS.index(actor.qualification) < QUALIFICATIONS.index(needed):
        return False
    if who.role is not None:
        return _holds(case, who, line, actor)
    if who.author:
        return not actor.persons.isdisjoint(case.authors)
    return (
        (who.person is not None and _is_named(case, who.person, actor))
        or (who.post is not None and who.post in actor.posts)
        or (who.head_of_author and actor.heads_author)
        or (who.outside and actor.outside)
    )


def is_named_by(case: Case, who: Who | None, line: str, actor: Participant) -> bool:
    """Tell whether somebody is whom a line of a file names, if it names anybody."""
    return who is not None and case.meets(who.when, line) and _is(case, who, line, actor)


def by_id(person: Person) -> str:
    """Return how a stage added to a case names a person; no sign-in name has a colon."""
    return f"id:{person}"


def _is_named(case: Case, name: str, actor: Participant) -> bool:
    return name in {actor.name, by_id(actor.capacity)} or (name, actor.capacity) in case.instead


def _holds(case: Case, who: Who, line: str, actor: Participant) -> bool:
    # A role for one channel or section is enough only where it covers every place that the stage speaks for.
    grants = [grant for grant in actor.grants if grant.role is who.role]
    if who.scope == "channel":
        grants = [grant for grant in grants if grant.channel is not None]
    elif who.scope == "section":
        grants = [grant for grant in grants if grant.section is not None]
    for grant in grants:
        if grant.channel is None and grant.section is None:
            return True
    return bool(grants) and all(
        any(
            grant.channel in {None, target.channel} and grant.section in {None, target.section}
            for grant in grants
        )
        for target in case.targets
        if line in {"", target.channel}
    )


def person(
    case: Case, workflow: Workflow, current: dict[Spot, Run], stage: Stage, line: str, actor: Participant
) -> Refusals:
    """Refuse a person who may not act at this stage at all: capacity, own draft, distinct sets, carriers."""
    refusals: list[Refusal] = []
    persons = actor.persons
    if not seats(case, stage, line, actor):
        refusals.append(Refusal(RefusalCode.NOT_ALLOWED, {"stage": stage.key, "line": line}))
    if not persons.isdisjoint(case.recused):
        refusals.append(Refusal(RefusalCode.RECUSED, {"stage": stage.key}))
    refusals += separation.own_draft(case, stage, actor)
    refusals += separation.same_person(workflow, current, stage, line, actor)
    refusals += separation.head_of_author(stage, actor)
    refusals += separation.another_person(workflow, current, stage, line, actor)
    if stage.confirms_marks and not persons.isdisjoint(case.carriers):
        refusals.append(Refusal(RefusalCode.OWN_MARKS, {"stage": stage.key}))
    run = current.get((stage.key, line))
    if run is not None and run.state is OPEN:
        if run.claimed_by is not None and run.claimed_by not in persons and not stage.by_several:
            refusals.append(Refusal(RefusalCode.CLAIMED_BY_OTHER, {"stage": stage.key, "by": run.claimed_by}))
        if not run.persons.isdisjoint(persons):
            refusals.append(Refusal(RefusalCode.ALREADY_DECIDED, {"stage": stage.key}))
    return tuple(refusals)


def bars(case: Case, workflow: Workflow, stage: Stage, line: str, actor: Participant) -> Refusals:
    """Return what keeps somebody from acting at a stage whenever it is open; empty when they could."""
    return person(case, workflow, case.current(), stage, line, actor)


def standing(
    case: Case, workflow: Workflow, current: dict[Spot, Run], spot: Spot, actor: Participant
) -> Refusals:
    """Refuse an actor who may not act at this place now, for whatever reason."""
    refusals = running(case) + stage_open(workflow, current, spot)
    stage = workflow.by_key.get(spot[0])
    return refusals if stage is None else refusals + person(case, workflow, current, stage, spot[1], actor)


def concerned(case: Case, workflow: Workflow, actor: Participant) -> bool:
    """Tell whether somebody has to do with a case: an author, who was asked, who could act at any stage."""
    involved = case.authors | {consult.asked for consult in case.consults}
    return not actor.persons.isdisjoint(involved) or any(
        seats(case, stage, line, actor) or may_override(case, stage, line, actor)
        for stage in workflow.stages
        for line in case.lines_of(stage)
    )


def may_override(case: Case, stage: Stage, line: str, actor: Participant) -> bool:
    """Tell whether the workflow lets somebody send a draft past this stage."""
    return stage.may_be_overridden and any(
        case.meets(who.when, line) and _is(case, who, line, actor) for who in stage.override
    )


def opinions(case: Case, run: Run | None) -> Refusals:
    """Refuse to pass a stage that waits for an opinion."""
    if run is None or not (awaited := case.awaited(run)):
        return ()
    return (Refusal(RefusalCode.OPINION_AWAITED, {"stage": run.stage, "persons": sorted(awaited)}),)


def subject(case: Case, stage: Stage, line: str, digest: str) -> Refusals:
    """Refuse a digest that is not what the stage stands for now. 409: somebody changed the text meanwhile."""
    now = case.subject_of(stage, line)
    if digest == now:
        return ()
    return (Refusal(RefusalCode.STALE_DIGEST, {"stage": stage.key, "quoted": digest, "now": now}),)


def reading(case: Case, stage: Stage, form: OnReading | None) -> Refusals:
    """Refuse who has read something else than the stage stands for now."""
    return () if form is None else subject(case, stage, form.line, form.digest)


def outcome(stage: Stage, form: ByOutcome) -> Outcome | None:
    """Return the outcome that is meant: the named one, or the only one; `None` where there is no telling."""
    offered = stage.outcomes_of(MEANT.get(form.verb, form.verb))
    if not form.outcome:
        return offered[0] if len(offered) == 1 else None
    return next((way for way in offered if way.key == form.outcome), None)


def way_out(stage: Stage, verb: Verb, form: ByOutcome | None) -> Refusals:
    """Refuse a verb without an outcome here, and a form that names none of several, another, or no reason."""
    if form is not None and (meant := outcome(stage, form)) is not None:
        return _said(stage, meant, form.comment)
    offered, named = stage.outcomes_of(MEANT.get(verb, verb)), "" if form is None else form.outcome
    if form is None and offered:
        return ()
    data: dict[str, object] = {"stage": stage.key, "verb": verb}
    if offered and not named:
        data |= {"outcomes": [way.key for way in offered], "titles": [way.title for way in offered]}
        return (Refusal(RefusalCode.OUTCOME_REQUIRED, data),)
    return (Refusal(RefusalCode.OUTCOME_NOT_OFFERED, {**data, "outcome": named}),)


def _said(stage: Stage, meant: Outcome, comment: str) -> Refusals:
    """Refuse an outcome without the words, the preset reason or the basis that it asks for."""
    refusals: Refusals = ()
    where = {"stage": stage.key, "outcome": meant.key}
    if meant.comment and not comment.strip():
        refusals += (Refusal(RefusalCode.COMMENT_REQUIRED, where),)
    if meant.one_of_reasons and not meant.reasons_in(comment):
        data = {**where, "title": meant.title, "reasons": "、".join(meant.reasons)}
        refusals += (Refusal(RefusalCode.REASON_REQUIRED, data),)
    if meant.basis and not names_basis(comment):
        refusals += (Refusal(RefusalCode.BASIS_REQUIRED, {**where, "title": meant.title}),)
    return refusals


def worded(verb: Verb, comment: str) -> Refusals:
    """Refuse what is done without a word."""
    return () if comment.strip() else (Refusal(RefusalCode.COMMENT_REQUIRED, {"verb": verb}),)


def strands(facts: Facts, *, knowing: bool) -> Refusals:
    """Refuse what leaves a stage with nobody, unless whoever does it knows.

    Asked last, of an act against which nothing else is said: a risk is put only to who could take it.
    """
    if knowing or not facts.stranded:
        return ()
    titles = "、".join(facts.stranded)
    return (Refusal(RefusalCode.STRANDS, {"titles": titles, "stages": list(facts.stranded)}),)


def blocked(facts: Facts) -> Refusals:
    """Refuse a text with open blocking findings."""
    if not facts.blockers:
        return ()
    return (Refusal(RefusalCode.BLOCKING_FINDINGS, {"rules": sorted(set(facts.blockers))}),)


def within_limits(facts: HandedIn) -> Refusals:
    """Refuse a text that exceeds what its channels take."""
    limits = list(facts.channel_limits)
    return (Refusal(RefusalCode.CHANNEL_LIMIT, {"limits": limits}),) if limits else ()


def by_author(authors: frozenset[Person], actor: Participant) -> Refusals:
    """Refuse who wrote none of the text."""
    return (Refusal(RefusalCode.NOT_AN_AUTHOR),) if actor.persons.isdisjoint(authors) else ()


def text_ready(stage: Stage, facts: AssessedText) -> Refusals:
    """Refuse to pass a text with blocking findings, marks, errors or comments that must not be left."""
    refusals = [*blocked(facts)]
    if stage.confirms_marks and facts.open_marks:
        refusals.append(Refusal(RefusalCode.MARKS_OPEN, {"marks": facts.open_marks}))
    if stage.errors_left is not None and facts.findings > stage.errors_left:
        data = {"errors": facts.findings, "limit": stage.errors_left}
        refusals.append(Refusal(RefusalCode.TOO_MANY_ERRORS, data))
    if "threads_resolved" in stage.requires and facts.own_threads:
        refusals.append(Refusal(RefusalCode.OWN_THREADS_UNSETTLED, {"threads": facts.own_threads}))
    return tuple(refusals)


def checklist(stage: Stage, form: Decide) -> Refusals:
    """Refuse a form whose checklist is not ticked through."""
    missing = [item for item in stage.checklist if item not in form.ticked]
    return (Refusal(RefusalCode.CHECKLIST_INCOMPLETE, {"missing": missing}),) if missing else ()


def rounds(case: Case, stage: Stage, line: str) -> Refusals:
    """Refuse to send back too often."""
    used = case.sent_back((stage.key, line))
    if used < stage.rounds:
        return ()
    left = [verb for verb in (Verb.DECLINE, Verb.HOLD) if stage.outcomes_of(verb)]
    return (Refusal(RefusalCode.ROUNDS_USED_UP, {"stage": stage.key, "used": used, "left": left}),)


def way_back(
    case: Case, workflow: Workflow, current: dict[Spot, Run], stage: Stage, form: SendBack
) -> Refusals:
    """Refuse to send back to a stage that was not passed on the way here or is not offered."""
    if form.send_back_to is None or form.send_back_to in ways_back(case, workflow, current, stage, form.line):
        return ()
    data = {"stage": stage.key, "to": form.send_back_to}
    return (Refusal(RefusalCode.CANNOT_SEND_BACK_THERE, data),)


def ways_back(
    case: Case, workflow: Workflow, current: dict[Spot, Run], stage: Stage, line: str
) -> dict[str, tuple[Run, ...]]:
    """Return the earlier stages to send back to, in order, each with the passed runs this would reopen."""
    ways: dict[str, tuple[Run, ...]] = {}
    for target in workflow.ordered:
        offered = stage.send_back_to is None or target.key in stage.send_back_to
        if target.key not in workflow.ancestors[stage.key] or not target.by_people or not offered:
            continue
        runs = tuple(
            run
            for place in case.lines_of(target)
            if separation.meet((target.key, place), (stage.key, line))
            and (run := current.get((target.key, place))) is not None
            and run.state is PASSED
        )
        if runs:
            ways[target.key] = runs
    return ways


def raised(case: Case, stage: Stage, line: str, actor: Participant, outcome: Outcome) -> frozenset[str]:
    """Return the flags that an approval raises anew; empty for none.

    A capacity raises its flags only where the person has no other that does without: who may act in their
    own right owes nothing for being named as well. Flags stay for the rest of the walk.
    """
    if not outcome.raises and not stage.raises:
        return frozenset()
    capacities = [frozenset(seat.raises) for seat in seats(case, stage, line, actor)]
    common = frozenset.intersection(*capacities) if capacities else frozenset()
    return (common | set(outcome.raises)) - case.flags


#: Between the benches that one vote may sit on; no key of a bench has it.
_OR = "+"
#: A bench is stored in so many characters.
_LONGEST_BENCH = 40


def bench_of(benches: frozenset[str | None]) -> str | None:
    """Return the bench of a vote: one, or all that its maker may sit on, for which one is seen in the end."""
    named = sorted(bench for bench in benches if bench is not None)
    several = _OR.join(named)
    return several if named and len(several) <= _LONGEST_BENCH else next(iter(named), None)


def empty_benches(needed: Collection[str | None], votes: Iterable[Vote]) -> set[str | None]:
    """Return the benches that stay empty when as many as can be are filled, in whatever order people came."""
    seated: dict[str | None, tuple[str | None, ...]] = {}

    def seat(may: tuple[str | None, ...], asked: set[str | None]) -> bool:
        for bench in may:
            if bench in needed and bench not in asked:
                asked.add(bench)
                if bench not in seated or seat(seated[bench], asked):
                    seated[bench] = may
                    return True
        return False

    for vote in votes:
        seat((None,) if vote.group is None else tuple(vote.group.split(_OR)), set())
    return set(needed) - seated.keys()


def enough(
    case: Case, stage: Stage, line: str, votes: tuple[Vote, ...], everybody: frozenset[Person]
) -> bool:
    """Tell whether these approvals pass the stage: any one, all of `everybody`, m, or one of each group."""
    if stage.need == "any":
        return True
    if stage.need == "all":
        return bool(everybody) and everybody <= {person for vote in votes for person in vote.persons}
    if stage.need == "one_of_each":
        return not empty_benches({who.group for who in stage.who if case.meets(who.when, line)}, votes)
    assert isinstance(stage.need, AtLeast), "a committee's votes are counted by `committee`"
    return len(each_once(votes)) >= stage.need.at_least
