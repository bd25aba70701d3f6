"""The parts of a regular expression, once it is read."""

from dataclasses import dataclass

from app.negative_list.pattern import charsets
from app.negative_list.pattern.charsets import Ranges


@dataclass(frozen=True, slots=True)
class Chars:
    """One character out of a set."""

    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Edge:
    """`^` or `$`: the beginning or end of a line."""

    sign: str


@dataclass(frozen=True, slots=True)
class Series:
    """One thing after the other."""

    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several."""

    branches: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """`low` to `high` times the same; `high` None means without end."""

    item: "Node"
    low: int
    high: int | None
    lazy: bool


Node = Chars | Edge | Series | Choice | Repeat


def first_set(node: Node) -> Ranges:
    """Return the characters that a match of `node` can begin with."""
    match node:
        case Chars(ranges):
            return ranges
        case Edge():
            return ()
        case Choice(branches):
            return charsets.union(*map(first_set, branches))
        case Repeat(item):
            return first_set(item)
        case Series(items):
            found: Ranges = ()
            for item in items:
                found = charsets.union(found, first_set(item))
                if least(item):
                    break
            return found


def least(node: Node) -> int:
    """Return the length of the shortest match, in characters."""
    match node:
        case Chars():
            return 1
        case Edge():
            return 0
        case Choice(branches):
            return min(map(least, branches))
        case Repeat(item, low):
            return low * least(item)
        case Series(items):
            return sum(map(least, items))


def most(node: Node) -> int | None:
    """Return the length of the longest match, in characters; None when there is no end."""
    match node:
        case Chars():
            return 1
        case Edge():
            return 0
        case Choice(branches):
            sizes = [most(branch) for branch in branches]
        case Repeat(item, _, high):
            size = most(item)
            return None if high is None or size is None else high * size
        case Series(items):
            sizes = [most(item) for item in items]
            return None if None in sizes else sum(size for size in sizes if size is not None)
    return None if None in sizes else max(size for size in sizes if size is not None)


def all_chars(node: Node) -> Ranges:
    """Return the characters that a match of `node` can hold."""
    match node:
        case Chars(ranges):
            return ranges
        case Edge():
            return ()
        case Repeat(item):
            return all_chars(item)
        case Choice(parts) | Series(parts):
            return charsets.union(*map(all_chars, parts))
