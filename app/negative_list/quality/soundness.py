"""What is doubtful about rules: terms that stand twice, exceptions that can never hold."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from app.domain.files.faults import Fault, said
from app.negative_list.pattern.forms import render
from app.negative_list.source.rules import Covering, Inside, RegexMatch, Rule, TermsMatch
from app.negative_list.text.fold import fold_text
from app.negative_list.text.model import View
from app.negative_list.text.skip_view import forms_of


def warnings_of(rules: Sequence[Rule]) -> tuple[Fault, ...]:
    """Return the terms that stand in more than one rule of the same scope."""
    owners: dict[tuple[str, object], list[Rule]] = defaultdict(list)
    for rule in rules:
        if isinstance(rule.match, TermsMatch):
            terms = list(rule.match.terms)
            for form in forms_of(terms, rule.match.view):
                owners[form, rule.scope].append(rule)
    return tuple(
        said(found[1].file, found[1].line, found[1].id, f"词“{term}”与规则 {found[0].id} 重复")
        for (term, _), found in owners.items()
        if len(found) > 1
    )


def dead_exceptions(rules: Sequence[Rule]) -> list[Fault]:
    """Return a fault for each exception that can never hold, because its words hold no hit."""
    faults: list[Fault] = []
    for rule in rules:
        hit = _hit_in(rule)
        if hit is None:
            continue
        for condition in rule.unless:
            for key, word in _words_of(condition):
                if not hit(word):
                    message = f"“{word}”里没有这条规则会命中的内容，这个例外永远不会用到"
                    faults.append(said(rule.file, rule.line, f"{rule.id}.unless.{key}", message))
    return faults


def _words_of(condition: object) -> Iterator[tuple[str, str]]:
    if isinstance(condition, Covering):
        for word in condition.words:
            yield "covering", word
    elif isinstance(condition, Inside):
        for title in condition.only:
            yield "inside.only", title


def _hit_in(rule: Rule) -> Callable[[str], bool] | None:
    """Return a test whether a word holds a hit of the rule; None for rules where that cannot be told."""
    match rule.match:
        case TermsMatch(view, terms):
            forms = forms_of(terms, view)
            return lambda word: any(form in forms_of([word], view)[0] for form in forms)
        case RegexMatch(view, _, node):
            compiled = re.compile(render(node, python=True))
            return lambda word: compiled.search(fold_text(word) if view is View.FOLD else word) is not None
        case _:
            return None
