"""What somebody fills in to take over what rules suggest."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pick:
    """One finding by its rule and place, and the one of its suggestions that is taken.

    `start` and `end` are code points of the text at `ref`, `end` excluded.
    """

    rule: str
    ref: str
    start: int
    end: int
    suggestion: str


@dataclass(frozen=True, slots=True)
class Adopt:
    """Suggestions to take over into the text that was read: all of them, in one revision, or none."""

    digest: str
    policy: str
    picks: tuple[Pick, ...]
