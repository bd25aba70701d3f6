"""Formatting that a page leaves open goes on as in a browser: `<p><b>甲</p><p>乙` has two bold words.

The parser at hand ends a `b` with the paragraph around it; a browser opens it again in the next one. So the
ends and the new beginnings are written out before parsing. Source: HTML Standard, 13.2.4.3 (the list of
active formatting elements), 13.2.6.4.7.
"""

import re
from dataclasses import dataclass, field

#: Elements that are opened again. Source: HTML Standard, 13.2.4.2, "formatting".
FORMATTING = frozenset("a b big code em font i nobr s small strike strong tt u".split())  # noqa: SIM905
#: What formatting does not reach into or out of.
_MARKERS = frozenset("applet button caption marquee object td template th".split())  # noqa: SIM905
_PARTS = frozenset(
    """
    address article aside blockquote center dd details dialog dir div dl dt fieldset figcaption figure
    footer form h1 h2 h3 h4 h5 h6 header hgroup hr li listing main menu nav ol p plaintext pre search section
    summary table ul xmp
    """.split()  # noqa: SIM905 – so many words read best as words
)
#: What a new one of these ends, as far as the element around that is none of `_BOUNDS`.
_SIBLINGS = {
    "li": frozenset({"li"}),
    "dd": frozenset({"dd", "dt"}),
    "dt": frozenset({"dd", "dt"}),
    "td": frozenset({"td", "th"}),
    "th": frozenset({"td", "th"}),
    "tr": frozenset({"tr", "td", "th"}),
}
_BOUNDS = frozenset("ul ol menu dir dl table body html".split())  # noqa: SIM905
_VOID = frozenset(
    "area base basefont bgsound br col embed frame hr img input link meta param source track wbr".split()  # noqa: SIM905
)
#: Between these no words stand: what is open is opened again within them.
_BETWEEN = frozenset("table tbody thead tfoot tr colgroup".split())  # noqa: SIM905
#: No page is written that leaves more open; further ones are closed by the parser.
_MOST = 16
#: A page grows by no more than its own length and so many characters.
_ADDED = 10_000
_TAG = re.compile(r"<(/?)([A-Za-z][^\s/<>]*)([^<>]{0,4000})>?")
_RAW = frozenset("script style svg math textarea title xmp xml".split())  # noqa: SIM905


Element = tuple[str, str]


@dataclass(slots=True)
class _Page:
    """A page being written anew: what is open, each with its tag, and what goes on before the next word."""

    parts: list[str] = field(default_factory=list)
    opened: list[Element] = field(default_factory=list)
    again: list[Element] = field(default_factory=list)
    #: What went on before the cells and the like that are open.
    outside: list[list[Element]] = field(default_factory=list)
    #: So many characters may still be added.
    left: int = 0

    def words(self, text: str) -> None:
        """Write words."""
        if self.again and text.strip():
            self._reopen()
        self.parts.append(text)

    def begins(self, name: str, tag: str) -> None:
        """Write the tag that begins an element."""
        if name in _PARTS:
            self._end_of(frozenset({"p"}))
        if name in _SIBLINGS:
            self._end_of(_SIBLINGS[name])
        if name in {"a", "nobr"} and (at := self._last(frozenset({name}))) >= 0:
            self._end_element(at)
            self.parts.append(f"</{name}>")
        if name in _PARTS - {"table"}:
            # The parser ends a `b` where a `p` begins in it: it goes on within.
            at = len(self.opened)
            while at and self.opened[at - 1][0] in FORMATTING:
                at -= 1
            self._end(at)
        if name in _MARKERS:
            self.outside.append(self.again)
            self.again = []
        elif self.again and name not in _PARTS | _VOID:
            self._reopen()
        self.parts.append(tag)
        if name not in _VOID and not tag.endswith("/>"):
            self.opened.append((name, tag))

    def ends(self, name: str, tag: str) -> None:
        """Write the tag that ends an element."""
        at = self._last(frozenset({name}))
        if at < 0 and name in FORMATTING and any(name == waiting for waiting, _ in self.again):
            # What it ends was ended with the element around it, and does not go on.
            last = max(place for place, (waiting, _) in enumerate(self.again) if waiting == name)
            del self.again[last]
            return
        if (
            at >= 0
            and name in FORMATTING
            and any(inner not in FORMATTING for inner, _ in self.opened[at + 1 :])
        ):
            # Blocks that began within it: the parser parts them as a browser does.
            del self.opened[at]
        elif at >= 0:
            self._end_element(at)
        self.parts.append(tag)
        if name in _MARKERS and self.outside:
            self.again = self.outside.pop()

    def _end_of(self, names: frozenset[str]) -> None:
        if (at := self._last(names)) >= 0:
            name = self.opened[at][0]
            self._end_element(at)
            if name in _MARKERS and self.outside:
                self.again = self.outside.pop()

    def _last(self, names: frozenset[str]) -> int:
        """Return where the innermost open element of these names is; -1 for none that can be ended here."""
        for at in range(len(self.opened) - 1, -1, -1):
            name = self.opened[at][0]
            if name in names:
                return at
            if name in _BOUNDS or name in _MARKERS:
                return -1
        return -1

    def _end_element(self, at: int) -> None:
        """End what is open within an element, and note that it is ended itself."""
        self._end(at + 1)
        del self.opened[at]

    def _end(self, at: int) -> None:
        """End what is open from a place on; what of it is formatting goes on behind it."""
        inner = [element for element in self.opened[at:] if element[0] in FORMATTING]
        self.parts += [f"</{name}>" for name, _ in reversed(inner)]
        self.again = [*inner, *self.again]
        del self.opened[at:]

    def _reopen(self) -> None:
        if self.opened and self.opened[-1][0] in _BETWEEN:
            return
        kept: list[Element] = []
        for element in self.again[-_MOST:]:
            # Source: HTML Standard, 13.2.4.3: no more than three that are alike ("Noah's Ark").
            if kept.count(element) < 3:
                kept.append(element)
        self.again = []
        self.left -= sum(len(tag) for _, tag in kept)
        if self.left > 0:
            self.parts += [tag for _, tag in kept]
            self.opened += kept


def carried_on(text: str) -> str:
    """Return HTML in which formatting that is left open is ended and opened again. Linear in `text`.

    `text` has been through `tags.with_words_kept`: every `<` begins a tag or a comment.
    """
    page, at, done = _Page(left=_ADDED + len(text)), 0, 0
    while (at := text.find("<", at)) >= 0:
        if text.startswith("<!--", at):
            page.words(text[done:at])
            close = text.find("-->", at)
            done, at = at, len(text) if close < 0 else close + 3
            page.parts.append(text[done:at])
            done = at
            continue
        tag = _TAG.match(text, at)
        if tag is None:
            at += 1
            continue
        page.words(text[done:at])
        name = tag[2].lower()
        (page.ends if tag[1] else page.begins)(name, tag[0])
        at = done = tag.end()
        if name in _RAW and not tag[1] and (end := re.compile(f"</{name}", re.IGNORECASE).search(text, at)):
            page.parts.append(text[at : end.start()])
            at = done = end.start()
    page.words(text[done:])
    return "".join(page.parts)
