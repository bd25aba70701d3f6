"""Read a policy file, and know where each of its keys stands, so that every fault has its line."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from app.domain.files.faults import Fault, Faults, in_order
from app.domain.files.yaml_tree import Path, Tree, dotted, parse

#: What pydantic knows of a fault that people are told.
_TOLD = ("expected", "ge", "le")

Model = TypeVar("Model", bound=BaseModel)


class Lines:
    """Where each key of a YAML text stands.

    `duplicates` are the keys that stand twice in one mapping.
    """

    def __init__(self, tree: Tree | None, duplicates: Iterable[Fault] = ()) -> None:
        self.duplicates = tuple(duplicates)
        self._lines: dict[Path, int] = {}
        if tree is not None:
            self._walk(tree, ())

    def _walk(self, tree: Tree, path: Path) -> None:
        self._lines[path] = tree.line
        for key, value in (tree.mapping or {}).items():
            self._walk(value, (*path, key))
        for index, item in enumerate(tree.items or ()):
            self._walk(item, (*path, index))

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
    faults: list[Fault] = []
    tree = parse(text, faults)
    duplicates = [fault for fault in faults if fault.code == "duplicate_key"]
    if tree is None or len(duplicates) < len(faults):
        raise Faults(faults)
    return tree.plain(), Lines(tree, duplicates)


@dataclass(frozen=True, slots=True)
class Modelled(Generic[Model]):
    """What a model makes of a text, None where it has not the form, and all its faults."""

    model: Model | None
    lines: Lines
    faults: tuple[Fault, ...]


def modelled(text: str, model: type[Model], *, keys: Iterable[str] = ()) -> Modelled[Model]:
    """Read a text as a model says; of `keys` the nearest is named for one that is not known."""
    try:
        content, lines = read(text)
    except Faults as error:
        return Modelled(None, Lines(None), error.faults)
    try:
        return Modelled(model.model_validate(content), lines, in_order(lines.duplicates))
    except ValidationError as error:
        return Modelled(None, lines, in_order([*lines.duplicates, *lines.form(error, keys=keys)]))
