"""HTML into blocks: the words, their order and simple marks; everything else is listed as left out."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from lxml import etree, html

from app.domain.document import TEXT_BLOCKS, Image, SpanKind, Table
from app.drafts.builder import HARD, Builder, Inline, Mark, Shape

_MARKS = {
    "b": SpanKind.BOLD,
    "strong": SpanKind.BOLD,
    "i": SpanKind.ITALIC,
    "em": SpanKind.ITALIC,
    "u": SpanKind.UNDERLINE,
    "ins": SpanKind.UNDERLINE,
}
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_INLINE = frozenset(
    {
        *_MARKS,
        "a",
        "abbr",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "data",
        "dfn",
        "font",
        "kbd",
        "label",
        "mark",
        "q",
        "rb",
        "ruby",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "sub",
        "sup",
        "time",
        "tt",
        "var",
        "wbr",
    }
)
#: What is never shown as text, or does more than say something.
_LEFT_OUT = frozenset(
    {
        "script",
        "style",
        "noscript",
        "template",
        "iframe",
        "object",
        "embed",
        "applet",
        "svg",
        "math",
        "canvas",
        "audio",
        "video",
        "input",
        "button",
        "select",
        "textarea",
        "map",
        "frameset",
        "frame",
        "link",
        "meta",
        "base",
        "rt",
        "rp",
        "del",
        "datalist",
        "dialog",
        "progress",
        "meter",
    }
)
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d])"
)
_CUT_OFF = re.compile(r"<[A-Za-z/][^<>]*$")
_NAMES_NOTHING = frozenset({"link", "meta", "base", "style"})


def read_html(text: str, builder: Builder, *, titles: bool = True) -> None:
    """Append the blocks of an HTML text; its first `h1`, else its `title`, is offered as the title."""
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
    reader = _Reader(builder, titles=titles)
    reader.outside(root)
    for head in root.findall("head"):
        reader.head(head)
    for body in root.findall("body"):
        reader.walk(body)
        reader.flush()
    reader.settle()


class _Reader:
    def __init__(self, builder: Builder, *, titles: bool) -> None:
        self.builder = builder
        self.titles = titles
        self.page_title = ""
        self.run = Inline()
        self.marks: list[Mark] = []
        self.shape, self.level = Shape.PARAGRAPH, 1
        self.lists: list[bool] = []
        self.keeps_lines = False
        self.images: list[tuple[str, str, str]] = []
        self.caption = ""

    def outside(self, root: Any) -> None:  # noqa: ANN401 – lxml has no types
        for node in root.itersiblings(preceding=True):
            self._comment(node)
        for node in root.itersiblings():
            self._comment(node)

    def head(self, head: Any) -> None:  # noqa: ANN401
        for node in head:
            if node.tag == "title" and not self.page_title:
                self.page_title = " ".join(self._text_of(node).split())
            elif not isinstance(node.tag, str):
                self._comment(node)
            else:
                self._leave_out(node)

    def settle(self) -> None:
        if self.page_title and self.page_title != self.builder.title:
            if self.titles and self.builder.title is None:
                self.builder.offer_title(self.page_title)
            else:
                self.builder.leave_out("page_title", self.page_title)

    def walk(self, node: Any) -> None:  # noqa: ANN401
        """Read a node's text, its children and what follows each of them."""
        self._add(node.text)
        for child in node:
            if isinstance(child.tag, str):
                self._element(child)
            else:
                self._comment(child)
            self._add(child.tail)

    def flush(self) -> None:
        """End the block that is being read."""
        run, self.run = self.run if self.keeps_lines else self.run.collapse(), Inline()
        if self.shape is Shape.HEADING and self.level == 1 and self.titles and run.text.strip():
            self.builder.offer_title(run.text, at=len(self.builder.blocks))
        self.builder.text(
            run,
            self.shape,
            level=max(1, min(4, self.level - 1)),
            ordered=bool(self.lists and self.lists[-1]),
            depth=max(0, len(self.lists) - 1),
        )
        if self.shape is Shape.LIST_ITEM and run.text.strip():
            # What follows in the same item is no item of its own.
            self.shape = Shape.PARAGRAPH
        images, self.images = self.images, []
        for address, alt, caption in images:
            self.builder.image(address, alt, caption)

    def _element(self, node: Any) -> None:  # noqa: ANN401
        tag = node.tag.lower()
        if tag in _LEFT_OUT:
            self._leave_out(node)
        elif "hidden" in node.attrib or _HIDDEN.search(node.get("style", "").lower()):
            self.builder.leave_out("hidden_text", self._text_of(node))
        elif tag == "br":
            self.run.add("\n" if self.keeps_lines else HARD, frozenset(self.marks))
        elif tag == "img":
            self.images.append((node.get("src", ""), node.get("alt", ""), self.caption))
            self.caption = ""
        elif tag in _INLINE or ":" in tag:
            self._inline(node, tag)
        else:
            self.flush()
            self._block(node, tag)
            self.flush()

    def _inline(self, node: Any, tag: str) -> None:  # noqa: ANN401
        mark: Mark | None = (_MARKS[tag], None) if tag in _MARKS else None
        if tag == "a" and (href := node.get("href")):
            mark = self.builder.link(href)
        if tag in {"s", "strike"}:
            self.builder.leave_out("strikethrough", self._text_of(node))
            return
        self.marks += [mark] if mark else []
        self.walk(node)
        if mark:
            self.marks.pop()

    def _block(self, node: Any, tag: str) -> None:  # noqa: ANN401
        shape, level = self.shape, self.level
        if tag in _HEADINGS:
            self.shape, self.level = Shape.HEADING, _HEADINGS[tag]
            self.walk(node)
            self.flush()
        elif tag in {"ul", "ol", "menu", "dir"}:
            self.lists.append(tag == "ol")
            self.walk(node)
            self.flush()
            self.lists.pop()
        elif tag == "li":
            self.shape = Shape.LIST_ITEM
            self.lists += [] if self.lists else [False]
            self.walk(node)
            self.flush()
        elif tag == "blockquote":
            self.shape = Shape.QUOTE
            self.walk(node)
            self.flush()
        elif tag in {"pre", "listing", "xmp", "plaintext"}:
            self.keeps_lines = True
            self.walk(node)
            self.flush()
            self.keeps_lines = False
        elif tag == "table":
            self._table(node)
        elif tag == "figure":
            self._figure(node)
        elif tag == "hr":
            self.builder.divider()
        else:
            self.walk(node)
            self.flush()
        self.shape, self.level = shape, level

    def _table(self, table: Any) -> None:  # noqa: ANN401
        parts = list(_parts(table, self._add))
        self.flush()
        cells = [cell for part in parts if part.tag == "tr" for cell in part if isinstance(cell.tag, str)]
        if len(cells) == 1:
            # A table of one cell is how mail and WeChat editors draw a box: its content is text.
            for part in parts:
                self._boxed(part)
            return
        rows: list[list[str]] = []
        caption, pictures = "", list[Image]()
        for part in parts:
            if part.tag == "caption":
                caption = self._cell(part, pictures)
            elif part.tag == "tr":
                rows.append([self._cell(cell, pictures) for cell in part if isinstance(cell.tag, str)])
            elif isinstance(part.tag, str):
                self._element(part)
            else:
                self._comment(part)
        self.flush()
        rows = [row for row in rows if row]
        if not rows:
            self._add(caption)
            self.flush()
        self.builder.table(rows, caption)
        self.builder.blocks.extend(pictures)

    def _boxed(self, part: Any) -> None:  # noqa: ANN401
        if part.tag == "tr":
            for cell in part:
                if isinstance(cell.tag, str):
                    self.walk(cell)
                else:
                    self._comment(cell)
        elif part.tag == "caption":
            self.walk(part)
        elif isinstance(part.tag, str):
            self._element(part)
        else:
            self._comment(part)
        self.flush()

    def _cell(self, cell: Any, pictures: list[Image]) -> str:  # noqa: ANN401
        inner = _Reader(Builder(left_out=self.builder.left_out), titles=False)
        inner.walk(cell)
        inner.flush()
        lines = []
        for block in inner.builder.blocks:
            if isinstance(block, Image):
                pictures.append(block)
            elif isinstance(block, Table):
                lines += [
                    text for text in (block.caption, *(text for row in block.rows for text in row)) if text
                ]
            elif isinstance(block, TEXT_BLOCKS):
                lines.append(block.text)
                for span in block.spans:
                    self.builder.leave_out("link", span.href or "")
        return "\n".join(lines)

    def _figure(self, figure: Any) -> None:  # noqa: ANN401
        captions = list(figure.iter("figcaption"))
        alone = len(list(figure.iter("img"))) == 1 and figure.find(".//table") is None
        if alone and len(captions) == 1 and captions[0].find(".//img") is None:
            self.caption = " ".join(self._text_of(captions[0]).split())
            captions[0].clear(keep_tail=True)
        self.walk(figure)
        self.flush()
        if self.caption:
            # The picture is hidden, so its words stand for themselves.
            self._add(self.caption)
            self.caption = ""
            self.flush()

    def _add(self, text: str | None) -> None:
        if text:
            self.run.add(self.builder.without_controls(text), frozenset(self.marks))

    def _comment(self, node: Any) -> None:  # noqa: ANN401
        if node.tag is etree.Comment:
            self.builder.leave_out("comment", node.text or "")
        elif node.tag is etree.ProcessingInstruction or node.tag is etree.PI:
            self.builder.leave_out("markup", str(node))

    def _leave_out(self, node: Any) -> None:  # noqa: ANN401
        tag = node.tag.lower()
        if tag in _NAMES_NOTHING and not (tag == "link" and node.get("href")):
            # How a page looks and what it is called by machines is no content.
            return
        what = self._text_of(node) or node.get("src") or node.get("data") or node.get("href") or f"<{tag}>"
        self.builder.leave_out({"rt": "ruby", "rp": "ruby", "del": "deleted_text"}.get(tag, tag), what)

    def _text_of(self, node: Any) -> str:  # noqa: ANN401
        return self.builder.without_controls("".join(_words(node)))


def _words(node: Any) -> Iterator[str]:  # noqa: ANN401
    for one in node.iter():
        if isinstance(one.tag, str) and one.text:
            yield one.text
        if one is not node and one.tail:
            yield one.tail


def _parts(table: Any, stray: Callable[[str | None], None]) -> Iterator[Any]:  # noqa: ANN401
    """Yield rows, captions and whatever else lies in a table; text outside of cells goes to `stray`."""
    stray(table.text)
    for node in table:
        if node.tag in {"tbody", "thead", "tfoot"}:
            yield from _parts(node, stray)
        elif node.tag not in {"colgroup", "col"}:
            yield node
            if node.tag == "tr":
                stray(node.text)
                for cell in node:
                    stray(cell.tail)
        stray(node.tail)
