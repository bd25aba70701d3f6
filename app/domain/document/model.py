"""The canonical content of a revision, and the digests that name it.

A `Document` is channel-neutral and immutable. Its digest is SHA-256 over its RFC 8785 form, so that two
documents are the same exactly when their digests are.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    model_validator,
)

from app.domain.record.canonical import canonical

#: Largest content that is taken in, in bytes of UTF-8.
MAX_CONTENT_BYTES = 5_000_000
#: The deepest level of a list's item, the outermost being 0.
DEEPEST_LIST = 8
#: Numbers of lists lie between minus this and this, as in every browser.
NUMBERS = 2**31 - 1

#: The form in which documents are written. 1 is not written, so that documents of that form keep their
#: digests; 2 came with readings above words, and is written where a document has some.
SCHEMA_VERSION = 2

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _later(default: Any, **more: Any) -> Any:  # noqa: ANN401 – as pydantic's own `Field`
    """Return a field that came after the first documents: at its default it is not written.

    So the canonical form, and with it the digest, of a document that does not use it stays what it was.
    """
    return Field(default=default, exclude_if=lambda value: value == default, **more)


class SpanKind(StrEnum):
    """Inline markup over a range of a block's text; `emphasis` are dots under the words (着重号).

    `ruby` is a reading set above the words (注音).
    """

    BOLD = "bold"
    ITALIC = "italic"
    UNDERLINE = "underline"
    LINK = "link"
    STRIKE = "strike"
    SUPERSCRIPT = "superscript"
    SUBSCRIPT = "subscript"
    EMPHASIS = "emphasis"
    RUBY = "ruby"


#: Markup without which the words say something else: 3×10⁸ is not 3×108.
MEANING = frozenset({SpanKind.STRIKE, SpanKind.SUPERSCRIPT, SpanKind.SUBSCRIPT, SpanKind.RUBY})
#: The longest reading of words, in characters.
LONGEST_READING = 200


class Align(StrEnum):
    """Where the lines of a paragraph stand, if not at the left."""

    CENTER = "center"
    RIGHT = "right"


#: Where a link may lead. An address that a browser would run, or one without a place, is none of a page.
SCHEMES = ("http", "https", "mailto", "tel")
_ADDRESS = re.compile(r"https?://[^/?#\s\\][^\s\\]*|(?:mailto|tel):[^\s\\]+", re.IGNORECASE)


def leads_out(href: str) -> bool:
    """Tell whether every layout can keep a link to `href`: whole addresses, mail and telephone."""
    try:
        urlsplit(href.strip())
    except ValueError:  # http://[x has a bracket that nothing closes
        return False
    return _ADDRESS.fullmatch(href.strip()) is not None


class Numbering(StrEnum):
    """How the numbers of a list are written."""

    DECIMAL = "decimal"
    LOWER_ALPHA = "lower_alpha"
    UPPER_ALPHA = "upper_alpha"
    LOWER_ROMAN = "lower_roman"
    UPPER_ROMAN = "upper_roman"
    CHINESE = "chinese"


class Span(_Value):
    """Inline markup of `text[start:end]` (code points, end-exclusive).

    Links have an `href`, words with a reading a `reading`; nothing else has.
    """

    kind: SpanKind
    start: int = Field(ge=0)
    end: int = Field(ge=1)
    href: str | None = Field(default=None, max_length=2000)
    reading: str | None = _later(None, min_length=1, max_length=LONGEST_READING)

    @model_validator(mode="after")
    def _is_a_range(self) -> "Span":
        if self.end <= self.start:
            raise ValueError("end must be after start")
        if (self.kind is SpanKind.LINK) != (self.href is not None):
            raise ValueError("a link has an href, and nothing else has")
        if (self.kind is SpanKind.RUBY) != (self.reading is not None):
            raise ValueError("words with a reading have one, and nothing else has")
        return self


def _readings_lie_apart(spans: Iterable[Span]) -> None:
    """Raise `ValueError` where words have two readings."""
    readings = sorted((span.start, span.end) for span in spans if span.kind is SpanKind.RUBY)
    if any(before[1] > after[0] for before, after in pairwise(readings)):
        raise ValueError("readings lie over each other")


class CellSpan(Span):
    """Inline markup of the cell in `row` and `column` of a table, both counted from 0."""

    row: int = Field(ge=0)
    column: int = Field(ge=0)


class Merge(_Value):
    """A cell over `rows` × `columns`, of which `row` and `column` are the first; the others are empty."""

    row: int = Field(ge=0)
    column: int = Field(ge=0)
    rows: int = Field(default=1, ge=1)
    columns: int = Field(default=1, ge=1)

    def cells(self) -> Iterator[tuple[int, int]]:
        """Yield the row and column of every cell it lies over, its own first."""
        for row in range(self.row, self.row + self.rows):
            for column in range(self.column, self.column + self.columns):
                yield row, column


class _TextBlock(_Value):
    text: str
    spans: tuple[Span, ...] = ()
    align: Align | None = _later(None)

    @model_validator(mode="after")
    def _spans_lie_inside(self) -> "_TextBlock":
        if any(span.end > len(self.text) for span in self.spans):
            raise ValueError("a span ends after the text")
        _readings_lie_apart(self.spans)
        return self


class Heading(_TextBlock):
    """A heading inside the text; `level` 1 is the highest below the title."""

    kind: Literal["heading"] = "heading"
    level: int = Field(default=1, ge=1, le=6)


class Paragraph(_TextBlock):
    """A paragraph."""

    kind: Literal["paragraph"] = "paragraph"


class ListItem(_TextBlock):
    """One item of a list; `depth` 0 is outermost.

    `number` is where the count does not simply go on (see `lists.ordinals`); an item that `continues` is a
    further paragraph of the one before it and has no sign of its own.
    """

    kind: Literal["list_item"] = "list_item"
    ordered: bool = False
    depth: int = Field(default=0, ge=0, le=DEEPEST_LIST)
    number: int | None = _later(None, ge=-NUMBERS, le=NUMBERS)
    numbering: Numbering = _later(Numbering.DECIMAL)
    continues: bool = _later(default=False)


class Quote(_TextBlock):
    """A quoted paragraph."""

    kind: Literal["quote"] = "quote"


class Table(_Value):
    """A table; its first `head_rows` are the head. All rows have the same length.

    A line end in a cell is a break that its author made. `merges` are the cells that lie over several.
    """

    kind: Literal["table"] = "table"
    rows: tuple[tuple[str, ...], ...] = Field(min_length=1)
    caption: str = ""
    head_rows: int = _later(1, ge=0)
    merges: tuple[Merge, ...] = _later(())
    spans: tuple[CellSpan, ...] = _later(())

    @model_validator(mode="after")
    def _is_rectangular(self) -> "Table":
        if len({len(row) for row in self.rows}) != 1 or not self.rows[0]:
            raise ValueError("all rows must have the same number of cells, at least one")
        if self.head_rows > len(self.rows):
            raise ValueError("there are more head rows than rows")
        return self

    @model_validator(mode="after")
    def _merges_fit(self) -> "Table":
        height, width = len(self.rows), len(self.rows[0])
        covered: set[tuple[int, int]] = set()
        for merge in self.merges:
            if merge.row + merge.rows > height or merge.column + merge.columns > width:
                raise ValueError("a merged cell reaches beyond the table")
            own, *others = merge.cells()
            if not covered.isdisjoint((own, *others)):
                raise ValueError("merged cells lie over each other")
            if any(self.rows[row][column] for row, column in others):
                raise ValueError("a cell that another lies over is not empty")
            covered |= {own, *others}
        return self

    @model_validator(mode="after")
    def _spans_lie_inside(self) -> "Table":
        for span in self.spans:
            if span.row >= len(self.rows) or span.column >= len(self.rows[0]):
                raise ValueError("a span names no cell")
            if span.end > len(self.rows[span.row][span.column]):
                raise ValueError("a span ends after the text")
        for spans in self.spans_of().values():
            _readings_lie_apart(spans)
        return self

    def spans_of(self) -> dict[tuple[int, int], list[CellSpan]]:
        """Return the markup of each cell that has any, by row and column."""
        by_cell: dict[tuple[int, int], list[CellSpan]] = {}
        for span in self.spans:
            by_cell.setdefault((span.row, span.column), []).append(span)
        return by_cell

    def covered(self) -> frozenset[tuple[int, int]]:
        """Return row and column of the cells that another lies over; empty where nothing is merged."""
        return frozenset(cell for merge in self.merges for cell in list(merge.cells())[1:])


class Image(_Value):
    """A picture by the SHA-256 of its bytes, with its words."""

    kind: Literal["image"] = "image"
    sha256: Sha256
    alt: str = ""
    caption: str = ""
    credit: str = ""


class Video(_Value):
    """A video by the SHA-256 of its bytes, with its words."""

    kind: Literal["video"] = "video"
    sha256: Sha256
    caption: str = ""


class Divider(_Value):
    """A line across."""

    kind: Literal["divider"] = "divider"


Block = Annotated[
    Heading | Paragraph | ListItem | Quote | Table | Image | Video | Divider, Field(discriminator="kind")
]

TEXT_BLOCKS = (Heading, Paragraph, ListItem, Quote)
FIELDS = ("title", "subtitle", "summary", "byline", "source", "source_url")


class Document(_Value):
    """What a revision says: fields and blocks. A title and at least one block that is no divider."""

    title: str = Field(min_length=1, max_length=200)
    subtitle: str = Field(default="", max_length=200)
    summary: str = Field(default="", max_length=2000)
    byline: str = Field(default="", max_length=200)
    source: str = Field(default="", max_length=200)
    source_url: str = Field(default="", max_length=2000)
    blocks: tuple[Block, ...] = Field(min_length=1)
    attachments: tuple[Sha256, ...] = ()
    #: Not chosen but told: the first form that holds what this document says.
    schema_version: int = _later(1, ge=1, le=SCHEMA_VERSION)

    @model_validator(mode="after")
    def _is_of_its_form(self) -> "Document":
        object.__setattr__(self, "schema_version", _form_of(self.blocks))
        return self

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with other values, in the form that it needs."""
        copied = super().model_copy(update=update, deep=deep)
        object.__setattr__(copied, "schema_version", _form_of(copied.blocks))
        return copied

    @model_validator(mode="after")
    def _says_something(self) -> "Document":
        if not self.title.strip():
            raise ValueError("the title is blank")
        if not any(text.strip() for _, text in self.texts() if _ not in FIELDS) and not any(
            isinstance(block, Image | Video) for block in self.blocks
        ):
            raise ValueError("the content is empty")
        return self

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield `(place, text)` for every text, fields first, in reading order; empty texts are left out.

        Places are paths such as `title`, `blocks/3`, `blocks/4/rows/0/1`, `blocks/5/alt`.
        """
        for name in FIELDS:
            if value := getattr(self, name):
                yield name, value
        for index, block in enumerate(self.blocks):
            for within, value in texts_of(block):
                if value:
                    yield f"blocks/{index}{within}", value

    def assets(self) -> frozenset[str]:
        """Return the SHA-256 of every picture, video and attachment; empty when there is none."""
        media = {block.sha256 for block in self.blocks if isinstance(block, Image | Video)}
        return frozenset(media | set(self.attachments))

    @property
    def characters(self) -> int:
        """Visible characters of title and body, punctuation included, white space not.

        Where a text comes from, and the address of that, are no part of what it says.
        """
        read = (text for place, text in self.texts() if place not in {"source", "source_url"})
        return sum(1 for text in read for char in text if not char.isspace())


def texts_of(block: Block) -> Iterator[tuple[str, str]]:
    """Yield `(path within the block, text)` of one block, empty texts too; nothing for a divider."""
    match block:
        case Heading() | Paragraph() | ListItem() | Quote():
            yield "", block.text
        case Table():
            yield "/caption", block.caption
            for row, cells in enumerate(block.rows):
                for column, cell in enumerate(cells):
                    yield f"/rows/{row}/{column}", cell
        case Image():
            yield from (("/alt", block.alt), ("/caption", block.caption), ("/credit", block.credit))
        case Video():
            yield "/caption", block.caption
        case _:
            return


def sha256(data: bytes) -> str:
    """Return the SHA-256 of `data`, 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def document_bytes(document: Document) -> bytes:
    """Return the bytes that a revision's digest is made over."""
    return canonical(document.model_dump(mode="json"))


def digest(document: Document) -> str:
    """Return the name of this content: SHA-256 over its canonical form, hexadecimal."""
    return sha256(document_bytes(document))


def field_digests(document: Document) -> dict[str, str]:
    """Return the digest of each field, of `blocks` and of `attachments`: a stage may watch some of them."""
    content = document.model_dump(mode="json")
    content.pop("schema_version", None)
    return {name: sha256(canonical(value)) for name, value in content.items()}


def readings_of(block: Block) -> Iterator[tuple[str, str]]:
    """Yield `(path within the block, reading)` of words that have one set above them."""
    if isinstance(block, (*TEXT_BLOCKS, Table)):
        for number, span in enumerate(block.spans):
            if span.reading:
                yield f"/spans/{number}/reading", span.reading


def _form_of(blocks: Iterable[Block]) -> int:
    """Return the first form that holds these blocks."""
    return SCHEMA_VERSION if any(True for block in blocks for _ in readings_of(block)) else 1
