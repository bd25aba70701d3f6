"""What differs between two policies, key by key."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from app.domain.files.yaml_tree import Tree
from app.negative_list.source.lexicons import Lexicon
from app.negative_list.source.load import Source, read_source, source_digest


class KeyChange(NamedTuple):
    """One key with its value before and after; None where the key is not there."""

    key: str
    before: Any
    after: Any


class RuleChange(NamedTuple):
    """One rule; `state` is added, removed or changed, `keys` what changed in a changed one."""

    rule: str
    title: str
    state: str
    keys: tuple[KeyChange, ...] = ()


class LexiconChange(NamedTuple):
    """One word list: the lines that only the new one has, and those that only the old one had."""

    lexicon: str
    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two policies side by side, by their digests. The three lists are empty when nothing differs."""

    old: str
    new: str
    head: tuple[KeyChange, ...]
    rules: tuple[RuleChange, ...]
    lexicons: tuple[LexiconChange, ...]


def compare(old: Path, new: Path) -> Comparison:
    """Compare two policy folders as they are written; rules need not be free of faults."""
    return compare_sources(read_source(old), read_source(new))


def compare_sources(old: Source, new: Source) -> Comparison:
    """Compare two policies that are read."""
    before, after = dict(_rules(old)), dict(_rules(new))
    return Comparison(
        source_digest(old),
        source_digest(new),
        tuple(_keys(old.head.plain() or {}, new.head.plain() or {})),
        tuple(_rule_changes(before, after)),
        tuple(_lexicon_changes(old.lexicons, new.lexicons)),
    )


def _rules(source: Source) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for tree in source.files.values():
        for item in ((tree.mapping or {}).get("rules") or Tree(0)).items or ():
            if item.mapping is not None:
                plain = item.plain()
                yield str(plain.get("id", "")), plain


def _rule_changes(
    before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]
) -> Iterator[RuleChange]:
    for rule in {**before, **after}:
        old, new = before.get(rule), after.get(rule)
        title = str((new or old or {}).get("title") or rule)
        if old is None:
            yield RuleChange(rule, title, "added")
        elif new is None:
            yield RuleChange(rule, title, "removed")
        elif keys := tuple(_keys(old, new)):
            yield RuleChange(rule, title, "changed", keys)


def _keys(old: Mapping[str, Any], new: Mapping[str, Any], above: str = "") -> Iterator[KeyChange]:
    for key in {**old, **new}:
        before, after = old.get(key), new.get(key)
        name = f"{above}{key}"
        if isinstance(before, dict) and isinstance(after, dict):
            yield from _keys(before, after, f"{name}.")
        elif before != after:
            yield KeyChange(name, before, after)


def _lexicon_changes(old: Mapping[str, Lexicon], new: Mapping[str, Lexicon]) -> Iterator[LexiconChange]:
    for name in sorted({**old, **new}):
        before, after = _lines(old.get(name)), _lines(new.get(name))
        added = tuple(line for line in after if line not in before)
        removed = tuple(line for line in before if line not in after)
        if added or removed or (name in old) != (name in new):
            yield LexiconChange(name, added, removed)


def _lines(lexicon: Lexicon | None) -> dict[str, None]:
    lines = lexicon.text.splitlines() if lexicon is not None else ()
    return dict.fromkeys(line for line in lines if line.strip() and not line.startswith("#"))
