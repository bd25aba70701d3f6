"""Read a policy file, and know where each of its keys stands, so that every fault has its line."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import yaml
from pydantic import ValidationError

#: More values than this, anchors counted as often as they are used, are no policy written by hand.
_MAX_VALUES = 20_000
_MAX_DEPTH = 40
#: What pydantic knows of a fault that people are told.
_TOLD = ("expected", "ge", "le")

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a file: the line (from 1), the key as a path (`stages.3.who`), a code and its data."""

    line: int
    key: str
    code: str
    data: Mapping[str, Any] = field(default_factory=dict)


class Faults(ValueError):
    """A policy file that may not be used. `faults` says every reason."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        said = (f"line {fault.line}: {fault.key}: {fault.code} {dict(fault.data)}" for fault in faults)
        super().__init__("; ".join(said))
        self.faults = faults


class Lines:
    """Where each key of a YAML text stands.

    `duplicates` are the keys that stand twice in one mapping, `no_dates` what looks like a date and is none.
    """

    def __init__(self, root: yaml.Node | None) -> None:
        self.duplicates: list[Fault] = []
        self.no_dates: list[Fault] = []
        self._lines: dict[Path, int] = {}
        if root is not None:
            self._walk(root, ())

    def _walk(self, node: yaml.Node, path: Path) -> None:
        if len(self._lines) > _MAX_VALUES or len(path) > _MAX_DEPTH:
            raise OverflowError("more values, or deeper, than a policy file may hold")
        self._lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                name, line = str(key.value), key.start_mark.line + 1
                inner = (*path, name)
                if name in seen:
                    self.duplicates.append(Fault(line, dotted(inner), "duplicate_key"))
                seen.add(name)
                self._lines[inner] = line
                self._walk(value, inner)
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                self._walk(value, (*path, index))
        elif isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:timestamp":
            try:
                yaml.constructor.SafeConstructor().construct_yaml_timestamp(node)
            except ValueError as error:
                self.no_dates.append(self.fault(path, "yaml", message=str(error)))

    def has(self, path: Path) -> bool:
        """Tell whether the file has this key itself."""
        return path in self._lines

    def fault(self, path: Path, code: str, **data: Any) -> Fault:  # noqa: ANN401 – JSON values
        """Return a fault at a key, or at the nearest key around it that the file has."""
        known = path
        while known and known not in self._lines:
            known = known[:-1]
        return Fault(self._lines.get(known, 1), dotted(path), code, data)

    def form(self, error: ValidationError, *, keys: Iterable[str] = ()) -> list[Fault]:
        """Return what a model says against the form of the file.

        `expected` names what may stand there, `ge` and `le` the bounds, and `nearest` which of the known
        `keys` was probably meant.
        """
        errors = error.errors(include_url=False, include_input=False)
        # A list is told to be too short when it has entries that are wrong: only these are faults.
        inside = {fault["loc"][:depth] for fault in errors for depth in range(len(fault["loc"]))}
        return [
            self.fault(
                _without_forms(fault["loc"]),
                "form",
                type=fault["type"],
                message=fault["msg"].removeprefix("Value error, "),
                **{name: value for name, value in fault.get("ctx", {}).items() if name in _TOLD},
                **_nearest(fault, keys),
            )
            for fault in errors
            if not (fault["type"] == "too_short" and fault["loc"] in inside) and self._meant(fault["loc"])
        ]

    def _meant(self, loc: Path) -> bool:
        """Tell whether a fault is of the form that was meant, where a value may have one of two.

        A mapping is measured by the model, anything else by the words that may stand there.
        """
        for depth, step in enumerate(loc):
            if _is_form(step):
                mapping = any(len(path) > depth and path[:depth] == loc[:depth] for path in self._lines)
                return str(step).startswith("literal[") is not mapping
        return True


def _nearest(fault: Mapping[str, Any], keys: Iterable[str]) -> dict[str, str]:
    if fault["type"] != "extra_forbidden":
        return {}
    near = get_close_matches(str(fault["loc"][-1]), list(keys), n=1, cutoff=0.7)
    return {"nearest": near[0]} if near else {}


def _is_form(step: str | int) -> bool:
    """Tell whether a step of an error's place is the name of one of two forms; no key has capitals."""
    return isinstance(step, str) and (step[:1].isupper() or step.startswith("literal["))


def _without_forms(loc: Path) -> Path:
    return tuple(step for step in loc if not _is_form(step))


def without_unknown(content: Any, error: ValidationError) -> Any:  # noqa: ANN401 – raw YAML
    """Return the content without the keys that a model does not know, to ask more of the rest."""
    content = deepcopy(content)
    for fault in error.errors(include_url=False, include_input=False):
        if fault["type"] == "extra_forbidden":
            *path, key = fault["loc"]
            around: Any = content
            for step in path:
                if step in around if isinstance(around, dict) else isinstance(around, list):
                    around = around[step]
                # Else the step is the model's: one entry read as a list of one, or which of two forms.
            around.pop(key, None)
    return content


def read(text: str) -> tuple[Any, Lines]:
    """Return the content of a YAML text and where its keys stand. Raises `Faults` for what is no YAML."""
    try:
        lines = Lines(yaml.compose(text, Loader=yaml.SafeLoader))
        if not lines.no_dates:
            return yaml.safe_load(text), lines
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        said = str(getattr(error, "problem", None) or error)
        line = 1 if mark is None else mark.line + 1
    except (OverflowError, RecursionError) as error:
        # Anchors or brackets that grow without an end.
        said, line = str(error), 1
    else:
        raise Faults(tuple(lines.no_dates))
    raise Faults((Fault(line, "", "yaml", {"message": said}),)) from None


def in_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Return the faults by line, each once."""
    once = {(fault.line, fault.key, fault.code, str(fault.data)): fault for fault in faults}
    return tuple(sorted(once.values(), key=lambda fault: (fault.line, fault.key, fault.code)))


def dotted(path: Path) -> str:
    """Return a path as people write it."""
    return ".".join(map(str, path))
