"""The class of a draft corrected by those who review it: upwards by one person, downwards by two.

A is the heaviest class. Whoever may act at an open stage sets a heavier one at once. For a lighter one they
ask, and somebody else who has a seat in the case, and wrote none of the text, agrees or declines. What is
decided stays decided; stages that come to apply are walked, and what is not decided follows the new class.

Source: decision 113.
"""

from collections.abc import Collection, Mapping
from typing import Any

from app.domain.refusals import Refusal, RefusalCode, Refusals
from app.domain.vocabulary import REVIEW_LEVELS, Event, StageKind, StageState, Verb
from app.domain.workflow import checks
from app.domain.workflow.case import DONE, PENDING, Case, ClassWish, Grade, Spot
from app.domain.workflow.commands import Reclass
from app.domain.workflow.conditions import When
from app.domain.workflow.definition import Stage, Workflow
from app.domain.workflow.effects import Walk
from app.domain.workflow.facts import Facts, NewClass
from app.domain.workflow.rerouting import Joint, matching, move, with_fields

#: From the lightest to the heaviest; a draft without a class is lighter than any.
_ORDER: tuple[Grade, ...] = (None, "C", "B", "A")


def is_lighter(grade: Grade, than: Grade) -> bool:
    """Tell whether a class asks for less care than another."""
    return _ORDER.index(grade) < _ORDER.index(than)


def heavier_than(grade: Grade) -> tuple[Grade, ...]:
    """Return the classes that ask for more care than this one; empty for A."""
    return _ORDER[_ORDER.index(grade) + 1 :]


def takes_effect(case: Case, grade: Grade) -> bool:
    """Tell whether a draft has this class as soon as one person more says so."""
    return not is_lighter(grade, case.grade) or (
        case.class_wish is not None and case.class_wish.grade == grade
    )


def against_reclassing(walk: Walk[NewClass], _spot: Spot, form: Reclass | None) -> Refusals:
    """Refuse who takes no part or wrote the text, a class that is none or the same, and a second voice.

    A lighter class is agreed to, or declined by naming the present one, by another person than who asked.
    """
    case, actor, wish = walk.case, walk.actor, walk.case.class_wish
    refusals = checks.running(case)
    if _signed(walk):
        refusals += (Refusal(RefusalCode.CASE_CLOSED, {"state": case.state, "signed": True}),)
    if not (_at_open_stage(walk) if wish is None else _has_seat(walk)):
        refusals += (Refusal(RefusalCode.NOT_ALLOWED, {"verb": Verb.RECLASS}),)
    if not actor.persons.isdisjoint(case.authors):
        refusals += (Refusal(RefusalCode.OWN_DRAFT, {"stage": ""}),)
    if not actor.persons.isdisjoint(case.recused):
        refusals += (Refusal(RefusalCode.RECUSED, {"person": actor.person}),)
    if form is None:
        return refusals
    if form.grade not in walk.facts.classes:
        data = {"given": form.grade, "known": "、".join(walk.facts.classes.values())}
        refusals += (Refusal(RefusalCode.CLASS_UNKNOWN, data),)
    if form.grade == case.grade and wish is None:
        now = walk.facts.classes.get(form.grade, form.grade)
        refusals += (Refusal(RefusalCode.CLASS_SAME, {"now": now}),)
    agrees = wish is not None and form.grade == wish.grade
    if wish is not None and agrees and not actor.persons.isdisjoint(wish.persons):
        refusals += (Refusal(RefusalCode.CLASS_BY_ANOTHER, {"by": wish.by}),)
    return refusals + checks.worded(form.verb, form.comment)


def reclass(walk: Walk[NewClass], command: Reclass) -> None:
    """Set another class, ask for a lighter one, or answer who asked for it."""
    case, wish = walk.case, walk.case.class_wish
    asked = wish.grade if wish is not None and command.grade == case.grade else command.grade
    known = walk.facts.classes
    names = {
        "class": asked,
        "was": case.grade,
        "title": known.get(asked or "", asked),
        "was_title": known.get(case.grade or "", case.grade),
    }
    if command.grade == case.grade:
        assert wish is not None
        walk.set(class_wish=None)
        walk.say(Event.CASE_CLASS_KEPT, **names, asked_by=wish.by, comment=command.comment)
        return
    if not takes_effect(case, command.grade):
        walk.set(class_wish=ClassWish(command.grade, walk.actor.person, walk.actor.persons))
        walk.say(Event.CASE_CLASS_ASKED, **names, comment=command.comment)
        return
    by_two = {"asked_by": wish.by} if wish is not None and wish.grade == command.grade else {}
    walk.set(grade=command.grade, class_wish=None)
    walk.say(Event.CASE_CLASS_CHANGED, **names, **by_two, comment=command.comment)
    if walk.facts.moves_to is not None:
        move(walk, walk.facts.moves_to, walk.facts.routed or {})
    for run in list(walk.current.values()):
        if run.state in PENDING and not walk.case.meets(walk.workflow.by_key[run.stage].applies_if, run.line):
            walk.void(run, "class_changed")
    walk.look_again()
    walk.advance()


def _signed(walk: Walk[Facts]) -> bool:
    return any(
        StageKind.SIGN_OFF in walk.workflow.by_key[run.stage].kinds and run.state is StageState.PASSED
        for run in walk.current.values()
    )


def _at_open_stage(walk: Walk[Facts]) -> bool:
    return any(
        run.state is StageState.OPEN
        and not checks.person(
            walk.case, walk.workflow, walk.current, walk.workflow.by_key[run.stage], run.line, walk.actor
        )
        for run in walk.current.values()
    )


def _has_seat(walk: Walk[Facts]) -> bool:
    return any(
        checks.seats(walk.case, stage, line, walk.actor)
        for stage in walk.workflow.stages
        for line in walk.case.lines_of(stage)
    )


def decided(case: Case) -> frozenset[str]:
    """Return the stages that stand decided on some line."""
    return frozenset(run.stage for run in case.current().values() if run.state in DONE and run.votes)


def lighter(old: Workflow, new: Workflow, done: Collection[str], grades: Collection[Grade]) -> Workflow:
    """Return what a case walks whose class was corrected from one of `grades`, on `old`, to that of `new`.

    Stages that are `done` stay as they are. Of the others those of `new` are walked as `new` has them; what
    only `old` asks for stays in the version, for its classes alone, and so is skipped on record.
    """
    matched = matching(old, new)
    by_old = {was: key for key, was in matched.items()}
    heavier = When(classes=tuple(grade for grade in grades if grade is not None))

    def now(stage: Stage) -> Stage:
        after: Mapping[str, Any] = {"after": old.after[stage.key]}
        if stage.key in done:
            return with_fields(stage, **after)
        if stage.key in by_old:
            asked = new.by_key[by_old[stage.key]]
            return with_fields(asked, key=stage.key, send_back_to=None, same_person_as=None, **after)
        if set(stage.levels) & set(REVIEW_LEVELS):
            # None of the three reviews ever has a condition.
            return with_fields(stage, **after)
        applies = heavier if stage.applies_if in {None, heavier} else When(all_of=(heavier, stage.applies_if))
        return with_fields(stage, applies_if=applies, **after)

    said: dict[str, Any] = {name: getattr(old, name) for name in Workflow.model_fields}
    before = Workflow.model_validate({**said, "stages": tuple(now(stage) for stage in old.stages)})
    return _Lighter(before, new, matched, covering=False).workflow()


class _Lighter(Joint):
    """A workflow of which every stage that both have is what it is to be already."""

    def meet(self, new: Stage, key: str) -> tuple[str, ...]:  # noqa: ARG002 – its place decides alone
        """Let the stage under `key` stand for both."""
        return (key,)
