"""Putting a document together from marked-up text: runs of text with marks become blocks with spans."""

import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum

from app.domain.document import (
    Block,
    Divider,
    Heading,
    Image,
    ListItem,
    Paragraph,
    Quote,
    Span,
    SpanKind,
    Table,
)

#: What is shown of something left out.
EXCERPT = 120
#: A longer line is no title.
TITLE_LENGTH = 200
LINKS = re.compile(r"^(?:https?://|mailto:|tel:|#|/)[^\s\x00-\x20\\]*$", re.IGNORECASE)
ASSET = re.compile(r"^(?:sha256:|/api/v1/assets/)(?P<sha256>[0-9a-f]{64})$")
_SPACES = re.compile(r"[ \t\r\f\n]+")
#: Control characters, which no document holds; tab and line feed are none of them.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
#: Stands for a hard line break until white space is collapsed; no text that is read holds it.
HARD = "\x00"
#: One mark over a run: its kind and, for links, its address.
Mark = tuple[SpanKind, str | None]


class Shape(StrEnum):
    """What a run of text becomes."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    LIST_ITEM = "list_item"
    QUOTE = "quote"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that the source held and the document does not: what kind of thing, and an excerpt of it."""

    kind: str
    what: str


def named(char: str) -> str:
    """Return a character's code point and Unicode name, where it has one."""
    return f"U+{ord(char):04X} {unicodedata.name(char, '')}".strip()


def wide(char: str) -> bool:
    """Say whether a character is as wide as a Han character; between two such a line break is only layout."""
    return unicodedata.east_asian_width(char) in {"W", "F"}


def _between(whole: str, space: re.Match[str]) -> str:
    before = whole[space.start() - 1] if space.start() else HARD
    after = whole[space.end()] if space.end() < len(whole) else HARD
    layout_only = "\n" in space[0] and wide(before) and wide(after)
    return "" if layout_only or HARD in {before, after} else " "


@dataclass(slots=True)
class Inline:
    """A run of text being collected, with the marks over its parts."""

    pieces: list[tuple[str, frozenset[Mark]]] = field(default_factory=list)

    def add(self, text: str, marks: frozenset[Mark] = frozenset()) -> None:
        """Append `text` under `marks`."""
        if text:
            self.pieces.append((text, marks))

    def collapse(self) -> "Inline":
        """Return the run as HTML lays it out: white space is one space, and none between wide characters.

        Hard breaks become line ends. No-break and ideographic spaces stay.
        """
        whole, run = self.text, Inline()
        cuts = [(found.start(), found.end(), _between(whole, found)) for found in _SPACES.finditer(whole)]
        cuts.append((len(whole), len(whole), ""))
        at, index = 0, 0
        for text, marks in self.pieces:
            end = at + len(text)
            while at < end:
                start, stop, instead = cuts[index]
                if at < start:
                    upto = min(start, end)
                    run.add(text[at - end + len(text) : upto - end + len(text)].replace(HARD, "\n"), marks)
                    at = upto
                    continue
                if at == start:
                    run.add(instead, marks)
                at = min(stop, end)
                index += at == stop
        return run

    @property
    def text(self) -> str:
        """The text without its marks."""
        return "".join(text for text, _ in self.pieces)

    def parts(self) -> "list[Inline]":
        """Return the run cut at its line ends, blank parts left away."""
        cut = [Inline()]
        for text, marks in self.pieces:
            first, *more = text.split("\n")
            cut[-1].add(first, marks)
            cut += [Inline([(one, marks)]) for one in more]
        return [one for one in cut if one.text.strip()]

    def spans(self) -> tuple[Span, ...]:
        """Return the marks as spans, in the order of their start."""
        opened: dict[Mark, int] = {}
        found: list[tuple[int, int, Mark]] = []
        at = 0
        for text, marks in [*self.pieces, ("", frozenset())]:
            ended = [one for one in opened if one not in marks]
            found += [(opened.pop(mark), at, mark) for mark in ended]
            for mark in marks:
                opened.setdefault(mark, at)
            at += len(text)
        return tuple(
            Span(kind=kind, start=start, end=end, href=href)
            for start, end, (kind, href) in sorted(found, key=lambda one: (one[0], one[1], str(one[2])))
            if end > start
        )


@dataclass(slots=True)
class Builder:
    """A document being put together."""

    blocks: list[Block] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    title: str | None = None
    _title_at: int | None = None

    def leave_out(self, kind: str, what: str) -> None:
        """List something that the document cannot hold; without words and without name it is nothing."""
        words = _SPACES.sub(" ", what).strip()
        if words:
            self.left_out.append(LeftOut(kind, words[:EXCERPT] + ("…" if len(words) > EXCERPT else "")))

    def without_controls(self, text: str) -> str:
        """Return `text` without its control characters, which are listed."""
        for char in sorted(set(CONTROL.findall(text))):
            self.leave_out("control_character", f"{named(char)} × {text.count(char)}")
        return CONTROL.sub("", text)

    def offer_title(self, text: str, *, at: int | None = None) -> None:
        """Take `text` as the title unless there is one; `at` is the block that says it, and then goes."""
        if self.title is None and 0 < len(text.strip()) <= TITLE_LENGTH:
            self.title, self._title_at = text.strip(), at

    def settle_title(self, given: str | None) -> None:
        """Take away the block that is the title: the one offered, or one that repeats the title `given`."""
        offered, at = self.title, self._title_at
        if at is not None and given in {None, "", offered}:
            # With a title of its own the first line of a text stays where it is.
            del self.blocks[at]

    def text(
        self, run: Inline, shape: Shape, *, level: int = 1, ordered: bool = False, depth: int = 0
    ) -> None:
        """Append a run as a block; paragraphs and quotes are cut at line ends. A blank run is nothing."""
        if not run.text.strip():
            return
        if shape is Shape.HEADING:
            self.blocks.append(Heading(text=run.text, spans=run.spans(), level=level))
        elif shape is Shape.LIST_ITEM:
            self.blocks.append(
                ListItem(text=run.text, spans=run.spans(), ordered=ordered, depth=min(depth, 5))
            )
        elif shape is Shape.QUOTE:
            self.blocks.extend(Quote(text=one.text, spans=one.spans()) for one in run.parts())
        else:
            self.blocks.extend(Paragraph(text=one.text, spans=one.spans()) for one in run.parts())

    def table(self, rows: list[list[str]], caption: str = "") -> None:
        """Append a table; short rows are filled up. A table without cells is nothing."""
        width = max((len(row) for row in rows), default=0)
        if width:
            filled = tuple(tuple(row) + ("",) * (width - len(row)) for row in rows)
            self.blocks.append(Table(rows=filled, caption=caption))

    def image(self, address: str, alt: str, caption: str = "") -> None:
        """Append a picture that was uploaded; list any other as left out."""
        if found := ASSET.match(address.strip()):
            self.blocks.append(Image(sha256=found["sha256"], alt=alt, caption=caption))
        else:
            shown = address if not address.startswith("data:") else address.split(",", 1)[0]
            self.leave_out("image", f"{alt} {caption} {shown}")

    def divider(self) -> None:
        """Append a line across."""
        self.blocks.append(Divider())

    def link(self, href: str) -> Mark | None:
        """Return the mark of a link; an address that no reader may be sent to is left out."""
        address = href.strip()
        if len(address) <= 2000 and LINKS.match(address):
            return SpanKind.LINK, address
        self.leave_out("link", address)
        return None
