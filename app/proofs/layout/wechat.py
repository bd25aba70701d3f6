"""WeChat official account: a fragment whose style stands in the tags, for the platform takes nothing else."""

import re
from html import escape, unescape
from urllib.parse import urlsplit

import css_inline
import nh3

from app.domain.document.model import SCHEMES, Document, Heading, Table
from app.domain.limits import WECHAT_BYTES, WECHAT_CHARACTERS, WECHAT_TITLE
from app.proofs.layout import markup
from app.proofs.layout.pages import Rendered, Setting, page, source_line

RENDERER = "wechat/4"
#: Where the platform lets a link of an article lead.
_OWN = "mp.weixin.qq.com"
#: A link, in as many pieces as its inline markup has made of it.
_LINK = re.compile(r'<a href="(?P<href>[^"]*)">.*?</a>(?:<a href="(?P=href)">.*?</a>)*', re.DOTALL)
_ANCHOR = re.compile(r'<a href="[^"]*">|</a>')
_TAG = re.compile(r"<[^>]*>")
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
small { font-size: 12px; vertical-align: super; line-height: 1; color: #888; }
.notes { font-size: 14px; color: #888; overflow-wrap: anywhere; }
hr { border: none; border-top: 1px solid #ddd; margin: 1.5em 0; }
"""
_TAGS = {
    "section",
    "p",
    "ruby",
    "rt",
    "rp",
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
    "small",
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
    body = markup.body(document.blocks, heading=_heading, around_table=_around)
    words = setting.not_carried(document)
    files = f"<p>{markup.inline(words, ())}</p>\n" if words else ""
    notes = _Notes()
    told = notes.of(f"{body}{_source(document)}")
    plain = f'<section class="all">\n{subtitle}{told}{files}{notes.list()}</section>\n'
    styled = css_inline.inline_fragment(plain, _STYLE)
    return nh3.clean(styled, tags=_TAGS, attributes=_ATTRIBUTES, link_rel=None, url_schemes=set(SCHEMES))


def _heading(block: Heading) -> str:
    # The platform shows the title itself; one size of heading is what readers on a phone can tell apart.
    return f"<h3{markup.aligned(block)}>{markup.inline(block.text, block.spans)}</h3>"


def _around(_table: Table, shown: str) -> str:
    return f'<section style="overflow-x: auto">{shown}</section>'


class _Notes:
    """Links that the platform would make dead words of: their addresses stand in a list at the end."""

    def __init__(self) -> None:
        self.addresses: list[str] = []

    def of(self, content: str) -> str:
        """Return the content with a number behind the words of each link that leads off the platform."""
        return _LINK.sub(self._noted, content)

    def _noted(self, link: re.Match[str]) -> str:
        address = unescape(link["href"])
        if urlsplit(address).hostname == _OWN:
            return link[0]
        words = _ANCHOR.sub("", link[0])
        said = (
            address.partition(":")[2] if address.partition(":")[0].lower() in {"tel", "mailto"} else address
        )
        if said in unescape(_TAG.sub("", words)):
            return words
        if said not in self.addresses:
            self.addresses.append(said)
        return f"{words}<small>[{self.addresses.index(said) + 1}]</small>"

    def list(self) -> str:
        """Return the addresses in the order of their numbers; empty for none."""
        lines = "<br>".join(f"[{number}] {escape(said)}" for number, said in enumerate(self.addresses, 1))
        return f'<p class="notes">文中链接：<br>{lines}</p>\n' if lines else ""


def _source(document: Document) -> str:
    return f"<p>{line}</p>\n" if (line := source_line(document)) else ""
