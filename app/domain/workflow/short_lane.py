"""Workflows of small corrections and retractions: shorter than three reviews, never without one.

What is out was reviewed three times. A correction that touches no fact, and a retraction, are decided by a
reviewer and by who signs: two people, neither of whom wrote any of it. Everything else walks three reviews.
Source: domain invariants 4, 5 and 6; docs/decisions/0072-corrections-and-retractions.md.
"""

from collections.abc import Iterator

from app.domain.files.faults import Fault
from app.domain.files.policy_text import Lines
from app.domain.vocabulary import StageKind
from app.domain.workflow.definition import Stage, Workflow


def reviews(workflow: Workflow) -> tuple[Stage, ...]:
    """Return the stages at which somebody of the house reviews whatever walks this; perhaps none."""
    return tuple(
        stage
        for stage in workflow.stages
        if StageKind.REVIEW in stage.kinds and stage.applies_if is None and not stage.author_may_act
    )


def faults(workflow: Workflow, lines: Lines) -> Iterator[Fault]:
    """Yield what is wrong with a workflow that is shorter than three reviews."""
    reviewing = reviews(workflow)
    if not reviewing:
        yield lines.fault(("stages",), "short_lane_without_review")
    for index, stage in enumerate(workflow.stages):
        if StageKind.SIGN_OFF not in stage.kinds:
            continue
        if stage.author_may_act:
            yield lines.fault(("stages", index), "short_lane_author_signs", stage=stage.key)
        if reviewing and not any(one.key in workflow.distinct_from[stage.key] for one in reviewing):
            keys = [*(one.key for one in reviewing), stage.key]
            yield lines.fault(("distinct",), "short_lane_not_apart", stages=keys)
