"""What goes into a back-test and what comes out of it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from app.negative_list.text.model import Finding, Part, PartKind, Scope, Severity, Structure

#: Not known where the text is bound for: every rule applies.
ANYWHERE = Scope()
#: By name at once: finding a member in its enum takes longer than making a part.
_BODY = PartKind.BODY
#: A named tuple of its fields, at half the time.
_new = tuple.__new__


class Item(NamedTuple):
    """One document of the archive.

    `name` is shown beside samples; `document_id` is the one that its fingerprints were made with.
    """

    name: str
    parts: Sequence[Part]
    structure: Structure | None = None
    scope: Scope = ANYWHERE
    document_id: str = ""

    @classmethod
    def of_text(cls, name: str, text: str, *, scope: Scope = ANYWHERE) -> "Item":
        """Return plain text as an item: each line that is not blank is a part."""
        parts = [
            _new(Part, (_BODY, f"lines/{number}", line))
            for number, line in enumerate(text.splitlines(), 1)
            if line and not line.isspace()
        ]
        return cls(name, parts, scope=scope)


class Change(StrEnum):
    """What becomes of one finding under the candidate."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Sample(NamedTuple):
    """One added, removed or changed finding with the text around it, masked like the finding itself.

    `base` is None for an added finding, `candidate` for a removed one.
    """

    change: Change
    rule: str
    item: str
    ref: str
    before: str
    excerpt: str
    after: str
    base: Finding | None
    candidate: Finding | None


class Progress(NamedTuple):
    """How far a back-test is; `seconds` since it began."""

    items: int
    characters: int
    megabytes: float
    seconds: float


@dataclass(slots=True)
class RuleResult:
    """What one rule does under both policies; `state` is added, removed, changed or same.

    `removed_waived` counts removed findings that somebody had waived, so that they were false alarms.
    `judging_us` is the time spent on its hits, `scan_us` the time to look for it alone in 10 000 characters,
    measured for the regular expressions that the candidate adds or changes, and None for all others.
    """

    rule: str
    title: str
    state: str
    base_severity: Severity | None = None
    candidate_severity: Severity | None = None
    base_shadow: bool = False
    candidate_shadow: bool = False
    base_hits: int = 0
    candidate_hits: int = 0
    added: int = 0
    removed: int = 0
    changed: int = 0
    removed_waived: int = 0
    base_per_10k: float = 0.0
    candidate_per_10k: float = 0.0
    judging_us: float = 0.0
    scan_us: float | None = None


@dataclass(slots=True)
class Blocked:
    """Items with at least one blocking finding.

    `candidate_active` is what the candidate would block if its shadow rules were in force. The `_a_month`
    figures are projected for the given number of items a month, and None without one.
    """

    base: int = 0
    candidate: int = 0
    candidate_active: int = 0
    base_a_month: float | None = None
    candidate_a_month: float | None = None
    candidate_active_a_month: float | None = None


@dataclass(slots=True)
class Backtest:
    """The result of a back-test. `rules` come in the order of the candidate, then those that it lacks.

    `incomplete` counts items with so many candidates that their scan was cut short.
    """

    base: str
    candidate: str
    on: date
    items: int = 0
    characters: int = 0
    megabytes: float = 0.0
    seconds: float = 0.0
    incomplete: int = 0
    blocked: Blocked = field(default_factory=Blocked)
    rules: tuple[RuleResult, ...] = ()
    samples: tuple[Sample, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether any finding is added, removed or changed."""
        return any(rule.added or rule.removed or rule.changed for rule in self.rules)

    def as_json(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        plain = asdict(self)
        plain["on"] = self.on.isoformat()
        plain["samples"] = [
            {
                **sample._asdict(),
                "base": sample.base and sample.base._asdict(),
                "candidate": sample.candidate and sample.candidate._asdict(),
            }
            for sample in self.samples
        ]
        return plain
