"""The website: semantic HTML, with the words that a screen reader needs."""

from html import escape

from app.domain.document import Document
from app.proofs.render import markup
from app.proofs.render.pages import Rendered, Setting, page

RENDERER = "website/1"


def render(document: Document, setting: Setting) -> Rendered:
    """Return the page of an article. A website has no limits of its own."""
    parts = [f"<article>\n<header>\n<h1>{escape(document.title)}</h1>\n"]
    if document.subtitle:
        parts.append(f'<p role="doc-subtitle">{escape(document.subtitle)}</p>\n')
    parts += [_line(document, setting), "</header>\n", markup.body(document.blocks)]
    if document.attachments:
        links = "".join(
            f'<li><a href="{markup.asset(sha256)}">附件{number}</a></li>'
            for number, sha256 in enumerate(document.attachments, 1)
        )
        parts.append(f'<section aria-label="附件"><ul>{links}</ul></section>\n')
    parts.append("</article>\n")
    meta = {"description": document.summary, "author": document.byline, "ColumnName": setting.section}
    return Rendered(page(title=document.title, body="".join(parts), meta=meta), RENDERER)


def _line(document: Document, setting: Setting) -> str:
    source = escape(document.source)
    if document.source and document.source_url.startswith(("https://", "http://")):
        source = f'<a href="{escape(document.source_url)}">{source}</a>'
    told = [
        f"来源：{source}" if source else "",
        f"作者：{escape(document.byline)}" if document.byline else "",
    ]
    told.append(f"栏目：{escape(setting.section)}")
    return "<p>" + "　".join(part for part in told if part) + "</p>\n"
