"""One check: scan, resolve, except, report."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import islice
from operator import itemgetter
from time import perf_counter_ns

from app.negative_list.checkers.base import Context, Spot, Thing
from app.negative_list.engine.backends import LIMIT, Hit
from app.negative_list.engine.findings import Builder
from app.negative_list.engine.program import Found, Local, Owner, Program, Runner
from app.negative_list.source.policy import Policy
from app.negative_list.source.rules import Overlap
from app.negative_list.text.buffer import Buffer, ViewText
from app.negative_list.text.model import (
    MAX_FINDINGS,
    SEVERITIES,
    NotChecked,
    Part,
    Report,
    Scope,
    Structure,
    View,
)
from app.negative_list.text.skip_view import Bare, Skip

_NONE: dict[str, int] = {str(severity): 0 for severity in SEVERITIES}
_FOLD, _ALL = View.FOLD, Overlap.ALL
_START, _END = itemgetter(1), itemgetter(2)
#: A named tuple of its fields, at half the time.
_new = tuple.__new__
_INCOMPLETE = NotChecked("", "文稿的其余部分", "候选命中过多，检查提前结束")


def check(
    policy: Policy,
    parts: Sequence[Part],
    *,
    scope: Scope,
    on: date,
    key: bytes,
    document_id: str = "",
    not_checked: Sequence[NotChecked] = (),
    structure: Structure | None = None,
    advice: bool = True,
) -> Report:
    """Check a document under a policy.

    `scope` and `on` choose the rules that apply; `key` is the secret of fingerprints and value hashes;
    `document_id` ties fingerprints to one document. What the caller could not turn into parts goes into
    `not_checked` and is reported. Without parts and structure the report has no findings. Without `advice`
    the rules that only advise and take long, evidence from usage, are not run.
    """
    started = perf_counter_ns()
    buffer = Buffer(parts)
    active = policy.program.active(scope, on)
    found, complete = collect(policy.program, buffer, active, structure, advice=advice)
    counts = {**_NONE}
    total = 0
    for runner, spots in found:
        total += len(spots)
        if not runner.rule.shadow:
            counts[runner.rule.severity] += len(spots)
    truncated = max(0, total - MAX_FINDINGS)
    findings, shadow = Builder(buffer, key, document_id).build(_first(found) if truncated else found)
    missed = tuple(not_checked) if complete else (*not_checked, _INCOMPLETE)
    spent_us = (perf_counter_ns() - started) // 1000
    return Report(policy.digest, findings, missed, counts, truncated, spent_us, policy.backend, shadow)


def _first(found: Iterable[Found]) -> list[Found]:
    """Return as much as a report keeps."""
    kept: list[Found] = []
    left = MAX_FINDINGS
    for runner, spots in found:
        if left > 0:
            kept.append((runner, spots[:left]))
            left -= len(spots)
    return kept


def collect(
    program: Program,
    buffer: Buffer,
    active: Sequence[bool],
    structure: Structure | None,
    *,
    advice: bool = True,
) -> tuple[list[Found], bool]:
    """Return what all active rules object to, worst severity first, and whether the scan was complete."""
    groups, complete = gather(program, buffer, active)
    if advice:
        groups.update({rule: [] for rule in program.advisory if active[rule]})
    found: list[Found] = []
    rank = program.rank
    for rule in sorted(groups, key=rank.__getitem__) if len(groups) > 1 else groups:
        runner = program.runners[rule]
        spots = resolve(runner, buffer, groups[rule], structure)
        if spots:
            found.append((runner, spots))
    if structure is not None and (things := list(objections(program, active, structure))):
        found.extend(things)
        found.sort(key=lambda one: rank[one[0].number])
    return list(without_variants(found)) if len(found) > 1 else found, complete


def without_variants(found: Iterable[Found]) -> Iterable[Found]:
    """Yield what was found, worst first, without what a severer variant of the same rule has already said.

    Hits in the text that overlap are the same place; so are things of the structure that are equal.
    """
    said: dict[str, list[tuple[int, int]]] = {}
    things: dict[str, set[Thing]] = {}
    for runner, spots in found:
        if not runner.family or runner.rule.shadow:
            yield runner, spots
            continue
        places, seen = said.setdefault(runner.family, []), things.setdefault(runner.family, set())
        left = [
            spot
            for spot in spots
            if not (_overlaps(spot, places) if isinstance(spot, Spot) else spot._replace(note="") in seen)
        ]
        places.extend((spot.start, spot.end) for spot in left if isinstance(spot, Spot))
        places.sort()
        seen.update(spot._replace(note="") for spot in left if isinstance(spot, Thing))
        if left:
            yield runner, left


def _overlaps(spot: Spot, places: Sequence[tuple[int, int]]) -> bool:
    """Return whether a hit overlaps any of these places, which do not overlap each other."""
    index = bisect_left(places, (spot.start, spot.end))
    before, after = places[index - 1 : index], places[index : index + 1]
    return any(start < spot.end and spot.start < end for start, end in (*before, *after))


def gather(program: Program, buffer: Buffer, active: Sequence[bool]) -> tuple[dict[int, list[Local]], bool]:
    """Scan both views; return what was found by rule, and whether the scan was complete."""
    groups: defaultdict[int, list[Local]] = defaultdict(list)
    complete = True
    for view, scanner, word_owners, pattern_owners in program.tables:
        words, patterns, whole = scanner.scan(buffer.fold if view is _FOLD else buffer.raw)
        if not whole:
            complete = False
        if words:
            _hand_out(words, word_owners, active, groups)
        if patterns:
            _hand_out(patterns, pattern_owners, active, groups)
    for rule in program.always:
        if active[rule]:
            groups.setdefault(rule, [])
    return groups, complete


def _hand_out(
    hits: Iterable[Hit],
    owners: Sequence[tuple[Owner, ...]],
    active: Sequence[bool],
    groups: defaultdict[int, list[Local]],
) -> None:
    """Add each hit to the groups of the active rules that look for it."""
    for number, start, end in hits:
        for rule, local in owners[number]:
            if active[rule]:
                groups[rule].append((local, start, end))


def objections(program: Program, active: Sequence[bool], structure: Structure) -> Iterable[Found]:
    """Yield what the active structure rules object to."""
    for field, checks in program.structural:
        if getattr(structure, field):
            for runner, check in checks:
                if active[runner.number]:
                    kinds = runner.parts
                    things = [thing for thing in check.run(structure) if kinds is None or thing.part in kinds]
                    if things:
                        yield runner, things


def resolve(runner: Runner, buffer: Buffer, hits: list[Local], structure: Structure | None) -> Sequence[Spot]:
    """Return what stands of one rule's hits: overlaps resolved, edges and values checked, exceptions out."""
    view = buffer.fold if runner.folds else buffer.raw
    if runner.skip is not None:
        spots = _skip_spots(runner, runner.skip, buffer, hits)
    elif runner.checker is None:
        spots = _plain_spots(runner, view, hits)
    else:
        if len(hits) > 1:
            hits.sort(key=_by_place)
        spots = list(islice(runner.checker.run(Context(buffer, view, structure), hits), LIMIT))
    if spots and runner.skip is None and (runner.tests or runner.parts is not None):
        spots = _standing(runner, buffer, view, spots)
    if len(spots) > 1 and runner.folds and buffer.origin is not None:
        # Where one typed character became several, two hits may be at the same typed place.
        spots = list(
            {buffer.typed(View.FOLD, spot.start, spot.end): spot for spot in reversed(spots)}.values()
        )
    return spots


def _skip_spots(runner: Runner, skip: Skip, buffer: Buffer, hits: list[Local]) -> list[Spot]:
    """Return what stands of the hits of a rule that reads the skip view, as places of the fold view.

    Where its words may have been taken apart, the part is read without separators: hits, overlaps and
    exceptions. Everywhere else the two views are the same.
    """
    assert runner.words is not None
    view = buffer.fold
    apart = len(runner.words.forms)
    parts = sorted({view.part_at(start) for number, start, _ in hits if number == apart})
    here = [hit for hit in hits if hit[0] != apart]
    spots: list[Spot] = []
    for part in parts:
        first, last = view.bounds(part)
        bare = Bare(view, part)
        within = [
            (number, bare.here(start), bare.here(end - 1) + 1)
            for number, start, end in here
            if first <= start < last
        ]
        found = _plain_spots(runner, bare.view, [*within, *skip.hits(bare)])
        if runner.parts is None or buffer.parts[part].kind in runner.parts:
            spots.extend(
                spot._replace(start=start, end=end)
                for spot in found
                if not _excepted(runner, bare.view, spot, 0)
                for start, end in (bare.there(spot.start, spot.end),)
            )
    rest = [hit for hit in here if view.part_at(hit[1]) not in parts] if parts else here
    return [*spots, *_standing(runner, buffer, view, _plain_spots(runner, view, rest))]


def _standing(runner: Runner, buffer: Buffer, view: ViewText, spots: Sequence[Spot]) -> list[Spot]:
    """Return the hits in parts that the rule reads for which no exception holds."""
    kinds, standing = runner.parts, []
    for spot in spots:
        part = view.part_at(spot[0])
        if (kinds is None or buffer.parts[part].kind in kinds) and not _excepted(runner, view, spot, part):
            standing.append(spot)
    return standing


def _excepted(runner: Runner, view: ViewText, spot: Spot, part: int) -> bool:
    """Whether an exception holds."""
    if not runner.tests:
        return False
    first, last = view.bounds(part)
    return any(test(view, spot.start, spot.end, first, last) for test in runner.tests)


def _by_place(hit: Local) -> tuple[int, int]:
    return hit[1], -hit[2]


def _plain_spots(runner: Runner, view: ViewText, hits: list[Local]) -> list[Spot]:
    text = view.text
    edge = runner.edge
    if edge:
        hits = [
            hit
            for hit in hits
            if not (hit[1] and text[hit[1] - 1] in edge) and not (hit[2] < len(text) and text[hit[2]] in edge)
        ]
    validate = runner.validate
    if validate is not None:
        hits = [hit for hit in hits if validate(text[hit[1] : hit[2]])]
    if len(hits) > 1:
        hits = _without_overlaps(hits, runner.overlap)
    words = runner.words
    if words is None:
        return [Spot(start, end) for _, start, end in hits]
    _, suggestions, notes, covering = words
    if covering is None:
        return [_new(Spot, (start, end, suggestions[number], notes[number])) for number, start, end in hits]
    spots = []
    for number, start, end in hits:
        covered = covering[number]
        if covered is None or not covered(view, start, end, *view.bounds(view.part_at(start))):
            spots.append(_new(Spot, (start, end, suggestions[number], notes[number])))
    return spots


def _without_overlaps(hits: list[Local], overlap: Overlap) -> list[Local]:
    # By place, and of those at one the longest first.
    hits.sort(key=_END, reverse=True)
    hits.sort(key=_START)
    if overlap is _ALL:
        return hits
    kept: list[Local] = []
    last = -1
    for hit in hits:
        if (overlap is Overlap.LONGEST and hit[1] >= last) or (
            overlap is Overlap.CONTAINED and hit[2] > last
        ):
            kept.append(hit)
            last = hit[2]
    return kept
