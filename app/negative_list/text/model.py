"""What goes into a check and what comes out of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

#: Findings that a report keeps; what is over is counted in `Report.truncated`.
MAX_FINDINGS = 2000


class Severity(StrEnum):
    """What a finding does: `block` stops a stage from opening, the others only show."""

    BLOCK = "block"
    WARN = "warn"
    INFO = "info"


#: Worst first, the order in which findings are kept when there are too many.
SEVERITIES = (Severity.BLOCK, Severity.WARN, Severity.INFO)


class PartKind(StrEnum):
    """The kinds of text that a rule's scope can name."""

    TITLE = "title"
    SUBTITLE = "subtitle"
    SUMMARY = "summary"
    BYLINE = "byline"
    BODY = "body"
    CAPTION = "caption"
    ALT = "alt"
    LINK = "link"
    TABLE = "table"
    ATTACHMENT = "attachment"


class View(StrEnum):
    """Which form of the text a rule reads: `fold` as normalised, `raw` as typed, `skip` past separators.

    `skip` is the fold view without separators between Chinese characters, for lists of words.
    """

    FOLD = "fold"
    RAW = "raw"
    SKIP = "skip"


class Part(NamedTuple):
    """One piece of text; `ref` says where in the document it stands, e.g. `title` or `blocks/4/alt`."""

    kind: PartKind
    ref: str
    text: str


class Scope(NamedTuple):
    """Where the text is bound for: channel kinds, section codes, and the stage of review it is in.

    An empty set, or an empty stage, means "not known": then every rule applies that could apply.
    """

    channels: frozenset[str] = frozenset()
    sections: frozenset[str] = frozenset()
    stage: str = ""


class NotChecked(NamedTuple):
    """Something that the rules did not read: where it stands, what it is, and why."""

    ref: str
    what: str
    why: str


class Finding(NamedTuple):
    """One hit of one rule at one place.

    `start` and `end` count code points of the part's text, `start16` and `end16` UTF-16 units; both exclude
    their end. `excerpt` is the hit text, masked where the rule masks; then `value_hash` is the keyed hash
    of the value, and the value itself is nowhere. `fingerprint` names the hit for a waiver.
    """

    rule: str
    title: str
    severity: Severity
    part: PartKind
    ref: str
    start: int
    end: int
    start16: int
    end16: int
    excerpt: str
    message: str
    suggestions: tuple[str, ...]
    basis: tuple[str, ...]
    fingerprint: str
    value_hash: str | None = None
    weight: float = 0.0
    shadow: bool = False


class ImageFact(NamedTuple):
    """A picture and its words; `address` says where one lies that a file only refers to."""

    ref: str
    alt: str = ""
    caption: str = ""
    credit: str = ""
    address: str = ""


class TableFact(NamedTuple):
    """A table; its first `head_rows` are the head. Cells that another lies over are empty.

    Of a sheet in an attachment, `row_numbers` and `column_numbers` say which rows and columns of the file
    these are, counted from 0; a table in the text has all of its own.
    """

    ref: str
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    head_rows: int = 1
    part: PartKind = PartKind.TABLE
    row_numbers: tuple[int, ...] = ()
    column_numbers: tuple[int, ...] = ()

    def cell(self, row: int, column: int) -> str:
        """Return the place of a cell, by where it stands in `rows`."""
        if self.row_numbers:
            row, column = self.row_numbers[row], self.column_numbers[column]
        return f"{self.ref}/rows/{row}/{column}".removeprefix("/")


class TraceFact(NamedTuple):
    """What a file tells besides its content (its last author, a hidden sheet), by kind."""

    ref: str
    kind: str
    text: str


class LinkFact(NamedTuple):
    """A link: where it stands, its words and its target."""

    ref: str
    text: str
    href: str


class VideoFact(NamedTuple):
    """A video and its words."""

    ref: str
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Structure:
    """What structure rules read: the things of a document that are not running text."""

    images: tuple[ImageFact, ...] = ()
    tables: tuple[TableFact, ...] = ()
    links: tuple[LinkFact, ...] = ()
    videos: tuple[VideoFact, ...] = ()
    traces: tuple[TraceFact, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)


class Report(NamedTuple):
    """Everything that one check found, under the policy whose digest it quotes.

    `findings` stand in the order of the parts, then by position; shadow findings are not among them but in
    `shadow`. `counts` counts all findings, also the `truncated` ones that are not kept.
    """

    policy: str
    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...]
    counts: Mapping[str, int]
    truncated: int = 0
    elapsed_us: int = 0
    backend: str = ""
    shadow: tuple[Finding, ...] = ()

    @property
    def blocked(self) -> bool:
        """Whether any finding blocks."""
        return self.counts[Severity.BLOCK] > 0

    def to_json(self) -> str:
        """Return the report as JSON that `from_json` reads back to an equal report."""
        return json.dumps(
            {
                "policy": self.policy,
                "findings": [finding._asdict() for finding in self.findings],
                "not_checked": [item._asdict() for item in self.not_checked],
                "counts": dict(self.counts),
                "truncated": self.truncated,
                "elapsed_us": self.elapsed_us,
                "backend": self.backend,
                "shadow": [finding._asdict() for finding in self.shadow],
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, text: str) -> "Report":
        """Read a report that `to_json` wrote. Raises `ValueError` or `KeyError` on anything else."""
        data = json.loads(text)
        return cls(
            policy=data["policy"],
            findings=tuple(_finding(item) for item in data["findings"]),
            not_checked=tuple(NotChecked(**item) for item in data["not_checked"]),
            counts=data["counts"],
            truncated=data["truncated"],
            elapsed_us=data["elapsed_us"],
            backend=data["backend"],
            shadow=tuple(_finding(item) for item in data["shadow"]),
        )


def _finding(item: Mapping[str, Any]) -> Finding:
    return Finding(
        **{
            **item,
            "severity": Severity(item["severity"]),
            "part": PartKind(item["part"]),
            "suggestions": tuple(item["suggestions"]),
            "basis": tuple(item["basis"]),
        }
    )
