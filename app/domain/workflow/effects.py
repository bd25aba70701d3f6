"""What a step does: the case afterwards, what happened in order, and what the shell has to bring about."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from app.domain.vocabulary import CaseState, Event, StageState, Subject, Verdict
from app.domain.workflow.added_stages import extended
from app.domain.workflow.case import (
    DONE,
    OPEN,
    PASSED,
    PENDING,
    SKIPPED,
    WAITING,
    Added,
    BoundProof,
    Case,
    Participant,
    Run,
    Spot,
)
from app.domain.workflow.definition import Stage, Workflow
from app.domain.workflow.facts import Facts

FactsT_co = TypeVar("FactsT_co", bound=Facts, covariant=True)


@dataclass(frozen=True, slots=True)
class Happened:
    """One thing for the record: an event, and its data as JSON values."""

    event: Event
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decided:
    """The decision that a step makes; `final` when it ends its run."""

    run: Run
    verdict: Verdict
    outcome: str
    final: bool


@dataclass(frozen=True, slots=True)
class Effects:
    """What follows from a step.

    `case` is the case afterwards; `changed` its runs that are new or different, and `opened` those of them
    that opened; `events` what happened, the act itself first; `needs_proof` the lines to be laid out.
    `moved_to` is the version that the case walks from here on, where it is another than before.
    """

    case: Case
    events: tuple[Happened, ...]
    changed: tuple[Run, ...] = ()
    needs_proof: tuple[str, ...] = ()
    decided: Decided | None = None
    opened: tuple[Run, ...] = ()
    moved_to: Workflow | None = None


class Walk(Generic[FactsT_co]):
    """The working copy of one step by one actor. It changes in place and is then frozen into `Effects`."""

    def __init__(
        self, case: Case, workflow: Workflow, actor: Participant, facts: FactsT_co, at: datetime
    ) -> None:
        self.case = case
        self.workflow = extended(workflow, case.added) if case.added else workflow
        self.actor = actor
        self.facts = facts
        self.at = at
        self.current = case.current()
        self.events: list[Happened] = []
        self.decided: Decided | None = None
        self.moved_to: Workflow | None = None
        self._changed: dict[tuple[str, str, int], Run] = {}
        self._needs_proof: list[str] = []

    def put(self, run: Run) -> None:
        """Make this the newest run of its place."""
        self.current[run.stage, run.line] = run
        self._changed[run.stage, run.line, run.round] = run

    def set(self, **fields: Any) -> None:  # noqa: ANN401 – fields of Case
        """Change fields of the case other than its runs."""
        self.case = replace(self.case, **fields)

    def add(self, added: Added) -> None:
        """Add a reviewer to the case, or name another in their place; its workflow has their stage."""
        known = {reviewer.key: reviewer for reviewer in self.case.added}
        self.set(added=tuple({**known, added.key: added}.values()))
        self.workflow = extended(self.workflow, self.case.added)

    def say(self, event: Event, **data: Any) -> None:  # noqa: ANN401 – JSON values
        """Note that something happened."""
        self.events.append(Happened(event, data))

    def void(self, run: Run, reason: str, **data: Any) -> None:  # noqa: ANN401 – JSON values
        """Take away what a run stood for; a run in which nobody had a say goes without a word."""
        self.put(replace(run, state=StageState.VOIDED))
        if run.persons or run.state is StageState.OVERRIDDEN:
            self.say(
                Event.CASE_STAGE_VOIDED,
                stage=run.stage,
                line=run.line,
                round=run.round,
                reason=reason,
                persons=sorted(run.persons),
                **data,
            )

    def close_orphans(self) -> None:
        """Close every pending run whose predecessors are no longer all done."""
        for spot, run in list(self.current.items()):
            if run.state in PENDING and not self.case.done_before(self.workflow, spot, self.current):
                self.void(run, "earlier_stage_reopened")

    def look_again(self) -> None:
        """Reopen the way to every skipped stage whose condition holds by now."""
        for run in list(self.current.values()):
            applies_if = self.workflow.by_key[run.stage].applies_if
            if run.state is SKIPPED and self.case.meets(applies_if, run.line):
                self.void(run, "applies_now")
        self.close_orphans()

    def advance(self) -> None:
        """Open, skip or pass by machine everything that is ready; end the case when all is done.

        Nothing opens while a blocking finding is open: the case is then blocked. A stage on a proof that is
        not there yet waits, and its line is named in `needs_proof`.
        """
        current, ancestors, gates = self.current, self.workflow.ancestors, self.workflow.gates
        # What is not done, by line and together: a place on one line does not wait for the other lines.
        undone: defaultdict[str, set[str]] = defaultdict(set)
        anywhere: set[str] = set()
        for stage, line in self.case.places(self.workflow):
            key = stage.key
            run = current.get((key, line))
            if run is None or (run.state not in DONE and run.state is not OPEN):
                before = ancestors[key]
                if anywhere.isdisjoint(before) or (
                    line and undone[""].isdisjoint(before) and undone[line].isdisjoint(before)
                ):
                    self._reach(stage, line, run)
                    run = current.get((key, line))
            if run is None or run.state not in DONE:
                undone[line].add(key)
                anywhere.add(key)
                if not line and key in gates:
                    break
        if not anywhere:
            self.set(state=CaseState.CLEARED)
            self.say(Event.CASE_CLEARED)

    def _reach(self, stage: Stage, line: str, run: Run | None) -> None:
        if not self.case.meets(stage.applies_if, line):
            self._skip(stage, line, run)
        elif self.facts.blockers:
            self._block(stage, line, run)
        else:
            self._open(stage, line, run)

    def _next(self, stage: Stage, line: str, run: Run | None, state: StageState, digest: str | None) -> Run:
        if run is not None and run.state is WAITING:
            new = replace(run, state=state, digest=digest)
            if state is OPEN and new.opened_at is None:
                new = replace(
                    new, opened_at=self.at, due_at=self.facts.due_at(stage, self.case.grade, self.at)
                )
        else:
            number = 1 if run is None else run.round + 1
            opened = (
                (self.at, self.facts.due_at(stage, self.case.grade, self.at))
                if state is OPEN
                else (None, None)
            )
            new = Run(stage.key, line, number, state, digest, *opened)
        self.put(new)
        return new

    def _skip(self, stage: Stage, line: str, run: Run | None) -> None:
        self._next(stage, line, run, SKIPPED, None)
        self.say(Event.CASE_STAGE_SKIPPED, stage=stage.key, line=line, **self._grounds(stage))

    def _grounds(self, stage: Stage) -> dict[str, Any]:
        """Return why a stage with a condition applies or not: the rule, and the facts it was asked of."""
        if not stage.grounds:
            return {}
        return {
            **stage.grounds,
            "facts": {
                "class": self.case.grade,
                "flags": sorted(self.case.flags),
                "found": sorted(self.case.found),
            },
        }

    def _block(self, stage: Stage, line: str, run: Run | None) -> None:
        if not stage.by_people:
            self._next(stage, line, run, WAITING, self.case.revision)
        if self.case.state is not CaseState.BLOCKED:
            self.set(state=CaseState.BLOCKED)
            self.say(Event.CASE_BLOCKED, stage=stage.key, line=line, rules=sorted(set(self.facts.blockers)))

    def _open(self, stage: Stage, line: str, run: Run | None) -> None:
        if not stage.by_people:
            self._next(stage, line, run, PASSED, self.case.revision)
            return
        digest = self.case.subject_of(stage, line)
        if digest is None:
            if run is None or run.state is not WAITING:
                self._next(stage, line, run, WAITING, None)
                self.need_proof(line)
            return
        new = self._next(stage, line, run, OPEN, digest)
        self.say(
            Event.CASE_STAGE_OPENED,
            stage=stage.key,
            line=line,
            round=new.round,
            digest=digest,
            **self._grounds(stage),
        )

    def need_proof(self, line: str) -> None:
        """Ask for the line's proof, once."""
        if line not in self._needs_proof:
            self._needs_proof.append(line)

    def bind(self, proof: BoundProof) -> None:
        """Make this the proof of its line."""
        others = tuple(known for known in self.case.proofs if known.line != proof.line)
        self.set(proofs=(*others, proof))

    def rebind(self, run: Run, digest: str | None) -> None:
        """Let a run stand for another digest: kept as it was, or waiting while its proof is laid out."""
        state = WAITING if run.state is OPEN and digest is None else run.state
        self.put(replace(run, digest=digest, state=state))

    def is_on_proof(self, spot: Spot) -> bool:
        """Tell whether the place acts on the laid-out proof."""
        return self.workflow.by_key[spot[0]].acts_on is Subject.PROOF

    def frozen(self) -> Effects:
        """Return what follows."""
        fresh = self._changed
        changed = tuple(fresh.values())
        kept, open_before = [], set()
        for run in self.case.runs:
            key = run.stage, run.line, run.round
            if key not in fresh:
                kept.append(run)
            elif run.state is OPEN:
                open_before.add(key)
        opened = [run for key, run in fresh.items() if run.state is OPEN and key not in open_before]
        case = self.case.with_runs((*kept, *changed))
        return Effects(
            case,
            tuple(self.events),
            changed,
            tuple(self._needs_proof),
            self.decided,
            tuple(opened),
            self.moved_to,
        )
