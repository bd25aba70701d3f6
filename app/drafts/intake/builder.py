"""Putting a document together from marked-up text: runs of text with marks become blocks with spans."""

import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from app.domain.document.list_numbers import sparse
from app.domain.document.model import (
    DEEPEST_LIST,
    MEANING,
    NUMBERS,
    Align,
    Block,
    Divider,
    Heading,
    Image,
    ListItem,
    Numbering,
    Paragraph,
    Quote,
    SpanKind,
    Table,
    leads_out,
)
from app.drafts.intake.element_words import shortened
from app.drafts.intake.left_out import LeftOut, left_out
from app.drafts.intake.runs import Inline, Mark, in_one_line, lowered, raised
from app.drafts.intake.source_pictures import Crop, SourcePictures, data_of

#: A longer line is no title.
TITLE_LENGTH = 200
#: A text of more blocks is no article; it would only fill the storage.
MOST_BLOCKS = 50_000
#: Tables of more cells than this together are refused: a few characters of source can ask for millions.
MOST_CELLS = 50_000
ASSET = re.compile(r"^(?:sha256:|/api/v1/assets/)(?P<sha256>[0-9a-f]{64})$")
#: Control characters, which no document holds; tab and line feed are none of them.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

_BREAK = re.compile(r"(?<=[0-9A-Za-z])[\x0b\x0c](?=[0-9A-Za-z])")


class TooMuch(Exception):
    """What a source asks for is more than a document may hold; `code` is the reason of the refusal."""

    def __init__(self, code: str, **data: int | str) -> None:
        super().__init__(code)
        self.code, self.data = code, data


class Shape(StrEnum):
    """What a run of text becomes."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    LIST_ITEM = "list_item"
    QUOTE = "quote"


@dataclass(frozen=True, slots=True)
class Sign:
    """What stands before an item of a list: a bullet, a number written in some way, or `words` of its own."""

    depth: int = 0
    number: int | None = None
    numbering: Numbering = Numbering.DECIMAL
    words: str = ""


def named(char: str) -> str:
    """Return a character's code point and Unicode name, where it has one."""
    return f"U+{ord(char):04X} {unicodedata.name(char, '')}".strip()


class PictureElsewhere(NamedTuple):
    """A picture that a text refers to and that was not uploaded."""

    address: str
    alt: str = ""
    caption: str = ""


@dataclass(slots=True)
class Builder:
    """A document being put together. `base` is where its relative links lead from, if that is known."""

    blocks: list[Block] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    pictures_elsewhere: list[PictureElsewhere] = field(default_factory=list)
    title: str | None = None
    #: Fields that the source itself names, as a Markdown file's head does.
    fields: dict[str, str] = field(default_factory=dict)
    base: str = ""
    #: Where pictures that lie within the source are kept; `None`: they are listed.
    pictures: SourcePictures | None = None
    _title_at: int | None = None
    _title_blocks: int = 1
    _cells: int = 0
    _title_run: Inline = field(default_factory=Inline)

    def leave_out(self, kind: str, what: str) -> None:
        """List something that the document cannot hold; without words and without name it is nothing."""
        if entry := left_out(kind, what):
            self.left_out.append(entry)

    def without_controls(self, text: str) -> str:
        """Return `text` without its control characters, which are listed."""
        for char in sorted(set(CONTROL.findall(text))):
            self.leave_out("control_character", f"{named(char)} × {text.count(char)}")
        # Word's breaks of lines and pages are among them: two numbers that one parts are not joined.
        return CONTROL.sub("", _BREAK.sub("\n", text))

    def plain(self, run: Inline) -> str:
        """Return a run's words for a place that holds no markup: a title, a caption.

        Struck words are left out; what cannot be said without markup is listed.
        """
        for text, marks in run.pieces:
            for kind, value, *_ in sorted(marks, key=str):
                if kind is SpanKind.RUBY:
                    self.leave_out("ruby", f"{text}（{value}）")
                elif kind in MEANING:
                    self.leave_out(_PLAIN[kind], text)
                elif kind is SpanKind.LINK:
                    self.leave_out("link", f"{text} {value}")
        return _unmarked(run)

    def offer_title(self, run: Inline, *, at: int | None = None, blocks: int = 1) -> None:
        """Take a run as the title unless there is one.

        `at` is the first of the `blocks` that say it; they go where the document's title is this one.
        """
        text = in_one_line(_unmarked(run))
        if self.title is None and 0 < len(text) <= TITLE_LENGTH:
            self.title, self._title_at, self._title_run = text, at, run
            self._title_blocks = blocks

    def settle(self, given: str | None) -> None:
        """Take away the block that is the title, rank the headings below it, and number the lists.

        The title is the one offered, or the one `given`, which a block may repeat.
        """
        at = self._title_at
        if at is not None and given in {None, "", self.title}:
            # With a title of its own the first line of a text stays where it is.
            del self.blocks[at : at + self._title_blocks]
            self.plain(self._title_run)
        headings = [block.level for block in self.blocks if isinstance(block, Heading)]
        # Below the title the highest is 1, whether or not the source has more headings of the title's rank.
        above = 0 if 1 in headings else 1
        self.blocks = [
            block.model_copy(update={"level": block.level - above}) if isinstance(block, Heading) else block
            for block in self.blocks
        ]
        self.blocks = list(sparse(self.blocks))

    def text(
        self,
        run: Inline,
        shape: Shape,
        *,
        level: int = 1,
        sign: Sign | None = None,
        align: Align | None = None,
    ) -> None:
        """Append a run as a block; paragraphs and quotes are cut at line ends. A blank run is nothing.

        An item without a `sign` of its own goes on with the item before it.
        """
        if not run.text.strip():
            return
        if shape is Shape.HEADING:
            self._add(Heading(text=run.text, spans=run.spans(), level=level, align=align))
        elif shape is Shape.LIST_ITEM:
            self._item(run, sign, align)
        else:
            kind = Quote if shape is Shape.QUOTE else Paragraph
            for part in run.parts():
                self._add(kind(text=part.text, spans=part.spans(), align=align))

    def _item(self, run: Inline, sign: Sign | None, align: Align | None) -> None:
        before = self.blocks[-1] if self.blocks else None
        if sign is None:
            if isinstance(before, ListItem):
                more = {"depth": before.depth, "ordered": before.ordered, "numbering": before.numbering}
                self._add(ListItem(text=run.text, spans=run.spans(), align=align, continues=True, **more))
            else:
                self.text(run, Shape.PARAGRAPH, align=align)
            return
        if sign.words:
            # No list of a document writes such a sign: it is part of the words, in the item around it if any.
            run = Inline([(sign.words, frozenset()), *run.pieces])
            if sign.depth and isinstance(before, ListItem):
                self._item(run, None, align)
            else:
                self._add(Paragraph(text=run.text, spans=run.spans(), align=align))
            return
        if sign.depth > DEEPEST_LIST:
            self.leave_out("list_depth", run.text)
        number = sign.number
        if number is not None and abs(number) > NUMBERS:
            # No browser shows it; the words keep it.
            run, number = Inline([(f"{number}. ", frozenset()), *run.pieces]), None
        self._add(
            ListItem(
                text=run.text,
                spans=run.spans(),
                align=align,
                ordered=number is not None,
                depth=min(sign.depth, DEEPEST_LIST),
                number=number,
                numbering=sign.numbering if number is not None else Numbering.DECIMAL,
            )
        )

    def sign_alone(self, sign: Sign) -> None:
        """Append an item of which only the number says something: what it holds is no text."""
        if sign.words or sign.number is not None:
            self._item(Inline(), sign, None)

    def table(self, table: Table) -> None:
        """Append a table. Raises `TooMuch` where the tables have more cells than a document may hold."""
        self._cells += len(table.rows) * len(table.rows[0])
        if self._cells > MOST_CELLS:
            raise TooMuch("table_too_large", limit=MOST_CELLS)
        self._add(table)

    def image(self, address: str, alt: str, caption: str = "", *, others: str = "") -> None:
        """Append a picture that was uploaded; list any other, with `others` that were offered for it."""
        if match := ASSET.match(address.strip()):
            self._add(Image(sha256=match["sha256"], alt=alt, caption=caption))
        elif (data := data_of(address)) and (digest := self.take_picture(data, "粘贴的图片")):
            self._add(Image(sha256=digest, alt=alt, caption=caption))
        else:
            self.pictures_elsewhere.append(PictureElsewhere(address.strip(), alt, caption))
            self.leave_out("image", f"{alt} {caption} {shortened(address)} {others}")

    def take_picture(self, content: bytes, name: str, crop: Crop | None = None) -> str | None:
        """Keep a picture that lies within the source; `None` where it is to be listed instead."""
        return None if self.pictures is None else self.pictures.take(content, name, crop)

    def divider(self) -> None:
        """Append a line across."""
        self._add(Divider())

    def _add(self, block: Block) -> None:
        if len(self.blocks) >= MOST_BLOCKS:
            raise TooMuch("too_many_blocks", limit=MOST_BLOCKS)
        self.blocks.append(block)

    def link(self, href: str, words: str) -> Mark | None:
        """Return the mark of a link over `words`; an address that no layout could keep is left out."""
        address = href.strip()
        if not leads_out(address) and not address.startswith("#"):
            address = _resolved(self.base, address)
        if len(address) <= 2000 and leads_out(address):
            return SpanKind.LINK, address
        self.leave_out("link", f"{words} {href}")
        return None


def own_characters(kind: SpanKind, text: str) -> str | None:
    """Return raised or lowered text in characters of its own; `None` where Unicode lacks one."""
    return (raised if kind is SpanKind.SUPERSCRIPT else lowered)(text.strip())


_PLAIN = {
    SpanKind.STRIKE: "strikethrough",
    SpanKind.SUPERSCRIPT: "superscript",
    SpanKind.SUBSCRIPT: "subscript",
}


def _unmarked(run: Inline) -> str:
    return "".join(text for text, marks in run.pieces if (SpanKind.STRIKE, None) not in marks)


def _resolved(base: str, address: str) -> str:
    if address.startswith("//"):
        return f"https:{address}"
    try:
        if base.startswith(("http://", "https://")) and not urlsplit(address).scheme:
            return urljoin(base, address)
    except ValueError:
        # http://[::1 is no address at all; the link is judged as it was typed.
        return address
    return address
