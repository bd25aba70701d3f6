"""YAML with line numbers, and a reader that gathers every fault instead of stopping at the first."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import yaml

from app.negative_list.source.faults import Fault, nearest

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

#: More nodes than this in one file are refused.
_MAX_NODES = 200_000


@dataclass(slots=True)
class Tree:
    """One YAML value: a mapping, a sequence or a scalar, with the line that it stands on."""

    line: int
    scalar: Any = None
    mapping: dict[str, "Tree"] | None = None
    items: "list[Tree] | None" = None

    def plain(self) -> Any:  # noqa: ANN401 – any JSON value
        """Return the value as dicts, lists and scalars; dates as ISO text."""
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


@dataclass(slots=True)
class _Builder:
    file: str
    faults: list[Fault]
    seen: set[int] = field(default_factory=set)
    constructor: Any = field(default_factory=yaml.constructor.SafeConstructor)

    def build(self, node: yaml.Node) -> Tree:
        line = node.start_mark.line + 1
        if id(node) in self.seen:
            self.faults.append(Fault(self.file, line, "", "不支持 YAML 锚点和别名（&、*）；请逐一写出"))
            return Tree(line)
        self.seen.add(id(node))
        if len(self.seen) > _MAX_NODES:
            self.faults.append(Fault(self.file, line, "", f"文件太大：超过 {_MAX_NODES} 个值"))
            return Tree(line)
        if isinstance(node, yaml.MappingNode):
            mapping: dict[str, Tree] = {}
            for key, value in node.value:
                name = str(key.value)
                if name in mapping:
                    place = key.start_mark.line + 1
                    self.faults.append(
                        Fault(
                            self.file, place, name, f"同一个键写了两次（前一次在第 {mapping[name].line} 行）"
                        )
                    )
                mapping[name] = self.build(value)
            return Tree(line, mapping=mapping)
        if isinstance(node, yaml.SequenceNode):
            return Tree(line, items=[self.build(item) for item in node.value])
        if node.tag == "tag:yaml.org,2002:str":
            return Tree(line, scalar=node.value)
        try:
            return Tree(line, scalar=self.constructor.construct_object(node))
        except (yaml.YAMLError, ValueError):
            self.faults.append(Fault(self.file, line, "", f"看不懂的值 {node.value!r}"))
            return Tree(line)


def parse(text: str, file: str, faults: list[Fault]) -> Tree | None:
    """Read one YAML document; None, with a fault added, when it is no YAML or empty."""
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "无法解析"
        faults.append(Fault(file, mark.line + 1 if mark else 0, "", f"不是合法的 YAML：{problem}"))
        return None
    except RecursionError:
        faults.append(Fault(file, 0, "", "YAML 嵌套太深"))
        return None
    if node is None:
        faults.append(Fault(file, 1, "", "文件是空的"))
        return None
    try:
        return _Builder(file, faults).build(node)
    except RecursionError:
        faults.append(Fault(file, 0, "", "YAML 嵌套太深"))
        return None


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
        self.faults.append(Fault(self.file, line, ".".join(filter(None, (self.where, key))), message))

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
