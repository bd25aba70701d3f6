"""What a workflow may say only when a second person has accepted it: no fault, and yet not safe.

Each is a `Fault` with a code and data like those of the linter, and a fingerprint that names what was
accepted: it changes with whatever the warning hangs on, and with nothing else.

Source: 《图书质量保障体系》 art. 8 (three reviews and proofreads by different people); decision 47.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from app.domain.document.changes import MarksOnly
from app.domain.document.model import sha256
from app.domain.files.faults import Fault
from app.domain.files.policy_text import Lines
from app.domain.record.canonical import canonical
from app.domain.vocabulary import PROOF_LEVELS, REVIEW_LEVELS, Level, Role, StageKind, Subject
from app.domain.workflow import sample_drafts
from app.domain.workflow.definition import Stage, Watched, Workflow

#: Reviews that an author has nothing to do with in any scheme; the first level is the drafter's own in some.
_NOT_FOR_AUTHORS = frozenset({Level.SECOND_REVIEW, Level.FINAL_REVIEW})
#: A correction above this is not small any more in anybody's eyes.
_WIDE = MarksOnly(characters=200, edits=100, share=100)
#: What whoever passes a text as a whole is to see change.
_WHOLE: tuple[Watched, ...] = ("title", "blocks", "attachments")
#: Keys of a stage on which no warning hangs.
_ASIDE = frozenset({"title", "duty", "after", "within", "late", "outcomes", "send_back_to", "rounds"})


def risks(workflow: Workflow, lines: Lines | None = None) -> tuple[Fault, ...]:
    """Return what is to be accepted by a second person before anybody walks this; empty for a safe one."""
    lines = lines or Lines(None)
    found: list[Fault] = []
    for index, stage in enumerate(workflow.stages):
        for key, code, data in _of_stage(stage):
            path = ("stages", index, key) if lines.has(("stages", index, key)) else ("stages", index)
            fault = lines.fault(path, code, stage=stage.key, **data)
            found.append(Fault(fault.line, f"stages.{index}.{key}", code, fault.data))
    found += _of_whole(workflow, lines)
    return tuple(sorted(found, key=lambda fault: (fault.line, fault.key, fault.code)))


def fingerprint(workflow: Workflow, risk: Fault) -> str:
    """Return the name under which a warning of this workflow is accepted: SHA-256, in hex."""
    named = {risk.data.get("stage"), *risk.data.get("stages", ())}
    said = {
        "workflow": workflow.key,
        "code": risk.code,
        "data": dict(risk.data),
        "stages": [
            {name: value for name, value in stage.model_dump(mode="json").items() if name not in _ASIDE}
            for stage in workflow.stages
            if stage.key in named
        ],
    }
    return sha256(canonical(said))


def _of_stage(stage: Stage) -> Iterator[tuple[str, str, dict[str, Any]]]:
    levels, signs = set(stage.levels), StageKind.SIGN_OFF in stage.kinds
    if stage.author_may_act and (signs or levels & _NOT_FOR_AUTHORS):
        yield "author_may_act", "author_decides_late", {}
    if (signs or Level.FINAL_REVIEW in levels) and any(who.role is Role.EDITOR for who in stage.who):
        yield "who", "editor_decides_last", {}
    if levels & set(REVIEW_LEVELS) and _outside_alone(stage):
        yield "who", "outside_alone", {}
    missing = [name for name in _WHOLE if name not in stage.watches]
    if missing and (signs or levels):
        yield "watches", "watches_not_all", {"fields": missing}
    if signs and stage.on_edit != "void":
        yield "on_edit", "signature_survives", {}


def _outside_alone(stage: Stage) -> bool:
    """Tell whether there is a draft at which nobody of the house may decide here."""
    asked = sample_drafts.conditions([stage])
    for case in sample_drafts.drafts(asked, several=stage.per == "draft"):
        for line in case.lines if stage.per == "channel" else ("",):
            able = [who for who in stage.who if case.meets(who.when, line)]
            if able and case.meets(stage.applies_if, line) and all(who.outside for who in able):
                return True
    return False


def _apart(workflow: Workflow, one: Stage, other: Stage) -> bool:
    """Tell whether different persons pass two stages: by a set, also of the stages whose persons they are."""
    ours, theirs = _same_persons(workflow, one), _same_persons(workflow, other)
    return any(not workflow.distinct_from[key].isdisjoint(theirs) for key in ours)


def _same_persons(workflow: Workflow, stage: Stage) -> frozenset[str]:
    """Return the stage and those before it whose persons alone act there, as far as none may be skipped."""
    keys: dict[str, None] = {}
    here: Stage | None = stage
    while here is not None and here.key not in keys:
        keys[here.key] = None
        earlier = workflow.by_key.get(here.same_person_as or "")
        here = None if earlier is None or earlier.applies_if is not None else earlier
    return frozenset(keys)


def _of_whole(workflow: Workflow, lines: Lines) -> Iterator[Fault]:
    proofs = [stage for stage in workflow.stages if set(stage.levels) & set(PROOF_LEVELS)]
    together = dict.fromkeys(
        key
        for one, other in combinations(proofs, 2)
        if not _apart(workflow, one, other)
        for key in (one.key, other.key)
    )
    if together:
        yield lines.fault(("distinct",), "proofs_not_distinct", stages=list(together))
    reads = any(
        StageKind.PROOF in stage.kinds and stage.acts_on is Subject.PROOF for stage in workflow.stages
    )
    if reads and not any(stage.confirms_marks and stage.applies_if is None for stage in workflow.stages):
        yield lines.fault(("stages",), "marks_unconfirmed")
    wide, limits = _WIDE.model_dump(), workflow.marks_only.model_dump()
    if any(limits[name] > wide[name] for name in wide):
        yield lines.fault(("marks_only",), "marks_only_wide", **limits)
