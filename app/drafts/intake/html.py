"""HTML into blocks: the words, their order and the marks that say something; the rest is listed."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lxml import etree, html

from app.domain.document.model import TEXT_BLOCKS, Align, SpanKind
from app.drafts.intake.appearance import drawn, is_unknown_sign, transformed, turned
from app.drafts.intake.builder import Builder, Shape, Sign, own_characters
from app.drafts.intake.element_words import beside_the_text, is_formula, is_platform_link, link_of, said
from app.drafts.intake.lists import Lists
from app.drafts.intake.media import Media
from app.drafts.intake.ruby import Ruby
from app.drafts.intake.runs import HARD, KEPT, TAB, Inline, Mark, run_of, wide
from app.drafts.intake.styles import Gap, Look, declarations, look, parted, pictures, reorders, says_something
from app.drafts.intake.tags import with_words_kept
from app.drafts.intake.unclosed import carried_on
from app.drafts.intake.visibility import gone

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_INLINE = frozenset(
    """
    a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr output q
    rb rtc ruby s samp small span strike strong sub sup time tt u var wbr
    """.split()  # noqa: SIM905 – so many words read best as words
)
_BLOCKS = frozenset(
    """
    address article aside blockquote body center dd details div dl dt fieldset figcaption figure
    footer form header hgroup html legend li listing main menu nav ol p plaintext pre search
    section summary table tbody td tfoot th thead tr ul dir xmp hr picture caption
    """.split()  # noqa: SIM905 – so many words read best as words
)
#: What is never shown as text, or does more than say something.
_LEFT_OUT = frozenset(
    """
    script style noscript template svg math canvas input button select textarea map frameset frame
    link meta base rt rp datalist dialog progress meter xml title head noframes noembed
    """.split()  # noqa: SIM905 – so many words read best as words
)
_CUT_OFF = re.compile(r"<[A-Za-z/][^<>]*$")
#: How a page looks and what machines call it is no content.
_NAMES_NOTHING = frozenset({"link", "meta", "base", "style", "mp-style-type", "head"})
_OF_WORD = re.compile(r"\s*(?:\[if\b|\[endif\]|<?!\[|\?xml|(?:Start|End)Fragment)")
#: What people tick, and what it looks like without and with a tick.
_BOXES = {"checkbox": ("☐ ", "☑ "), "radio": ("○ ", "◉ ")}
_SCRIPTS = frozenset({(SpanKind.SUPERSCRIPT, None), (SpanKind.SUBSCRIPT, None)})
#: Where pages keep what is shown while the mouse rests on words.
_HINTS = (
    *("title", "data-title", "data-original-title", "data-tooltip", "data-tip", "data-tippy-content"),
    *("data-note", "data-content", "data-balloon"),
)
_CITING = frozenset({"blockquote", "q", "del", "ins"})
_LANGUAGE = re.compile(r"(?:\b(?:language|lang|highlight-source)-|\bbrush:\s*)([\w+#.-]+)")
_KINDS = {
    "noframes": "noscript",
    "noembed": "noscript",
    "rt": "ruby",
    "rp": "ruby",
    "link": "link_element",
    "xml": "word_markup",
    "title": "page_title",
}


def read_html(text: str, builder: Builder, *, titles: bool = True) -> None:
    """Append the blocks of an HTML text; its first `h1`, else its `title`, is offered as the title.

    Raises `TooMuch` where it asks for more than a document holds, `RecursionError` for nesting that nobody
    writes.
    """
    text = carried_on(with_words_kept(text))
    if cut_off := _CUT_OFF.search(text):
        # No parser makes anything of a tag without an end.
        builder.leave_out("markup", cut_off[0])
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, no_network=True)
    try:
        root = html.document_fromstring(text.encode() or b" ", parser=parser, ensure_head_body=True)
    except etree.ParserError:
        # Nothing in it is an element: only comments, perhaps one without an end.
        builder.leave_out("markup", text)
        return
    for base in root.iter("base"):
        builder.base = builder.base or base.get("href", "")
    reader = Reader(builder, titles=titles)
    reader.outside(root)
    for head in root.findall("head"):
        reader.head(head)
    for body in root.iterchildren("body", "frameset"):
        reader.element(body)
        reader.flush()
    reader.settle()


class Reader:
    """Reads one tree, or one cell of a table, into a builder."""

    def __init__(self, builder: Builder, *, titles: bool) -> None:
        self.builder = builder
        self.titles = titles
        self.page_title = ""
        self.run = Inline()
        self.look = Look()
        # Where the lines of the run stand: as where its first word stood.
        self._align: Align | None = None
        self._begun = False
        # What parts the next words from those before, and how those end.
        self._gap, self._last = Gap.NONE, ""
        self.anchor: Mark | None = None
        self.shape, self.level = Shape.PARAGRAPH, 1
        self.sign: Sign | None = None
        self.lists = Lists(builder)
        self.media = Media(self)
        self.unseen: list[str] = []
        self.quotes = 0

    def outside(self, root: Any) -> None:  # noqa: ANN401 – lxml has no types
        """List what stands before and behind the root."""
        for node in (*root.itersiblings(preceding=True), *root.itersiblings()):
            self._comment(node)

    def head(self, head: Any) -> None:  # noqa: ANN401
        """Read the title of the page, and list what else its head says."""
        for node in head:
            if node.tag == "title" and not self.page_title:
                self.page_title = " ".join(self.text_of(node).split())
            elif not isinstance(node.tag, str):
                self._comment(node)
            else:
                self._leave_out(node)

    def settle(self) -> None:
        """Offer the page's title where no heading is the title."""
        if self.page_title and self.page_title != self.builder.title:
            if self.titles and self.builder.title is None:
                self.builder.offer_title(Inline([(self.page_title, frozenset())]))
            else:
                self.builder.leave_out("page_title", self.page_title)

    def walk(self, node: Any) -> None:  # noqa: ANN401
        """Read a node's text, its children and what follows each of them."""
        self.add(node.text)
        for child in node:
            self.child(child)
            self.add(child.tail)

    def flush(self) -> None:
        """End the block that is being read."""
        run, self.run, self._begun, self._gap = self.run.collapse(), Inline(), False, Gap.NONE
        if not run.text.strip():
            self.media.flush()
            return
        if self.shape in {Shape.HEADING, Shape.QUOTE} and self.sign is not None:
            # An item that is a heading keeps its number in its words.
            run.pieces.insert(0, (self.lists.words(self.sign), frozenset()))
            self.sign = None
        if self.shape is Shape.HEADING and self.level == 1 and self.titles:
            self.builder.offer_title(run, at=len(self.builder.blocks))
        self.builder.text(run, self.shape, level=self.level, sign=self.sign, align=self._align)
        if self.shape is Shape.LIST_ITEM:
            # What follows in the same item is no item of its own.
            self.sign = None
        self.media.flush()

    def element(self, node: Any) -> None:  # noqa: ANN401
        """Read one element, or list it."""
        tag = node.tag.lower()
        style = declarations(node.get("style", ""))
        if tag in _LEFT_OUT or tag in _NAMES_NOTHING:
            self._leave_out(node)
            return
        if self.hides(node):
            return
        if kind := beside_the_text(node, style):
            self.builder.leave_out(kind, self.said(node))
            return
        for address in [*pictures(node.get("style", "")), node.get("background", "")]:
            self.media.background(address)
        around = self.look
        with self.within(node):
            if (self.look.from_right and not around.from_right) or (reorders(node) and not around.from_right):
                self.builder.leave_out("direction", turned(self.text_of(node), tag, style))
            self._read(node, tag)

    @contextmanager
    def within(self, node: Any) -> Iterator[None]:  # noqa: ANN401
        """Show text as it is shown in a node meanwhile; what is not seen there is listed at its end."""
        around, self.look = self.look, self.look_in(node)
        hides = self.look.unseen and not around.unseen
        before, self.unseen = self.unseen, [] if hides else self.unseen
        if not self.media.is_embedded(node, node.tag.lower(), known=True):
            self._titled(node)
        yield
        if hides:
            self.builder.leave_out("hidden_text", "".join(self.unseen))
            self.unseen = before
        self.look = around

    def inner(self) -> "Reader":
        """Return a reader of what lies here into a document of its own, which shows and lists as this one."""
        inner = Reader(
            Builder(left_out=self.builder.left_out, base=self.builder.base, pictures=self.builder.pictures),
            titles=False,
        )
        inner.look, inner.unseen = self.look, self.unseen
        return inner

    def _read(self, node: Any, tag: str) -> None:  # noqa: ANN401
        if tag in {"colgroup", "col"}:
            # Words have no place in them: browsers show them where they stand.
            self.walk(node)
        elif tag == "br":
            self.run.add(HARD, self._marks())
            self._gap = Gap.NONE
        elif tag in {"img", "image"}:
            # Browsers take the one for the other; what was parsed into the second lies behind it.
            self.media.image(node)
            self._gap = max(self._gap, Gap.BETWEEN_NUMBERS)
            self.walk(node)
        elif self.media.is_embedded(node, tag, known=tag in _INLINE or tag in _BLOCKS or tag in _HEADINGS):
            self.media.embedded(node, tag)
        elif tag in _INLINE and is_formula(node):
            self.media.embedded(node, "vote" if node.get("data-vote") else "formula")
        elif tag not in _BLOCKS and tag not in _HEADINGS:
            # So does a browser with an element that it does not know.
            gap = Gap.LINE if _is_line_of_code(node) else parted(declarations(node.get("style", "")))
            self._gap = max(self._gap, gap)
            self._inline(node, tag)
            self._gap = max(self._gap, gap)
        else:
            self.flush()
            self._block(node, tag)
            self.flush()

    def hides(self, node: Any) -> bool:  # noqa: ANN401
        """Tell whether nothing of an element is to be seen, and list its words then."""
        hidden = node.tag not in {"body", "html"} and gone(node.attrib, declarations(node.get("style", "")))
        if hidden:
            self.builder.leave_out("hidden_text", self.said(node))
        return hidden

    def child(self, node: Any) -> None:  # noqa: ANN401
        """Read one child, whatever it is; what follows it is the caller's."""
        if isinstance(node.tag, str):
            self.element(node)
        else:
            self._comment(node)

    def look_in(self, node: Any) -> Look:  # noqa: ANN401
        """Return how text is shown in a node of which only the children are read."""
        return look(self.look, node.tag, node.attrib, declarations(node.get("style", "")))

    def words_of(self, node: Any) -> str:  # noqa: ANN401
        """Return the words of a node for a place that holds no markup, such as a caption."""
        if self.hides(node):
            return ""
        with self.within(node):
            inner = self.inner()
            inner.walk(node)
            inner.flush()
        words = []
        for block in inner.builder.blocks:
            if isinstance(block, TEXT_BLOCKS):
                words.append(self.builder.plain(run_of(block.text, block.spans)))
            else:
                self.builder.blocks.append(block)
        return " ".join(" ".join(words).split())

    def _inline(self, node: Any, tag: str) -> None:  # noqa: ANN401
        if tag == "q":
            self._cited(node)
            opening, closing = "“”" if self.quotes % 2 == 0 else "‘’"
            self.quotes += 1
            self.add(opening)
            self.walk(node)
            self.add(closing)
            self.quotes -= 1
            return
        if tag == "ruby":
            Ruby(self).read(node)
            return
        anchor = self.anchor
        self._cited(node)
        if tag == "a" and (node.get("href", "").strip() or is_platform_link(node)):
            self.anchor = self.builder.link(link_of(node), " ".join("".join(_words(node)).split()))
        self.walk(node)
        self.anchor = anchor

    def _block(self, node: Any, tag: str) -> None:  # noqa: ANN401 – one case a kind of block
        shape, level = self.shape, self.level
        match tag:
            case "ul" | "ol" | "menu" | "dir":
                self.sign_alone()
                self.lists.begin(node, tag)
                self._inside(node)
                self.lists.end()
            case "li":
                self._item(node)
            case "table":
                from app.drafts.intake.tables import read_table

                read_table(self, node)
            case "figure":
                self.media.figure(node)
            case "hr":
                self.sign_alone()
                self.builder.divider()
            case _:
                if tag in _HEADINGS:
                    self.shape, self.level = Shape.HEADING, _HEADINGS[tag]
                elif tag == "blockquote":
                    self.shape = Shape.QUOTE
                    self._cited(node)
                elif tag == "pre":
                    self._language(node)
                self._inside(node)
        self.shape, self.level = shape, level

    def _inside(self, node: Any) -> None:  # noqa: ANN401
        self.walk(node)
        self.flush()

    def _item(self, node: Any) -> None:  # noqa: ANN401
        sign, shape = self.sign, self.shape
        self.sign, ticked = self.lists.item(node)
        self.shape = Shape.LIST_ITEM if self.sign is not None else Shape.PARAGRAPH
        self.add(ticked)
        self._inside(node)
        self.sign, self.shape = sign, shape

    def sign_alone(self) -> None:
        """Let an item that begins with no text keep its number before what it begins with."""
        if self.sign is not None and self.shape is Shape.LIST_ITEM:
            self.builder.sign_alone(self.sign)
            self.sign = None

    def add(self, text: str | None) -> None:
        """Append text as it is shown where the reader stands."""
        if not text:
            return
        text = self.builder.without_controls(text)
        if self.look.unseen:
            self.unseen.append(text)
            return
        if is_unknown_sign(text, self.look):
            self.builder.leave_out("symbol_font", f"{text}（{self.look.font}）")
        text = drawn(transformed(text, self.look), self.look)
        for kind in self.look.remarks - ({"size"} if self.shape is Shape.HEADING else set()):
            self.builder.leave_out(kind, text)
        if self.look.faint:
            self.builder.leave_out("faint", text)
        self._part(text)
        if not self._begun:
            self._align, self._begun = self.look.align, not text.isspace()
        if self.look.keeps_lines:
            text = text.replace("\n", HARD).replace(" ", KEPT).replace("\t", TAB)
        self.run.add(*self._marked(text))

    def _part(self, text: str) -> None:
        """Keep words that are shown apart from running into those before."""
        if not text or text.isspace():
            return
        numbers = self._last.isalnum() and text[0].isalnum() and not (wide(self._last) or wide(text[0]))
        if self._begun and self._last and self._gap:
            if self._gap is Gap.LINE:
                self.run.add(HARD)
            elif self._gap is Gap.SPACE or numbers:
                self.run.add(" ")
        self._gap, self._last = Gap.NONE, text[-1]

    def _marked(self, text: str) -> tuple[str, frozenset[Mark]]:
        marks = self._marks()
        if marks >= _SCRIPTS:
            # What is lowered within what is raised has no character of its own: 2<sup>10<sub>3</sub></sup>.
            return text, marks
        for kind in (SpanKind.SUPERSCRIPT, SpanKind.SUBSCRIPT):
            if (kind, None) in marks and (own := own_characters(kind, text)) is not None:
                return own, marks - {(kind, None)}
        return text, marks

    def _marks(self) -> frozenset[Mark]:
        marks: set[Mark] = {(kind, None) for kind in self.look.marks}
        if self.anchor:
            marks.add(self.anchor)
        return frozenset(marks)

    def _titled(self, node: Any) -> None:  # noqa: ANN401
        for words in dict.fromkeys(node.get(name, "").strip() for name in _HINTS):
            if words and words not in "".join(_words(node)) and node.get("alt", "").strip() != words:
                self.builder.leave_out("title_attribute", words)

    def _cited(self, node: Any) -> None:  # noqa: ANN401
        """List where a quotation or a change is from."""
        if node.tag in _CITING and (address := node.get("cite", "").strip()):
            self.builder.leave_out("link", address)

    def _language(self, node: Any) -> None:  # noqa: ANN401
        """List what a block of code says of itself: `language-python`, `lang="c"`, `brush: sql`."""
        for element in (node, *node.findall("code")):
            names = [element.get(name, "") for name in ("data-lang", "data-language", "data-info")]
            names += _LANGUAGE.findall(element.get("class", ""))
            for words in dict.fromkeys(name.strip() for name in names):
                self.builder.leave_out("code_language", words)

    def _comment(self, node: Any) -> None:  # noqa: ANN401
        if node.tag is etree.Comment:
            words = node.text or ""
            if _OF_WORD.match(words):
                self.builder.leave_out("word_markup", "条件注释")
            else:
                self.builder.leave_out("comment", words)
        elif node.tag is etree.ProcessingInstruction or node.tag is etree.PI:
            self.builder.leave_out("markup", str(node))

    def _leave_out(self, node: Any) -> None:  # noqa: ANN401
        tag = node.tag.lower()
        if tag == "input" and (box := _BOXES.get(node.get("type", "").lower())):
            self.add(box["checked" in node.attrib])
            return
        if tag == "style" and says_something(self.text_of(node)):
            self.builder.leave_out("style_sheet", "样式表没有读")
        if tag in _NAMES_NOTHING and not (tag == "link" and node.get("href")):
            return
        if tag == "svg":
            self.media.drawn(node)
        chosen = "、".join(said(option) for option in node.iter("option") if "selected" in option.attrib)
        what = self.said(node).strip() + (f"（选中：{chosen}）" if chosen else "")
        self.builder.leave_out(_KINDS.get(tag, tag), what or f"<{tag}>")

    def said(self, node: Any) -> str:  # noqa: ANN401
        """Return the words, names and addresses in a node, in their order."""
        return self.builder.without_controls(said(node))

    def text_of(self, node: Any) -> str:  # noqa: ANN401
        """Return all words in a node, in their order."""
        return self.builder.without_controls("".join(_words(node)))


def _is_line_of_code(node: Any) -> bool:  # noqa: ANN401
    """Tell whether an element is one line of many: WeChat has each line of a program as `code` in a `pre`."""
    around = node.getparent()
    return (
        node.tag == "code" and around is not None and around.tag == "pre" and len(around.findall("code")) > 1
    )


def _words(node: Any) -> Iterator[str]:  # noqa: ANN401
    for element in node.iter():
        if isinstance(element.tag, str) and element.text:
            yield element.text
        if element is not node and element.tail:
            yield element.tail
