"""Stages for the person of another: who cannot be the same, or waits for themselves."""

from collections.abc import Iterator
from typing import Any

from app.domain.workflow.definition import Stage, Workflow


def faults_of(workflow: Workflow, stage: Stage) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield key, code and data of what is wrong with whose person is to act here, or is not to."""
    if stage.not_head_of_author and any(who.head_of_author for who in stage.who):
        yield "not_head_of_author", "head_kept_out", {}
    for code, told in _same(workflow, stage):
        yield "same_person_as", code, told


def _same(workflow: Workflow, stage: Stage) -> Iterator[tuple[str, dict[str, Any]]]:
    other = stage.same_person_as
    if other is None:
        return
    if other not in workflow.by_key:
        yield "unknown_stage", {"names": other}
    elif (
        other not in workflow.ancestors[stage.key]
        or other == stage.key
        or not workflow.by_key[other].by_people
    ):
        # A circle of such stages has one that is not behind the other, for the order has no circle.
        yield "same_person_of_no_earlier", {"names": other}
    elif other in workflow.distinct_from[stage.key]:
        yield "same_person_kept_apart", {"names": other}
    elif stage.by_several or workflow.by_key[other].by_several:
        yield "same_person_of_several", {"names": other}
