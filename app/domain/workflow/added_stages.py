"""Reviewers added to one case (加签): its workflow with their stages, and nothing taken away."""

from collections.abc import Mapping

from app.domain.vocabulary import StageKind
from app.domain.workflow.case import Added, Person
from app.domain.workflow.checks import by_id
from app.domain.workflow.definition import OUTCOMES, AddedStage, DistinctSet, Stage, Workflow
from app.domain.workflow.needs import Who

#: More than these in one case are no help to anybody.
MOST = 10

#: Extended workflows, by the digest of the version and what was added; both never change.
_extended: dict[tuple[str, tuple[Added, ...]], Workflow] = {}
_KEPT = 512


def extended(workflow: Workflow, added: tuple[Added, ...]) -> Workflow:
    """Return the version with exactly these stages added, each in its place; the version itself for none.

    A workflow that has stages added already is taken back to its version first.

    Everything that the version asks for is still asked for: stages gain predecessors, and a distinct set that
    holds the stage at whose place a reviewer is added holds the added one too.
    """
    version = workflow.version_itself
    if not added:
        return version
    key = version.digest, added
    found = _extended.get(key)
    if found is None:
        if len(_extended) >= _KEPT:
            _extended.clear()
        found = version
        for one in added:
            found = _with(found, one)
        _extended[key] = found
    return found


def _with(workflow: Workflow, one: Added) -> Workflow:
    anchor = workflow.by_key[one.anchor]
    after = dict(workflow.after)
    new = _stage(anchor, one)
    if one.place == "before":
        after[new.key] = after[anchor.key]
        after[anchor.key] = (new.key,)
    else:
        after[new.key] = (anchor.key,) if one.place == "after" else after[anchor.key]
        for key, before in workflow.after.items():
            if anchor.key in before:
                after[key] = (*before, new.key)
    order: list[Stage] = []
    for stage in workflow.stages:
        beside = [stage, new] if one.place != "before" else [new, stage]
        order += beside if stage.key == anchor.key else [stage]
    sets = tuple(
        DistinctSet(name=group.name, stages=(*group.stages, new.key)) if anchor.key in group.stages else group
        for group in workflow.distinct
    )
    return workflow.with_added(_linked(order, after), sets)


def _linked(stages: list[Stage], after: Mapping[str, tuple[str, ...]]) -> tuple[Stage, ...]:
    # "After the step before it in the file" would mean another stage now, so each says it in full.
    return tuple(stage.model_copy(update={"after": after[stage.key]}) for stage in stages)


def _stage(anchor: Stage, one: Added) -> AddedStage:
    declines = bool(anchor.outcomes_of("decline"))
    return AddedStage(
        key=one.key,
        title=f"{anchor.title}加签"[:60],
        kind=StageKind.REVIEW,
        who=(named(one.person),),
        per=anchor.per,
        subject=anchor.acts_on,
        watches=anchor.watches,
        on_edit=anchor.on_edit,
        outcomes=tuple(outcome for outcome in OUTCOMES if declines or outcome.verb != "decline"),
        within=anchor.within,
        late=anchor.late,
        on_line=one.line,
        person=one.person,
        asked_by=one.by,
    )


def named(person: Person) -> Who:
    """Return the seat of one person, by id."""
    return Who(person=by_id(person))
