"""Colours of style sheets, as far as their words and numbers tell."""

import re
from typing import NamedTuple

_HEX = re.compile(r"#([0-9a-f]{3,8})$")
_PARTS = re.compile(r"[\d.]+%?")
_NAMES = {
    "white": (255.0, 255.0, 255.0),
    "snow": (255.0, 250.0, 250.0),
    "ivory": (255.0, 255.0, 240.0),
    "whitesmoke": (245.0, 245.0, 245.0),
    "black": (0.0, 0.0, 0.0),
    "red": (255.0, 0.0, 0.0),
    "blue": (0.0, 0.0, 255.0),
    "yellow": (255.0, 255.0, 0.0),
    "green": (0.0, 128.0, 0.0),
    "gray": (128.0, 128.0, 128.0),
    "grey": (128.0, 128.0, 128.0),
}


class Colour(NamedTuple):
    """Red, green and blue from 0 to 255, and how much it covers, from 0 to 1."""

    red: float
    green: float
    blue: float
    alpha: float = 1.0

    def is_like(self, other: "Colour") -> bool:
        """Say whether nobody tells the one from the other."""
        return max(abs(own - its) for own, its in zip(self[:3], other[:3], strict=True)) <= 6


WHITE = Colour(255.0, 255.0, 255.0)


def colour_of(said: str) -> Colour | None:
    """Return the colour that a declaration in lower case says; `None` where it is none that is known here."""
    word = said.strip().split(" ", 1)[0] if "(" not in said else said.strip()
    if word == "transparent":
        return Colour(0, 0, 0, 0)
    if word in _NAMES:
        return Colour(*_NAMES[word])
    if whole := _HEX.match(word):
        digits = whole[1] if len(whole[1]) >= 6 else "".join(digit * 2 for digit in whole[1])
        parts = [float(int(digits[at : at + 2], 16)) for at in range(0, len(digits) // 2 * 2, 2)]
        if len(parts) not in {3, 4}:
            return None
        return Colour(parts[0], parts[1], parts[2], parts[3] / 255 if len(parts) == 4 else 1.0)
    if word.startswith("rgb"):
        return _of_parts(_PARTS.findall(word))
    if word.startswith("hsl"):
        return _of_lightness(_PARTS.findall(word))
    return None


def _of_parts(parts: list[str]) -> Colour | None:
    if len(parts) not in {3, 4}:
        return None
    red, green, blue = (_number(part, 255.0) for part in parts[:3])
    return Colour(red, green, blue, _number(parts[3], 1.0) if len(parts) == 4 else 1.0)


def _of_lightness(parts: list[str]) -> Colour | None:
    """Return a colour given by hue, saturation and lightness where it is a grey, white or black."""
    if len(parts) not in {3, 4}:
        return None
    alpha = _number(parts[3], 1.0) if len(parts) == 4 else 1.0
    saturation, lightness = _number(parts[1], 1.0), _number(parts[2], 255.0)
    if alpha == 0 or saturation == 0 or lightness in {0.0, 255.0}:
        return Colour(lightness, lightness, lightness, alpha)
    return None


def _number(part: str, whole: float) -> float:
    try:
        return float(part[:-1]) * whole / 100 if part.endswith("%") else float(part)
    except ValueError:
        return 0.0
