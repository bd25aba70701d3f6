"""What an element says that is left out: its words in their order, names and addresses."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from lxml import etree, html

from app.drafts.intake.styles import pictures

#: Where the address of something lies, the best first: pages that load lazily keep it apart from `src`.
LAZY = ("data-src", "data-original", "data-lazy-src", "data-actualsrc", "data-backsrc", "data-url")
_SETS = ("srcset", "data-srcset", "imagesrcset")
_ADDRESSES = (
    *("src", *LAZY, "data", "href", "xlink:href", "poster", "background", "longdesc"),
    *("data-cover", "data-mpvid", "vid", "voice_encode_fileid"),
)
#: What Word keeps beside a text, where it writes HTML: Word shows it around the text, not in it.
_BESIDE = {"comment-list": "word_comment", "header": "header", "footer": "footer"}
#: What a thing is called, or holds.
_NAMES = (
    *("title", "alt", "aria-label", "label", "placeholder", "alttext", "summary"),
    *("data-title", "data-nickname", "nickname", "data-weapp-title", "music_name", "singer", "data-desc"),
    *("data-alias", "data-id", "data-miniprogram-nickname"),
)
#: Named by its name alone: the names of forms and parameters are no words.
_NAMED = ("mpvoice", "mp-", "qqmusic", "audio", "video", "bgsound", "object", "iframe", "embed")
#: How a thing is shown, and what only scripts read.
_SILENT = re.compile(r"(?:class|style|id|on\w+|type|rel|width|height|lang|xmlns.*|srcdoc|content)$")
_WORDS = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]|^(?:https?:)?//")
#: Elements of which a value is shown, or is an address.
_VALUED = frozenset({"input", "button", "param", "progress", "meter"})
#: Where editors keep a formula that a script draws, and platforms what a link or a vote leads to.
_FORMULAS = (
    "data-value",
    "data-latex",
    "data-formula",
    "data-tex",
    "data-math",
    "latex",
    "formula",
    "data-vote",
)
_PLATFORM = ("data-miniprogram-path", "data-miniprogram-appid", "data-itemid", "data-linktype")
_KNOWN = frozenset({*_NAMES, *_ADDRESSES, *_SETS, *_FORMULAS, "name", "value"})


def said(node: Any) -> str:  # noqa: ANN401 – lxml has no types
    """Return what an element and all in it say; an address or name that repeats is said once."""
    parts: list[str] = []
    told: set[str] = set()
    for piece, is_attribute in _pieces(node):
        if not is_attribute:
            parts.append(piece)
        elif (words := shortened(piece.strip())) and words not in told:
            told.add(words)
            parts.append(f" {words} ")
    return "".join(parts)


def is_formula(node: Any) -> bool:  # noqa: ANN401
    """Tell whether an element without words is where a script draws what its attributes say."""
    return not "".join(node.itertext()).strip() and any(node.get(name, "").strip() for name in _FORMULAS)


def is_platform_link(node: Any) -> bool:  # noqa: ANN401
    """Tell whether a link without an address leads somewhere within a platform, or lacks one."""
    return "href" in node.attrib or any(node.get(name) for name in _PLATFORM)


def link_of(node: Any) -> str:  # noqa: ANN401
    """Return the address of a link, or what a platform has instead."""
    own = " ".join(node.get(name) for name in _PLATFORM if node.get(name))
    return node.get("href", "").strip() or own


def own(node: Any) -> str:  # noqa: ANN401
    """Return what an element says by itself, without what a parser took for its content."""
    return " ".join(
        dict.fromkeys(words for value in _attributes(node) if (words := shortened(value.strip())))
    )


def shortened(address: str) -> str:
    """Return an address as it is told: of a picture that is its own address only what it is."""
    return address.split(",", 1)[0] if address.startswith("data:") else address


def candidates(node: Any) -> list[str]:  # noqa: ANN401
    """Return the addresses that an element offers for pixels and widths of its own choice."""
    given = (node.get(name, "") for name in _SETS)
    return [
        match[1]
        for srcset in given
        for match in re.finditer(r"\s*,*\s*(\S+?)(?:,(?=\s|$)|\s[^,]*(?:,|$)|$)", srcset)
    ]


def _pieces(top: Any) -> Iterator[tuple[str, bool]]:  # noqa: ANN401
    """Yield text and values of attributes in their order, and whether it is a value."""
    for event, node in etree.iterwalk(top, events=("start", "end", "comment", "pi")):
        if event == "start":
            yield from ((value, True) for value in _attributes(node))
            if node.text and (node is top or node.tag != "style"):
                yield node.text, False
        elif node.tail and node is not top:
            yield node.tail, False


def _attributes(node: Any) -> Iterator[str]:  # noqa: ANN401
    tag = node.tag.lower()
    if node.get("name") and tag.startswith(_NAMED):
        yield node.get("name")
    if node.get("value") and tag in _VALUED:
        yield node.get("value")
    for name in (*_NAMES, *_ADDRESSES, *_FORMULAS):
        if value := node.get(name):
            yield value
    yield from candidates(node)
    yield from pictures(node.get("style", ""))
    for name, value in node.attrib.items():
        plain = unquote(value) if "%" in value else value
        if _WORDS.search(plain) and name not in _KNOWN and not _SILENT.match(name):
            yield plain
    if page := node.get("srcdoc"):
        yield from _of_page(page)


def _of_page(page: str) -> Iterator[str]:
    """Yield what a page within an attribute says."""
    try:
        within = html.document_fromstring(page.encode(), parser=html.HTMLParser(encoding="utf-8"))
    except (etree.ParserError, ValueError):
        yield page
    else:
        yield said(within)


def beside_the_text(node: Any, style: Mapping[str, str]) -> str:  # noqa: ANN401 – lxml has no types
    """Return as what an element of Word's is listed that is no text of the document; `""` for any other."""
    if node.tag == "a" and "msocomanchor" in node.get("class", "").lower().split():
        return "word_comment"
    return _BESIDE.get(style.get("mso-element", ""), "")
