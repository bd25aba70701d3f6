"""One check: scan, resolve, except, report."""

from collections.abc import Iterable, Sequence
from datetime import date
from time import perf_counter_ns
from typing import NamedTuple

from app.negative_list.buffer import Buffer, ViewText
from app.negative_list.checkers.base import Context, Spot, Thing
from app.negative_list.findings import Builder
from app.negative_list.model import (
    MAX_FINDINGS,
    SEVERITIES,
    NotChecked,
    Part,
    Report,
    Scope,
    Structure,
    View,
)
from app.negative_list.policy import Policy
from app.negative_list.program import Local, Program, Runner
from app.negative_list.rules import Overlap, StructureMatch

_INCOMPLETE = NotChecked("", "文稿的其余部分", "候选命中过多，检查提前结束")


class Raw(NamedTuple):
    """One hit before it becomes a finding: a place in the joined text, or a thing of the structure."""

    runner: Runner
    spot: Spot | Thing


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
) -> Report:
    """Check a document under a policy.

    `scope` and `on` choose the rules that apply; `key` is the secret of fingerprints and value hashes;
    `document_id` ties fingerprints to one document. What the caller could not turn into parts goes into
    `not_checked` and is reported. Without parts and structure the report has no findings.
    """
    started = perf_counter_ns()
    buffer = Buffer(parts)
    active = policy.program.active(scope, on)
    raws, complete = collect(policy.program, buffer, active, structure)
    builder = Builder(buffer, key, document_id)
    counts: dict[str, int] = dict.fromkeys((str(severity) for severity in SEVERITIES), 0)
    for raw in raws:
        if not raw.runner.rule.shadow:
            counts[raw.runner.rule.severity] += 1
    kept = raws[:MAX_FINDINGS]
    findings, shadow = builder.build(kept)
    return Report(
        policy=policy.digest,
        findings=findings,
        not_checked=tuple(not_checked) if complete else (*not_checked, _INCOMPLETE),
        counts=counts,
        truncated=len(raws) - len(kept),
        elapsed_us=(perf_counter_ns() - started) // 1000,
        backend=policy.backend,
        shadow=shadow,
    )


def collect(
    program: Program, buffer: Buffer, active: Sequence[bool], structure: Structure | None
) -> tuple[list[Raw], bool]:
    """Return the hits of all active rules, worst severity first, and whether the scan was complete."""
    groups, complete = gather(program, buffer, active)
    raws: list[Raw] = []
    for rule in sorted(groups, key=program.rank.__getitem__) if len(groups) > 1 else groups:
        runner = program.runners[rule]
        raws.extend([Raw(runner, spot) for spot in resolve(runner, buffer, groups[rule], structure)])
    if structure is not None:
        found = list(things(program, active, structure))
        if found:
            raws.extend(found)
            raws.sort(key=lambda raw: program.rank[raw.runner.number])
    return raws, complete


def gather(program: Program, buffer: Buffer, active: Sequence[bool]) -> tuple[dict[int, list[Local]], bool]:
    """Scan both views; return what was found by rule, and whether the scan was complete."""
    groups: dict[int, list[Local]] = {}
    complete = True
    for view, scanner, word_owners, pattern_owners in program.tables:
        words, patterns, whole = scanner.scan(buffer.fold if view is View.FOLD else buffer.raw)
        complete = complete and whole
        for found, owners in ((words, word_owners), (patterns, pattern_owners)):
            for number, start, end in found:
                for rule, local in owners[number]:
                    if active[rule]:
                        group = groups.get(rule)
                        if group is None:
                            groups[rule] = [(local, start, end)]
                        else:
                            group.append((local, start, end))
    for rule in program.always:
        if active[rule]:
            groups.setdefault(rule, [])
    return groups, complete


def things(program: Program, active: Sequence[bool], structure: Structure) -> Iterable[Raw]:
    """Yield what the active structure rules object to."""
    for runner in program.structural:
        if active[runner.number]:
            assert isinstance(runner.rule.match, StructureMatch)
            parts = runner.rule.scope.parts
            for thing in runner.rule.match.check.run(structure):
                if parts is None or thing.part in parts:
                    yield Raw(runner, thing)


def resolve(runner: Runner, buffer: Buffer, hits: list[Local], structure: Structure | None) -> Iterable[Spot]:
    """Return what stands of one rule's hits: overlaps resolved, edges and values checked, exceptions out."""
    view = buffer.fold if runner.folds else buffer.raw
    checker = runner.checker
    spots: Iterable[Spot]
    if checker is not None:
        spots = checker.run(Context(buffer, view, structure), sorted(hits, key=_by_place))
    else:
        spots = _plain_spots(runner, view, hits)
    parts = runner.rule.scope.parts
    tests = runner.tests
    if parts is None and not tests:
        return spots
    found: list[Spot] = []
    for spot in spots:
        start, end, _, _ = spot
        part = view.part_at(start)
        if parts is not None and buffer.parts[part].kind not in parts:
            continue
        if tests:
            first, last = view.bounds(part)
            for test in tests:
                if test(view, start, end, first, last):
                    break
            else:
                found.append(spot)
        else:
            found.append(spot)
    return found


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
    spots = []
    for number, start, end in hits:
        covered = words.covering[number]
        if covered is None or not covered(view, start, end, *view.bounds(view.part_at(start))):
            spots.append(Spot(start, end, words.suggestions[number], words.notes[number]))
    return spots


def _without_overlaps(hits: list[Local], overlap: Overlap) -> list[Local]:
    hits.sort(key=_by_place)
    if overlap is Overlap.ALL:
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
