"""Marked drafts of a policy: whole texts that say where each finding stands.

A file `tests/*.txt` of a policy folder holds a text, each line a part, with `{{rule.id}}` right behind every
hit. A first line `@ wechat news` says where it is bound for. Every finding that is not marked is a failure.
"""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from app.negative_list.engine.check import check
from app.negative_list.source.policy import Policy
from app.negative_list.text.model import Part, PartKind, Scope

FOLDER = "tests"
_MARK = re.compile(r"\{\{([\w.]+)\}\}")


class Mismatch(NamedTuple):
    """A marked hit that is not found, or a finding without a mark; `column` of the hit's end, from 1."""

    file: str
    line: int
    column: int
    rule: str
    problem: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column} {self.rule}：{self.problem}"


class Marked(NamedTuple):
    """A marked draft, read: its lines without marks, and `(line, end of the hit, rule)` of each mark."""

    scope: Scope
    first: int
    lines: tuple[str, ...]
    marks: frozenset[tuple[int, int, str]]


def read_marked(text: str) -> Marked:
    """Read a marked draft; a text without marks must have no finding."""
    lines = text.splitlines()
    scope, first = Scope(), 1
    if lines and lines[0].startswith("@"):
        words = lines[0].removeprefix("@").split()
        scope, first = Scope(frozenset(words[:1]), frozenset(words[1:2])), 2
    plain: list[str] = []
    marks: set[tuple[int, int, str]] = set()
    for number, line in enumerate(lines[first - 1 :], first):
        shift = 0
        for mark in _MARK.finditer(line):
            marks.add((number, mark.start() - shift, mark[1]))
            shift += len(mark[0])
        plain.append(_MARK.sub("", line))
    return Marked(scope, first, tuple(plain), frozenset(marks))


def golden_files(folder: Path) -> list[Path]:
    """Return the marked drafts of a policy folder."""
    return sorted((folder / FOLDER).glob("*.txt"))


def mismatches(policy: Policy, file: str, text: str, *, on: date) -> Iterator[Mismatch]:
    """Yield what a policy finds other than a marked draft says, in the order of the text."""
    marked = read_marked(text)
    for number, _, rule in marked.marks:
        if policy.rule(rule) is None:
            yield Mismatch(file, number, 0, rule, "没有这条规则")
    parts = [Part(PartKind.BODY, str(number), line) for number, line in enumerate(marked.lines, marked.first)]
    report = check(policy, parts, scope=marked.scope, on=on, key=b"golden")
    found = {(int(finding.ref), finding.end, finding.rule): finding for finding in report.findings}
    for place in sorted(found.keys() ^ marked.marks):
        finding = found.get(place)
        problem = "标了却没有命中" if finding is None else f"没有标却命中了“{finding.excerpt}”"
        if policy.rule(place[2]) is not None:
            yield Mismatch(file, place[0], place[1] + 1, place[2], problem)
