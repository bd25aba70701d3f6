"""Any verb with any fields and facts, as tests say them: made into its command, and the facts it asks for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from app.domain.document.changes import Change
from app.domain.refusals import Refusal, Refused
from app.domain.vocabulary import Verb
from app.domain.workflow import (
    BoundProof,
    Case,
    Command,
    Effects,
    Facts,
    Participant,
    Workflow,
    commands,
)
from app.domain.workflow import objections as domain_objections
from app.domain.workflow import transition as domain_transition
from app.domain.workflow.transition import asks_for

COMMANDS: dict[Verb, type[Command]] = {
    Verb.SUBMIT: commands.Submit,
    Verb.RESUBMIT: commands.Resubmit,
    Verb.RECALL: commands.Recall,
    Verb.APPROVE: commands.Approve,
    Verb.CONFIRM_MARKS: commands.ConfirmMarks,
    Verb.OPPOSE: commands.Oppose,
    Verb.ABSTAIN: commands.Abstain,
    Verb.CLOSE_VOTE: commands.CloseVote,
    Verb.SEND_BACK: commands.SendBack,
    Verb.DECLINE: commands.Decline,
    Verb.HOLD: commands.Hold,
    Verb.ANSWER: commands.AnswerHold,
    Verb.CLAIM: commands.Claim,
    Verb.UNCLAIM: commands.Unclaim,
    Verb.TAKE_BACK: commands.TakeBack,
    Verb.HAND_OVER: commands.HandOver,
    Verb.RECUSE: commands.Recuse,
    Verb.FREE: commands.Free,
    Verb.REMIND: commands.Remind,
    Verb.COPY: commands.Copy,
    Verb.CONSULT: commands.AskOpinion,
    Verb.ADVISE: commands.GiveOpinion,
    Verb.ADD_REVIEWER: commands.AddReviewer,
    Verb.OVERRIDE: commands.Override,
    Verb.SCHEDULE: commands.Schedule,
    Verb.UNSCHEDULE: commands.Unschedule,
    Verb.EMBARGO: commands.Embargo,
    Verb.WITHHOLD: commands.Withhold,
    Verb.CARRY_OUT: commands.CarryOut,
    Verb.BIND_SUBJECT: commands.BindSubject,
    Verb.LAY_OUT_FAILED: commands.LayOutFailed,
    Verb.RECONSIDER: commands.Reconsider,
    Verb.RECLASS: commands.Reclass,
}


@dataclass(frozen=True)
class Known:
    """What a test knows of the text, the people and the time."""

    blockers: tuple[str, ...] = ()
    findings: int = 0
    open_marks: int = 0
    own_threads: int = 0
    channel_limits: tuple[str, ...] = ()
    candidates: frozenset[str] = frozenset()
    authors: frozenset[str] = frozenset()
    revision: str | None = None
    change: Change | None = None
    proof: BoundProof | None = None
    due: Callable[[datetime, int], datetime | None] | None = None
    named: Participant | None = None
    absent: bool = False
    by_office: bool = False
    instead_of: str = ""
    against: tuple[str, ...] = ()
    moves_to: Workflow | None = None
    routed: Mapping[str, Any] | None = None
    stranded: tuple[str, ...] = ()
    classes: Mapping[str, str] = field(default_factory=lambda: {"A": "A", "B": "B", "C": "C"})

    def facts(self, verb: Verb) -> Facts:
        """Return of it what the verb asks for."""
        kind = asks_for(verb)
        said = {**vars(self), "person": self.named}
        return kind(**{one.name: said[one.name] for one in fields(kind)})


@dataclass(frozen=True)
class Said:
    """A verb with what was said to it, and perhaps more than it asks for."""

    verb: Verb
    stage: str = ""
    line: str = ""
    digest: str = ""
    comment: str = ""
    outcome: str = ""
    send_back_to: str | None = None
    then: str = "walk_again"
    ticked: frozenset[str] = frozenset()
    to: str = ""
    place: str = "after"
    waits: bool = False
    when: datetime | None = None
    grade: str = "B"
    knowing: bool = False

    def command(self, known: Known, at: datetime) -> Command:
        """Return the command that this is: of what was said, just the fields that it has."""
        kind = COMMANDS[self.verb]
        if self.verb is Verb.HAND_OVER and known.by_office:
            kind = commands.HandOverForLeaver
        said = {
            **vars(self),
            "login": known.instead_of,
            "person": self.to,
            "release_at": self.when or at,
            "until": self.when,
            "against": known.against,
            "revision": self.digest,
            "limits": known.channel_limits,
            "proof": known.proof or BoundProof(self.line, "no proof", "no text"),
        }
        return kind(**{one.name: said[one.name] for one in fields(kind)})


def transition(
    case: Case, workflow: Workflow, said: Said, actor: Participant, known: Known, at: datetime
) -> Effects | Refused:
    """Return what the domain makes of it."""
    command = said.command(known, at)
    return domain_transition(case, workflow, command, actor, known.facts(said.verb), at)


def objections(
    case: Case, workflow: Workflow, said: Said, actor: Participant, known: Known, at: datetime
) -> tuple[Refusal, ...]:
    """Return what the domain objects before anything is filled in."""
    facts = known.facts(said.verb)
    return domain_objections(case, workflow, said.verb, actor, facts, at, stage=said.stage, line=said.line)
