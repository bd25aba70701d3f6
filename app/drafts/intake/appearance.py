"""Looks that a document does not keep and that may mean something, and what looks make of words."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from app.drafts.intake.colours import colour_of

if TYPE_CHECKING:
    from app.drafts.intake.styles import Look

_PARTS = re.compile(r"[\d.]+%?")
#: Names of colours that are none; what inherits is as around.
_GREYS = frozenset(
    """
    black white gray grey silver dimgray dimgrey darkgray darkgrey lightgray lightgrey gainsboro whitesmoke
    snow ivory slategray slategrey darkslategray darkslategrey transparent windowtext canvastext canvas
    initial revert unset none auto
    """.split()  # noqa: SIM905 – so many words read best as words
)
_AS_AROUND = frozenset({"inherit", "currentcolor"})
#: Further apart than this, of 255, the parts of a colour are seen as one.
_GREY_TO = 60
#: From here on words are larger than those of a text, by the unit.
_LARGE = {"px": 24.0, "pt": 18.0, "em": 1.5, "rem": 1.5, "%": 150.0, "vw": 6.0}
_LENGTH = re.compile(r"(\d+\.?\d*|\.\d+)\s*([a-z%]+)")
_LARGE_WORDS = frozenset({"x-large", "xx-large", "xxx-large", "-webkit-xxx-large"})
#: A ground behind these is a marker's; behind a block it is an ornament.
_WORDS = frozenset({"a", "b", "big", "em", "font", "i", "mark", "small", "span", "strong", "u"})
_BEGINS = re.compile(r"(?<![^\W_])(?<!['’])[^\W\d_]")


def remarks(
    around: frozenset[str], tag: str, attributes: Mapping[str, str], style: Mapping[str, str]
) -> frozenset[str]:
    """Return what of an element's looks may mean something and is not kept, given what does around it."""
    remarks_now = set(around)
    said = style.get("color", "") or (attributes.get("color", "").lower() if tag == "font" else "")
    if said and said not in _AS_AROUND and tag != "a":
        (remarks_now.add if _is_colour(said) else remarks_now.discard)("colour")
    ground = style.get("background-color", "") or style.get("background", "")
    if tag == "mark" or (ground and tag in _WORDS and _is_colour(ground)):
        remarks_now.add("colour")
    size = style.get("font-size", "")
    if size not in {"", "inherit"}:
        (remarks_now.add if _is_large(size) else remarks_now.discard)("size")
    elif tag == "big" or (
        tag == "font" and attributes.get("size", "").strip() in {"5", "6", "7", "+2", "+3", "+4"}
    ):
        remarks_now.add("size")
    lines = f"{style.get('text-decoration', '')} {style.get('text-decoration-line', '')}"
    if "overline" in lines:
        remarks_now.add("decoration")
    return frozenset(remarks_now)


def _is_colour(said: str) -> bool:
    word = said.split(" ", 1)[0] if "(" not in said else said
    if word in _GREYS or word.startswith(("url(", "linear-", "radial-", "var(")):
        return False
    if (colour := colour_of(said)) is not None:
        return colour.alpha > 0 and max(colour[:3]) - min(colour[:3]) > _GREY_TO
    if word.startswith("hsl"):
        share = _PARTS.findall(word)[1:2]
        return bool(share) and _number(share[0]) > _GREY_TO
    return word.isalpha()


def _number(part: str) -> float:
    try:
        return float(part[:-1]) * 2.55 if part.endswith("%") else float(part)
    except ValueError:
        return 0.0


def _is_large(size: str) -> bool:
    match = _LENGTH.match(size)
    if match is None:
        return size in _LARGE_WORDS
    return float(match[1]) >= _LARGE.get(match[2], float("inf"))


def transformed(text: str, look: "Look") -> str:
    """Return text with its letters as they are shown."""
    match look.transform:
        case "uppercase":
            return text.upper()
        case "lowercase":
            return text.lower()
        case "capitalize":
            return _BEGINS.sub(lambda letter: letter[0].upper(), text)
    return text


#: Fonts that draw signs in the place of letters, as far as characters have been made for them.
_SIGNS = {
    "symbol": str.maketrans(
        "abgdezhqiklmnxoprstufcywABGDEZHQIKLMNXOPRSTUFCYW·°±×÷£³¥®¹»´¸",
        "αβγδεζηθικλμνξοπρστυφχψωΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ•°±×÷≤≥∞→≠≈×÷",
    ),
    "wingdings": str.maketrans("lnØü§vuqoà¨þýJLûPp", "●■➢✓▪❖◆❑□→◻☑☒☺☹✗✓□"),
}


#: Fonts of signs for whose letters there are no characters known here.
_PICTURES = frozenset({"webdings", "wingdings 2", "wingdings 3", "zapfdingbats", "zapf dingbats", "mt extra"})


def is_unknown_sign(text: str, look: "Look") -> bool:
    """Tell whether a font draws signs in the place of letters that stay letters."""
    if look.font == "wingdings":
        return any(char.isalnum() and ord(char) not in _SIGNS["wingdings"] for char in text)
    return look.font in _PICTURES and not text.isspace()


def drawn(text: str, look: "Look") -> str:
    """Return text with the signs that its font draws instead of its letters."""
    return text.translate(_SIGNS[look.font]) if look.font in _SIGNS else text


def turned(words: str, tag: str, style: Mapping[str, str]) -> str:
    """Return words that are shown from the right; where letter by letter, also as they are seen."""
    bare = " ".join(words.split())
    overrides = tag == "bdo" or style.get("unicode-bidi", "").endswith("override")
    return f"{bare}（原文看到的是：{bare[::-1]}）" if overrides and bare else bare
