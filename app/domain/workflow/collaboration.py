"""What people do with each other at a case: hand over, ask, add, copy, remind, recuse, take back."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from app.domain.refusals import Refusal, RefusalCode
from app.domain.vocabulary import ADMINISTRATORS, Event, StageKind, StageState
from app.domain.workflow import checks, separation
from app.domain.workflow.added_stages import MOST, extended
from app.domain.workflow.case import CLOSED, DONE, Act, Actor, Added, Case, Consult, Run, Vote
from app.domain.workflow.definition import AddedStage, Stage, Workflow
from app.domain.workflow.effects import Happened, Walk

#: One stage is reminded of at most this often.
REMIND_EVERY = timedelta(days=1)

#: Somebody yet to be named; no person has this id.
ANYBODY = Actor(person="?")

_DECIDED = frozenset({StageState.PASSED, StageState.SENT_BACK, StageState.DECLINED, StageState.OVERRIDDEN})


def take_back(walk: Walk, act: Act, actor: Actor) -> tuple[Refusal, ...]:
    """Let somebody take their approval back while nobody has taken up what it opened (拿回).

    The decision stays; its run is voided, with an event, and the stage opens again with the others' votes in
    it: whoever took theirs back is missing, and nobody else. What was signed is retracted, not taken back.
    """
    stage = walk.workflow.by_key.get(act.stage)
    refusals = list(checks.running(walk.case))
    if stage is None:
        return (*refusals, Refusal(RefusalCode.STAGE_UNKNOWN, {"stage": act.stage}))
    run = walk.current.get((act.stage, act.line))
    data = {"stage": act.stage, "line": act.line}
    if StageKind.SIGN_OFF in stage.kinds:
        refusals.append(Refusal(RefusalCode.VERB_NOT_OFFERED, {"verb": act.verb, "stage": act.stage}))
    if run is None or run.state not in {StageState.PASSED, StageState.OPEN} or not run.votes:
        refusals.append(Refusal(RefusalCode.NOTHING_TO_TAKE_BACK, data))
        return tuple(refusals)
    if actor.person not in run.persons:
        refusals.append(Refusal(RefusalCode.NOT_YOUR_DECISION, data))
    taken = sorted({later.stage for later in _taken_up(walk, run)})
    if taken:
        refusals.append(Refusal(RefusalCode.TAKEN_UP, {**data, "stages": taken}))
    if refusals:
        return tuple(refusals)
    before = len(walk.events)
    walk.void(run, "taken_back", by=actor.person)
    walk.close_orphans()
    walk.advance()
    kept = _keep_others(walk, run, actor)
    said = Happened(
        Event.CASE_TAKEN_BACK,
        {
            **data,
            "round": run.round,
            "digest": run.digest,
            "persons": sorted(
                {one for vote in run.votes if actor.person in vote.persons for one in vote.persons}
            ),
            "kept": [{"persons": sorted(vote.persons), "round": vote.round} for vote in kept],
            "comment": act.comment,
        },
    )
    walk.events.insert(before, said)
    return ()


def _keep_others(walk: Walk, run: Run, actor: Actor) -> tuple[Vote, ...]:
    """Put the votes of the others into the run that opened anew, and return them.

    None where it did not open, or stands for something else by now: then everybody is asked again.
    """
    again = walk.current[run.spot]
    if again.state is not StageState.OPEN or again.digest != run.digest:
        return ()
    kept = tuple(
        replace(vote, round=vote.round or run.round) for vote in run.votes if actor.person not in vote.persons
    )
    if kept:
        walk.put(replace(again, votes=kept))
    return kept


def _taken_up(walk: Walk, run: Run) -> Iterator[Run]:
    """Yield the runs behind this one that somebody has begun on since: claimed, decided, asked, marked."""
    for spot, later in walk.current.items():
        stage = walk.workflow.by_key[later.stage]
        behind = later.stage in walk.workflow.descendants[run.stage] and separation.meet(spot, run.spot)
        if not behind or not stage.by_people or later.opened_at is None or run.opened_at is None:
            continue
        begun = later.state in _DECIDED or (
            later.state is StageState.OPEN
            and (
                later.claimed_by is not None
                or bool(later.votes)
                or walk.facts.open_marks > 0
                or any((one.stage, one.line, one.round) == (*spot, later.round) for one in walk.case.consults)
            )
        )
        # What was decided before this run opened is no answer to it.
        if begun and later.opened_at >= run.opened_at:
            yield later


def hand_over(walk: Walk, act: Act, actor: Actor) -> tuple[Refusal, ...]:
    """Give an open stage to a named person who may act there (转办).

    Where the stage names somebody, that place is given on, also before the stage opens.
    """
    case, facts = walk.case, walk.facts
    stage = walk.workflow.by_key.get(act.stage)
    if stage is None:
        return checks.running(case) + checks.stage_open(walk.workflow, walk.current, act)
    run = walk.current.get((act.stage, act.line))
    there = _with_them(case, stage, act, facts.instead_of)
    refusals = checks.running(case)
    if there is case or (run is not None and run.state in DONE):
        refusals += checks.stage_open(walk.workflow, walk.current, act)
    if stage.by_several and there is case:
        refusals += (Refusal(RefusalCode.EACH_FOR_THEMSELVES, {"stage": stage.key}),)
    refusals += _may_pass_on(case, stage, act, run, actor, by_office=facts.by_office)
    refusals += _named(walk, act, actor, oneself_too=True)
    workflow = extended(walk.workflow, there.added)
    if facts.named is not None:
        free = dict(walk.current)
        if run is not None:
            free[run.spot] = replace(run, claimed_by=None)
        why = checks.person(there, workflow, free, workflow.by_key[stage.key], act.line, facts.named)
        refusals += _cannot_act(act, why)
    if refusals:
        return refusals
    walk.set(added=there.added, instead=there.instead)
    walk.workflow = workflow
    was = None if run is None else run.claimed_by
    if run is not None and run.state is StageState.OPEN and not stage.by_several:
        walk.put(replace(run, claimed_by=act.to))
    walk.say(
        Event.CASE_HANDED_OVER,
        stage=act.stage,
        line=act.line,
        to=act.to,
        was=was,
        by_office=facts.by_office,
        comment=act.comment,
    )
    return ()


def _may_pass_on(
    case: Case, stage: Stage, act: Act, run: Run | None, actor: Actor, *, by_office: bool
) -> tuple[Refusal, ...]:
    holder = None if run is None else run.claimed_by
    if by_office or holder in actor.persons:
        return ()
    if isinstance(stage, AddedStage) and stage.asked_by in actor.persons:
        return ()
    if holder is not None:
        return (Refusal(RefusalCode.CLAIMED_BY_OTHER, {"stage": stage.key, "by": holder}),)
    if checks.seats(case, stage, act.line, actor):
        return ()
    return (Refusal(RefusalCode.NOT_ALLOWED, {"stage": stage.key, "line": act.line}),)


def _with_them(case: Case, stage: Stage, act: Act, instead_of: str) -> Case:
    """Return the case with the named person in the seat of whom the stage names, if it names anybody."""
    if isinstance(stage, AddedStage):
        added = tuple(replace(one, person=act.to) if one.key == stage.key else one for one in case.added)
        return replace(case, added=added)
    if instead_of and any(who.person == instead_of for who in stage.who):
        return replace(case, instead=case.instead | {(instead_of, act.to)})
    return case


def recuse(walk: Walk, act: Act, actor: Actor) -> tuple[Refusal, ...]:
    """Let somebody withdraw from a case for good (回避); what they had claimed is free again."""
    case = walk.case
    refusals = list(_begun(case))
    if actor.person in case.recused:
        refusals.append(Refusal(RefusalCode.RECUSED, {"person": actor.person}))
    elif not checks.concerned(case, walk.workflow, actor):
        refusals.append(Refusal(RefusalCode.NOT_ALLOWED, {"verb": act.verb}))
    refusals += _words(act)
    if refusals:
        return tuple(refusals)
    freed = _freed(walk, actor.person)
    walk.set(recused=case.recused | {actor.person})
    walk.say(Event.CASE_RECUSED, person=actor.person, freed=freed, comment=act.comment)
    return ()


def free(walk: Walk, act: Act, _actor: Actor) -> tuple[Refusal, ...]:
    """Free what waits for somebody who can act no more: their claims, and the opinions awaited of them."""
    refusals = _begun(walk.case)
    if refusals:
        return refusals
    freed = _freed(walk, act.to)
    if not freed:
        return (Refusal(RefusalCode.NOT_CLAIMED, {"stage": "", "by": act.to}),)
    walk.say(Event.CASE_FREED, person=act.to, freed=freed)
    return ()


def _freed(walk: Walk, person: str) -> list[dict[str, str]]:
    """Free the open runs that a person has claimed or whose approval waits for them; return the places."""
    freed = []
    for run in list(walk.current.values()):
        if run.state is StageState.OPEN and person == run.claimed_by:
            walk.put(replace(run, claimed_by=None))
        elif run.state is not StageState.OPEN or person not in walk.case.awaited(run):
            continue
        freed.append({"stage": run.stage, "line": run.line})
    consults = tuple(
        replace(one, waits=False) if one.asked == person and not one.answered else one
        for one in walk.case.consults
    )
    walk.set(consults=consults)
    return freed


def remind(walk: Walk, act: Act, actor: Actor) -> tuple[Refusal, ...]:
    """Remind those whom an open stage waits for (催办), at most once a day."""
    case, spot = walk.case, (act.stage, act.line)
    refusals = list(checks.running(case) + checks.stage_open(walk.workflow, walk.current, act))
    if not checks.concerned(case, walk.workflow, actor):
        refusals.append(Refusal(RefusalCode.NOT_ALLOWED, {"verb": act.verb}))
    last = dict(case.reminded).get(spot)
    if last is not None and walk.at < last + REMIND_EVERY:
        data = {"stage": act.stage, "again_at": (last + REMIND_EVERY).isoformat()}
        refusals.append(Refusal(RefusalCode.REMINDED_ALREADY, data))
    if refusals:
        return tuple(refusals)
    open_now = {place for place, run in walk.current.items() if run.state is StageState.OPEN}
    others = tuple(one for one in case.reminded if one[0] != spot and one[0] in open_now)
    walk.set(reminded=(*others, (spot, walk.at)))
    run = walk.current[spot]
    walk.say(
        Event.CASE_REMINDED,
        stage=act.stage,
        line=act.line,
        round=run.round,
        holder=run.claimed_by,
        comment=act.comment,
    )
    return ()


def copy(walk: Walk, act: Act, actor: Actor) -> tuple[Refusal, ...]:
    """Send a copy of the case to a named person, who sees it from then on (抄送); also when it has ended."""
    case = walk.case
    refusals: list[Refusal] = []
    if not case.runs:
        refusals.append(Refusal(RefusalCode.NOT_SUBMITTED))
    if not checks.concerned(case, walk.workflow, actor) and actor.person not in case.copied:
        refusals.append(Refusal(RefusalCode.NOT_ALLOWED, {"verb": act.verb}))
    refusals += _named(walk, act, actor)
    if act.to in case.copied:
        refusals.append(Refusal(RefusalCode.ALREADY_COPIED, {"to": act.to}))
    if refusals:
        return tuple(refusals)
    walk.set(copied=case.copied | {act.to})
    walk.say(Event.CASE_COPIED, to=act.to, comment=act.comment)
    return ()


def consult(walk: Walk, act: Act, actor: Actor) -> tuple[Refusal, ...]:
    """Ask a named person for an opinion that is no vote (征求意见).

    Whether the stage waits for it is the asker's choice, and may be chosen anew by asking once more.
    """
    case = walk.case
    _, refusals = checks.standing(case, walk.workflow, walk.current, act, actor)
    refusals += _named(walk, act, actor) + _words(act)
    run = walk.current.get((act.stage, act.line))
    asked = None if run is None else _asked(case, run, act.to)
    if asked is not None and asked.waits == act.waits:
        refusals += (Refusal(RefusalCode.ALREADY_ASKED, {"to": act.to}),)
    if refusals or run is None:
        return refusals
    new = Consult(act.stage, act.line, run.round, act.to, actor.person, act.waits)
    walk.set(consults=(*(one for one in case.consults if one is not asked), new))
    data = {"stage": act.stage, "line": act.line, "round": run.round, "digest": run.digest}
    walk.say(Event.CASE_CONSULTED, **data, to=act.to, waits=act.waits, comment=act.comment)
    return ()


def advise(walk: Walk, act: Act, actor: Actor) -> tuple[Refusal, ...]:
    """Give the opinion that was asked for, on the text that was read (反馈意见)."""
    case = walk.case
    refusals = list(checks.running(case) + checks.stage_open(walk.workflow, walk.current, act))
    run = walk.current.get((act.stage, act.line))
    asked = (
        None if run is None else next(filter(None, (_asked(case, run, one) for one in actor.persons)), None)
    )
    if asked is None:
        refusals.append(Refusal(RefusalCode.NOT_ASKED, {"stage": act.stage, "line": act.line}))
    if not actor.persons.isdisjoint(case.recused):
        refusals.append(Refusal(RefusalCode.RECUSED, {"person": actor.person}))
    if run is not None and run.state is StageState.OPEN:
        refusals += checks.subject(case, walk.workflow.by_key[run.stage], act)
    refusals += _words(act)
    if refusals or run is None or asked is None:
        return tuple(refusals)
    answered = replace(asked, answered=True)
    walk.set(consults=tuple(answered if one is asked else one for one in case.consults))
    data = {"stage": act.stage, "line": act.line, "round": run.round, "digest": act.digest}
    walk.say(Event.CASE_ADVISED, **data, asked=asked.asked, comment=act.comment)
    return ()


def _asked(case: Case, run: Run, person: str) -> Consult | None:
    place = (*run.spot, run.round, person)
    return next(
        (
            one
            for one in case.consults
            if not one.answered and (one.stage, one.line, one.round, one.asked) == place
        ),
        None,
    )


def add_reviewer(walk: Walk, act: Act, actor: Actor) -> tuple[Refusal, ...]:
    """Add a stage for a named reviewer to this case: before, after or beside an open stage (加签)."""
    case = walk.case
    anchor, refusals = checks.standing(case, walk.workflow, walk.current, act, actor)
    refusals += _named(walk, act, actor) + _words(act)
    if len(case.added) >= MOST:
        refusals += (Refusal(RefusalCode.TOO_MANY_ADDED, {"most": MOST}),)
    if anchor is None:
        return refusals
    if act.place == "after" and StageKind.SIGN_OFF in anchor.kinds:
        refusals += (Refusal(RefusalCode.CANNOT_ADD_THERE, {"stage": act.stage, "place": act.place}),)
    added = Added(f"added_{len(case.added) + 1}", act.stage, act.line, act.place, act.to, actor.person)
    there = replace(case, added=(*case.added, added))
    workflow = extended(walk.workflow, there.added)
    if walk.facts.named is not None:
        stage = workflow.by_key[added.key]
        why = checks.person(there, workflow, walk.current, stage, act.line, walk.facts.named)
        refusals += _cannot_act(act, why)
    if refusals:
        return refusals
    walk.add(added)
    stage = workflow.by_key[added.key]
    walk.say(
        Event.CASE_REVIEWER_ADDED,
        stage=added.key,
        line=added.line,
        anchor=added.anchor,
        place=added.place,
        to=added.person,
        title=stage.title,
        subject=stage.acts_on,
        distinct=_sets_of(workflow, added.key),
        comment=act.comment,
    )
    walk.close_orphans()
    walk.advance()
    return ()


def _sets_of(workflow: Workflow, key: str) -> list[list[str]]:
    return [list(group.stages) for group in workflow.distinct if key in group.stages]


def override(walk: Walk, act: Act, actor: Actor) -> tuple[Refusal, ...]:
    """Let the text go past an open stage without a decision (越过): marked, with a reason, never a review."""
    case = walk.case
    refusals = list(checks.running(case) + checks.stage_open(walk.workflow, walk.current, act))
    stage = walk.workflow.by_key.get(act.stage)
    if stage is None:
        return tuple(refusals)
    if not stage.override or not stage.may_be_overridden:
        refusals.append(Refusal(RefusalCode.VERB_NOT_OFFERED, {"verb": act.verb, "stage": act.stage}))
    elif not checks.may_override(case, stage, act.line, actor):
        refusals.append(Refusal(RefusalCode.NOT_ALLOWED, {"stage": act.stage, "line": act.line}))
    if not actor.persons.isdisjoint(case.authors):
        refusals.append(Refusal(RefusalCode.OWN_DRAFT, {"stage": act.stage}))
    if not actor.persons.isdisjoint(case.recused):
        refusals.append(Refusal(RefusalCode.RECUSED, {"stage": act.stage}))
    refusals += checks.subject(case, stage, act) + checks.text_ready(stage, walk.facts) + _words(act)
    if refusals:
        return tuple(refusals)
    run = replace(walk.current[act.stage, act.line], state=StageState.OVERRIDDEN, claimed_by=None)
    walk.put(run)
    data = {"stage": act.stage, "line": act.line, "round": run.round, "digest": act.digest}
    walk.say(Event.CASE_STAGE_OVERRIDDEN, **data, by=actor.person, comment=act.comment)
    walk.advance()
    return ()


def _begun(case: Case) -> tuple[Refusal, ...]:
    if not case.runs:
        return (Refusal(RefusalCode.NOT_SUBMITTED),)
    return (Refusal(RefusalCode.CASE_CLOSED, {"state": case.state}),) if case.state in CLOSED else ()


def _words(act: Act) -> tuple[Refusal, ...]:
    return () if act.comment.strip() else (Refusal(RefusalCode.COMMENT_REQUIRED, {"verb": act.verb}),)


def _named(walk: Walk, act: Act, actor: Actor, *, oneself_too: bool = False) -> tuple[Refusal, ...]:
    """Refuse a person who is not there, is away, has withdrawn, or is the very one who names them."""
    named = walk.facts.named
    # Administrators take no part in reviews: for them they are nobody.
    if named is None or named.person != act.to or any(one.role in ADMINISTRATORS for one in named.grants):
        return (Refusal(RefusalCode.PERSON_UNKNOWN, {"to": act.to}),)
    refusals: list[Refusal] = []
    if walk.facts.absent:
        refusals.append(Refusal(RefusalCode.PERSON_ABSENT, {"to": act.to}))
    if act.to == actor.person and not oneself_too:
        refusals.append(Refusal(RefusalCode.PERSON_IS_ONESELF, {"to": act.to}))
    if act.to in walk.case.recused and not oneself_too:
        refusals += _cannot_act(act, (Refusal(RefusalCode.RECUSED),))
    return tuple(refusals)


def _cannot_act(act: Act, why: tuple[Refusal, ...]) -> tuple[Refusal, ...]:
    if not why:
        return ()
    codes = sorted({str(refusal.code) for refusal in why})
    return (Refusal(RefusalCode.PERSON_CANNOT_ACT, {"stage": act.stage, "to": act.to, "why": codes}),)
