"""How an element is shown, as far as a browser would tell: what is hidden, what is bold, struck or raised.

Only styles written at the elements themselves are read, which is what editors and saved pages have; what a
sheet of styles hides is taken for visible, so that people see it and decide.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from app.domain.document.model import Align, SpanKind
from app.drafts.intake.appearance import remarks
from app.drafts.intake.colours import WHITE, Colour, colour_of
from app.drafts.intake.visibility import ARTICLES, ground_of, without_ink

_DECLARATION = re.compile(r"([\w-]+)\s*:\s*((?:[^;\"'(]|\"[^\"]*\"|'[^']*'|\([^)]*\))+)")
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_IMPORTANT = re.compile(r"!\s*important\b")
_LENGTH = re.compile(r"([\d.]+)\s*([a-z%]*)")
_URL = re.compile(r"url\(\s*[\"']?([^\"')]+)", re.IGNORECASE)
_ALIGNS = {"center": Align.CENTER, "right": Align.RIGHT, "end": Align.RIGHT, "-webkit-center": Align.CENTER}
_LEFT = frozenset({"left", "start", "justify", "-webkit-left"})
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


class Gap(IntEnum):
    """What parts two runs of text; the larger one counts."""

    NONE = 0
    BETWEEN_NUMBERS = 1
    SPACE = 2
    LINE = 3


@dataclass(frozen=True, slots=True)
class Look:
    """How text is shown at a place, after everything that lies around it."""

    marks: frozenset[SpanKind] = frozenset()
    align: Align | None = None
    invisible: bool = False
    no_size: bool = False
    keeps_lines: bool = False
    #: What a document does not keep and that may mean something: colour, size, marks over characters.
    remarks: frozenset[str] = frozenset()
    #: How letters are changed: `uppercase`, `lowercase`, `capitalize`; and whether lines run from the right.
    transform: str = ""
    from_right: bool = False
    font: str = ""
    no_ink: bool = False
    #: The colour of letters and of what lies behind them, as far as they are known.
    ink: Colour | None = None
    ground: Colour | None = WHITE

    @property
    def unseen(self) -> bool:
        """Whether text at this place is not to be seen."""
        return self.invisible or self.no_size or self.no_ink

    @property
    def faint(self) -> bool:
        """Whether letters have the colour of what lies behind them."""
        return self.ink is not None and self.ground is not None and self.ink.is_like(self.ground)


def declarations(style: str) -> dict[str, str]:
    """Return the declarations of a `style` attribute, names and values in lower case.

    The last one counts, but for those that are `!important`.
    """
    said: dict[str, str] = {}
    important: set[str] = set()
    for match in _DECLARATION.finditer(_COMMENT.sub(" ", style)):
        name, value = match[1].lower(), match[2].lower()
        plain = _IMPORTANT.sub("", value)
        if plain == value and name in important:
            continue
        if plain != value:
            important.add(name)
        said[name] = plain.strip()
    return said


_PICTURED = frozenset({"background", "background-image", "list-style", "list-style-image", "content"})


def values_of(style: str, names: Collection[str]) -> list[str]:
    """Return the values of some declarations of a `style` attribute as they are written, in their order."""
    return [
        match[2].strip()
        for match in _DECLARATION.finditer(_COMMENT.sub(" ", style))
        if match[1].lower() in names
    ]


def pictures(style: str) -> list[str]:
    """Return the addresses of the pictures that a `style` attribute puts behind its element."""
    return [
        address[1].strip()
        for match in _DECLARATION.finditer(style)
        if match[1].lower() in _PICTURED
        for address in _URL.finditer(match[2])
    ]


def look(around: Look, tag: str, attributes: Mapping[str, str], style: Mapping[str, str]) -> Look:
    """Return how text is shown in an element, given how it is shown around it."""
    marks = around.marks
    if tag in _MARKS:
        marks |= {_MARKS[tag]}
    invisible = around.invisible
    if attributes.get("id") in ARTICLES or tag in {"body", "html"}:
        invisible = False
    elif style.get("visibility") in {"hidden", "collapse", "visible"}:
        invisible = style["visibility"] != "visible"
    white = style.get("white-space", "")
    return replace(
        around,
        marks=_marked(marks, around.marks, tag, style),
        align=_aligned(around.align, tag, attributes, style),
        invisible=invisible,
        no_size=_without_size(around.no_size, style),
        no_ink=without_ink(around.no_ink, style),
        ink=_ink(around.ink, tag, attributes, style),
        ground=ground_of(around.ground, attributes, style),
        remarks=remarks(around.remarks, tag, attributes, style),
        transform=style.get("text-transform", around.transform),
        font=_font(around.font, attributes, style),
        from_right=_from_right(around.from_right, attributes, style),
        keeps_lines=white.startswith("pre") if white else around.keeps_lines or tag in _KEEPING,
    )


def _ink(
    around: Colour | None, tag: str, attributes: Mapping[str, str], style: Mapping[str, str]
) -> Colour | None:
    said = style.get("color", "") or (attributes.get("color", "").lower() if tag == "font" else "")
    return around if said in {"", "inherit", "currentcolor"} else colour_of(said)


def _font(around: str, attributes: Mapping[str, str], style: Mapping[str, str]) -> str:
    """Return the name of the font asked for first, in lower case."""
    said = style.get("font-family") or attributes.get("face", "").lower()
    if not said and (short := _FAMILY.search(style.get("font", ""))):
        said = short[1]
    return said.split(",")[0].strip(" \"'") if said else around


#: The fonts that follow the size in the short form.
_FAMILY = re.compile(r"\d[a-z%]*(?:\s*/\s*[\w.%]+)?\s+(.+)$")


def _from_right(around: bool, attributes: Mapping[str, str], style: Mapping[str, str]) -> bool:
    said = style.get("direction") or attributes.get("dir", "").lower()
    if style.get("flex-direction", "").endswith("-reverse"):
        return True
    return said == "rtl" if said in {"rtl", "ltr"} else around


_KEEPING = frozenset({"pre", "listing", "xmp", "plaintext"})


def _marked(
    marks: frozenset[SpanKind], around: frozenset[SpanKind], tag: str, style: Mapping[str, str]
) -> frozenset[SpanKind]:
    kinds = set(marks)
    weight = style.get("font-weight", "")
    if weight in {"bold", "bolder"} or (_is_number(weight) and int(weight[:9]) >= 600):
        kinds.add(SpanKind.BOLD)
    elif weight in {"normal", "lighter"} or _is_number(weight):
        kinds.discard(SpanKind.BOLD)
    slant = style.get("font-style", "")
    if slant in {"italic", "oblique"}:
        kinds.add(SpanKind.ITALIC)
    elif slant == "normal":
        kinds.discard(SpanKind.ITALIC)
    line = f"{style.get('text-decoration', '')} {style.get('text-decoration-line', '')}"
    if line.split()[:1] == ["none"] and tag in _MARKS:
        # The element's own line is taken away; lines around it are drawn by what lies around.
        kinds -= {_MARKS[tag]} & {SpanKind.STRIKE, SpanKind.UNDERLINE} - around
    if "line-through" in line:
        kinds.add(SpanKind.STRIKE)
    if "underline" in line and tag != "a":
        kinds.add(SpanKind.UNDERLINE)
    kinds = _dotted(kinds, style)
    if tag in _LIFTED:
        said = _script(style)
        if said is not None:
            kinds -= _SCRIPTS
            kinds |= said
    return frozenset(kinds)


#: The properties of dots under words, with a browser's prefix or without.
_DOTS = ("text-emphasis", "text-emphasis-style")


def _dotted(kinds: set[SpanKind], style: Mapping[str, str]) -> set[SpanKind]:
    said = " ".join(value for name, value in style.items() if name.endswith(_DOTS))
    if not said:
        return kinds
    return kinds - {SpanKind.EMPHASIS} if "none" in said else kinds | {SpanKind.EMPHASIS}


_RAISED = frozenset({SpanKind.SUPERSCRIPT})
_LOWERED = frozenset({SpanKind.SUBSCRIPT})
#: Blocks are moved for their looks; words are lifted in these.
_LIFTED = frozenset(
    "a abbr b big cite code em font i ins del s strike label mark q small span strong sub sup u".split()  # noqa: SIM905
)
_SIGNED = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))([a-z]+|%)$")
#: What is moved by less sits straighter in its line, and means nothing.
_LEAST = {"em": 0.2, "ex": 0.4, "rem": 0.2, "%": 20, "px": 3, "pt": 2}


def _script(style: Mapping[str, str]) -> frozenset[SpanKind] | None:
    """Return whether text is raised or lowered, `None` where nothing is said of it.

    Word writes `position: relative; top: -6pt; mso-text-raise: 6pt`; others raise by a length.
    """
    raised = style.get("vertical-align", "")
    in_box = style.get("display", "").startswith("inline-")
    if raised == "super" or (raised == "text-top" and not in_box):
        return _RAISED
    if raised == "sub" or (raised == "text-bottom" and not in_box):
        return _LOWERED
    moved = 0.0 if in_box else _moved(raised)
    moved = moved or _moved(style.get("mso-text-raise", ""))
    if not moved and style.get("position") == "relative":
        # In points Word writes; in pixels ornaments are shifted.
        top, bottom = style.get("top", ""), style.get("bottom", "")
        moved = -_moved(top) if top.endswith("pt") else _moved(bottom) if bottom.endswith("pt") else 0.0
    if moved:
        return _RAISED if moved > 0 else _LOWERED
    return frozenset() if raised == "baseline" else None


def _moved(length: str) -> float:
    match = _SIGNED.match(length)
    if match is None or abs(float(match[1])) < _LEAST.get(match[2], 3):
        return 0.0
    return float(match[1])


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
    match = _LENGTH.match(size)
    if match is None:
        return False
    try:
        number = float(match[1])
    except ValueError:
        return around
    # A share of nothing is nothing; a length of its own is seen again, but for a dot.
    return (
        number == 0
        or (match[2] in {"px", "pt"} and number <= 1)
        or (around and match[2] in {"em", "%", "ex", "ch"})
    )


def _is_number(text: str) -> bool:
    """Whether it is made of the ten digits alone: ² and ① are digits that no number is read from."""
    return text.isascii() and text.isdigit()


_SAID = re.compile(
    r"line-through|vertical-align\s*:\s*(?:super|sub|text-top|text-bottom|[+-]?[\d.]*[1-9])"
    r"|display\s*:\s*none|visibility\s*:\s*hidden|text-transform\s*:\s*(?:upper|lower|capital)"
    r"|content\s*:[^;}]*(?:counters?\(|attr\(|[\"'][^\"'\\;}]*[^\W_][^\"'\\;}]*[\"'])|direction\s*:\s*rtl"
    r"|list-style(?:-type)?\s*:\s*(?!none|disc|circle|square|decimal\b|inherit|initial|inside|outside|unset)[a-z\"']",
    re.IGNORECASE,
)


def says_something(sheet: str) -> bool:
    """Tell whether a style sheet strikes, raises or hides words, which is not read from sheets."""
    return _SAID.search(_COMMENT.sub(" ", sheet)) is not None


_LINES = frozenset({"block", "flex", "grid", "list-item", "table", "table-row", "table-caption", "flow-root"})


def parted(style: Mapping[str, str]) -> Gap:
    """Return what parts an element that is inline by its name from its neighbours."""
    shown = style.get("display", "").split(" ", 1)[0]
    if shown in _LINES:
        return Gap.LINE
    if shown == "table-cell":
        return Gap.SPACE
    if style.get("float") in {"left", "right"} or (shown.startswith("inline-") and "width" in style):
        return Gap.BETWEEN_NUMBERS
    spaced = any(_APART.match(name) and _SOME.search(value) for name, value in style.items())
    return Gap.BETWEEN_NUMBERS if spaced else Gap.NONE


_APART = re.compile(r"(?:margin|padding)(?:$|-(?:left|right|inline))")
_SOME = re.compile(r"[1-9]")


def reorders(node: Iterable[Any]) -> bool:
    """Tell whether what lies in a node is shown in another order than it is written, by `order`."""
    orders = [
        declarations(child.get("style", "")).get("order", "0") for child in node if isinstance(child.tag, str)
    ]
    numbers = [int(order) if re.fullmatch(r"[+-]?\d{1,6}", order) else 0 for order in orders]
    return numbers != sorted(numbers)
