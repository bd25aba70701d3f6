"""How an element is shown, as far as a browser would tell: what is hidden, what is bold, struck or raised.

Only styles written at the elements themselves are read, which is what editors and saved pages have; what a
sheet of styles hides is taken for visible, so that people see it and decide.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.domain.document import Align, SpanKind

_DECLARATION = re.compile(r"([\w-]+)\s*:\s*((?:[^;\"'(]|\"[^\"]*\"|'[^']*'|\([^)]*\))+)")
_LENGTH = re.compile(r"([\d.]+)\s*([a-z%]*)")
_URL = re.compile(r"url\(\s*[\"']?([^\"')]+)", re.IGNORECASE)
_ALIGNS = {"center": Align.CENTER, "right": Align.RIGHT, "end": Align.RIGHT, "-webkit-center": Align.CENTER}
_LEFT = frozenset({"left", "start", "justify", "-webkit-left"})
#: Where WeChat keeps the article of a page; hidden until its script has run.
_ARTICLES = frozenset({"js_content", "js_article", "img-content", "page-content", "activity-name"})
_MARKS = {
    "b": SpanKind.BOLD,
    "strong": SpanKind.BOLD,
    "i": SpanKind.ITALIC,
    "em": SpanKind.ITALIC,
    "u": SpanKind.UNDERLINE,
    "ins": SpanKind.UNDERLINE,
    "s": SpanKind.STRIKE,
    "strike": SpanKind.STRIKE,
    "del": SpanKind.STRIKE,
    "sup": SpanKind.SUPERSCRIPT,
    "sub": SpanKind.SUBSCRIPT,
}
_SCRIPTS = frozenset({SpanKind.SUPERSCRIPT, SpanKind.SUBSCRIPT})


@dataclass(frozen=True, slots=True)
class Look:
    """How text is shown at a place, after everything that lies around it."""

    marks: frozenset[SpanKind] = frozenset()
    align: Align | None = None
    invisible: bool = False
    no_size: bool = False
    keeps_lines: bool = False

    @property
    def unseen(self) -> bool:
        """Whether text at this place is not to be seen."""
        return self.invisible or self.no_size


def declarations(style: str) -> dict[str, str]:
    """Return the declarations of a `style` attribute, names and values in lower case; the last one counts."""
    return {
        found[1].lower(): found[2].replace("!important", "").strip().lower()
        for found in _DECLARATION.finditer(style)
    }


def pictures(style: str) -> list[str]:
    """Return the addresses of the pictures that a `style` attribute puts behind its element."""
    return [
        address[1].strip()
        for found in _DECLARATION.finditer(style)
        if found[1].lower() in {"background", "background-image", "list-style-image", "content"}
        for address in _URL.finditer(found[2])
    ]


def gone(attributes: Mapping[str, str], style: Mapping[str, str]) -> bool:
    """Return whether nothing of an element is to be seen, whatever lies in it."""
    if attributes.get("id") in _ARTICLES:
        return False
    display = style.get("display", "")
    if display == "none" or ("hidden" in attributes and display in {"", "none"}):
        return True
    if style.get("mso-hide") == "all":
        return True
    # What fades in is shown in the end.
    fades = any(name.startswith(("animation", "transition", "-webkit-animation")) for name in style)
    return _is_zero(style.get("opacity", "")) and not fades


def look(around: Look, tag: str, attributes: Mapping[str, str], style: Mapping[str, str]) -> Look:
    """Return how text is shown in an element, given how it is shown around it."""
    marks = around.marks
    if tag in _MARKS:
        marks |= {_MARKS[tag]}
    invisible = around.invisible
    if attributes.get("id") in _ARTICLES or tag in {"body", "html"}:
        invisible = False
    elif style.get("visibility") in {"hidden", "collapse", "visible"}:
        invisible = style["visibility"] != "visible"
    white = style.get("white-space", "")
    return replace(
        around,
        marks=_marked(marks, tag, style),
        align=_aligned(around.align, tag, attributes, style),
        invisible=invisible,
        no_size=_without_size(around.no_size, style),
        keeps_lines=white.startswith("pre") if white else around.keeps_lines or tag in _KEEPING,
    )


_KEEPING = frozenset({"pre", "listing", "xmp", "plaintext"})


def _marked(marks: frozenset[SpanKind], tag: str, style: Mapping[str, str]) -> frozenset[SpanKind]:
    found = set(marks)
    weight = style.get("font-weight", "")
    if weight in {"bold", "bolder"} or (_is_number(weight) and int(weight[:9]) >= 600):
        found.add(SpanKind.BOLD)
    elif weight in {"normal", "lighter"} or _is_number(weight):
        found.discard(SpanKind.BOLD)
    slant = style.get("font-style", "")
    if slant in {"italic", "oblique"}:
        found.add(SpanKind.ITALIC)
    elif slant == "normal":
        found.discard(SpanKind.ITALIC)
    line = f"{style.get('text-decoration', '')} {style.get('text-decoration-line', '')}"
    if "line-through" in line:
        found.add(SpanKind.STRIKE)
    if "underline" in line and tag != "a":
        found.add(SpanKind.UNDERLINE)
    if tag not in {"td", "th", "tr", "img"}:
        raised = style.get("vertical-align", "")
        if raised in {"super", "sub"}:
            found -= _SCRIPTS
            found.add(SpanKind.SUPERSCRIPT if raised == "super" else SpanKind.SUBSCRIPT)
        elif raised == "baseline":
            found -= _SCRIPTS
    return frozenset(found)


def _aligned(
    around: Align | None, tag: str, attributes: Mapping[str, str], style: Mapping[str, str]
) -> Align | None:
    said = style.get("text-align") or attributes.get("align", "").lower()
    if tag == "center":
        return Align.CENTER
    if said in _LEFT:
        return None
    return _ALIGNS.get(said, around)


def _without_size(around: bool, style: Mapping[str, str]) -> bool:
    size = style.get("font-size", "")
    if not size and style.get("font", "").startswith(("0/", "0 ", "0px")):
        return True
    if not size:
        return around
    if size in {"inherit", "smaller", "larger"}:
        return around
    found = _LENGTH.match(size)
    if found is None:
        return False
    try:
        number = float(found[1])
    except ValueError:
        return around
    # A share of nothing is nothing; a length of its own is seen again.
    return number == 0 or (around and found[2] in {"em", "%", "ex", "ch"})


def _is_number(text: str) -> bool:
    """Whether it is made of the ten digits alone: ² and ① are digits that no number is read from."""
    return text.isascii() and text.isdigit()


def _is_zero(value: str) -> bool:
    try:
        return float(value.rstrip("%")) == 0
    except ValueError:
        return False
