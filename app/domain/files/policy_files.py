"""Policy files as one state: what is in force at a moment, each file's path with its text."""

from collections.abc import Mapping
from dataclasses import dataclass, field


class Unreadable(ValueError):
    """A policy file that is there and cannot be read as UTF-8 text."""


@dataclass(frozen=True, eq=False)
class PolicyFiles:
    """All policy files but those of the negative list, path from their folder to text; never changed.

    Two states are the same only if they are one object, so what was made of one can be kept beside it.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    unreadable: frozenset[str] = frozenset()

    def text(self, path: str) -> str:
        """Return the text of a file. Raises `FileNotFoundError`, `Unreadable`."""
        if path in self.unreadable:
            raise Unreadable(path)
        try:
            return self.texts[path]
        except KeyError:
            raise FileNotFoundError(path) from None

    def below(self, folder: str) -> tuple[str, ...]:
        """Return the paths of the YAML files of a folder, sorted; unreadable ones too, empty for none."""
        return tuple(
            sorted(
                path
                for path in (*self.texts, *self.unreadable)
                if path.startswith(f"{folder}/") and path.endswith(".yaml")
            )
        )

    def texts_below(self, folder: str) -> tuple[str, ...]:
        """Return the texts of the YAML files of a folder, by path. Raises `Unreadable`."""
        return tuple(self.text(path) for path in self.below(folder))
