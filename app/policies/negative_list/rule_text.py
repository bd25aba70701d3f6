"""The text of policy files: one rule cut out and put back, rows of a lexicon, the shadow list. Pure."""

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import yaml

from app.negative_list import Policy, Rule

HEAD = "policy.yaml"
LEXICONS = "lexicons/"


class RuleText(NamedTuple):
    """A rule as it stands in its file: lines `first` to `last`, from 1, both included."""

    file: str
    first: int
    last: int
    text: str


class Row(NamedTuple):
    """One line of a lexicon that is no comment; `number` counts the file's lines from 1."""

    number: int
    cells: tuple[str, ...]


class RuleChange(NamedTuple):
    """How one rule differs between two versions; `lines` is a unified diff without its head."""

    rule: str
    title: str
    state: str
    lines: tuple[str, ...]


class LexiconChange(NamedTuple):
    """How one lexicon differs: the lines only one of the versions has."""

    file: str
    added: tuple[str, ...]
    removed: tuple[str, ...]


def rule_text(files: Mapping[str, str], policy: Policy, rule: Rule) -> RuleText:
    """Return a rule's own lines; comments before the next rule are that one's."""
    lines = files[rule.file].split("\n")
    first = _start(lines, rule.line)
    starts = [_start(lines, one.line) for one in policy.rules if one.file == rule.file]
    last = min((start for start in starts if start > first), default=len(lines) + 1) - 1
    while last > first and (not lines[last - 1].strip() or lines[last - 1].startswith("#")):
        last -= 1
    return RuleText(rule.file, first, last, "\n".join(lines[first - 1 : last]))


def _start(lines: Sequence[str], line: int) -> int:
    return line - 1 if line > 1 and lines[line - 2].strip() == "-" else line


def with_rule(files: Mapping[str, str], place: RuleText, text: str) -> dict[str, str]:
    """Return the files with a rule's lines replaced by `text`; an empty text takes the rule out."""
    lines = files[place.file].split("\n")
    new = text.rstrip("\n").split("\n") if text.strip() else []
    return {**files, place.file: "\n".join([*lines[: place.first - 1], *new, *lines[place.last :]])}


def rows(text: str) -> tuple[Row, ...]:
    """Return the rows of a lexicon."""
    return tuple(
        Row(number, tuple(line.split("\t")))
        for number, line in enumerate(text.split("\n"), 1)
        if line.strip() and not line.startswith("#")
    )


def with_rows(text: str, changed: Mapping[int, Sequence[str]], added: Iterable[Sequence[str]]) -> str:
    """Return a lexicon with rows changed by line number and rows added at its end.

    A row without anything in its cells is taken out.
    """
    kept = [
        _line(changed[number]) if number in changed else line
        for number, line in enumerate(text.rstrip("\n").split("\n"), 1)
        if number not in changed or any(cell.strip() for cell in changed[number])
    ]
    return "\n".join([*kept, *(_line(row) for row in added if any(cell.strip() for cell in row))]) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "\t".join(cell.strip() for cell in cells).rstrip("\t")


def with_shadow(files: Mapping[str, str], rules: Collection[str]) -> dict[str, str]:
    """Return the files with these rules only tried: added to the shadow list of the head."""
    head = yaml.safe_load(files[HEAD]) or {}
    listed = [*(head.get("shadow") or []), *rules]
    head["shadow"] = list(dict.fromkeys(listed))
    return {**files, HEAD: yaml.safe_dump(head, allow_unicode=True, sort_keys=False)}


def rule_changes(
    before: Policy, was: Mapping[str, str], after: Policy, now: Mapping[str, str]
) -> tuple[RuleChange, ...]:
    """Return the rules that two versions do not share as they are, in the order of the later one."""
    old = {rule.id: rule for rule in before.rules}
    found = []
    for rule in after.rules:
        earlier = old.pop(rule.id, None)
        if earlier is None:
            found.append(
                RuleChange(rule.id, rule.title, "added", _diff("", rule_text(now, after, rule).text))
            )
        elif earlier.content != rule.content or earlier.shadow != rule.shadow:
            texts = rule_text(was, before, earlier).text, rule_text(now, after, rule).text
            found.append(RuleChange(rule.id, rule.title, "changed", _diff(*texts)))
    found += [
        RuleChange(rule.id, rule.title, "removed", _diff(rule_text(was, before, rule).text, ""))
        for rule in old.values()
    ]
    return tuple(found)


def lexicon_changes(was: Mapping[str, str], now: Mapping[str, str]) -> tuple[LexiconChange, ...]:
    """Return the lexicons whose rows differ."""
    found = []
    for name in sorted({*was, *now}):
        if not name.startswith(LEXICONS) or was.get(name) == now.get(name):
            continue
        before, after = (was.get(name, "").splitlines(), now.get(name, "").splitlines())
        had, has = set(before), set(after)
        found.append(
            LexiconChange(
                name,
                tuple(line for line in after if line not in had),
                tuple(line for line in before if line not in has),
            )
        )
    return tuple(found)


def _diff(before: str, after: str) -> tuple[str, ...]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    return tuple(line for line in lines if not line.startswith(("---", "+++")))
