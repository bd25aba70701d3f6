"""The website: semantic HTML, with the words that a screen reader needs."""

from html import escape

from app.domain.document.model import Document, Table
from app.proofs.layout import markup
from app.proofs.layout.pages import Rendered, Setting, page, source_line

RENDERER = "website/4"
#: A table with more columns turns its page when it is printed.
_WIDE = 8
# A site has a style of its own; this is what no page does without: nothing runs out of it.
_STYLE = """article { overflow-wrap: anywhere; }
img, video { max-width: 100%; height: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid #999; padding: 0.2em; }
.table { overflow-x: auto; }
@page wide { size: A4 landscape; }
@media print {
  .table { overflow-x: visible; }
  .wide { page: wide; font-size: 9pt; }
  tr, img { break-inside: avoid; }
}
.attachments { margin-top: 2em; }
"""


def render(document: Document, setting: Setting) -> Rendered:
    """Return the page of an article. A website has no limits of its own."""
    parts = [f"<article>\n<header>\n<h1>{escape(document.title)}</h1>\n"]
    if document.subtitle:
        parts.append(f'<p role="doc-subtitle">{escape(document.subtitle)}</p>\n')
    parts += [
        _line(document, setting),
        "</header>\n",
        markup.body(document.blocks, around_table=_around),
    ]
    if document.attachments:
        links = "".join(
            f'<li><a href="{markup.asset(sha256)}">{escape(name)}</a></li>'
            for sha256, name in setting.attachments(document)
        )
        parts.append(f'<section class="attachments" aria-label="附件"><ul>{links}</ul></section>\n')
    parts.append("</article>\n")
    meta = {"description": document.summary, "author": document.byline, "ColumnName": setting.section}
    whole = page(title=document.title, body="".join(parts), style=_STYLE, meta=meta)
    return Rendered(whole, RENDERER)


def _around(table: Table, shown: str) -> str:
    wide = " wide" if len(table.rows[0]) > _WIDE else ""
    # What scrolls is reached by keys, too.
    return f'<div class="table{wide}" role="region" aria-label="表格" tabindex="0">{shown}</div>'


def _line(document: Document, setting: Setting) -> str:
    told = [
        source_line(document),
        f"作者：{escape(document.byline)}" if document.byline else "",
    ]
    told.append(f"栏目：{escape(setting.section)}")
    return "<p>" + "　".join(part for part in told if part) + "</p>\n"
