"""Running the examples that every rule carries."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.domain.files.faults import Fault, said
from app.negative_list.checkers.base import Spot, Thing
from app.negative_list.engine.check import collect
from app.negative_list.engine.findings import Builder
from app.negative_list.engine.program import Program
from app.negative_list.source.rules import Example, Rule
from app.negative_list.text.buffer import Buffer, ViewText
from app.negative_list.text.fold import fold_text
from app.negative_list.text.model import (
    ImageFact,
    LinkFact,
    Part,
    PartKind,
    Scope,
    Structure,
    TableFact,
    TraceFact,
    VideoFact,
)

_KEY = b"examples"

Spots = Sequence[Spot | Thing]


def structure_from(data: Mapping[str, Any] | None) -> Structure | None:
    """Return the structure that an example describes, None without one. Raises `TypeError`, unknown keys."""
    if data is None:
        return None

    def refs(kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for index, item in enumerate(data.get(kind, ())):
            yield f"{kind}/{index}", item

    unknown = set(data) - {"images", "tables", "links", "videos", "traces", "fields"}
    if unknown:
        raise TypeError(f"不认识的键：{'、'.join(sorted(unknown))}")
    return Structure(
        images=tuple(ImageFact(ref, **item) for ref, item in refs("images")),
        tables=tuple(
            TableFact(ref, tuple(tuple(map(str, row)) for row in item["rows"]), str(item.get("caption", "")))
            for ref, item in refs("tables")
        ),
        links=tuple(LinkFact(ref, **item) for ref, item in refs("links")),
        videos=tuple(VideoFact(ref, **item) for ref, item in refs("videos")),
        traces=tuple(TraceFact(**{"ref": ref, **item}) for ref, item in refs("traces")),
        fields=data.get("fields", {}),
    )


def example_part(rule: Rule, example: Example) -> PartKind:
    """Return the kind of part that an example stands in: its own, or the first that the rule reads."""
    parts = rule.scope.parts
    if parts is None or example.part in parts or example.part is not PartKind.BODY:
        return example.part
    return next((kind for kind in PartKind if kind in parts), PartKind.BODY)


def run_example(
    program: Program, index: int, rule: Rule, example: Example, *, text: str | None = None
) -> tuple[Buffer, Spots]:
    """Return the hits of one rule on one example; `text` stands in for the example's own text."""
    buffer = Buffer([Part(example_part(rule, example), "example", example.text if text is None else text)])
    scope = Scope(
        frozenset(filter(None, [example.channel])),
        frozenset(filter(None, [example.section])),
        example.stage or "",
    )
    applies = rule.scope.applies(scope) and (example.on is None or rule.applies_on(example.on))
    if not applies:
        return buffer, ()
    active = [False] * len(program.runners)
    active[index] = True
    found, _ = collect(program, buffer, active, structure_from(example.structure))
    return buffer, found[0][1] if found else ()


def faults_of(program: Program, rules: Sequence[Rule]) -> list[Fault]:
    """Run all examples of all rules; return one fault for each that does not behave."""
    faults: list[Fault] = []
    for index, rule in enumerate(rules):
        for example in rule.hits:
            problem = hit_problem(program, index, rule, example)
            if problem:
                faults.append(said(rule.file, example.line, f"{rule.id}.examples.hit", problem))
        for example in rule.misses:
            try:
                buffer, spots = run_example(program, index, rule, example)
            except (TypeError, KeyError) as error:
                faults.append(
                    said(rule.file, example.line, f"{rule.id}.examples.miss", f"structure 写法有误：{error}")
                )
                continue
            if spots:
                shown = "、".join(_shown(buffer.view(program.runners[index].view), spots))
                faults.append(
                    said(rule.file, example.line, f"{rule.id}.examples.miss", f"不应命中却命中了：{shown}")
                )
    return faults


def _shown(view: ViewText, spots: Spots) -> Iterator[str]:
    for spot in spots[:3]:
        if isinstance(spot, Spot):
            yield f"“{view.text[spot.start : spot.end]}”"
        else:
            yield f"{spot.ref} {spot.excerpt}".strip()


def hit_problem(
    program: Program,
    index: int,
    rule: Rule,
    example: Example,
    *,
    text: str | None = None,
    anywhere: bool = False,
) -> str:
    """Return what is wrong with a hit example; empty when it is hit as it says.

    With `anywhere` only whether it is hit counts, not where.
    """
    try:
        buffer, spots = run_example(program, index, rule, example, text=text)
    except (TypeError, KeyError) as error:
        return f"structure 写法有误：{error}"
    if not spots:
        return f"应当命中却没有命中：“{example.text}”"
    if anywhere:
        return ""
    runner = program.runners[index]
    findings, shadow = Builder(buffer, _KEY, "").build([(runner, spots)])
    findings += shadow
    if example.at is not None and all((found.start, found.end) != example.at for found in findings):
        where = "、".join(f"[{found.start}, {found.end}]" for found in findings)
        return f"命中位置应为 {list(example.at)}，实为 {where}"
    if example.rule_text is not None:
        texts = [
            buffer.view(runner.view).text[spot.start : spot.end] for spot in spots if isinstance(spot, Spot)
        ]
        if fold_text(example.rule_text) not in map(fold_text, texts):
            return f"命中的词应为“{example.rule_text}”，实为“{'”“'.join(texts)}”"
    if example.suggest is not None and all(example.suggest not in found.suggestions for found in findings):
        given = "、".join(suggestion for found in findings for suggestion in found.suggestions) or "没有建议"
        return f"建议应为“{example.suggest}”，实为：{given}"
    return ""
