"""The urgent lane: what may go out before all its reviews, and what is owed then (补审).

Nothing is skipped: the stages that were not passed stay open, are decided by the same people under the same
rules, and are owed until then. What an urgent release needs: an allowed role, a reason, a person who decides
and wrote none of it, no blocking finding, no stage that must never be owed, no overdue debt of the unit.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.domain.files.faults import Fault
from app.domain.files.policy_text import modelled
from app.domain.vocabulary import CaseState, Level, Role, StageKind, StageState
from app.domain.workflow import Case, Stage, Workflow
from app.domain.workflow.case import DONE, Person, Spot
from app.domain.workflow.definition import Within


class UrgentLane(BaseModel):
    """What `policies/urgent.yaml` says: who may use it, which stages may never be owed, and for how long."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1]
    roles: tuple[Role, ...] = Field(min_length=1)
    never_owed: tuple[StageKind, ...] = (
        StageKind.RULE_CHECK,
        StageKind.SECRECY_REVIEW,
        StageKind.PRIVACY_REVIEW,
    )
    within: Within


def lint_urgent(text: str) -> tuple[UrgentLane | None, tuple[Fault, ...]]:
    """Return what the text of the urgent lane's file says, if it has the right form, and all its faults."""
    read = modelled(text, UrgentLane, keys=UrgentLane.model_fields)
    return read.model, read.faults


class UrgentCode(StrEnum):
    """Why something may not go out by the urgent lane. The sentences stand with publication."""

    ROLE = "urgent_role"
    OWN_DRAFT = "urgent_own_draft"
    REASON = "urgent_reason"
    LINE = "urgent_line"
    NOT_RUNNING = "urgent_not_running"
    NOTHING_OWED = "urgent_nothing_owed"
    NEVER_OWED = "urgent_never_owed"
    FINDINGS = "urgent_findings"
    OVERDUE = "urgent_overdue"
    NO_DEADLINE = "urgent_no_deadline"
    NO_PROOF = "urgent_no_proof"
    OTHER_PROOF = "urgent_other_proof"


@dataclass(frozen=True, slots=True)
class Objection:
    """One reason against: a code, and the data that its sentence needs (JSON values)."""

    code: UrgentCode
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Owed:
    """A stage that is owed: its place, its title, and the levels of review or proofreading it stands for."""

    stage: str
    line: str
    title: str
    levels: tuple[Level, ...] = ()

    @property
    def spot(self) -> Spot:
        """Its place."""
        return self.stage, self.line


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody's wish to release a digest on a line at once.

    `roles` are those that they hold over the draft on this channel; `persons` all natural persons behind the
    act; `overdue` the numbers of drafts whose debts the unit has let run out; `findings` the rules of
    blocking findings that no waiver lets through; `due_at` when the debts would be due, `None` where the
    calendar does not know.
    """

    line: str
    digest: str
    reason: str
    roles: frozenset[Role]
    persons: frozenset[Person]
    findings: tuple[str, ...] = ()
    overdue: tuple[str, ...] = ()
    due_at: datetime | None = None


def owed(case: Case, workflow: Workflow, line: str) -> tuple[Owed, ...]:
    """Return what would be owed if this line went out now: every stage of people that is not done, in order.

    Signing belongs to it: the release stands in for it until the line is signed. Empty when all is done.
    """
    return tuple(
        Owed(stage.key, on, stage.title, stage.levels)
        for stage, on in _on_line(case, workflow, line)
        if stage.by_people and not _is_done(case, stage.key, on)
    )


def objections(case: Case, workflow: Workflow, lane: UrgentLane, wish: Wish) -> tuple[Objection, ...]:
    """Return everything that stands against an urgent release; empty when it may go out with its debts.

    Source: docs/decisions/0034-the-urgent-lane.md.
    """
    if wish.line not in case.lines:
        return (Objection(UrgentCode.LINE, {"line": wish.line}),)
    return (*_of_the_person(case, lane, wish), *_of_the_case(case, workflow, lane, wish))


def settled(case: Case, debts: Iterable[Owed]) -> tuple[Owed, ...]:
    """Return which of these debts are settled by now: their stage was passed, or does not apply after all."""
    return tuple(debt for debt in debts if _is_done(case, debt.stage, debt.line))


def _of_the_person(case: Case, lane: UrgentLane, wish: Wish) -> Iterator[Objection]:
    if wish.roles.isdisjoint(lane.roles):
        yield Objection(UrgentCode.ROLE, {"roles": sorted(map(str, lane.roles))})
    if not wish.persons.isdisjoint(case.authors):
        yield Objection(UrgentCode.OWN_DRAFT)
    if not wish.reason.strip():
        yield Objection(UrgentCode.REASON)
    if wish.overdue:
        yield Objection(UrgentCode.OVERDUE, {"drafts": sorted(wish.overdue)})


def _of_the_case(case: Case, workflow: Workflow, lane: UrgentLane, wish: Wish) -> Iterator[Objection]:
    if case.state is not CaseState.RUNNING:
        yield Objection(UrgentCode.NOT_RUNNING, {"state": case.state})
    debts = owed(case, workflow, wish.line)
    if not any(not _signs(workflow, debt.stage) for debt in debts):
        yield Objection(UrgentCode.NOTHING_OWED)
    never = _never(workflow, lane.never_owed, case, wish.line)
    if never:
        yield Objection(UrgentCode.NEVER_OWED, {"stages": list(never)})
    if wish.findings:
        yield Objection(UrgentCode.FINDINGS, {"rules": sorted(set(wish.findings))})
    if wish.due_at is None:
        yield Objection(UrgentCode.NO_DEADLINE)
    proof = case.proof_of(wish.line)
    if proof is None:
        yield Objection(UrgentCode.NO_PROOF, {"line": wish.line})
    elif proof != wish.digest:
        yield Objection(UrgentCode.OTHER_PROOF, {"digest": wish.digest, "proof": proof})


def _never(workflow: Workflow, kinds: Collection[StageKind], case: Case, line: str) -> tuple[str, ...]:
    """Return the titles of stages of these kinds, also as a second duty, that apply here and are not done."""
    return tuple(
        stage.title
        for stage, on in _on_line(case, workflow, line)
        if not stage.kinds.isdisjoint(kinds)
        and not _is_done(case, stage.key, on)
        and case.meets(stage.applies_if, on)
    )


def _on_line(case: Case, workflow: Workflow, line: str) -> Iterator[tuple[Stage, str]]:
    for stage in workflow.ordered:
        on = line if stage.per == "channel" else ""
        if on in case.lines_of(stage) and case.meets(stage.applies_if, on):
            yield stage, on


def _signs(workflow: Workflow, key: str) -> bool:
    return StageKind.SIGN_OFF in workflow.by_key[key].kinds


def _is_done(case: Case, stage: str, line: str) -> bool:
    run = case.current().get((stage, line))
    if run is None or run.state not in DONE:
        return False
    # An override is never a review: what was owed is owed still.
    return run.state in {StageState.PASSED, StageState.SKIPPED}
