"""A rule as it was read from a policy file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from app.negative_list.checkers.base import Checker, StructureCheck
from app.negative_list.pattern.nodes import Node
from app.negative_list.text.model import PartKind, Scope, Severity, View


class Overlap(StrEnum):
    """What becomes of hits of one rule that overlap each other.

    `longest` keeps the leftmost, the longest of those; `contained` drops only hits that lie wholly within
    another; `all` keeps every one.
    """

    LONGEST = "longest"
    CONTAINED = "contained"
    ALL = "all"


class EdgeKind(StrEnum):
    """What may not stand directly before or after a hit.

    Chinese has no word boundaries; there `CHINESE` asks whether the hit is made of halves of other words.
    """

    NONE = "none"
    DIGIT = "digit"
    LATIN = "latin"
    WORD = "word"
    CHINESE = "chinese"


class Basis(NamedTuple):
    """What a rule rests on: a law, a standard or a notice."""

    doc: str
    article: str = ""
    quote: str = ""
    date: str = ""
    url: str = ""

    def __str__(self) -> str:
        law = self.doc.endswith(("法", "条例", "办法", "规定", "细则", "决定", "典")) and "《" not in self.doc
        doc = f"《{self.doc}》" if law else self.doc
        article = f"第{self.article}条" if self.article[:1].isdigit() and law else self.article
        return f"{doc}{'' if law or not article else ' '}{article}{f'（{self.date}）' if self.date else ''}"


class Inside(NamedTuple):
    """The hit stands between two signs, e.g. in a title; with `only` just in these titles."""

    open: str
    close: str
    only: tuple[str, ...]


class Covering(NamedTuple):
    """The hit is part of one of these longer words."""

    words: tuple[str, ...]


class Near(NamedTuple):
    """One of these words stands wholly within so many characters before (or after) the hit."""

    before: bool
    words: tuple[str, ...]
    within: int


class LineHas(NamedTuple):
    """The line of the hit has a match of this pattern."""

    source: str
    node: Node


Condition = Inside | Covering | Near | LineHas


class Suggest(NamedTuple):
    """How a suggestion is made from the hit: characters deleted, replaced, or fixed texts."""

    delete: str = ""
    replace: tuple[tuple[str, str], ...] = ()
    texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TermsMatch:
    """Plain words with their suggestions; `covering` holds the longer right words of single terms."""

    view: View
    terms: Mapping[str, tuple[str, ...]]
    covering: Mapping[str, tuple[str, ...]]
    overlap: Overlap
    edge: EdgeKind
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RegexMatch:
    """One regular expression, with an optional check of what it found."""

    view: View
    source: str
    node: Node
    edge: EdgeKind
    validate: str


@dataclass(frozen=True, slots=True)
class CheckerMatch:
    """A checker in code, with its arguments."""

    name: str
    args: Mapping[str, Any]
    checker: Checker


@dataclass(frozen=True, slots=True)
class StructureMatch:
    """A check of what is not running text, with its arguments."""

    name: str
    args: Mapping[str, Any]
    check: StructureCheck


Match = TermsMatch | RegexMatch | CheckerMatch | StructureMatch


class Example(NamedTuple):
    """A text that must, or must not, be hit; `at` and `rule_text` say where exactly."""

    text: str
    line: int
    at: tuple[int, int] | None = None
    rule_text: str | None = None
    suggest: str | None = None
    part: PartKind = PartKind.BODY
    channel: str | None = None
    section: str | None = None
    stage: str | None = None
    on: date | None = None
    structure: Mapping[str, Any] | None = None


class Allowed(NamedTuple):
    """Which values a rule applies to: those of `include` (None: all) that are not in `exclude`."""

    include: frozenset[str] | None = None
    exclude: frozenset[str] = frozenset()

    def applies(self, values: frozenset[str]) -> bool:
        """Whether the rule applies to any of the values; where none is known, it does."""
        if not values:
            return True
        rest = values - self.exclude
        return bool(rest) and (self.include is None or not rest.isdisjoint(self.include))


class RuleScope(NamedTuple):
    """Where a rule applies."""

    channels: Allowed = Allowed()
    sections: Allowed = Allowed()
    stages: Allowed = Allowed()
    parts: frozenset[PartKind] | None = None

    def applies(self, scope: Scope) -> bool:
        """Whether the rule applies to texts that are bound for `scope`."""
        stages = frozenset({scope.stage}) if scope.stage else frozenset()
        return (
            self.channels.applies(scope.channels)
            and self.sections.applies(scope.sections)
            and self.stages.applies(stages)
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the negative list.

    `weight` is in errors (计错分值), for the report only. `shadow` rules run and are reported apart, but
    never block.
    """

    id: str
    title: str
    severity: Severity
    weight: float
    basis: tuple[Basis, ...]
    effective_from: date | None
    effective_until: date | None
    scope: RuleScope
    match: Match
    unless: tuple[Condition, ...]
    mask: bool
    message: str
    suggest: Suggest
    hits: tuple[Example, ...]
    misses: tuple[Example, ...]
    file: str
    line: int
    shadow: bool = False
    waivable: bool = True
    #: The rule that this one is the same as, elsewhere or in another form: of hits that overlap, the severer
    #: one is enough.
    variant_of: str = ""
    #: Names what the rule says, its lexicon included, so that two versions of it can be compared.
    content: str = ""

    def applies_on(self, day: date) -> bool:
        """Whether the rule is in force on a day; both of its dates are included."""
        return (self.effective_from is None or self.effective_from <= day) and (
            self.effective_until is None or day <= self.effective_until
        )
