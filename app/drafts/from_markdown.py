"""Markdown (CommonMark with tables) into blocks."""

from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from app.domain.document import SpanKind
from app.drafts.builder import HARD, Builder, Inline, Mark, Shape
from app.drafts.from_html import read_html

#: Deeper nesting is refused: the parser would leave out what lies below without a word.
DEEPEST = 60

_parser = MarkdownIt("commonmark", {"html": True, "maxNesting": DEEPEST + 20}).enable("table")
_MARKS = {"strong_open": SpanKind.BOLD, "em_open": SpanKind.ITALIC}


def read_markdown(text: str, builder: Builder) -> None:
    """Append the blocks of a Markdown text; its first heading of level 1 is offered as the title.

    Raises `RecursionError` for nesting that nobody writes.
    """
    tokens = _parser.parse(text)
    if any(token.level > DEEPEST for token in tokens):
        raise RecursionError
    _Reader(builder).read(tokens)


class _Reader:
    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.lists: list[bool] = []
        self.quotes = 0
        # Whether the next paragraph begins a list item; its later paragraphs are ordinary ones.
        self.item_begins = False
        self.rows: list[list[str]] = []

    def read(self, tokens: Sequence[Token]) -> None:  # noqa: C901, PLR0912 – one case a kind of token
        level = 0
        for token in tokens:
            match token.type:
                case "heading_open":
                    level = int(token.tag[1])
                case "inline" if self.rows and token.level > 2:
                    self.rows[-1].append(self._run(token).text)
                case "inline":
                    self._block(token, level)
                    level = 0
                case "bullet_list_open" | "ordered_list_open":
                    self.lists.append(token.type == "ordered_list_open")
                case "bullet_list_close" | "ordered_list_close":
                    self.lists.pop()
                case "list_item_open":
                    self.item_begins = True
                case "blockquote_open":
                    self.quotes += 1
                case "blockquote_close":
                    self.quotes -= 1
                case "tr_open":
                    self.rows.append([])
                case "table_close":
                    self.builder.table(self.rows)
                    self.rows = []
                case "fence" | "code_block":
                    self._code(token.content)
                case "hr":
                    self.builder.divider()
                case "html_block":
                    read_html(token.content, self.builder, titles=False)

    def _block(self, token: Token, level: int) -> None:
        images: list[tuple[str, str]] = []
        run = self._run(token, images)
        if level:
            if level == 1:
                self.builder.offer_title(run.text, at=len(self.builder.blocks))
            self.builder.text(run, Shape.HEADING, level=max(1, min(4, level - 1)))
        elif self.lists and self.item_begins:
            self.builder.text(run, Shape.LIST_ITEM, ordered=self.lists[-1], depth=len(self.lists) - 1)
        else:
            self.builder.text(run, Shape.QUOTE if self.quotes else Shape.PARAGRAPH)
        self.item_begins = False
        for address, alt in images:
            self.builder.image(address, alt)

    def _code(self, content: str) -> None:
        run = Inline()
        run.add(content)
        self.builder.text(run, Shape.PARAGRAPH)

    def _run(  # noqa: C901, PLR0912 – one case a kind of token
        self, token: Token, images: list[tuple[str, str]] | None = None
    ) -> Inline:
        run, marks = Inline(), list[Mark]()
        for child in token.children or ():
            over = frozenset(marks)
            match child.type:
                case "text" | "code_inline":
                    run.add(self.builder.without_controls(child.content), over)
                case "softbreak":
                    run.add("\n", over)
                case "hardbreak":
                    run.add(HARD, over)
                case "strong_open" | "em_open":
                    marks.append((_MARKS[child.type], None))
                case "strong_close" | "em_close":
                    _close(marks, _MARKS[child.type.replace("close", "open")])
                case "link_open":
                    href = str(child.attrGet("href") or "")
                    if images is None:
                        self.builder.leave_out("link", href)
                    elif mark := self.builder.link(href):
                        marks.append(mark)
                case "link_close":
                    _close(marks, SpanKind.LINK)
                case "image":
                    address = str(child.attrGet("src") or "")
                    if images is None:
                        self.builder.leave_out("image", f"{child.content} {address}")
                    else:
                        images.append((address, child.content))
                case "html_inline":
                    self._tag(child.content, run, over)
        return run.collapse()

    def _tag(self, tag: str, run: Inline, over: frozenset[Mark]) -> None:
        if tag.lower().replace(" ", "") in {"<br>", "<br/>"}:
            run.add(HARD, over)
        else:
            self.builder.leave_out("comment" if tag.startswith("<!--") else "markup", tag)


def _close(marks: list[Mark], kind: SpanKind) -> None:
    for index in range(len(marks) - 1, -1, -1):
        if marks[index][0] is kind:
            del marks[index]
            return
