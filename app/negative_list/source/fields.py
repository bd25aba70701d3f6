"""The fields of a mapping, read one by one, gathering every fault instead of stopping at the first."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date
from difflib import get_close_matches

from app.domain.files.faults import Fault, said
from app.domain.files.yaml_tree import Tree


def nearest(word: str, known: Sequence[str]) -> str:
    """Return a hint naming the known key nearest to `word`; empty when none is near."""
    close = get_close_matches(word, known, n=1, cutoff=0.5)
    return f"，是否为“{close[0]}”？" if close else ""


class Fields:
    """The fields of one mapping, read one by one; what is never read is reported as unknown."""

    def __init__(self, tree: Tree, file: str, faults: list[Fault], *, where: str = "") -> None:
        self.tree = tree
        self.file = file
        self.faults = faults
        self.where = where
        self.known: list[str] = []
        self.mapping = tree.mapping or {}
        if tree.mapping is None:
            self.fault("", f"应为映射（键: 值），实为{tree.kind}")

    def fault(self, key: str, message: str, line: int | None = None) -> None:
        """Add a fault at a key of this mapping."""
        if line is None:
            line = self.mapping[key].line if key in self.mapping else self.tree.line
        self.faults.append(said(self.file, line, ".".join(filter(None, (self.where, key))), message))

    def has(self, key: str) -> bool:
        """Whether the key is there and not null; marks it as known."""
        return self.get(key) is not None

    def get(self, key: str) -> Tree | None:
        """Return the value of a key; None when it is missing or null."""
        self.known.append(key)
        tree = self.mapping.get(key)
        if tree is None or (tree.scalar is None and tree.mapping is None and tree.items is None):
            return None
        return tree

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; without a default a missing one is a fault, and the result is empty."""
        tree = self.get(key)
        if tree is None:
            if default is None:
                self.fault(key, "缺少必填项，应为文本")
            return default or ""
        if isinstance(tree.scalar, date):
            return tree.scalar.isoformat()
        if isinstance(tree.scalar, str | int | float) and not isinstance(tree.scalar, bool):
            return str(tree.scalar)
        self.fault(key, f"应为文本，实为{tree.kind}")
        return default or ""

    def choice(self, key: str, allowed: Sequence[str], default: str | None = None) -> str:
        """Return one of the allowed words; anything else is a fault, and the first allowed one comes back."""
        value = self.text(key, default)
        if value in allowed:
            return value
        if self.has(key):
            self.fault(key, f"应为 {'、'.join(allowed)} 之一，实为“{value}”{nearest(value, allowed)}")
        return default or allowed[0]

    def number(self, key: str, default: float, *, low: float = 0, high: float = 1000) -> float:
        """Return a number within the bounds."""
        tree = self.get(key)
        if tree is None:
            return default
        if (
            isinstance(tree.scalar, bool)
            or not isinstance(tree.scalar, int | float)
            or not low <= tree.scalar <= high
        ):
            self.fault(key, f"应为 {low:g} 到 {high:g} 之间的数，实为{tree.kind}")
            return default
        return tree.scalar

    def day(self, key: str) -> date | None:
        """Return a date, quoted or not, or None when the key is missing."""
        tree = self.get(key)
        if tree is None:
            return None
        if type(tree.scalar) is date:
            return tree.scalar
        if isinstance(tree.scalar, str):
            with suppress(ValueError):
                return date.fromisoformat(tree.scalar)
        self.fault(key, f"应为日期（如 2024-05-01），实为{tree.kind}")
        return None

    def texts(self, key: str, *, single: bool = True) -> tuple[str, ...]:
        """Return a list of texts; one text alone counts as a list of one. Empty when the key is missing."""
        tree = self.get(key)
        if tree is None:
            return ()
        if tree.items is None:
            if single and tree.mapping is None:
                return (self.text(key),)
            self.fault(key, f"应为列表，实为{tree.kind}")
            return ()
        found = []
        for item in tree.items:
            if isinstance(item.scalar, str | int | float) and not isinstance(item.scalar, bool):
                found.append(str(item.scalar))
            else:
                self.fault(key, f"列表的每一项应为文本，实为{item.kind}", item.line)
        return tuple(found)

    def each(self, key: str) -> Iterator[Tree]:
        """Yield the items of a list; nothing when the key is missing."""
        tree = self.get(key)
        if tree is None:
            return
        if tree.items is None:
            self.fault(key, f"应为列表，实为{tree.kind}")
            return
        yield from tree.items

    def sub(self, key: str) -> "Fields | None":
        """Return the fields of a mapping under this key; None when it is missing."""
        tree = self.get(key)
        if tree is None:
            return None
        return Fields(tree, self.file, self.faults, where=".".join(filter(None, (self.where, key))))

    def done(self) -> None:
        """Report every key that was not asked for, with the nearest known one."""
        for key, tree in self.mapping.items():
            if key not in self.known:
                expected = "、".join(dict.fromkeys(self.known))
                self.fault(
                    key,
                    f"不认识的键{nearest(key, self.known)}可用的键：{expected}".replace("？可", "？可"),
                    tree.line,
                )
