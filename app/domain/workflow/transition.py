"""The transition function: what a command does to a case, or every reason why it may not."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from app.domain.refusals import Refusals, Refused
from app.domain.vocabulary import Verb
from app.domain.workflow import classing, collaboration, decisions, scheduling, submission
from app.domain.workflow.case import Case, Participant, Spot
from app.domain.workflow.commands import Command
from app.domain.workflow.definition import Workflow
from app.domain.workflow.effects import Effects, Walk
from app.domain.workflow.facts import AssessedText, Facts, HandedIn, NamedPerson, NewClass, NewText

FactsT = TypeVar("FactsT", bound=Facts)


@dataclass(frozen=True, slots=True)
class _Step(Generic[FactsT]):
    """What belongs to a verb: the facts that it asks for, what stands against it, and doing it."""

    facts: type[FactsT]
    against: Callable[[Walk[FactsT], Spot, Any], Refusals]
    do: Callable[[Walk[FactsT], Any], None]


def transition(
    case: Case, workflow: Workflow, command: Command, actor: Participant, facts: Facts, at: datetime
) -> Effects | Refused:
    """Return what a command does to the case, or all reasons why this actor may not do it now.

    Total over the verbs: one that a workflow cannot take here is refused as `verb_not_offered`. Pure: the
    same arguments give the same answer, and nothing else is read or changed. Raises `TypeError` for facts of
    another kind than the verb asks for.
    """
    step = _STEPS[command.verb]
    if not isinstance(facts, step.facts):
        raise TypeError(f"{command.verb} asks for {step.facts.__name__}")
    walk = Walk(case, workflow, actor, facts, at)
    if refusals := step.against(walk, command.spot, command):
        return Refused(refusals)
    step.do(walk, command)
    return walk.frozen()


def objections(
    case: Case,
    workflow: Workflow,
    verb: Verb,
    actor: Participant,
    facts: Facts,
    at: datetime,
    *,
    stage: str = "",
    line: str = "",
) -> Refusals:
    """Return what would still refuse the actor if the form were filled in well; empty when they may act.

    For pages, before anything is filled in: nothing is said of digests, words, ticks, outcomes, instants, or
    of whom the actor would name. Only for what people do; `facts` are what is known of the text by then.
    """
    step = _STEPS[verb]
    known = facts if isinstance(facts, step.facts) else step.facts(blockers=facts.blockers)
    return step.against(Walk(case, workflow, actor, known, at), (stage, line), None)


def asks_for(verb: Verb) -> type[Facts]:
    """Return the kind of facts that a verb asks for."""
    facts: type[Facts] = _STEPS[verb].facts
    return facts


_STEPS: dict[Verb, _Step[Any]] = {
    Verb.SUBMIT: _Step(HandedIn, submission.against_submitting, submission.submit),
    Verb.RESUBMIT: _Step(NewText, submission.against_resubmitting, submission.resubmit),
    Verb.RECALL: _Step(Facts, submission.against_recalling, submission.recall),
    Verb.APPROVE: _Step(AssessedText, decisions.against_approving, decisions.approve),
    Verb.CONFIRM_MARKS: _Step(AssessedText, decisions.against_approving, decisions.approve),
    Verb.OPPOSE: _Step(AssessedText, decisions.against_voting, decisions.vote_otherwise),
    Verb.ABSTAIN: _Step(AssessedText, decisions.against_voting, decisions.vote_otherwise),
    Verb.CLOSE_VOTE: _Step(AssessedText, decisions.against_closing_vote, decisions.close_vote),
    Verb.SEND_BACK: _Step(Facts, decisions.against_sending_back, decisions.send_back),
    Verb.DECLINE: _Step(Facts, decisions.against_declining, decisions.decline),
    Verb.HOLD: _Step(Facts, decisions.against_holding, decisions.hold),
    Verb.ANSWER: _Step(Facts, decisions.against_answering, decisions.answer),
    Verb.CLAIM: _Step(Facts, decisions.against_claiming, decisions.claim),
    Verb.UNCLAIM: _Step(Facts, decisions.against_unclaiming, decisions.unclaim),
    Verb.TAKE_BACK: _Step(AssessedText, collaboration.against_taking_back, collaboration.take_back),
    Verb.HAND_OVER: _Step(NamedPerson, collaboration.against_handing_over, collaboration.hand_over),
    Verb.RECUSE: _Step(Facts, collaboration.against_recusing, collaboration.recuse),
    Verb.FREE: _Step(Facts, collaboration.against_freeing, collaboration.free),
    Verb.REMIND: _Step(Facts, collaboration.against_reminding, collaboration.remind),
    Verb.COPY: _Step(NamedPerson, collaboration.against_copying, collaboration.copy),
    Verb.CONSULT: _Step(NamedPerson, collaboration.against_asking, collaboration.ask),
    Verb.ADVISE: _Step(Facts, collaboration.against_advising, collaboration.advise),
    Verb.ADD_REVIEWER: _Step(NamedPerson, collaboration.against_adding, collaboration.add_reviewer),
    Verb.OVERRIDE: _Step(AssessedText, collaboration.against_overriding, collaboration.override),
    Verb.SCHEDULE: _Step(Facts, scheduling.against_scheduling, scheduling.schedule),
    Verb.UNSCHEDULE: _Step(Facts, scheduling.against_unscheduling, scheduling.unschedule),
    Verb.EMBARGO: _Step(Facts, scheduling.against_embargo, scheduling.embargo),
    Verb.WITHHOLD: _Step(Facts, scheduling.against_withholding, scheduling.withhold),
    Verb.CARRY_OUT: _Step(NewText, submission.against_carrying_out, submission.carry_out),
    Verb.BIND_SUBJECT: _Step(Facts, submission.against_binding, submission.bind),
    Verb.LAY_OUT_FAILED: _Step(Facts, submission.against_giving_back, submission.give_back),
    Verb.RECLASS: _Step(NewClass, classing.against_reclassing, classing.reclass),
    Verb.RECONSIDER: _Step(Facts, submission.against_reconsidering, submission.reconsider),
}
