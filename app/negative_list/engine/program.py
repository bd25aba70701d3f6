"""Rules compiled for one backend: what to scan for, and who gets each hit."""

import re
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from app.negative_list.checkers.base import Checker, Spot, StructureCheck, Thing
from app.negative_list.engine import backends
from app.negative_list.engine.backends import Scanner, Unit
from app.negative_list.engine.exceptions import Search, Test, compile_condition, covering
from app.negative_list.engine.validators import VALIDATORS
from app.negative_list.pattern.forms import render
from app.negative_list.pattern.nodes import Node
from app.negative_list.pattern.parse import parse
from app.negative_list.source.messages import Message, message
from app.negative_list.source.rules import (
    CheckerMatch,
    EdgeKind,
    LineHas,
    Overlap,
    RegexMatch,
    Rule,
    StructureMatch,
    TermsMatch,
)
from app.negative_list.text.buffer import ViewText
from app.negative_list.text.fold import fold_all
from app.negative_list.text.model import SEVERITIES, PartKind, Scope, View
from app.negative_list.text.skip_view import Skip, forms_of
from app.negative_list.usage.doubtful_characters import usage
from app.negative_list.usage.segments import cuts_a_word

#: `(number within the rule, start, end)` in the joined text of the rule's view.
Local = tuple[int, int, int]
#: `(rule, number within the rule)`.
Owner = tuple[int, int]

_EDGES: dict[EdgeKind, frozenset[str]] = {
    EdgeKind.NONE: frozenset(),
    EdgeKind.CHINESE: frozenset(),
    EdgeKind.DIGIT: frozenset("0123456789"),
    EdgeKind.LATIN: frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    EdgeKind.WORD: frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
}


class Words(NamedTuple):
    """The words of one rule in the form of its view, with what belongs to each."""

    forms: tuple[str, ...]
    suggestions: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    #: For each what covers it; None when nothing covers any of them.
    covering: tuple[Test | None, ...] | None


@dataclass(frozen=True, slots=True)
class Runner:
    """One rule, made ready to run."""

    #: Its place among the rules of the policy.
    number: int
    rule: Rule
    view: View
    words: Words | None
    overlap: Overlap
    edge: frozenset[str]
    validate: Callable[[str], bool] | None
    tests: tuple[Test, ...]
    #: The basis as people read it.
    basis: tuple[str, ...]
    #: Whether it reads the fold view.
    folds: bool
    checker: Checker | None
    #: The kinds of parts that it reads; None for all.
    parts: frozenset[PartKind] | None
    #: The rule whose variants report one place only once; empty for a rule without variants.
    family: str
    #: Finds its words past separators; None for a rule that does not ask for it.
    skip: Skip | None
    message: Message


#: One rule with what stands of its hits: places in the joined text, or things of the structure.
Found = tuple[Runner, Sequence[Spot | Thing]]


class Table(NamedTuple):
    """The scanner of one view, and the owners of its words and patterns."""

    view: View
    scanner: Scanner
    word_owners: Sequence[tuple[Owner, ...]]
    pattern_owners: Sequence[tuple[Owner, ...]]


def view_of(rule: Rule) -> View:
    """Return the view that a rule's places are in: those of the skip view are told in the fold view."""
    match rule.match:
        case TermsMatch(view) | RegexMatch(view):
            return View.FOLD if view is View.SKIP else view
        case CheckerMatch(_, _, checker):
            return checker.view
        case StructureMatch():
            return View.RAW


def searcher(backend: str, node: Node) -> Search:
    """Return a search for a pattern within one line, on the regular expressions of a backend."""
    if backend == "plain":
        compiled = re.compile(render(node, python=True))
        return lambda text: compiled.search(text) is not None
    from app.negative_list.engine.backends.re2_patterns import Re2Pattern

    pattern = Re2Pattern(node)
    return lambda text: pattern.anywhere(text.encode())


class Program:
    """All rules of a policy on one backend."""

    def __init__(
        self, rules: Sequence[Rule], backend: str, cached: Mapping[str, bytes] | None = None
    ) -> None:
        self.backend = backend
        families = {rule.variant_of for rule in rules if rule.variant_of}
        self.runners = tuple(_runner(index, rule, backend, families) for index, rule in enumerate(rules))
        order = sorted(
            self.runners, key=lambda runner: (SEVERITIES.index(runner.rule.severity), runner.number)
        )
        #: The place of each rule in the order of severity, worst first; then as in the policy.
        self.rank = [0] * len(order)
        for rank, runner in enumerate(order):
            self.rank[runner.number] = rank
        #: The structure rules by the field of the structure that they read.
        self.structural = _by_field(self.runners)
        self.tables = tuple(
            table for view in View if (table := self._table(view, (cached or {}).get(view))) is not None
        )
        self.always = tuple(
            runner.number
            for runner in self.runners
            if (checker := runner.checker) is not None and checker.always and not checker.advisory
        )
        #: The rules that only a check with advice runs.
        self.advisory = tuple(
            runner.number for runner in self.runners if runner.checker is not None and runner.checker.advisory
        )
        self._active: dict[tuple[Scope, date], tuple[bool, ...]] = {}

    def _table(self, view: View, cached: bytes | None) -> Table | None:
        words: dict[str, list[Owner]] = defaultdict(list)
        patterns: dict[Node, list[Owner]] = defaultdict(list)
        for runner in self.runners:
            if runner.view is view:
                forms, nodes = _sought(runner)
                for number, word in enumerate(forms):
                    words[word].append((runner.number, number))
                for number, node in enumerate(nodes, len(forms)):
                    patterns[node].append((runner.number, number))
        if not words and not patterns:
            return None
        scanner = backends.make(self.backend, Unit(tuple(words), tuple(patterns)), cached)
        return Table(view, scanner, tuple(map(tuple, words.values())), tuple(map(tuple, patterns.values())))

    def dump(self) -> dict[str, bytes]:
        """Return the compiled databases by view; empty for a backend that has none."""
        dumps = {table.view.value: table.scanner.dump() for table in self.tables}
        return {view: data for view, data in dumps.items() if data is not None}

    def active(self, scope: Scope, on: date) -> tuple[bool, ...]:
        """Return for each rule whether it applies to this scope on this day."""
        key = (scope, on)
        found = self._active.get(key)
        if found is None:
            found = tuple(
                runner.rule.scope.applies(scope) and runner.rule.applies_on(on) for runner in self.runners
            )
            if len(self._active) > 1000:
                self._active.clear()
            self._active[key] = found
        return found


def _by_field(runners: Iterable[Runner]) -> tuple[tuple[str, tuple[tuple[Runner, StructureCheck], ...]], ...]:
    fields: dict[str, list[tuple[Runner, StructureCheck]]] = defaultdict(list)
    for runner in runners:
        if isinstance(runner.rule.match, StructureMatch):
            check = runner.rule.match.check
            fields[check.reads].append((runner, check))
    return tuple((field, tuple(found)) for field, found in fields.items())


def _sought(runner: Runner) -> tuple[Sequence[str], Sequence[Node]]:
    """Return the words and the patterns that a rule waits for."""
    match runner.rule.match:
        case TermsMatch():
            assert runner.words is not None
            apart = runner.skip.pattern() if runner.skip is not None else None
            return runner.words.forms, () if apart is None else (apart,)
        case RegexMatch(_, _, node):
            return (), (node,)
        case CheckerMatch(_, _, checker):
            fold = runner.folds
            words = fold_all(checker.words) if fold else list(checker.words)
            return words, [parse(source, fold=fold) for source in checker.patterns]
        case StructureMatch():
            return (), ()


def _runner(index: int, rule: Rule, backend: str, families: Container[str]) -> Runner:
    view = view_of(rule)
    fold = view is View.FOLD

    def search(condition: LineHas) -> Search:
        return searcher(backend, condition.node)

    read = rule.match.view if isinstance(rule.match, TermsMatch) else view
    tests = tuple(compile_condition(condition, reads=read, search=search) for condition in rule.unless)
    words: Words | None = None
    overlap = Overlap.ALL
    edge = EdgeKind.NONE
    validate: Callable[[str], bool] | None = None
    checker: Checker | None = None
    skip: Skip | None = None
    match rule.match:
        case CheckerMatch() as found:
            checker = found.checker
        case TermsMatch() as terms:
            words = _words(terms)
            skip = Skip(words.forms) if terms.view is View.SKIP else None
            overlap, edge = terms.overlap, terms.edge
        case RegexMatch() as regex:
            edge = regex.edge
            validate = VALIDATORS[regex.validate] if regex.validate else None
    if edge is EdgeKind.CHINESE:
        # Last, for it asks most.
        tests = (*tests, _cuts_a_word)
    return Runner(
        index,
        rule,
        view,
        words,
        overlap,
        _EDGES[edge],
        validate,
        tests,
        tuple(map(str, rule.basis)),
        fold,
        checker,
        rule.scope.parts,
        rule.variant_of or (rule.id if rule.id in families else ""),
        skip,
        message(rule.message, rule.title),
    )


def _cuts_a_word(view: ViewText, start: int, end: int, first: int, last: int) -> bool:
    return cuts_a_word(view.text, start, end, first, last, usage())


def _words(match: TermsMatch) -> Words:
    forms: dict[str, tuple[tuple[str, ...], str, Any]] = {}
    typed = list(match.terms)
    for term, form in zip(typed, forms_of(typed, match.view), strict=True):
        longer = match.covering.get(term, ())
        forms.setdefault(
            form,
            (
                match.terms[term],
                match.notes.get(term, ""),
                covering(longer, reads=match.view) if longer else None,
            ),
        )
    values = tuple(forms.values())
    return Words(
        tuple(forms),
        tuple(value[0] for value in values),
        tuple(value[1] for value in values),
        tuple(value[2] for value in values) if any(value[2] for value in values) else None,
    )
