"""What is wrong with a policy folder, all of it at once."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import NamedTuple


class Fault(NamedTuple):
    """One thing wrong in a policy file: `line` counts from 1, 0 when the fault has no line."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place} {self.key}：{self.message}" if self.key else f"{place}：{self.message}"


class PolicyFaults(ValueError):
    """A policy that cannot be used, with every fault that was found."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(dict.fromkeys(sorted(faults)))
        super().__init__("\n".join(map(str, self.faults)))


def nearest(word: str, known: Sequence[str]) -> str:
    """Return a hint naming the known key nearest to `word`; empty when none is near."""
    close = get_close_matches(word, known, n=1, cutoff=0.5)
    return f"，是否为“{close[0]}”？" if close else ""
