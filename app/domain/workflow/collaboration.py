"""What people do with each other at a case: hand over, ask, add, copy, remind, recuse, take back.

Of each verb two functions: what stands against it, also while no form is filled in (`None`), and doing it.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from app.domain.refusals import Refusal, RefusalCode, Refusals
from app.domain.vocabulary import ADMINISTRATORS, Event, StageKind, StageState, Verb
from app.domain.workflow import checks, separation
from app.domain.workflow.added_stages import MOST, extended
from app.domain.workflow.case import CLOSED, DONE, Added, Case, Consult, Run, Spot, Vote
from app.domain.workflow.commands import (
    AddReviewer,
    AskOpinion,
    Copy,
    Free,
    GiveOpinion,
    HandOver,
    HandOverForLeaver,
    Override,
    Recuse,
    Remind,
    TakeBack,
)
from app.domain.workflow.definition import AddedStage, Stage, Workflow
from app.domain.workflow.effects import Happened, Walk
from app.domain.workflow.facts import AssessedText, Facts, NamedPerson

#: One stage is reminded of at most this often.
REMIND_EVERY = timedelta(days=1)

_DECIDED = frozenset({StageState.PASSED, StageState.SENT_BACK, StageState.DECLINED, StageState.OVERRIDDEN})


def against_taking_back(walk: Walk[AssessedText], spot: Spot, _form: TakeBack | None) -> Refusals:
    """Refuse to take back what is signed, is another's, or has been taken up by somebody."""
    stage = walk.workflow.by_key.get(spot[0])
    refusals = list(checks.running(walk.case))
    if stage is None:
        return (*refusals, Refusal(RefusalCode.STAGE_UNKNOWN, {"stage": spot[0]}))
    run = walk.current.get(spot)
    data = {"stage": spot[0], "line": spot[1]}
    if StageKind.SIGN_OFF in stage.kinds:
        refusals.append(Refusal(RefusalCode.VERB_NOT_OFFERED, {"verb": Verb.TAKE_BACK, "stage": spot[0]}))
    if run is None or run.state not in {StageState.PASSED, StageState.OPEN} or not run.votes:
        refusals.append(Refusal(RefusalCode.NOTHING_TO_TAKE_BACK, data))
        return tuple(refusals)
    if run.persons.isdisjoint(walk.actor.own):
        refusals.append(Refusal(RefusalCode.NOT_YOUR_DECISION, data))
    taken = sorted({later.stage for later in _taken_up(walk, run)})
    if taken:
        refusals.append(Refusal(RefusalCode.TAKEN_UP, {**data, "stages": taken}))
    return tuple(refusals)


def take_back(walk: Walk[AssessedText], command: TakeBack) -> None:
    """Let somebody take their approval back while nobody has taken up what it opened (拿回).

    The decision stays; its run is voided, with an event, and the stage opens again with the others' votes in
    it: whoever took theirs back is missing, and nobody else. What was signed is retracted, not taken back.
    """
    run, own_accounts = walk.current[command.spot], walk.actor.own
    before = len(walk.events)
    walk.void(run, "taken_back", by=walk.actor.person)
    walk.close_orphans()
    walk.advance()
    kept = _keep_others(walk, run)
    own = [vote for vote in run.votes if not vote.persons.isdisjoint(own_accounts)]
    taken_back = Happened(
        Event.CASE_TAKEN_BACK,
        {
            "stage": run.stage,
            "line": run.line,
            "round": run.round,
            "digest": run.digest,
            "persons": sorted({behind for vote in own for behind in vote.accounts}),
            "kept": [{"persons": sorted(vote.accounts), "round": vote.round} for vote in kept],
            "comment": command.comment,
        },
    )
    walk.events.insert(before, taken_back)


def _keep_others(walk: Walk[Facts], run: Run) -> tuple[Vote, ...]:
    """Put the votes of the others into the run that opened anew, and return them.

    None where it did not open, or stands for something else by now: then everybody is asked again.
    """
    again, own = walk.current[run.spot], walk.actor.own
    if again.state is not StageState.OPEN or again.digest != run.digest:
        return ()
    kept = tuple(
        replace(vote, round=vote.round or run.round) for vote in run.votes if vote.persons.isdisjoint(own)
    )
    if kept:
        walk.put(replace(again, votes=kept))
    return kept


def _taken_up(walk: Walk[AssessedText], run: Run) -> Iterator[Run]:
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
                or any(consult.at(later) for consult in walk.case.consults)
            )
        )
        # What was decided before this run opened is no answer to it.
        if begun and later.opened_at >= run.opened_at:
            yield later


def against_handing_over(walk: Walk[NamedPerson], spot: Spot, form: HandOver | None) -> Refusals:
    """Refuse to hand over what is another's, what each does for themselves, or to who may not act there."""
    case, stage = walk.case, walk.workflow.by_key.get(spot[0])
    if stage is None:
        return checks.running(case) + checks.stage_open(walk.workflow, walk.current, spot)
    run, names = walk.current.get(spot), _names_its_holder(stage, form)
    refusals = checks.running(case)
    if not names or (run is not None and run.state in DONE):
        refusals += checks.stage_open(walk.workflow, walk.current, spot)
    if stage.by_several and not names:
        refusals += (Refusal(RefusalCode.EACH_FOR_THEMSELVES, {"stage": stage.key}),)
    if not isinstance(form, HandOverForLeaver):
        refusals += _may_pass_on(walk, stage, spot[1], run)
    if form is None:
        return refusals
    refusals += _named(walk, form.to)
    if (person := walk.facts.person) is not None:
        there = _with_them(case, stage, form)
        workflow = extended(walk.workflow, there.added)
        free = dict(walk.current)
        if run is not None:
            free[run.spot] = replace(run, claimed_by=None)
        why = checks.person(there, workflow, free, workflow.by_key[stage.key], spot[1], person)
        refusals += _cannot_act(stage.key, form.to, why)
    return refusals or checks.strands(walk.facts, knowing=form.knowing)


def hand_over(walk: Walk[NamedPerson], command: HandOver) -> None:
    """Give an open stage to a named person who may act there (转办).

    Where the stage names somebody, that place is given on, also before the stage opens.
    """
    stage, run = walk.workflow.by_key[command.stage], walk.current.get(command.spot)
    there = _with_them(walk.case, stage, command)
    walk.set(added=there.added, instead=there.instead)
    walk.workflow = extended(walk.workflow, there.added)
    if run is not None and run.state is StageState.OPEN and not stage.by_several:
        walk.put(replace(run, claimed_by=command.to))
    walk.say(
        Event.CASE_HANDED_OVER,
        stage=command.stage,
        line=command.line,
        to=command.to,
        was=None if run is None else run.claimed_by,
        by_office=isinstance(command, HandOverForLeaver),
        comment=command.comment,
    )


def _may_pass_on(walk: Walk[Facts], stage: Stage, line: str, run: Run | None) -> Refusals:
    actor, holder = walk.actor, None if run is None else run.claimed_by
    if holder in actor.persons:
        return ()
    if isinstance(stage, AddedStage) and stage.asked_by in actor.persons:
        return ()
    if holder is not None:
        return (Refusal(RefusalCode.CLAIMED_BY_OTHER, {"stage": stage.key, "by": holder}),)
    if checks.seats(walk.case, stage, line, actor):
        return ()
    return (Refusal(RefusalCode.NOT_ALLOWED, {"stage": stage.key, "line": line}),)


def _names_its_holder(stage: Stage, form: HandOver | None) -> bool:
    """Tell whether the stage names the one whose place is given on."""
    return isinstance(stage, AddedStage) or (
        isinstance(form, HandOverForLeaver) and any(who.person == form.login for who in stage.who)
    )


def _with_them(case: Case, stage: Stage, form: HandOver) -> Case:
    """Return the case with the named person in the seat of whom the stage names, if it names anybody."""
    if isinstance(stage, AddedStage):
        return replace(
            case,
            added=tuple(
                replace(added, person=form.to) if added.key == stage.key else added for added in case.added
            ),
        )
    if isinstance(form, HandOverForLeaver) and _names_its_holder(stage, form):
        return replace(case, instead=case.instead | {(form.login, form.to)})
    return case


def against_recusing(walk: Walk[Facts], _spot: Spot, form: Recuse | None) -> Refusals:
    """Refuse to withdraw where one has no part, has withdrawn already, or says no word."""
    case, actor = walk.case, walk.actor
    refusals = _begun(case)
    if actor.person in case.recused:
        refusals += (Refusal(RefusalCode.RECUSED, {"person": actor.person}),)
    elif not checks.concerned(case, walk.workflow, actor):
        refusals += (Refusal(RefusalCode.NOT_ALLOWED, {"verb": Verb.RECUSE}),)
    if form is None:
        return refusals
    refusals += checks.worded(form.verb, form.comment)
    return refusals or checks.strands(walk.facts, knowing=form.knowing)


def recuse(walk: Walk[Facts], command: Recuse) -> None:
    """Let somebody withdraw from a case for good (回避); what they had claimed is free again."""
    person = walk.actor.person
    freed = _freed(walk, person)
    walk.set(recused=walk.case.recused | {person})
    walk.say(Event.CASE_RECUSED, person=person, freed=freed, comment=command.comment)


def against_freeing(walk: Walk[Facts], _spot: Spot, command: Free) -> Refusals:
    """Refuse where nothing waits for them."""
    if refusals := _begun(walk.case):
        return refusals
    if any(_waits_for(walk.case, run, command.person) for run in walk.current.values()):
        return ()
    return (Refusal(RefusalCode.NOT_CLAIMED, {"stage": "", "by": command.person}),)


def free(walk: Walk[Facts], command: Free) -> None:
    """Free what waits for somebody who can act no more: their claims, and the opinions awaited of them."""
    walk.say(Event.CASE_FREED, person=command.person, freed=_freed(walk, command.person))


def _waits_for(case: Case, run: Run, person: str) -> bool:
    return run.state is StageState.OPEN and (person == run.claimed_by or person in case.awaited(run))


def _freed(walk: Walk[Facts], person: str) -> list[dict[str, str]]:
    """Free the open runs that a person has claimed or whose approval waits for them; return the places."""
    waiting = [run for run in walk.current.values() if _waits_for(walk.case, run, person)]
    for run in waiting:
        if run.claimed_by == person:
            walk.put(replace(run, claimed_by=None))
    walk.set(
        consults=tuple(
            replace(consult, waits=False) if consult.asked == person and not consult.answered else consult
            for consult in walk.case.consults
        )
    )
    return [{"stage": run.stage, "line": run.line} for run in waiting]


def against_reminding(walk: Walk[Facts], spot: Spot, _form: Remind | None) -> Refusals:
    """Refuse to remind of what is not open, is not one's concern, or was reminded of within a day."""
    case = walk.case
    refusals = checks.running(case) + checks.stage_open(walk.workflow, walk.current, spot)
    if not checks.concerned(case, walk.workflow, walk.actor):
        refusals += (Refusal(RefusalCode.NOT_ALLOWED, {"verb": Verb.REMIND}),)
    last = dict(case.reminded).get(spot)
    if last is not None and walk.at < last + REMIND_EVERY:
        data = {"stage": spot[0], "again_at": (last + REMIND_EVERY).isoformat()}
        refusals += (Refusal(RefusalCode.REMINDED_ALREADY, data),)
    return refusals


def remind(walk: Walk[Facts], command: Remind) -> None:
    """Remind those whom an open stage waits for (催办), at most once a day."""
    spot = command.spot
    open_now = {place for place, run in walk.current.items() if run.state is StageState.OPEN}
    others = tuple((place, at) for place, at in walk.case.reminded if place != spot and place in open_now)
    walk.set(reminded=(*others, (spot, walk.at)))
    run = walk.current[spot]
    walk.say(
        Event.CASE_REMINDED,
        stage=command.stage,
        line=command.line,
        round=run.round,
        holder=run.claimed_by,
        comment=command.comment,
    )


def against_copying(walk: Walk[NamedPerson], _spot: Spot, form: Copy | None) -> Refusals:
    """Refuse a copy from who has no part in the case, or to who has one or may have none."""
    case, actor = walk.case, walk.actor
    refusals: Refusals = () if case.runs else (Refusal(RefusalCode.NOT_SUBMITTED),)
    if not checks.concerned(case, walk.workflow, actor) and actor.person not in case.copied:
        refusals += (Refusal(RefusalCode.NOT_ALLOWED, {"verb": Verb.COPY}),)
    if form is not None:
        refusals += _another(walk, "", form.to)
        if form.to in case.copied:
            refusals += (Refusal(RefusalCode.ALREADY_COPIED, {"to": form.to}),)
    return refusals


def copy(walk: Walk[NamedPerson], command: Copy) -> None:
    """Send a copy of the case to a named person, who sees it from then on (抄送); also when it has ended."""
    walk.set(copied=walk.case.copied | {command.to})
    walk.say(Event.CASE_COPIED, to=command.to, comment=command.comment)


def against_asking(walk: Walk[NamedPerson], spot: Spot, form: AskOpinion | None) -> Refusals:
    """Refuse to ask where one may not act, whom one may not name, without a word, or what was asked."""
    refusals = checks.standing(walk.case, walk.workflow, walk.current, spot, walk.actor)
    if form is None:
        return refusals
    refusals += _another(walk, form.stage, form.to) + checks.worded(form.verb, form.comment)
    asked = _asked(walk.case, walk.current.get(spot), form.to)
    if asked is not None and asked.waits == form.waits:
        refusals += (Refusal(RefusalCode.ALREADY_ASKED, {"to": form.to}),)
    return refusals


def ask(walk: Walk[NamedPerson], command: AskOpinion) -> None:
    """Ask a named person for an opinion that is no vote (征求意见).

    Whether the stage waits for it is the asker's choice, and may be chosen anew by asking once more.
    """
    run = walk.current[command.spot]
    asked = _asked(walk.case, run, command.to)
    new = Consult(run.stage, run.line, run.round, command.to, walk.actor.person, command.waits)
    walk.set(consults=(*(consult for consult in walk.case.consults if consult is not asked), new))
    data = {"stage": run.stage, "line": run.line, "round": run.round, "digest": run.digest}
    walk.say(Event.CASE_CONSULTED, **data, to=command.to, waits=command.waits, comment=command.comment)


def against_advising(walk: Walk[Facts], spot: Spot, form: GiveOpinion | None) -> Refusals:
    """Refuse an opinion that was not asked for, of who has withdrawn, on another text, or without words."""
    case, actor = walk.case, walk.actor
    refusals = checks.running(case) + checks.stage_open(walk.workflow, walk.current, spot)
    run = walk.current.get(spot)
    if _asked_of(walk, run) is None:
        refusals += (Refusal(RefusalCode.NOT_ASKED, {"stage": spot[0], "line": spot[1]}),)
    if not actor.persons.isdisjoint(case.recused):
        refusals += (Refusal(RefusalCode.RECUSED, {"person": actor.person}),)
    if run is not None and run.state is StageState.OPEN:
        refusals += checks.reading(case, walk.workflow.by_key[run.stage], form)
    return refusals if form is None else refusals + checks.worded(form.verb, form.comment)


def advise(walk: Walk[Facts], command: GiveOpinion) -> None:
    """Give the opinion that was asked for, on the text that was read (反馈意见)."""
    run = walk.current[command.spot]
    asked = _asked_of(walk, run)
    assert asked is not None
    answered = replace(asked, answered=True)
    walk.set(consults=tuple(answered if consult is asked else consult for consult in walk.case.consults))
    data = {"stage": run.stage, "line": run.line, "round": run.round, "digest": command.digest}
    walk.say(Event.CASE_ADVISED, **data, asked=asked.asked, comment=command.comment)


def _asked(case: Case, run: Run | None, person: str) -> Consult | None:
    return next(
        (
            consult
            for consult in case.consults
            if run is not None and not consult.answered and consult.asked == person and consult.at(run)
        ),
        None,
    )


def _asked_of(walk: Walk[Facts], run: Run | None) -> Consult | None:
    """Return the opinion that is asked of the actor, or of whom they act for, at a run."""
    asked = (_asked(walk.case, run, person) for person in walk.actor.persons)
    return next(filter(None, asked), None)


def against_adding(walk: Walk[NamedPerson], spot: Spot, form: AddReviewer | None) -> Refusals:
    """Refuse a reviewer too many, behind the signature, or who may not act there."""
    case, anchor = walk.case, walk.workflow.by_key.get(spot[0])
    refusals = checks.standing(case, walk.workflow, walk.current, spot, walk.actor)
    if form is not None:
        refusals += _another(walk, form.stage, form.to) + checks.worded(form.verb, form.comment)
    if len(case.added) >= MOST:
        refusals += (Refusal(RefusalCode.TOO_MANY_ADDED, {"most": MOST}),)
    if anchor is None or form is None:
        return refusals
    if form.place == "after" and StageKind.SIGN_OFF in anchor.kinds:
        data = {"stage": form.stage, "place": form.place}
        refusals += (Refusal(RefusalCode.CANNOT_ADD_THERE, data),)
    if walk.facts.person is not None:
        added = added_by(case, form, walk.actor.person)
        there = replace(case, added=(*case.added, added))
        workflow = extended(walk.workflow, there.added)
        stage = workflow.by_key[added.key]
        why = checks.person(there, workflow, walk.current, stage, form.line, walk.facts.person)
        refusals += _cannot_act(form.stage, form.to, why)
    return refusals or checks.strands(walk.facts, knowing=form.knowing)


def add_reviewer(walk: Walk[NamedPerson], command: AddReviewer) -> None:
    """Add a stage for a named reviewer to this case: before, after or beside an open stage (加签)."""
    added = added_by(walk.case, command, walk.actor.person)
    walk.add(added)
    stage = walk.workflow.by_key[added.key]
    walk.say(
        Event.CASE_REVIEWER_ADDED,
        stage=added.key,
        line=added.line,
        anchor=added.anchor,
        place=added.place,
        to=added.person,
        title=stage.title,
        subject=stage.acts_on,
        distinct=_sets_of(walk.workflow, added.key),
        comment=command.comment,
    )
    walk.close_orphans()
    walk.advance()


def added_by(case: Case, form: AddReviewer, person: str) -> Added:
    """Return the reviewer whom this form of a person adds to the case."""
    return Added(f"added_{len(case.added) + 1}", form.stage, form.line, form.place, form.to, person)


def _sets_of(workflow: Workflow, key: str) -> list[list[str]]:
    return [list(group.stages) for group in workflow.distinct if key in group.stages]


def against_overriding(walk: Walk[AssessedText], spot: Spot, form: Override | None) -> Refusals:
    """Refuse to let a text past a stage that nobody may override, its authors, or without a word."""
    case, actor = walk.case, walk.actor
    refusals = checks.running(case) + checks.stage_open(walk.workflow, walk.current, spot)
    stage = walk.workflow.by_key.get(spot[0])
    if stage is None:
        return refusals
    if not stage.override or not stage.may_be_overridden:
        refusals += (Refusal(RefusalCode.VERB_NOT_OFFERED, {"verb": Verb.OVERRIDE, "stage": stage.key}),)
    elif not checks.may_override(case, stage, spot[1], actor):
        refusals += (Refusal(RefusalCode.NOT_ALLOWED, {"stage": stage.key, "line": spot[1]}),)
    if not actor.persons.isdisjoint(case.authors):
        refusals += (Refusal(RefusalCode.OWN_DRAFT, {"stage": stage.key}),)
    if not actor.persons.isdisjoint(case.recused):
        refusals += (Refusal(RefusalCode.RECUSED, {"stage": stage.key}),)
    refusals += checks.reading(case, stage, form) + checks.text_ready(stage, walk.facts)
    return refusals if form is None else refusals + checks.worded(form.verb, form.comment)


def override(walk: Walk[AssessedText], command: Override) -> None:
    """Let the text go past an open stage without a decision (越过): marked, with a reason, never a review."""
    run = replace(walk.current[command.spot], state=StageState.OVERRIDDEN, claimed_by=None)
    walk.put(run)
    data = {"stage": run.stage, "line": run.line, "round": run.round, "digest": command.digest}
    walk.say(Event.CASE_STAGE_OVERRIDDEN, **data, by=walk.actor.person, comment=command.comment)
    walk.advance()


def _begun(case: Case) -> Refusals:
    if not case.runs:
        return (Refusal(RefusalCode.NOT_SUBMITTED),)
    return (Refusal(RefusalCode.CASE_CLOSED, {"state": case.state}),) if case.state in CLOSED else ()


def _named(walk: Walk[NamedPerson], to: str) -> Refusals:
    """Refuse a person who is not there, or is away."""
    if not _is_there(walk.facts, to):
        return (Refusal(RefusalCode.PERSON_UNKNOWN, {"to": to}),)
    return (Refusal(RefusalCode.PERSON_ABSENT, {"to": to}),) if walk.facts.absent else ()


def _another(walk: Walk[NamedPerson], stage: str, to: str) -> Refusals:
    """Refuse as `_named`, and who has withdrawn or is the very one who names them."""
    refusals = _named(walk, to)
    if walk.facts.person is None or not _is_there(walk.facts, to):
        return refusals
    if to in walk.actor.own:
        refusals += (Refusal(RefusalCode.PERSON_IS_ONESELF, {"to": to}),)
    if not walk.facts.person.persons.isdisjoint(walk.case.recused):
        refusals += _cannot_act(stage, to, (Refusal(RefusalCode.RECUSED),))
    return refusals


def _is_there(facts: NamedPerson, to: str) -> bool:
    # Administrators take no part in reviews: for them they are nobody.
    named = facts.person
    return (
        named is not None
        and named.person == to
        and not any(grant.role in ADMINISTRATORS for grant in named.grants)
    )


def _cannot_act(stage: str, to: str, why: Refusals) -> Refusals:
    if not why:
        return ()
    codes = sorted({str(refusal.code) for refusal in why})
    return (Refusal(RefusalCode.PERSON_CANNOT_ACT, {"stage": stage, "to": to, "why": codes}),)
