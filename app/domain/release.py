"""The gate: what stands in the way of publishing one line of a case, all of it at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.domain.vocabulary import REVIEW_LEVELS, CaseState, Level, StageKind, StageState
from app.domain.workflow import Case, Run, Stage, Workflow, separation, short_lane
from app.domain.workflow.case import DONE, Spot
from app.domain.workflow.definition import Purpose

#: The states of a case whose lines may go out: other lines may still be on their way.
ON_ITS_WAY = frozenset({CaseState.RUNNING, CaseState.CLEARED})


class BlockerCode(StrEnum):
    """Why something may not be published. The sentences stand with publication."""

    LINE_UNKNOWN = "line_unknown"
    CASE_NOT_READY = "case_not_ready"
    STAGE_MISSING = "stage_missing"
    REVIEW_MISSING = "review_missing"
    SAME_PERSON = "same_person_twice"
    BY_AUTHOR = "judged_by_author"
    NOT_LAST_PROOF = "not_last_proof"
    DECIDED_ON_OTHER = "decided_on_other"
    NOT_CHECKED = "not_checked"
    OPEN_FINDINGS = "open_findings"
    NOT_SIGNED = "not_signed"
    EMBARGOED = "embargoed"
    SCHEDULED = "scheduled"
    # what became of what is out already
    RETRACTED = "publication_retracted"
    BEING_RETRACTED = "publication_being_retracted"
    SUPERSEDED = "digest_superseded"
    SHORT_LANE = "short_lane_not_for_this"
    ENDED = "publication_ended"


@dataclass(frozen=True, slots=True)
class Blocker:
    """One thing in the way: a code, and the data that its sentence needs (JSON values)."""

    code: BlockerCode
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that the gate asks about one line.

    `digest` is what is to be released on `line`. `checked_under` is the digest of the policy of the newest
    report on the case's revision (None: never checked), `active_policy` that of the policy in force;
    `open_findings` the rules whose blocking findings no valid waiver lets through; `owed` the places of
    stages that the urgent lane let go out as debts. `purpose` is what the draft is: a workflow that is
    shorter than three reviews is for nothing else. `aftermath`: that this content was retracted or superseded
    on this channel, or that what it corrects was or is being retracted.
    """

    case: Case
    workflow: Workflow
    line: str
    digest: str
    checked_under: str | None
    active_policy: str
    open_findings: tuple[str, ...] = ()
    owed: frozenset[Spot] = frozenset()
    purpose: Purpose = "publication"
    aftermath: tuple[Blocker, ...] = ()


def blockers(dossier: Dossier, at: datetime) -> tuple[Blocker, ...]:
    """Return everything that stands in the way of publishing this line at `at`; empty when it may go out.

    Holds the invariants: all stages of the line passed and the three reviews among them, different persons in
    every distinct set, the newest active policy run on the text and no blocking finding open, the digest
    that of the last approved proof, no embargo, and not before a scheduled line's instant.
    Source: 《图书质量保障体系》 art. 8; docs/decisions/0017-the-gate-asks-after-the-sign-off.md.
    """
    case = dossier.case
    if dossier.line not in case.lines:
        return (Blocker(BlockerCode.LINE_UNKNOWN, {"line": dossier.line}),)
    ready = case.state in ON_ITS_WAY
    return (
        *(() if ready else (Blocker(BlockerCode.CASE_NOT_READY, {"state": case.state}),)),
        *_stages(dossier),
        *_persons(dossier),
        *_content(dossier),
        *_time(dossier, at),
        *dossier.aftermath,
    )


def _on_line(dossier: Dossier) -> Iterator[tuple[Stage, str, Run | None]]:
    current = dossier.case.current()
    for stage in dossier.workflow.ordered:
        line = dossier.line if stage.per == "channel" else ""
        if line not in dossier.case.lines_of(stage):
            continue
        yield stage, line, current.get((stage.key, line))


def _stages(dossier: Dossier) -> list[Blocker]:
    blockers: list[Blocker] = []
    passed_levels = set()
    for stage, line, run in _on_line(dossier):
        state = run.state if run else None
        if state not in DONE and _is_owed(dossier, stage, line):
            # The debt names it: the draft is published with debt until it is passed.
            passed_levels |= set(stage.levels)
            continue
        if stage.kind is StageKind.SIGN_OFF:
            # Where the final review is the signature itself, it was given with it.
            if state is not StageState.PASSED:
                blockers.append(Blocker(BlockerCode.NOT_SIGNED, {"stage": stage.key, "line": line}))
            else:
                passed_levels |= set(stage.levels)
            continue
        if state not in DONE:
            data = {"stage": stage.key, "title": stage.title, "line": line, "state": state}
            blockers.append(Blocker(BlockerCode.STAGE_MISSING, data))
        if run is not None and state is StageState.PASSED:
            passed_levels |= set(stage.levels)
            if run.digest != (now := dossier.case.subject_of(stage, line)):
                data = {"stage": stage.key, "title": stage.title, "digest": run.digest, "now": now}
                blockers.append(Blocker(BlockerCode.DECIDED_ON_OTHER, data))
    if dossier.workflow.purpose != "publication":
        return blockers + _short_lane(dossier)
    missing = [level for level in REVIEW_LEVELS if level not in passed_levels]
    return blockers + [Blocker(BlockerCode.REVIEW_MISSING, {"level": level}) for level in missing]


def _short_lane(dossier: Dossier) -> list[Blocker]:
    """Return what stands against a line that walked a workflow shorter than three reviews.

    It is for corrections and retractions alone, and nothing of it is owed: it is short already.
    """
    blockers, workflow, current = [], dossier.workflow, dossier.case.current()
    if workflow.purpose != dossier.purpose or dossier.owed:
        blockers.append(Blocker(BlockerCode.SHORT_LANE, {"workflow": workflow.title}))
    passed = [
        run
        for stage in short_lane.reviews(workflow)
        for line in dossier.case.lines_of(stage)
        if line in {"", dossier.line} and (run := current.get((stage.key, line)))
    ]
    if not any(run.state is StageState.PASSED for run in passed):
        blockers.append(Blocker(BlockerCode.REVIEW_MISSING, {"level": Level.INITIAL_REVIEW}))
    return blockers


def _is_owed(dossier: Dossier, stage: Stage, line: str) -> bool:
    """Tell whether a stage may be missing: it is owed, or lies on the owed way and does not apply there."""
    if not dossier.owed:
        return False
    return (stage.key, line) in dossier.owed or not dossier.case.meets(stage.applies_if, line)


def _persons(dossier: Dossier) -> list[Blocker]:
    case, workflow = dossier.case, dossier.workflow
    pairs = [*separation.violations(case, workflow), *separation.twice(case, workflow)]
    own = separation.by_authors(case, workflow)
    return [
        Blocker(BlockerCode.SAME_PERSON, {"stages": [pair.data["stage"], *pair.data["stages"]]})
        for pair in pairs
        if pair.data["line"] in {"", dossier.line}
    ] + [
        Blocker(BlockerCode.BY_AUTHOR, {"stage": one.data["stage"]})
        for one in own
        if one.data["line"] in {"", dossier.line}
    ]


def _content(dossier: Dossier) -> list[Blocker]:
    blockers = []
    proof = _last_approved(dossier)
    if dossier.digest != proof:
        blockers.append(Blocker(BlockerCode.NOT_LAST_PROOF, {"digest": dossier.digest, "proof": proof}))
    if dossier.checked_under != dossier.active_policy:
        data = {"checked": dossier.checked_under, "active": dossier.active_policy}
        blockers.append(Blocker(BlockerCode.NOT_CHECKED, data))
    if dossier.open_findings:
        rules = sorted(set(dossier.open_findings))
        blockers.append(
            Blocker(BlockerCode.OPEN_FINDINGS, {"rules": rules, "count": len(dossier.open_findings)})
        )
    return blockers


def _time(dossier: Dossier, at: datetime) -> list[Blocker]:
    blockers = []
    if (until := dossier.case.embargoed_until(at)) is not None:
        blockers.append(Blocker(BlockerCode.EMBARGOED, {"until": until.isoformat()}))
    due = dossier.case.scheduled_at(dossier.line)
    if due is not None and at < due:
        data = {"line": dossier.line, "release_at": due.isoformat()}
        blockers.append(Blocker(BlockerCode.SCHEDULED, data))
    return blockers


def _last_approved(dossier: Dossier) -> str | None:
    signing = [stage for stage in dossier.workflow.stages if stage.kind is StageKind.SIGN_OFF]
    if not signing:
        return dossier.case.proof_of(dossier.line)
    return dossier.case.subject_of(signing[-1], dossier.line)
