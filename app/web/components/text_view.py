"""View models of a text with its findings. Pure: no database, no clock, no HTTP.

A text is cut into runs, so that a template writes each run once, escaped, with its marks: overlapping
findings and inline markup need no nesting. Positions are code points, as everywhere; browsers never count.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Literal

from app.domain.document.list_numbers import ordinals, sign
from app.domain.document.model import (
    Block,
    Divider,
    Document,
    Heading,
    Image,
    ListItem,
    Merge,
    Paragraph,
    Quote,
    Span,
    SpanKind,
    Table,
    Video,
)
from app.negative_list.text.model import SEVERITIES, Finding, PartKind, Severity
from app.words.places import in_order, place_held, place_in_text

#: From the outermost to the innermost.
_STYLES = (
    SpanKind.BOLD,
    SpanKind.ITALIC,
    SpanKind.UNDERLINE,
    SpanKind.STRIKE,
    SpanKind.SUPERSCRIPT,
    SpanKind.SUBSCRIPT,
    SpanKind.EMPHASIS,
)


@dataclass(frozen=True, slots=True)
class Hit:
    """One finding as the page shows it; `number` counts from 1 in reading order.

    `waived` takes a blocking finding's force; `in_text` says whether its place can be marked in the text.
    """

    number: int
    finding: Finding
    place: str
    waived: bool = False
    in_text: bool = True

    @property
    def severity(self) -> Severity:
        """How much it weighs now: a waived finding only informs."""
        return Severity.INFO if self.waived else self.finding.severity


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text under the same marks. `hits` are the numbers of the findings over it, worst first.

    `severity` is the worst of them; `starts` are those that begin here, so that each anchor is written once.
    """

    text: str
    hits: tuple[int, ...] = ()
    severity: Severity | None = None
    starts: tuple[int, ...] = ()
    styles: tuple[str, ...] = ()
    href: str | None = None
    href_ends: bool = False
    #: The reading set above the words that end here.
    reading: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list, with the sign that the reader sees before it."""

    sign: str
    depth: int
    runs: tuple[Run, ...]
    ref: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table, where it stands, over how many rows and columns, and whether it is a head."""

    runs: tuple[Run, ...]
    ref: str
    is_head: bool = False
    rows: int = 1
    columns: int = 1


@dataclass(frozen=True, slots=True)
class Piece:
    """One block as the template writes it. `kind` chooses the markup; only what that kind has is filled."""

    kind: Literal["heading", "paragraph", "quote", "list", "table", "image", "video", "divider"]
    ref: str
    runs: tuple[Run, ...] = ()
    level: int = 0
    items: tuple[Item, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    caption: tuple[Run, ...] = ()
    alt: tuple[Run, ...] = ()
    credit: tuple[Run, ...] = ()
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A document with its findings, ready to be written."""

    fields: dict[str, tuple[Run, ...]]
    pieces: tuple[Piece, ...]
    hits: tuple[Hit, ...] = ()
    counts: dict[Severity, int] = field(default_factory=dict)


def runs(text: str, hits: Sequence[Hit] = (), spans: Sequence[Span] = ()) -> tuple[Run, ...]:
    """Cut `text` wherever a finding or inline markup begins or ends.

    Findings are taken at their `start:end` (code points); parts outside the text are left out. An empty
    finding (a place where something is missing) is shown on the character after it, or before it at the end.
    Returns no run for an empty text; the runs' texts joined are the text.
    """
    placed = [(*_range(hit, len(text)), hit) for hit in hits]
    cuts = {0, len(text)}
    for start, end, _ in placed:
        cuts |= {start, end}
    for span in spans:
        cuts |= {min(span.start, len(text)), min(span.end, len(text))}
    found = []
    for start, end in pairwise(sorted(cuts)):
        over = sorted(
            (hit for low, high, hit in placed if low < end and start < high),
            key=lambda hit: (SEVERITIES.index(hit.severity), hit.number),
        )
        marks = [span for span in spans if span.start < end and start < span.end]
        link = next((span for span in marks if span.kind is SpanKind.LINK), None)
        read = next((span for span in marks if span.reading and min(span.end, len(text)) == end), None)
        found.append(
            Run(
                text=text[start:end],
                hits=tuple(hit.number for hit in over),
                severity=over[0].severity if over else None,
                starts=tuple(hit.number for low, _, hit in placed if low == start and hit in over),
                styles=tuple(str(kind) for kind in _STYLES if any(span.kind is kind for span in marks)),
                href=link.href if link else None,
                reading=read.reading if read else None,
                href_ends=link is not None and min(link.end, len(text)) == end,
            )
        )
    return tuple(found)


def _range(hit: Hit, length: int) -> tuple[int, int]:
    start, end = min(hit.finding.start, length), min(hit.finding.end, length)
    if start == end:
        start, end = (start, start + 1) if start < length else (max(length - 1, 0), length)
    return start, end


def numbered(
    findings: Iterable[Finding],
    document: Document,
    waived: frozenset[str] = frozenset(),
    files: Mapping[str, str] | None = None,
) -> tuple[Hit, ...]:
    """Return the findings in reading order as hits, numbered from 1; `waived` holds fingerprints.

    `files` gives the file names of attachments by their places (`attachments/0`). A finding whose place is no
    text of the document (a link's target, an attachment) is listed, not marked.
    """
    order = {place: index for index, (place, _) in enumerate(document.texts())}
    last = len(order)
    ordered = sorted(
        findings,
        key=lambda finding: (order.get(finding.ref, last), in_order(finding.ref), finding.start, finding.end),
    )
    return tuple(
        Hit(
            number,
            finding,
            place_held(finding.ref, files or {}) or place_name(finding.ref, finding.part),
            waived=finding.fingerprint in waived,
            in_text=finding.ref in order and finding.part is not PartKind.LINK,
        )
        for number, finding in enumerate(ordered, start=1)
    )


def place_name(ref: str, part: PartKind | None = None) -> str:
    """Return where a place is, in words: `title` is 标题, `blocks/3` 第4段, `blocks/4/alt` 第5段替代文字."""
    if known := place_in_text(ref):
        return known + ("的链接" if part is PartKind.LINK and ref.count("/") == 1 else "")
    return {PartKind.ATTACHMENT: "附件", PartKind.LINK: "链接"}.get(part, "全文") if part else "全文"


def page(document: Document, hits: Sequence[Hit] = ()) -> Page:
    """Return the document with `hits` marked in place."""
    at: dict[str, list[Hit]] = {}
    for hit in hits:
        if hit.in_text:
            at.setdefault(hit.finding.ref, []).append(hit)
    names = ("title", "subtitle", "summary", "byline", "source", "source_url")
    counts = {severity: sum(hit.severity is severity for hit in hits) for severity in SEVERITIES}
    return Page(
        fields={name: runs(getattr(document, name), at.get(name, ())) for name in names},
        pieces=tuple(_pieces(document, at)),
        hits=tuple(hits),
        counts=counts,
    )


def _pieces(document: Document, at: dict[str, list[Hit]]) -> Iterator[Piece]:
    # The page and the title are levels 1 and 2. No level is skipped on the way down: readers jump by them.
    level = 2
    for listed, group in groupby(enumerate(document.blocks), key=lambda pair: isinstance(pair[1], ListItem)):
        if listed:
            items = tuple(_items(group, at))
            yield Piece("list", items[0].ref, items=items)
            continue
        for index, block in group:
            if isinstance(block, Heading):
                level = min(block.level + 2, level + 1, 6)
            yield _piece(block, f"blocks/{index}", at, level)


def _items(group: Iterable[tuple[int, Block]], at: dict[str, list[Hit]]) -> Iterator[Item]:
    items = list(group)
    for (index, block), number in zip(items, ordinals([block for _, block in items]), strict=True):
        assert isinstance(block, ListItem)
        shown = "" if block.continues else "•" if number is None else sign(number, block.numbering)
        ref = f"blocks/{index}"
        yield Item(shown, block.depth, runs(block.text, at.get(ref, ()), block.spans), ref)


def _piece(block: Block, ref: str, at: dict[str, list[Hit]], level: int) -> Piece:
    def words(text: str, *inner: object) -> tuple[Run, ...]:
        return runs(text, at.get("/".join([ref, *map(str, inner)]), ()))

    match block:
        case Table():
            return Piece("table", ref, rows=_rows(block, ref, at), caption=words(block.caption, "caption"))
        case Image():
            alt, credit = words(block.alt, "alt"), words(block.credit, "credit")
            caption = words(block.caption, "caption")
            return Piece("image", ref, sha256=block.sha256, alt=alt, caption=caption, credit=credit)
        case Video():
            return Piece("video", ref, sha256=block.sha256, caption=words(block.caption, "caption"))
        case Divider():
            return Piece("divider", ref)
        case _:
            kind = _TEXTS[type(block)]
            return Piece(kind, ref, runs(block.text, at.get(ref, ()), block.spans), level=level)


def _rows(table: Table, ref: str, at: dict[str, list[Hit]]) -> tuple[tuple[Cell, ...], ...]:
    merged = {(merge.row, merge.column): merge for merge in table.merges}
    covered, spans = table.covered(), table.spans_of()

    def cell(row: int, column: int, text: str) -> Cell:
        place = f"{ref}/rows/{row}/{column}"
        shown = runs(text, at.get(place, ()), spans.get((row, column), ()))
        over = merged.get((row, column)) or Merge(row=row, column=column)
        return Cell(shown, place, row < table.head_rows and bool(shown), over.rows, over.columns)

    return tuple(
        tuple(cell(row, column, text) for column, text in enumerate(cells) if (row, column) not in covered)
        for row, cells in enumerate(table.rows)
    )


_TEXTS: dict[type, Literal["heading", "paragraph", "quote"]] = {
    Heading: "heading",
    Paragraph: "paragraph",
    Quote: "quote",
}
