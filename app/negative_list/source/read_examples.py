"""The examples of a rule, from its YAML."""

from app.domain.files.faults import Fault, said
from app.domain.files.yaml_tree import Tree
from app.negative_list.source.fields import Fields
from app.negative_list.source.rules import Example
from app.negative_list.text.model import PartKind


def read_examples(fields: Fields) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """Return the hit and the miss examples; a rule needs at least one of each."""
    examples = fields.sub("examples")
    if examples is None:
        fields.fault("examples", "缺少示例：examples: {hit: [至少一条], miss: [至少一条]}")
        return (), ()
    hits = tuple(
        found for item in examples.each("hit") if (found := _example(item, fields.file, fields.faults))
    )
    misses = tuple(
        found for item in examples.each("miss") if (found := _example(item, fields.file, fields.faults))
    )
    examples.done()
    if not hits:
        examples.fault("hit", "至少要有一条应当命中的示例（hit）")
    if not misses:
        examples.fault("miss", "至少要有一条不应命中的示例（miss）")
    return hits, misses


def _example(tree: Tree, file: str, faults: list[Fault]) -> Example | None:
    if tree.mapping is None:
        if tree.items is None and tree.scalar is not None:
            return Example(str(tree.scalar), tree.line)
        faults.append(said(file, tree.line, "examples", f"示例应为文本或映射，实为{tree.kind}"))
        return None
    fields = Fields(tree, file, faults, where="examples")
    structure = fields.get("structure")
    text = fields.text("text", None if structure is None else "")
    at: tuple[int, int] | None = None
    if fields.has("at"):
        places = [item.scalar for item in fields.each("at")]
        if len(places) == 2 and all(type(place) is int for place in places):
            at = (places[0], places[1])
        else:
            fields.fault("at", "应为 [起, 止)，即两个整数，不含止")
    example = Example(
        text=text,
        line=tree.line,
        at=at,
        rule_text=fields.text("rule_text", "") or None,
        suggest=fields.text("suggest", "") or None,
        part=PartKind(fields.choice("part", tuple(PartKind), PartKind.BODY)),
        channel=fields.text("channel", "") or None,
        section=fields.text("section", "") or None,
        stage=fields.text("stage", "") or None,
        on=fields.day("on"),
        structure=structure.plain() if structure is not None else None,
    )
    fields.done()
    return example
