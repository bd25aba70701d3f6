"""Moving a case from one workflow version to another, for the stages that it has not come to yet.

What was begun stays as it was: nobody's decision gets another meaning, and nothing is asked for behind it.

Source: domain invariant 11 (a case runs on the version that it began with; moving it is an explicit act).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.domain.refusals import Refusal, RefusalCode, Refused
from app.domain.vocabulary import REVIEW_LEVELS, CaseState, Event, StageState
from app.domain.workflow import checks, separation
from app.domain.workflow.added_stages import extended
from app.domain.workflow.case import CLOSED, DONE, SERVICE, Case, Participant, Run, Spot
from app.domain.workflow.definition import Stage, Workflow
from app.domain.workflow.effects import Effects, Walk
from app.domain.workflow.facts import Facts
from app.domain.workflow.staffing import Seat, unfilled

#: A stage in one of these states has not been anybody's to decide.
_NOT_BEGUN = frozenset({StageState.WAITING, StageState.SKIPPED})
#: A stage in one of these will be opened anew, and waits for all that comes before it then.
_TO_COME = frozenset({*_NOT_BEGUN, StageState.VOIDED, StageState.SENT_BACK})
#: What keeps a person from acting now without stranding the stage: another is at it, or they were.
_PASSING = frozenset({RefusalCode.CLAIMED_BY_OTHER, RefusalCode.ALREADY_DECIDED})


@dataclass(frozen=True, slots=True)
class Changed:
    """A stage that both versions have and that says something else: which keys of it."""

    stage: Stage
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Differences:
    """What a version has that another has not. `sets` are the names of distinct sets that differ."""

    added: tuple[Stage, ...]
    removed: tuple[Stage, ...]
    changed: tuple[Changed, ...]
    sets: tuple[str, ...]
    limits: bool

    @property
    def any(self) -> bool:
        """Whether anything differs at all that a case could notice."""
        return bool(self.added or self.removed or self.changed or self.sets or self.limits)

    def record(self) -> dict[str, object]:
        """Return it in JSON values, stages by key."""
        return {
            "added": [stage.key for stage in self.added],
            "removed": [stage.key for stage in self.removed],
            "changed": {one.stage.key: list(one.fields) for one in self.changed},
            "sets": list(self.sets),
            "limits": self.limits,
        }


def differences(old: Workflow, new: Workflow) -> Differences:
    """Return what differs between two versions; the order of stages counts as their key `after`."""
    sets = {*old.distinct} ^ {*new.distinct}
    changed = tuple(
        Changed(stage, fields)
        for stage in new.stages
        if stage.key in old.by_key and (fields := _fields(old, new, stage.key))
    )
    return Differences(
        added=tuple(stage for stage in new.stages if stage.key not in old.by_key),
        removed=tuple(stage for stage in old.stages if stage.key not in new.by_key),
        changed=changed,
        sets=tuple(dict.fromkeys(group.name for group in (*old.distinct, *new.distinct) if group in sets)),
        limits=old.marks_only != new.marks_only,
    )


def migrate(
    case: Case, old: Workflow, new: Workflow, *, people: Collection[Participant], facts: Facts, at: datetime
) -> Effects | Refused:
    """Return what moving this case to another version does, or all reasons why it may not be moved.

    `old` and `new` are versions as cases begin with them; `people` are all who could act for the draft's
    unit. Pure: a dry run is this function without storing what it returns. Stages that open by it are among
    the effects.
    """
    if old.digest == new.digest:
        return Refused((Refusal(RefusalCode.MIGRATION_SAME, {"workflow": new.digest}),))
    if case.state in CLOSED:
        return Refused((Refusal(RefusalCode.CASE_CLOSED, {"state": case.state}),))
    current = case.current()
    gone = _gone(case, old, new, current)
    if gone:
        return Refused((*gone, *_changes(case, old, new)))
    walked = extended(new, case.added)
    refusals = (
        *_changes(case, old, new),
        *_comes_before(case, walked, current),
        *_loses_review(case, walked, current),
        *_breaks_set(walked, current),
        *_strands(case, walked, current, people),
    )
    if refusals:
        return Refused(refusals)
    walk = Walk(case, new, SERVICE, facts, at)
    told = {"from": old.digest, "to": new.digest, **differences(old, new).record()}
    walk.say(Event.CASE_MIGRATED, **told)
    for run in list(walk.current.values()):
        # Nothing stands behind it, or it would have been refused: no orphans are left by this.
        applies_if = walk.workflow.by_key[run.stage].applies_if
        if run.state is StageState.SKIPPED and case.meets(applies_if, run.line):
            walk.void(run, "applies_now")
    if case.state is CaseState.RUNNING:
        walk.advance()
    return walk.frozen()


def _fields(old: Workflow, new: Workflow, key: str) -> tuple[str, ...]:
    was, now = old.by_key[key], new.by_key[key]
    found = [
        name for name in Stage.model_fields if name != "after" and getattr(was, name) != getattr(now, name)
    ]
    if old.ancestors[key] & new.by_key.keys() != new.ancestors[key] & old.by_key.keys():
        found.append("after")
    return tuple(found)


def _begun(case: Case) -> frozenset[str]:
    """Return the stages that were somebody's to decide in any round."""
    return frozenset(run.stage for run in case.runs if run.state not in _NOT_BEGUN)


def _gone(case: Case, old: Workflow, new: Workflow, current: Mapping[Spot, Run]) -> tuple[Refusal, ...]:
    # Also a stage that was only skipped: the record of the case speaks of it.
    spoken_of = {run.stage for run in current.values()} | {one.anchor for one in case.added}
    gone = [stage for stage in old.stages if stage.key in spoken_of and stage.key not in new.by_key]
    return _named(RefusalCode.MIGRATION_REMOVES_BEGUN, gone)


def _changes(case: Case, old: Workflow, new: Workflow) -> Iterator[Refusal]:
    begun = _begun(case)
    for one in differences(old, new).changed:
        fields = [field for field in one.fields if field != "after"]
        if one.stage.key in begun and fields:
            data = {"stage": one.stage.key, "title": old.by_key[one.stage.key].title, "fields": fields}
            yield Refusal(RefusalCode.MIGRATION_CHANGES_BEGUN, data)


def _comes_before(case: Case, new: Workflow, current: dict[Spot, Run]) -> tuple[Refusal, ...]:
    standing = [spot for spot, run in current.items() if run.state not in _TO_COME]
    early = {
        before.key: before
        for stage, line in standing
        for before in new.waits_for[stage]
        for place in case.lines_of(before)
        if separation.meet((before.key, place), (stage, line)) and _would_come(case, before, place, current)
    }
    return _named(RefusalCode.MIGRATION_COMES_BEFORE, list(early.values()))


def _would_come(case: Case, stage: Stage, line: str, current: Mapping[Spot, Run]) -> bool:
    """Tell whether a stage would still have to be walked: it never was, or was skipped and applies now."""
    run = current.get((stage.key, line))
    applies = case.meets(stage.applies_if, line)
    return (run is None or run.state is StageState.SKIPPED) and applies


def _loses_review(case: Case, new: Workflow, current: Mapping[Spot, Run]) -> tuple[Refusal, ...]:
    lost = [
        level
        for level in REVIEW_LEVELS
        if not any(
            (run := current.get((stage.key, line))) is None or run.state is not StageState.SKIPPED
            for stage in new.stages
            if level in stage.levels
            for line in case.lines_of(stage)
        )
    ]
    return (Refusal(RefusalCode.MIGRATION_LOSES_REVIEW, {"levels": lost}),) if lost else ()


def _breaks_set(new: Workflow, current: Mapping[Spot, Run]) -> Iterator[Refusal]:
    decided = [run for run in current.values() if run.votes and run.state in {*DONE, StageState.OPEN}]
    for index, one in enumerate(decided):
        for other in decided[index + 1 :]:
            if (
                other.stage in new.distinct_from[one.stage]
                and separation.meet(one.spot, other.spot)
                and not one.persons.isdisjoint(other.persons)
            ):
                stages = [one.stage, other.stage]
                titles = "、".join(new.by_key[key].title for key in stages)
                yield Refusal(RefusalCode.MIGRATION_BREAKS_SET, {"stages": stages, "titles": titles})


def _strands(
    case: Case, new: Workflow, current: dict[Spot, Run], people: Collection[Participant]
) -> tuple[Refusal, ...]:
    short: dict[str, Stage] = {}
    for line in case.lines:
        seats: list[Seat] = []
        for stage in new.ordered:
            at = line if stage.per == "channel" else ""
            run = current.get((stage.key, at))
            to_come = stage.by_people and (run is None or run.state not in DONE)
            if to_come and case.meets(stage.applies_if, at):
                seats += _seats(case, new, current, stage, at, people)
        short |= {seat.stage: new.by_key[seat.stage] for seat in seats if not seat.persons}
        filled = [seat for seat in seats if seat.persons]
        short |= {seat.stage: new.by_key[seat.stage] for seat in unfilled(new, filled)}
    return _named(RefusalCode.MIGRATION_STRANDS, list(short.values()))


def _seats(
    case: Case,
    new: Workflow,
    current: dict[Spot, Run],
    stage: Stage,
    line: str,
    people: Collection[Participant],
) -> list[Seat]:
    """Return the places still to be filled at a stage, each with who could take it in this very case."""
    able = [
        actor
        for actor in people
        if {one.code for one in checks.person(case, new, current, stage, line, actor)} <= _PASSING
    ]
    votes = run.votes if (run := current.get((stage.key, line))) is not None else ()
    needed = stage.least
    persons = {actor.person for actor in able}
    if any(who.outside for who in stage.who):
        persons |= {f"{stage.key} {number}" for number in range(needed)}
    if stage.need == "one_of_each":
        open_benches = {who.group for who in stage.who if case.meets(who.when, line)}
        open_benches = checks.empty_benches(open_benches, votes)
        return [
            Seat(
                stage.key,
                frozenset(
                    actor.person
                    for actor in able
                    if bench in {seat.group for seat in checks.seats(case, stage, line, actor)}
                ),
            )
            for bench in sorted(open_benches, key=str)
        ]
    return [Seat(stage.key, frozenset(persons))] * max(needed - len(votes), 0)


def _named(code: RefusalCode, stages: list[Stage]) -> tuple[Refusal, ...]:
    if not stages:
        return ()
    titles = "、".join(stage.title for stage in stages)
    return (Refusal(code, {"stages": [stage.key for stage in stages], "titles": titles}),)
