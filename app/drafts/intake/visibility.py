"""What of a page nobody sees: hidden, off the screen, cut off, without ink or of the colour of the ground.

Only what a style at the element itself says for certain counts: what a click or a script unfolds stays, and
so does what is cut off in part, or lies where only the whole layout could tell.
"""

import re
from collections.abc import Mapping

from app.drafts.intake.colours import Colour, colour_of

#: Where WeChat keeps the article of a page; hidden until its script has run.
ARTICLES = frozenset({"js_content", "js_article", "img-content", "page-content", "activity-name"})
#: Further than this, in pixels, things are only moved to be out of sight; overlaid blocks go up by less.
_AWAY, _UP = 900.0, 2000.0
_PIXELS = {"px": 1.0, "pt": 4 / 3, "em": 16.0, "rem": 16.0, "ex": 8.0, "ch": 8.0, "cm": 37.8, "in": 96.0}
_PIXELS |= {"mm": 3.78, "pc": 16.0, "vw": 4.0, "vh": 8.0, "": 1.0}
_LENGTH = re.compile(r"(-?(?:\d+\.?\d*|\.\d+))([a-z]*)$")
_NUMBERS = re.compile(r"-?(?:\d+\.?\d*|\.\d+)")
_MOVED = re.compile(r"translate(?:x|y|3d)?\(([^)]*)\)")
_SCALED = re.compile(r"scale(?:x|y|3d)?\(\s*(?:[\d.]+\s*,\s*)?0*\.?0+\s*[,)]")
_INSET = re.compile(
    r"inset\(\s*(\d+\.?\d*)%|(?:circle|ellipse)\(\s*0[a-z%]*\s*(?:0[a-z%]*\s*)?(?:at\b[^)]*)?\)"
)
_HIDING = frozenset({"hidden", "clip"})


def gone(attributes: Mapping[str, str], style: Mapping[str, str]) -> bool:
    """Return whether nothing of an element is to be seen, whatever lies in it."""
    if attributes.get("id") in ARTICLES:
        return False
    display = style.get("display", "")
    if display == "none" or ("hidden" in attributes and display in {"", "none"}):
        return True
    if style.get("mso-hide") == "all" or style.get("visibility") == "collapse":
        return True
    # What fades in or unfolds is shown in the end.
    if any(name.startswith(("animation", "transition", "-webkit-animation")) for name in style):
        return False
    return _faded(style) or _out_of_sight(style) or _cut_off(style)


def _faded(style: Mapping[str, str]) -> bool:
    shown = style.get("opacity", "").rstrip("%")
    faded = _LENGTH.match(shown)
    if faded and not faded[2] and float(faded[1]) <= (2 if style["opacity"].endswith("%") else 0.02):
        return True
    if style.get("content-visibility") == "hidden":
        return True
    return re.search(r"opacity\(\s*0*\.?0*%?\s*\)", style.get("filter", "")) is not None


def _out_of_sight(style: Mapping[str, str]) -> bool:
    if style.get("position", "static") not in {"static", "sticky", "inherit"}:
        for side in ("left", "top", "right", "bottom"):
            if (pixels := _pixels(style.get(side, ""))) is not None and pixels <= -_AWAY:
                return True
    if any(_far(style.get(name, "")) for name in ("text-indent", "margin-left")):
        return True
    margins = style.get("margin", "").split()
    left, top = (margins[3:] or margins[1:2] or margins[:1]), margins[:1]
    if (left and _far(left[0])) or any(_far(offset, _UP) for offset in (*top, style.get("margin-top", ""))):
        return True
    moved = _MOVED.search(style.get("transform", ""))
    return moved is not None and any(_far(offset.strip()) for offset in moved[1].split(","))


def _cut_off(style: Mapping[str, str]) -> bool:
    if _SCALED.search(style.get("transform", "")):
        return True
    clip = style.get("clip", "")
    if clip.startswith("rect(") and style.get("position") in {"absolute", "fixed"}:
        top, right, bottom, left = ([float(number) for number in _NUMBERS.findall(clip)] + [9.0] * 4)[:4]
        if bottom - top <= 1 and right - left <= 1 and "auto" not in clip:
            return True
    if shape := _INSET.search(style.get("clip-path", "") or style.get("-webkit-clip-path", "")):
        return shape[1] is None or float(shape[1]) >= 50
    if any(
        name.startswith("padding") and _NUMBERS.search(value.replace("0px", ""))
        for name, value in style.items()
    ):
        # A box of no height that holds its place by padding shows what lies in it.
        return False
    both = style.get("overflow", "").split()
    for side, axis in (("height", both[1:2] or both[:1]), ("width", both[:1])):
        hides = (axis and axis[0] in _HIDING) or style.get(
            f"overflow-{'y' if side == 'height' else 'x'}"
        ) in _HIDING
        for name in (side, f"max-{side}"):
            pixels = _pixels(style.get(name, ""))
            if hides and pixels is not None and pixels <= 1:
                return True
    return False


def without_ink(around: bool, style: Mapping[str, str]) -> bool:
    """Return whether letters are drawn with nothing, or as dots, given whether they are around."""
    if style.get("-webkit-text-security", "none") not in {"none", "inherit"}:
        return True
    said = style.get("-webkit-text-fill-color") or style.get("color", "")
    if not said or said in {"inherit", "currentcolor"}:
        return around
    if "text" in (style.get("background-clip", ""), style.get("-webkit-background-clip", "")):
        # The ground shows through the letters.
        return False
    colour = colour_of(said)
    return colour is not None and colour.alpha == 0 and "text-shadow" not in style


def ground_of(
    around: Colour | None, attributes: Mapping[str, str], style: Mapping[str, str]
) -> Colour | None:
    """Return the colour behind the words of an element; `None` where it is not known."""
    said = style.get("background-color") or style.get("background") or attributes.get("bgcolor", "").lower()
    if attributes.get("background") or "url(" in f"{style.get('background')}{style.get('background-image')}":
        return None
    if style.get("position") in {"absolute", "fixed"} or "gradient(" in style.get("background-image", ""):
        return None
    if not said or said in {"inherit", "none", "transparent", "initial", "unset"}:
        return around
    colour = colour_of(said)
    if colour is None or colour.alpha == 0:
        return around if colour is not None else None
    return colour if colour.alpha == 1 else None


def _far(length: str, least: float = _AWAY) -> bool:
    pixels = _pixels(length)
    return pixels is not None and pixels <= -least


def _pixels(length: str) -> float | None:
    match = _LENGTH.match(length.strip())
    if match is None or match[2] not in _PIXELS:
        return None
    return float(match[1]) * _PIXELS[match[2]]
