"""The canonical content of a revision, and the digests that name it.

A `Document` is channel-neutral and immutable. Its digest is SHA-256 over its RFC 8785 form, so that two
documents are the same exactly when their digests are.
"""

import hashlib
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.domain.canonical import canonical

#: Largest content that is taken in, in bytes of UTF-8.
MAX_CONTENT_BYTES = 5_000_000

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SpanKind(StrEnum):
    """Inline markup over a range of a block's text."""

    BOLD = "bold"
    ITALIC = "italic"
    UNDERLINE = "underline"
    LINK = "link"


class Span(_Value):
    """Inline markup of `text[start:end]` (code points, end-exclusive); `href` for links only."""

    kind: SpanKind
    start: int = Field(ge=0)
    end: int = Field(ge=1)
    href: str | None = Field(default=None, max_length=2000)

    @model_validator(mode="after")
    def _is_a_range(self) -> "Span":
        if self.end <= self.start:
            raise ValueError("end must be after start")
        if (self.kind is SpanKind.LINK) != (self.href is not None):
            raise ValueError("a link has an href, and nothing else has")
        return self


class _TextBlock(_Value):
    text: str
    spans: tuple[Span, ...] = ()

    @model_validator(mode="after")
    def _spans_lie_inside(self) -> "_TextBlock":
        if any(span.end > len(self.text) for span in self.spans):
            raise ValueError("a span ends after the text")
        return self


class Heading(_TextBlock):
    """A heading inside the text; `level` 1 is the highest below the title."""

    kind: Literal["heading"] = "heading"
    level: int = Field(default=1, ge=1, le=4)


class Paragraph(_TextBlock):
    """A paragraph."""

    kind: Literal["paragraph"] = "paragraph"


class ListItem(_TextBlock):
    """One item of a list; `depth` 0 is outermost."""

    kind: Literal["list_item"] = "list_item"
    ordered: bool = False
    depth: int = Field(default=0, ge=0, le=5)


class Quote(_TextBlock):
    """A quoted paragraph."""

    kind: Literal["quote"] = "quote"


class Table(_Value):
    """A table of plain cells; the first row is the head. All rows have the same length."""

    kind: Literal["table"] = "table"
    rows: tuple[tuple[str, ...], ...] = Field(min_length=1)
    caption: str = ""

    @model_validator(mode="after")
    def _is_rectangular(self) -> "Table":
        if len({len(row) for row in self.rows}) != 1 or not self.rows[0]:
            raise ValueError("all rows must have the same number of cells, at least one")
        return self


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
        """Visible characters of title and body, punctuation included, white space not."""
        return sum(1 for _, text in self.texts() for char in text if not char.isspace())


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
    return {name: sha256(canonical(value)) for name, value in content.items()}


def text_and_media_digest(document: Document) -> str:
    """Return a digest that ignores layout: the words in their order, and which media stand among them."""
    words = [text for _, text in document.texts()]
    media = [block.sha256 for block in document.blocks if isinstance(block, Image | Video)]
    return sha256(canonical({"words": words, "media": media, "attachments": list(document.attachments)}))
