"""What was found at an address, held against what was released, paragraph by paragraph. Pure.

A site puts its own frame around a text, so the page is not the same bytes. What was released has to stand in
it whole, in its order and with nothing in between.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

#: What begins a new paragraph where it begins or ends.
_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption", "figure"}
    | {"footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre"}
    | {"section", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"}
)
_UNSEEN = frozenset({"script", "style", "template", "noscript", "head"})
#: So many differences are told, so much of each.
MOST, LONGEST = 10, 120
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Page:
    """What a reader sees of a page: its paragraphs without white space, and the addresses of its pictures."""

    paragraphs: tuple[str, ...]
    pictures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `kind`: `missing`: a paragraph is not there; `inserted`: one is more."""

    kind: str
    text: str


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = [""]
        self.pictures: list[str] = []
        self._hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._hidden.append(tag)
        if tag in _BLOCKS:
            self.found.append("")
        if tag == "img":
            given = dict(attrs)
            # WeChat puts a picture's address there until it is scrolled to.
            if address := given.get("data-src") or given.get("src"):
                self.pictures.append(address)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._hidden:
            del self._hidden[self._hidden.index(tag) :]
        if tag in _BLOCKS:
            self.found.append("")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.found[-1] += data


def read(html: str) -> Page:
    """Return what a reader sees of a page or of a part of one."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    paragraphs = (flat(one) for one in reader.found)
    return Page(tuple(one for one in paragraphs if one), tuple(reader.pictures))


def flat(text: str) -> str:
    """Return a text without white space, in one form of its characters."""
    return _SPACE.sub("", unicodedata.normalize("NFC", text).replace("\u200b", ""))


def differences(released: Sequence[str], online: Sequence[str]) -> tuple[Change, ...]:
    """Return where the paragraphs found online differ from those released; empty when all stand there.

    What stands before the first and after the last is the site's own frame. At most `MOST` are told.
    """
    return tuple(_cut(one) for one, _ in zip(_differences(released, online), range(MOST), strict=False))


def _differences(released: Sequence[str], online: Sequence[str]) -> Iterator[Change]:
    at, started, between = 0, False, list[str]()
    for paragraph in released:
        place = _place(paragraph, online, at)
        if place is None:
            yield Change("missing", paragraph)
            continue
        if started:
            between = [one for one in online[at:place] if one not in released]
            for one in between:
                yield Change("inserted", one)
        at, started = place + 1, True


def _place(paragraph: str, online: Sequence[str], start: int) -> int | None:
    return next((place for place in range(start, len(online)) if online[place] == paragraph), None)


def _cut(change: Change) -> Change:
    if len(change.text) <= LONGEST:
        return change
    return Change(change.kind, change.text[:LONGEST] + "…")
