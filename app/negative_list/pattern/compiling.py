"""Whether the patterns of rules compile on a backend; in a child process where they are not trusted."""

from collections.abc import Iterator, Sequence

from app.domain.files.faults import Fault, said
from app.negative_list.pattern.nodes import Node
from app.negative_list.source.rules import LineHas, RegexMatch, Rule


def patterns_of(rule: Rule) -> Iterator[tuple[str, str, Node]]:
    """Yield `(key, source, node)` of every pattern that a rule's author wrote."""
    if isinstance(rule.match, RegexMatch):
        yield "match.pattern", rule.match.source, rule.match.node
    for condition in rule.unless:
        if isinstance(condition, LineHas):
            yield "unless.line_has", condition.source, condition.node


def compile_faults(rules: Sequence[Rule], backend: str) -> list[Fault]:
    """Compile every pattern by itself on one backend; return a fault for each that is refused."""
    if backend == "plain":
        return []
    import re2

    from app.negative_list.engine.backends.re2_patterns import Re2Pattern

    faults: list[Fault] = []
    for rule in rules:
        for key, _, node in patterns_of(rule):
            try:
                Re2Pattern(node).compiled  # noqa: B018 – compiles
            except re2.error as error:
                faults.append(said(rule.file, rule.line, f"{rule.id}.{key}", f"正则太大或不被接受：{error}"))
    return faults
