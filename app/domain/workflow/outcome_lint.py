"""What is wrong with the flags that outcomes raise, and with the reasons that they ask for."""

from collections.abc import Iterator

from app.domain.files.faults import Fault
from app.domain.files.policy_text import Lines
from app.domain.workflow import sample_drafts
from app.domain.workflow.definition import Stage, Workflow


def faults(workflow: Workflow, lines: Lines) -> Iterator[Fault]:
    """Yield a fault for each outcome that raises what is never asked for, or asks for reasons it lacks."""
    asked = {
        stage.key: {flag for when in sample_drafts.conditions([stage]) for flag in when.flags}
        for stage in workflow.stages
    }
    for stage in workflow.stages:
        for outcome in stage.outcomes:
            if outcome.raises and outcome.verb not in {"approve", "send_back"}:
                yield _of_stage(workflow, lines, stage, "raises_without_approval", outcome=outcome.key)
            if outcome.one_of_reasons and not outcome.reasons:
                yield _of_stage(workflow, lines, stage, "no_reasons_to_give", outcome=outcome.key)
        ahead, back = _raised(stage, "approve"), _raised(stage, "send_back")
        ahead |= {flag for who in stage.who for flag in who.raises}
        for flag in sorted(ahead | back):
            waiting = [key for key, flags in asked.items() if flag in flags]
            if not waiting:
                yield _of_stage(workflow, lines, stage, "flag_for_nothing", flag=flag)
            # A stage that was passed before the flag came would never have been asked; what is sent back is.
            early = [key for key in waiting if stage.key not in workflow.ancestors[key]]
            if early and flag not in back:
                yield _of_stage(workflow, lines, stage, "flag_comes_too_late", flag=flag, stages=early)


def _raised(stage: Stage, verb: str) -> set[str]:
    return {flag for outcome in stage.outcomes_of(verb) for flag in outcome.raises}


def _of_stage(workflow: Workflow, lines: Lines, stage: Stage, code: str, **data: object) -> Fault:
    index = workflow.stages.index(stage)
    path = ("stages", index, "outcomes")
    fault = lines.fault(path if lines.has(path) else path[:2], code, stage=stage.key, **data)
    return Fault(fault.line, f"stages.{index}.outcomes", code, fault.data)
