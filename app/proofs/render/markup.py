"""From blocks to HTML, the same for every layout: words escaped, inline markup nested, lists gathered."""

from collections.abc import Callable, Iterator, Sequence
from html import escape
from itertools import groupby, pairwise
from urllib.parse import urlsplit

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

#: From the outermost to the innermost.
_ORDER = (SpanKind.LINK, SpanKind.BOLD, SpanKind.ITALIC, SpanKind.UNDERLINE)
_TAGS = {SpanKind.BOLD: "strong", SpanKind.ITALIC: "em", SpanKind.UNDERLINE: "u"}
_SCHEMES = frozenset({"http", "https", "mailto"})


def inline(text: str, spans: Sequence[Span]) -> str:
    """Return the words with their inline markup; ranges that cross are cut so that the tags nest."""
    cuts = sorted({0, len(text), *(edge for span in spans for edge in (span.start, span.end))})
    pieces = []
    for start, end in pairwise(cuts):
        on = {span.kind: span for span in spans if span.start <= start and end <= span.end}
        # A line break inside a block is a break that the author made.
        words = escape(text[start:end]).replace("\n", "<br>")
        for kind in reversed(_ORDER):
            if kind in on:
                words = _wrapped(words, on[kind])
        pieces.append(words)
    return "".join(pieces)


def _wrapped(words: str, span: Span) -> str:
    if span.kind is not SpanKind.LINK:
        tag = _TAGS[span.kind]
        return f"<{tag}>{words}</{tag}>"
    href = span.href or ""
    # An address that a browser would run as a script is no address of a page.
    if urlsplit(href.strip()).scheme.lower() not in _SCHEMES:
        return words
    return f'<a href="{escape(href)}">{words}</a>'


def asset(sha256: str) -> str:
    """Return where the bytes of a picture or a video lie."""
    return f"/api/v1/assets/{sha256}"


def body(blocks: Sequence[Block], *, heading: Callable[[Heading], str] | None = None) -> str:
    """Return the blocks as HTML, one a line; consecutive list items become lists."""
    lines: list[str] = []
    for is_list, group in groupby(blocks, key=lambda block: isinstance(block, ListItem)):
        if is_list:
            lines.append(_list([block for block in group if isinstance(block, ListItem)]))
        else:
            lines += [_block(block, heading) for block in group]
    return "\n".join(lines) + "\n"


def _block(block: Block, heading: Callable[[Heading], str] | None) -> str:
    match block:
        case Heading():
            if heading is not None:
                return heading(block)
            level = block.level + 1
            return f"<h{level}>{inline(block.text, block.spans)}</h{level}>"
        case Paragraph():
            return f"<p>{inline(block.text, block.spans)}</p>"
        case Quote():
            return f"<blockquote><p>{inline(block.text, block.spans)}</p></blockquote>"
        case Table():
            return _table(block)
        case Image():
            return _figure(block)
        case Divider():
            return "<hr>"
        case ListItem():
            return _list([block])
        case _:
            shown = f'<video controls src="{asset(block.sha256)}"></video>'
            return f"<figure>{shown}{_caption(block.caption)}</figure>"


def _figure(image: Image) -> str:
    words = "　".join(part for part in (image.caption, image.credit) if part)
    return f'<figure><img src="{asset(image.sha256)}" alt="{escape(image.alt)}">{_caption(words)}</figure>'


def _caption(words: str) -> str:
    return f"<figcaption>{escape(words)}</figcaption>" if words else ""


def _table(table: Table) -> str:
    head, *rest = table.rows
    caption = f"<caption>{escape(table.caption)}</caption>" if table.caption else ""
    first = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    rows = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rest)
    return f"<table>{caption}<thead><tr>{first}</tr></thead><tbody>{rows}</tbody></table>"


def _list(items: Sequence[ListItem]) -> str:
    return "".join(_nested(list(items), 0))


def _nested(items: list[ListItem], depth: int) -> Iterator[str]:
    while items:
        tag = "ol" if items[0].ordered else "ul"
        yield f"<{tag}>"
        while items and (items[0].depth > depth or ("ol" if items[0].ordered else "ul") == tag):
            if items[0].depth < depth:
                break
            item = items.pop(0)
            yield f"<li>{inline(item.text, item.spans)}"
            if items and items[0].depth > depth:
                deeper = []
                while items and items[0].depth > depth:
                    deeper.append(items.pop(0))
                yield from _nested(deeper, depth + 1)
            yield "</li>"
        yield f"</{tag}>"
