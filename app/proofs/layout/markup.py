"""From blocks to HTML, the same for every layout: words escaped, inline markup nested, lists gathered."""

import re
from collections.abc import Callable, Iterator, Sequence
from html import escape
from itertools import groupby, pairwise, takewhile

from app.domain.document.list_numbers import ordinals
from app.domain.document.model import (
    Block,
    Divider,
    Heading,
    Image,
    ListItem,
    Merge,
    Numbering,
    Paragraph,
    Quote,
    Span,
    SpanKind,
    Table,
    leads_out,
)

#: White space that a browser would make one space.
_SPACED = re.compile(r" {2,}|[ \t]*\t[ \t]*")
#: From the outermost to the innermost.
_ORDER = (
    SpanKind.LINK,
    SpanKind.BOLD,
    SpanKind.ITALIC,
    SpanKind.UNDERLINE,
    SpanKind.STRIKE,
    SpanKind.SUPERSCRIPT,
    SpanKind.SUBSCRIPT,
    SpanKind.EMPHASIS,
)
#: Dots under the words (着重号); older browsers know the property by its prefix alone.
_DOTTED = (
    "-webkit-text-emphasis:filled dot;-webkit-text-emphasis-position:under;"
    "text-emphasis:filled dot;text-emphasis-position:under right"
)
_TAGS = {
    SpanKind.BOLD: "strong",
    SpanKind.ITALIC: "em",
    SpanKind.UNDERLINE: "u",
    SpanKind.STRIKE: "s",
    SpanKind.SUPERSCRIPT: "sup",
    SpanKind.SUBSCRIPT: "sub",
}


def inline(text: str, spans: Sequence[Span]) -> str:
    """Return the words with their inline markup; ranges that cross are cut so that the tags nest."""
    pieces, done = [], 0
    for ruby in sorted((span for span in spans if span.kind is SpanKind.RUBY), key=lambda span: span.start):
        words = _marked(text, spans, ruby.start, ruby.end)
        reading = escape(ruby.reading or "")
        # Where the tags are not known, the reading stands in brackets behind the words.
        pieces += [
            _marked(text, spans, done, ruby.start),
            f"<ruby>{words}<rp>（</rp><rt>{reading}</rt><rp>）</rp></ruby>",
        ]
        done = ruby.end
    return "".join([*pieces, _marked(text, spans, done, len(text))])


def _marked(text: str, spans: Sequence[Span], first: int, last: int) -> str:
    """Return the words of a part of a text with their markup, readings left away."""
    cuts = sorted(
        {
            first,
            last,
            *(edge for span in spans for edge in (span.start, span.end) if first < edge < last),
        }
    )
    pieces = []
    for start, end in pairwise(cuts):
        on = {span.kind: span for span in spans if span.start <= start and end <= span.end}
        # A line break inside a block is a break that the author made.
        words = _SPACED.sub(_kept, escape(text[start:end])).replace("\n", "<br>")
        for kind in reversed(_ORDER):
            if kind in on:
                words = _wrapped(words, on[kind])
        pieces.append(words)
    return "".join(pieces)


def _kept(space: re.Match[str]) -> str:
    return f'<span style="white-space:pre-wrap">{space[0]}</span>'


def _wrapped(words: str, span: Span) -> str:
    if span.kind is SpanKind.EMPHASIS:
        return f'<span style="{_DOTTED}">{words}</span>'
    if span.kind is not SpanKind.LINK:
        tag = _TAGS[span.kind]
        return f"<{tag}>{words}</{tag}>"
    href = span.href or ""
    if not leads_out(href):
        return words
    return f'<a href="{escape(href)}">{words}</a>'


def asset(sha256: str) -> str:
    """Return where the bytes of a picture or a video lie."""
    return f"/api/v1/assets/{sha256}"


def _bare(_table: Table, shown: str) -> str:
    return shown


def body(
    blocks: Sequence[Block],
    *,
    heading: Callable[[Heading], str] | None = None,
    around_table: Callable[[Table, str], str] = _bare,
) -> str:
    """Return the blocks as HTML, one a line; consecutive list items become lists.

    `heading` and `around_table` are how a layout has these otherwise; the latter gets a table and its HTML.
    """
    lines: list[str] = []
    for is_list, group in groupby(blocks, key=lambda block: isinstance(block, ListItem)):
        if is_list:
            lines.append(_list([block for block in group if isinstance(block, ListItem)]))
        else:
            lines += [
                around_table(block, _table(block)) if isinstance(block, Table) else _block(block, heading)
                for block in group
            ]
    return "\n".join(lines) + "\n"


def _block(block: Block, heading: Callable[[Heading], str] | None) -> str:
    match block:
        case Heading():
            return (heading or _heading)(block)
        case Paragraph():
            return f"<p{aligned(block)}>{inline(block.text, block.spans)}</p>"
        case Quote():
            return f"<blockquote><p{aligned(block)}>{inline(block.text, block.spans)}</p></blockquote>"
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


def _heading(block: Heading) -> str:
    level = block.level + 1
    # HTML has six levels; a seventh is told to those who hear the page.
    deep = f' aria-level="{level}"' if level > 6 else ""
    tag = f"h{min(level, 6)}"
    return f"<{tag}{deep}{aligned(block)}>{inline(block.text, block.spans)}</{tag}>"


def aligned(block: Heading | Paragraph | Quote) -> str:
    """Return the attribute that puts a block's lines where its author did; empty for the usual place."""
    return f' style="text-align:{block.align};text-indent:0"' if block.align else ""


def _figure(image: Image) -> str:
    words = "　".join(part for part in (image.caption, image.credit) if part)
    return f'<figure><img src="{asset(image.sha256)}" alt="{escape(image.alt)}">{_caption(words)}</figure>'


def _caption(words: str) -> str:
    return f"<figcaption>{escape(words)}</figcaption>" if words else ""


def _table(table: Table) -> str:
    merged = {(merge.row, merge.column): merge for merge in table.merges}
    covered, spans = table.covered(), table.spans_of()
    caption = f"<caption>{escape(table.caption)}</caption>" if table.caption else ""
    rows = []
    for row, cells in enumerate(table.rows):
        shown = ""
        for column, text in enumerate(cells):
            if (row, column) in covered:
                continue
            tag, attributes = ("th", "") if row < table.head_rows else ("td", "")
            merge = merged.get((row, column), Merge(row=row, column=column))
            if tag == "th":
                attributes = ' scope="colgroup"' if merge.columns > 1 else ' scope="col"'
            attributes += f' colspan="{merge.columns}"' if merge.columns > 1 else ""
            attributes += f' rowspan="{merge.rows}"' if merge.rows > 1 else ""
            shown += f"<{tag}{attributes}>{inline(text, spans.get((row, column), ()))}</{tag}>"
        rows.append(f"<tr>{shown}</tr>")
    head, rest = "".join(rows[: table.head_rows]), "".join(rows[table.head_rows :])
    head = f"<thead>{head}</thead>" if head else ""
    return f"<table>{caption}{head}<tbody>{rest}</tbody></table>"


#: How a browser is told to write the numbers; those that HTML has no letter for by a style.
_NUMBERED = {
    Numbering.DECIMAL: "",
    Numbering.LOWER_ALPHA: ' type="a"',
    Numbering.UPPER_ALPHA: ' type="A"',
    Numbering.LOWER_ROMAN: ' type="i"',
    Numbering.UPPER_ROMAN: ' type="I"',
    Numbering.CHINESE: ' style="list-style-type:cjk-ideographic"',
}


def _list(items: Sequence[ListItem]) -> str:
    counted = list(zip(items, ordinals(items), strict=True))
    # What goes on with an item that is no longer there is a paragraph.
    alone = list(takewhile(lambda item: item[0].continues, counted))
    return "".join([*(_continued(item) for item, _ in alone), *_nested(counted[len(alone) :], 0)])


def _way(item: ListItem) -> str:
    return f"ol{_NUMBERED[item.numbering]}" if item.ordered else "ul"


def _nested(items: list[tuple[ListItem, int | None]], depth: int) -> Iterator[str]:
    """Yield the lists of `items`, which it uses up; all of them lie at `depth` or deeper."""
    while items:
        first, number = items[0]
        way = _way(first)
        start = f' start="{number}"' if number is not None and number != 1 else ""
        yield f"<{way}{start}>"
        count = (number or 1) - 1
        while items and _way(items[0][0]) == way:
            item, number = items.pop(0)
            count += 1
            value = f' value="{number}"' if number is not None and number != count else ""
            count = count if number is None else number
            yield f"<li{value}>{_line(item, item.text and inline(item.text, item.spans))}"
            while items and (items[0][0].continues or items[0][0].depth > max(depth, item.depth)):
                if items[0][0].continues:
                    yield _continued(items.pop(0)[0])
                    continue
                deeper = []
                while items and (items[0][0].continues or items[0][0].depth > max(depth, item.depth)):
                    deeper.append(items.pop(0))
                yield from _nested(deeper, depth + 1)
            yield "</li>"
        yield f"</{way[:2]}>"


def _continued(item: ListItem) -> str:
    return f"<p>{_line(item, inline(item.text, item.spans))}</p>"


def _line(item: ListItem, words: str) -> str:
    return f'<span style="display:block;text-align:{item.align}">{words}</span>' if item.align else words
