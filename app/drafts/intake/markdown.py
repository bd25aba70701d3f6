"""Markdown into blocks: it is laid out as HTML, and read as that.

CommonMark with tables, strikethrough, footnotes, task lists and front matter; what differs stands in
`markdown_rules`.
"""

import re
from collections.abc import Iterator, MutableMapping, Sequence
from html import escape
from itertools import groupby, repeat
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from app.drafts.intake import definitions, front_matter
from app.drafts.intake import markdown_rules as rules
from app.drafts.intake.builder import Builder
from app.drafts.intake.html import read_html

#: Deeper nesting is refused: the parser would leave out what lies below without a word.
DEEPEST = 60
#: A tag whose content a browser does not read as text; without its end it would take all that follows.
_SWALLOWS = re.compile(
    r"<(?=(title|textarea|style|xmp|iframe|noembed|noframes|script|plaintext|select|template|noscript)\b)",
    re.IGNORECASE,
)
#: How Chinese writers begin a paragraph: wide spaces, or the sign of an item that is no list to Markdown.
_BEGINS = re.compile(
    r"[\u3000\ufdd0]{2}|[①-⑳㈠-㈩]|[一二三四五六七八九十百零〇]{1,5}[、．.]|[（(](?:[一二三四五六七八九十]{1,3}|\d{1,3})[）)]"
    r"|(?:\d{1,3}|[０-９]{1,3})[、．）]|\d{1,3}\.(?=[\u4e00-\u9fff《“])|第[一二三四五六七八九十百零〇\d]{1,6}[条章节款项编]"
    r"|(?:[A-Za-z]|[ivx]{2,4})[.．、)）]\s*(?=[\u4e00-\u9fff《“])"
)
#: Wide and fixed spaces that begin a line are its writer's; the parser would strip them as its own.
#: Noncharacters hold their places meanwhile.
_INDENT = re.compile("^[\u3000\u00a0\u2002\u2003]+", re.MULTILINE)
_HELD = str.maketrans("\u3000\u00a0\u2002\u2003", "\ufdd0\ufdd1\ufdd2\ufdd3")
_FREED = {held: space for space, held in _HELD.items()}
_TASK = re.compile(r"\[([ xX])\][ \u3000]+")


class _Renderer(RendererHTML):
    """Lays tokens out so that nothing of the source is lost: numbers of items, footnotes."""

    def note_reference(self, tokens: Sequence[Token], index: int, _: Any, __: Any) -> str:  # noqa: ANN401
        """Return the mark of a footnote."""
        return f"<sup>[{tokens[index].content}]</sup>"

    def definition(self, tokens: Sequence[Token], index: int, _: Any, env: Any) -> str:  # noqa: ANN401
        """Return a definition that no link uses as it was written."""
        token = tokens[index]
        return f"<p>{escape(token.content)}</p>\n" if definitions.shown(token, env) else ""

    def fence(self, tokens: Sequence[Token], index: int, _: Any, __: Any) -> str:  # noqa: ANN401
        """Return a block of code, with what its fence says of it as an attribute."""
        token = tokens[index]
        said = f' data-info="{escape(token.info.strip())}"' if token.info.strip() else ""
        return f"<pre{said}><code>{escape(token.content)}</code></pre>\n"

    def html_inline(self, tokens: Sequence[Token], index: int, _: Any, __: Any) -> str:  # noqa: ANN401
        """Return a tag as it is, or as text where it would swallow what follows."""
        return _kept(tokens[index].content, "".join(token.content for token in tokens[index + 1 :]))

    def html_block(self, tokens: Sequence[Token], index: int, _: Any, __: Any) -> str:  # noqa: ANN401
        """Return a block of HTML as it is, or as text where it would swallow what follows."""
        return _kept(tokens[index].content, "")

    def softbreak(self, tokens: Sequence[Token], index: int, _: Any, __: Any) -> str:  # noqa: ANN401
        """Return a line end, which the reader of HTML weighs; before a new paragraph it is a break."""
        following = tokens[index + 1].content if index + 1 < len(tokens) else ""
        return "<br>\n" if _BEGINS.match(following) else "\n"


def _parser() -> MarkdownIt:
    parser = MarkdownIt("zero", renderer_cls=_Renderer)
    parser.inline = rules.Inlines()
    parser.configure("commonmark", {"html": True, "maxNesting": DEEPEST + 20})
    parser.enable(["strikethrough"])
    parser.block.ruler.before(
        "html_block", "whole_html", rules.whole_html, {"alt": ["paragraph", "blockquote"]}
    )
    parser.block.ruler.at("reference", definitions.definition)
    parser.block.ruler.before("reference", "note", definitions.note_block)
    parser.block.ruler.at("html_block", rules.html_of_tags, {"alt": ["paragraph", "reference", "blockquote"]})
    parser.block.ruler.before("paragraph", "rows", rules.table_block, {"alt": ["paragraph", "reference"]})
    parser.inline.ruler.at("link", rules.bounded_link)
    parser.inline.ruler.at("image", rules.bounded_image)
    parser.inline.ruler.at("autolink", rules.bounded_autolink)
    parser.inline.ruler.at("html_inline", rules.html_tag)
    parser.inline.ruler.before("link", "note_reference", definitions.note_reference)
    # Addresses stay as they were typed; what may be linked is judged by the builder, which lists the rest.
    parser.normalizeLink = lambda url: url  # type: ignore[method-assign]
    parser.validateLink = lambda url: bool(url) or True  # type: ignore[method-assign]
    return parser


_PARSER = _parser()


def read_markdown(text: str, builder: Builder) -> None:
    """Append the blocks of a Markdown text; its first heading of level 1 is offered as the title.

    Raises what `read_html` raises.
    """
    body = front_matter.read(text, builder)
    env: MutableMapping[str, Any] = {}
    read_html(as_html(body, env), builder)
    for reference in env.get("undefined", ()):
        builder.leave_out("footnote", reference)


def as_html(text: str, env: MutableMapping[str, Any] | None = None) -> str:
    """Return a Markdown text as HTML. Raises `RecursionError` for nesting that nobody writes.

    `env` is given what the text defines, and its references to footnotes that it does not.
    """
    env = {} if env is None else env
    text = _INDENT.sub(lambda match: match[0].translate(_HELD), text)
    tokens = _PARSER.parse(text, env)
    if any(token.level > DEEPEST for token in tokens):
        raise RecursionError
    _number(tokens)
    _tick(tokens)
    # Notes are parsed first: they too may use the addresses that the text defines.
    notes = _notes(env)
    return (str(_PARSER.renderer.render(tokens, _PARSER.options, env)) + notes).translate(_FREED)


def _notes(env: MutableMapping[str, Any]) -> str:
    """Return the footnotes below the text: those that are cited in their order, then the others."""
    notes: dict[str, str] = env.get("notes", {})
    numbers: dict[str, int] = env.setdefault("cited", {})
    # A note may cite another one: all have their numbers before the first is read.
    for label in notes:
        numbers.setdefault(label, len(numbers) + 1)
    shown = []
    for key, number in numbers.items():
        own = _PARSER.parse(notes[key], env) if notes[key] else []
        words = str(_PARSER.renderer.render(own, _PARSER.options, env)).strip()
        mark = f"[{number}] "
        shown.append(f"<p>{mark}{words[3:]}" if words.startswith("<p>") else f"<p>{mark}</p>{words}")
    return "\n".join(shown)


def _number(tokens: Sequence[Token]) -> None:
    """Give each item of an ordered list the number that stands before it in the source.

    Where a writer typed the same 0 or 1 before item after item, they are counted on.
    """
    lists: list[list[Token]] = []
    for token in tokens:
        if token.type in {"ordered_list_open", "bullet_list_open"}:
            lists.append([])
        elif token.type == "list_item_open" and token.info.isascii() and token.info.isdigit():
            lists[-1].append(token)
        elif token.type in {"ordered_list_close", "bullet_list_close"}:
            items = lists.pop()
            for item, number in zip(items, _counted([int(item.info) for item in items]), strict=True):
                item.attrSet("value", str(number))
                if item.markup == ")":
                    item.attrSet("style", f"list-style-type:'{number}) '")


def _counted(typed: Sequence[int]) -> Iterator[int]:
    for number, run in groupby(typed):
        count = len(list(run))
        yield from range(number, number + count) if number in {0, 1} else repeat(number, count)


def _tick(tokens: Sequence[Token]) -> None:
    """Write the boxes of a task list as the signs that they stand for."""
    for index, token in enumerate(tokens[2:], 2):
        if token.type == "inline" and tokens[index - 2].type == "list_item_open" and token.children:
            first = token.children[0]
            if first.type == "text" and (box := _TASK.match(first.content)):
                first.content = ("☐ " if box[1] == " " else "☑ ") + first.content[box.end() :]


def _kept(markup: str, following: str) -> str:
    """Return markup in which a tag that would swallow the rest of the document is text."""

    def shown(match: re.Match[str]) -> str:
        ends = re.compile(rf"</{match[1]}\b", re.IGNORECASE)
        after = markup[match.end() :]
        return "<" if ends.search(after) or ends.search(following) else escape("<")

    return _SWALLOWS.sub(shown, markup)
