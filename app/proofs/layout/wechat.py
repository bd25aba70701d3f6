"""WeChat official account: a fragment whose style stands in the tags, for the platform takes nothing else."""

import css_inline
import nh3

from app.domain.document.model import SCHEMES, Document, Heading
from app.domain.limits import WECHAT_BYTES, WECHAT_CHARACTERS, WECHAT_TITLE
from app.proofs.layout import markup
from app.proofs.layout.pages import Rendered, Setting, page, source_line

RENDERER = "wechat/3"
_STYLE = """
.all { font-size: 16px; line-height: 1.75; color: #333; letter-spacing: 0.5px; overflow-wrap: anywhere; }
p { margin: 0 0 1em; text-align: justify; }
h3 { font-size: 18px; line-height: 1.5; margin: 1.2em 0 0.6em; font-weight: bold; color: #222; }
blockquote { margin: 0 0 1em; padding: 0 0 0 12px; border-left: 3px solid #c0392b; color: #666; }
figure { margin: 0 0 1em; text-align: center; }
img { max-width: 100%; }
figcaption { font-size: 14px; color: #888; }
table { width: 100%; border-collapse: collapse; margin: 0 0 1em; font-size: 14px; }
th { border: 1px solid #ddd; padding: 4px; background: #f6f6f6; }
td { border: 1px solid #ddd; padding: 4px; }
a { color: #576b95; text-decoration: none; }
hr { border: none; border-top: 1px solid #ddd; margin: 1.5em 0; }
"""
_TAGS = {
    "section",
    "p",
    "h3",
    "blockquote",
    "figure",
    "figcaption",
    "img",
    "video",
    "table",
    "caption",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "a",
    "strong",
    "em",
    "u",
    "s",
    "sup",
    "sub",
    "span",
    "ul",
    "ol",
    "li",
    "br",
    "hr",
}
_ATTRIBUTES = {tag: {"style"} for tag in _TAGS} | {
    "img": {"style", "src", "alt"},
    "video": {"style", "src", "controls"},
    "a": {"style", "href"},
    "th": {"style", "scope", "rowspan", "colspan"},
    "td": {"style", "rowspan", "colspan"},
    "ol": {"style", "type", "start"},
    "li": {"style", "value"},
}


def render(document: Document, setting: Setting) -> Rendered:
    """Return the article, and which of the platform's limits on title and content it exceeds."""
    content = article(document, setting)
    exceeded = []
    if len(document.title) > WECHAT_TITLE:
        exceeded.append("wechat.title")
    if len(content) >= WECHAT_CHARACTERS:
        exceeded.append("wechat.characters")
    if len(content.encode()) >= WECHAT_BYTES:
        exceeded.append("wechat.bytes")
    whole = page(
        title=document.title,
        body=content,
        meta={"author": document.byline, "description": document.summary, "channel": setting.channel},
    )
    return Rendered(whole, RENDERER, tuple(exceeded))


def article(document: Document, setting: Setting) -> str:
    """Return the content that is sent to the platform: what its limits count, tags included."""
    subtitle = (
        f"<p><strong>{markup.inline(document.subtitle, ())}</strong></p>\n" if document.subtitle else ""
    )
    table = '<section style="overflow-x: auto">{}</section>'
    body = markup.body(document.blocks, heading=_heading, around_table=table)
    words = setting.not_carried(document)
    files = f"<p>{markup.inline(words, ())}</p>\n" if words else ""
    plain = f'<section class="all">\n{subtitle}{body}{_source(document)}{files}</section>\n'
    styled = css_inline.inline_fragment(plain, _STYLE)
    return nh3.clean(styled, tags=_TAGS, attributes=_ATTRIBUTES, link_rel=None, url_schemes=set(SCHEMES))


def _heading(block: Heading) -> str:
    # The platform shows the title itself; one size of heading is what readers on a phone can tell apart.
    return f"<h3{markup.aligned(block)}>{markup.inline(block.text, block.spans)}</h3>"


def _source(document: Document) -> str:
    return f"<p>{line}</p>\n" if (line := source_line(document)) else ""
