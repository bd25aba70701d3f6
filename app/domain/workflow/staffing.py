"""Whether the people who now hold the roles can fill a workflow: a matching of seats to persons.

A stage asks for one seat or several; two seats of one stage, and seats of stages in one distinct set, need
different persons. One set alone is a bipartite matching, and by Hall's theorem it fails exactly where some
seats together have fewer persons than they are. Sets that share stages are asked together by a search.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from app.domain.vocabulary import Role
from app.domain.workflow import sample_drafts
from app.domain.workflow.case import Case, Participant
from app.domain.workflow.checks import by_id, seats
from app.domain.workflow.definition import Stage, Workflow

Names = tuple[str, ...]
#: Steps of the search over sets that share stages; a body of people never comes near.
_STEPS = 50_000


@dataclass(frozen=True, slots=True)
class Seat:
    """One place at a stage, and who could take it."""

    stage: str
    persons: frozenset[str]


@dataclass(frozen=True, slots=True)
class Shortage:
    """Stages that these people cannot fill, in a draft of this kind.

    `set` is the index of the distinct set, or `None` for sets that only fail together; `stages` those that
    have too few `persons` between them; `draft` what the draft is like, empty where every draft is meant.
    """

    set: int | None
    stages: tuple[str, ...]
    persons: tuple[str, ...]
    needed: int
    draft: Mapping[str, object]


def somebody_writes(people: Collection[Participant]) -> bool:
    """Say whether any of these people writes drafts: without one no workflow begins."""
    return any(grant.role is Role.EDITOR for participant in people for grant in participant.grants)


def unknown(workflow: Workflow, people: Collection[Participant]) -> dict[str, tuple[Names, Names]]:
    """Return, by stage, the persons and the posts that it names and that none of these people is or holds.

    A stage may do without them, where others can act there; but what is named and not there is a slip, or
    somebody who has left. Empty when all are there.
    """
    names = {name for actor in people for name in (actor.name, by_id(actor.person))}
    posts = {post for actor in people for post in actor.posts}
    found = {}
    for stage in workflow.stages:
        asked = [*stage.who, *stage.override]
        persons = dict.fromkeys(who.person for who in asked if who.person and who.person not in names)
        missing = dict.fromkeys(who.post for who in asked if who.post and who.post not in posts)
        if persons or missing:
            found[stage.key] = (tuple(persons), tuple(missing))
    return found


def vacant(workflow: Workflow, people: Collection[Participant]) -> dict[str, Mapping[str, object]]:
    """Return the stages that nobody could decide, each with a draft for which that is so."""
    found: dict[str, Mapping[str, object]] = {}
    for stage in workflow.stages:
        asked = sample_drafts.conditions([stage])
        for case in sample_drafts.drafts(asked, people=people):
            if stage.by_people and not all(seat.persons for seat in _seats(case, stage, people)):
                found.setdefault(stage.key, sample_drafts.described(case, asked))
    return found


def shortages(workflow: Workflow, people: Collection[Participant]) -> tuple[Shortage, ...]:
    """Return each distinct set that these people cannot fill, and failing none, the sets that fail together.

    Seats that nobody at all could take are left to `vacant`. Empty when every draft can be passed.
    """
    found = []
    for index, group in enumerate(workflow.distinct):
        stages = [stage for stage in workflow.stages if stage.key in group.stages]
        asked = sample_drafts.conditions(stages)
        for case in sample_drafts.drafts(asked, people=people):
            short = _hall([seat for stage in stages for seat in _filled(case, stage, people)])
            if short:
                found.append(_told(index, short, sample_drafts.described(case, asked)))
                break
    if found or len(workflow.distinct) < 2:
        return tuple(found)
    stages = [stage for stage in workflow.stages if workflow.distinct_from[stage.key]]
    asked = sample_drafts.conditions(stages)
    for case in sample_drafts.drafts(asked, people=people):
        table = [seat for stage in stages for seat in _filled(case, stage, people)]
        if not _fits(workflow, table):
            return (_told(None, table, sample_drafts.described(case, asked)),)
    return ()


def unfilled(workflow: Workflow, table: Sequence[Seat]) -> list[Seat]:
    """Return seats that cannot all be filled by different persons where a distinct set wants that.

    Seats of one stage, of one set, or of sets that only fail together; empty when all can be filled.
    """
    by_stage: dict[str, list[Seat]] = {}
    for seat in table:
        by_stage.setdefault(seat.stage, []).append(seat)
    groups = [*by_stage.values()]
    groups += [[seat for seat in table if seat.stage in group.stages] for group in workflow.distinct]
    for group in groups:
        if short := _hall(group):
            return short
    return [] if _fits(workflow, table) else list(table)


def stuck_authors(workflow: Workflow, people: Collection[Participant]) -> dict[str, tuple[str, ...]]:
    """Return who could not get a draft of their own through, with the stages that nobody else could fill.

    Asked of everybody who writes (holds the editor's role). It is no fault of the file: such a person is
    needed at a stage and had better not write, or another person is to be given the role.
    """
    anyway = vacant(workflow, people)
    # Where authors may act in a role of theirs, the set may be filled by the author as well.
    open_to_authors = any(
        stage.author_may_act and not all(who.author for who in stage.who) for stage in workflow.stages
    )
    found = {}
    for author in people:
        if not any(grant.role is Role.EDITOR for grant in author.grants):
            continue
        others = [actor for actor in people if actor.persons.isdisjoint(author.persons)]
        stuck = [
            key
            for key in vacant(workflow, others)
            if key not in anyway and not workflow.by_key[key].author_may_act
        ]
        if not stuck and not open_to_authors:
            stuck = [key for short in shortages(workflow, others) for key in short.stages]
        if stuck:
            found[author.person] = tuple(dict.fromkeys(stuck))
    return found


def _told(index: int | None, short: Sequence[Seat], draft: Mapping[str, object]) -> Shortage:
    stages = tuple(dict.fromkeys(seat.stage for seat in short))
    persons = tuple(sorted(frozenset[str]().union(*(seat.persons for seat in short))))
    return Shortage(index, stages, persons, len(short), draft)


def _filled(case: Case, stage: Stage, people: Collection[Participant]) -> list[Seat]:
    return [seat for seat in _seats(case, stage, people) if seat.persons]


def _seats(case: Case, stage: Stage, people: Collection[Participant]) -> list[Seat]:
    """Return the seats of a stage in this draft; none where it does not apply or no person decides it."""
    line = case.lines[0] if stage.per == "channel" else ""
    if not stage.by_people or not case.meets(stage.applies_if, line):
        return []
    by_bench: dict[str | None, set[str]] = {}
    for who in stage.who:
        if case.meets(who.when, line):
            bench = by_bench.setdefault(who.group, set())
            if who.author:
                bench.add(sample_drafts.AUTHOR)
            if who.outside:
                bench.update(f"外请 {stage.key} {number}" for number in range(_needed(stage)))
    for actor in people:
        for who in seats(case, stage, line, actor):
            by_bench[who.group].add(actor.counts_as)
    everybody = frozenset[str]().union(*by_bench.values())
    if stage.need == "one_of_each":
        return [Seat(stage.key, frozenset(bench)) for bench in by_bench.values()]
    if stage.need == "all" and everybody:
        return [Seat(stage.key, frozenset({person})) for person in sorted(everybody)]
    return [Seat(stage.key, everybody)] * _needed(stage)


def _needed(stage: Stage) -> int:
    return stage.least


def _hall(table: Sequence[Seat]) -> list[Seat]:
    """Return seats that together have fewer persons than they are; empty when all can be filled."""
    taken: dict[str, int] = {}

    def place(seat: int, asked: set[str]) -> bool:
        for person in sorted(table[seat].persons - asked):
            if person in asked:
                continue
            asked.add(person)
            if person not in taken or place(taken[person], asked):
                taken[person] = seat
                return True
        return False

    for seat in range(len(table)):
        asked: set[str] = set()
        if not place(seat, asked):
            # Every person asked sits on a seat that was asked too: those seats and this one are the witness.
            return [table[other] for other in sorted({seat, *(taken[person] for person in asked)})]
    return []


def _fits(workflow: Workflow, table: Sequence[Seat]) -> bool:
    """Tell whether all seats can be filled at once so that seats that must differ do."""
    apart = {
        one: [
            other
            for other in range(len(table))
            if other != one
            and (
                table[one].stage == table[other].stage
                or table[other].stage in workflow.distinct_from[table[one].stage]
            )
        ]
        for one in range(len(table))
    }
    left = [set(seat.persons) for seat in table]
    placed: set[int] = set()
    steps = 0

    def search() -> bool:
        nonlocal steps
        steps += 1
        if len(placed) == len(table) or steps > _STEPS:
            return True
        seat = min((one for one in range(len(table)) if one not in placed), key=lambda one: len(left[one]))
        placed.add(seat)
        for person in sorted(left[seat]):
            barred = [other for other in apart[seat] if other not in placed and person in left[other]]
            for other in barred:
                left[other].discard(person)
            if all(left[other] for other in barred) and search():
                return True
            for other in barred:
                left[other].add(person)
        placed.discard(seat)
        return False

    return search()
