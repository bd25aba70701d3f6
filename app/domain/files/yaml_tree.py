"""The one reader of YAML: a tree of values, each with the line it stands on, and every fault of the text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml
from yaml.reader import Reader

from app.domain.files.faults import Fault

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: No file written by hand is deeper. Anchors could make one without an end.
MAX_DEPTH = 40
_TAG = "tag:yaml.org,2002:"
_MERGE, _TEXT = f"{_TAG}merge", f"{_TAG}str"

Path = tuple[str | int, ...]


@dataclass(slots=True)
class Tree:
    """One YAML value: a mapping, a sequence or a scalar. The value of a key stands where the key stands."""

    line: int
    scalar: Any = None
    mapping: dict[str, "Tree"] | None = None
    items: "list[Tree] | None" = None

    def plain(self) -> Any:  # noqa: ANN401 – any JSON value
        """Return the value as dicts, lists and scalars, nothing shared; dates as ISO text."""
        if self.mapping is not None:
            return {key: value.plain() for key, value in self.mapping.items()}
        if self.items is not None:
            return [item.plain() for item in self.items]
        return self.scalar.isoformat() if isinstance(self.scalar, date) else self.scalar

    @property
    def kind(self) -> str:
        """What it is, for messages."""
        if self.mapping is not None:
            return "映射"
        if self.items is not None:
            return "列表"
        return "空" if self.scalar is None else f"{type(self.scalar).__name__} {self.scalar!r}"


class _Unending(Exception):
    """More values, or deeper, than a policy file may hold: nothing of it is read."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code)
        self.fault = fault


#: `severity：warn`: the sign behind a key is that of Chinese text.
_WIDE_COLON = re.compile(r" *(?:- )?[A-Za-z_][A-Za-z0-9_.]*\uff1a")
_TAB = re.compile(r" *\t[ \t]*(?:- )?[A-Za-z_]")


class _Builder:
    def __init__(self, most: int, *, aliases: bool) -> None:
        self.faults: list[Fault] = []
        self._most, self._aliases = most, aliases
        self._built = 0
        self._seen: set[int] = set()
        self._constructor = yaml.constructor.SafeConstructor()

    def build(self, node: yaml.Node, line: int, path: Path) -> Tree:
        """Return the tree of a node; what is behind an anchor counts as often as it is used."""
        if id(node) in self._seen and not self._aliases:
            self.faults.append(Fault(line, dotted(path), "alias"))
            return Tree(line)
        self._seen.add(id(node))
        self._built += 1
        if self._built > self._most:
            raise _Unending(Fault(line, "", "too_many_values", {"limit": self._most}))
        if len(path) > MAX_DEPTH:
            raise _Unending(Fault(line, "", "too_deep", {"limit": MAX_DEPTH}))
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, line, path)
        if node.tag not in {f"{_TAG}map", f"{_TAG}seq"}:
            self.faults.append(Fault(line, dotted(path), "value", {"value": node.tag}))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, line, path)
        items = []
        for index, item in enumerate(node.value):
            # Where an alias stands is not told: it stands in this list.
            own = line if id(item) in self._seen else _line(item)
            items.append(self.build(item, own, (*path, index)))
        return Tree(line, items=items)

    def _scalar(self, node: yaml.ScalarNode, line: int, path: Path) -> Tree:
        if node.tag == _TEXT:
            return Tree(line, node.value)
        try:
            value = self._constructor.construct_object(node)
        except (yaml.YAMLError, ValueError):
            value = node
        if value is not None and not isinstance(value, str | int | float | date):
            self.faults.append(Fault(line, dotted(path), "value", {"value": node.value}))
            return Tree(line)
        return Tree(line, value)

    def _mapping(self, node: yaml.MappingNode, line: int, path: Path) -> Tree:
        merged: dict[str, Tree] = {}
        own: dict[str, Tree] = {}
        for key, value in node.value:
            place = _line(key)
            if not isinstance(key, yaml.ScalarNode):
                self.faults.append(Fault(place, dotted(path), "key"))
                continue
            inner = (*path, key.value)
            if key.tag == _MERGE:
                self._merge(value, place, inner, merged)
                continue
            if key.value in own:
                data = {"first": own[key.value].line}
                self.faults.append(Fault(place, dotted(inner), "duplicate_key", data))
            own[key.value] = self.build(value, place, inner)
        return Tree(line, mapping={**merged, **own})

    def _merge(self, value: yaml.Node, line: int, path: Path, into: dict[str, Tree]) -> None:
        """Put the keys of `<<` where the mapping does not have them itself; the first that has one counts."""
        tree = self.build(value, line, path)
        for source in (tree,) if tree.items is None else tree.items:
            if source.mapping is not None:
                into |= {key: inner for key, inner in source.mapping.items() if key not in into}
            elif self._aliases:
                self.faults.append(Fault(line, dotted(path), "merge"))


def parse(
    text: str, faults: list[Fault], *, file: str = "", most: int = 20_000, aliases: bool = True
) -> Tree | None:
    """Read one YAML document and add everything that is wrong with it to `faults`.

    None where nothing can be read. `most` values are read at the most, anchors counted as often as they are
    used. Without `aliases` they are faults: of texts that are cut apart and put together again by lines.
    """
    builder = _Builder(most, aliases=aliases)
    tree = None
    try:
        tree = _read(text, builder)
    except _Unending as error:
        builder.faults.append(error.fault)
    faults += (Fault(fault.line, fault.key, fault.code, fault.data, file) for fault in builder.faults)
    return tree


def _read(text: str, builder: _Builder) -> Tree | None:
    strange = Reader.NON_PRINTABLE.search(text)
    if strange is not None:
        line = text.count("\n", 0, strange.start()) + 1
        name = f"U+{ord(strange.group()):04X}"
        builder.faults.append(Fault(line, "", "character", {"character": name}))
        return None
    try:
        node = yaml.compose(text, Loader=_Loader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = str(getattr(error, "problem", None) or error)
        # What is missing at the end is missing in the last line that there is.
        last = len(text.rstrip().splitlines()) or 1
        line = 1 if mark is None else min(mark.line + 1, last)
        for number, what in _mistyped(text, line):
            line, problem = number, what
            break
        builder.faults.append(Fault(line, "", "yaml", {"message": problem}))
        return None
    if node is None:
        builder.faults.append(Fault(1, "", "empty"))
        return None
    return builder.build(node, _line(node), ())


def _mistyped(text: str, last: int) -> Iterator[tuple[int, str]]:
    """Yield the lines, up to where reading broke off, that a keyboard for Chinese or a tab has spoilt."""
    for number, line in enumerate(text.splitlines()[: last + 1], 1):
        if _WIDE_COLON.match(line):
            yield number, "full-width colon"
        elif _TAB.match(line):
            yield number, "tab before a key"


def _line(node: yaml.Node) -> int:
    line: int = node.start_mark.line
    return line + 1


def dotted(path: Path) -> str:
    """Return a path as people write it."""
    return ".".join(map(str, path))
