"""Fonts whose letters are drawn as signs: the signs in characters of their own, where there are any."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.drafts.intake.docx.state import State

_PRIVATE = re.compile("[\uf020-\uf0ff]")
#: Code in the font → the character that looks so.
_WINGDINGS = {
    0x22: "✂", 0x28: "☎", 0x29: "✆", 0x2A: "✉", 0x36: "⌛", 0x3F: "✍", 0x41: "✌", 0x46: "☞", 0x45: "☜",
    0x47: "☝", 0x48: "☟", 0x4A: "☺", 0x4C: "☹", 0x6C: "●", 0x6D: "❍", 0x6E: "■", 0x6F: "□", 0x70: "❐",
    0x71: "❑", 0x72: "❒", 0x73: "⬧", 0x74: "◆", 0x75: "◆", 0x76: "❖", 0x77: "◆", 0x78: "☒", 0x7B: "❀",
    0x9F: "•", 0xA1: "○", 0xA4: "◉", 0xA7: "▪", 0xA8: "□", 0xAB: "★", 0xAC: "☆", 0xD8: "➢", 0xDF: "←",
    0xE0: "→", 0xE1: "↑", 0xE2: "↓", 0xE8: "➔", 0xF0: "⇨", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑",
}  # fmt: skip
_WINGDINGS.update({0x80 + digit: "⓪①②③④⑤⑥⑦⑧⑨⑩"[digit] for digit in range(11)})
_WINGDINGS.update({0x8B + digit: "⓿❶❷❸❹❺❻❼❽❾❿"[digit] for digit in range(11)})
_WINGDINGS2 = {
    0x4F: "✗", 0x50: "✓", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0x2A: "□", 0x30: "□", 0xA3: "□",
    0x97: "●", 0x98: "•", 0x99: "○",
}  # fmt: skip
_SYMBOL = {
    **dict(zip(range(0x41, 0x5B), "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ", strict=True)),
    **dict(zip(range(0x61, 0x7B), "αβχδεφγηιϕκλμνοπθρστυϖωξψζ", strict=True)),
    **{code: chr(code) for code in range(0x20, 0x40) if code not in {0x22, 0x24, 0x27, 0x2A, 0x2D}},
    0x22: "∀", 0x24: "∃", 0x27: "∋", 0x2A: "∗", 0x2D: "−", 0xA3: "≤", 0xA5: "∞", 0xAB: "↔", 0xAC: "←",
    0xAD: "↑", 0xAE: "→", 0xAF: "↓", 0xB0: "°", 0xB1: "±", 0xB2: "″", 0xB3: "≥", 0xB4: "×", 0xB5: "∝",
    0xB6: "∂", 0xB7: "•", 0xB8: "÷", 0xB9: "≠", 0xBA: "≡", 0xBB: "≈", 0xC5: "⊕", 0xC6: "∅", 0xC7: "∩",
    0xC8: "∪", 0xCE: "∈", 0xCF: "∉", 0xD0: "∠", 0xD1: "∇", 0xD5: "∏", 0xD6: "√", 0xD7: "⋅", 0xDE: "⇒",
    0xE5: "∑", 0xF2: "∫",
}  # fmt: skip
_FONTS = {"wingdings": _WINGDINGS, "wingdings 2": _WINGDINGS2, "symbol": _SYMBOL}
#: Stands where a sign has no character of its own; the sign is listed. Source: JIS X 0208, 2-14.
MISSING = "〓"


def symbol(code: str, font: str, state: "State") -> str:
    """Return the sign of `w:sym` as a character; one that has none is listed, and marked in the text."""
    try:
        number = int(code, 16)
    except ValueError:
        return ""
    known = _FONTS.get(font.lower())
    if known is not None and (sign := known.get(number & 0xFF)) is not None:
        return sign
    if known is None and 0x20 <= number < 0xD800:
        return chr(number)
    state.leave_out("symbol_font", f"{font} {code}")
    return MISSING


def with_symbols(text: str, font: str, state: "State") -> str:
    """Return text in a font of signs as the characters that it shows."""
    known = _FONTS.get(font.lower())
    if known is None:
        return text
    if not _PRIVATE.search(text):
        state.leave_out("symbol_font", f"{font} {text}")
        return text
    return _PRIVATE.sub(lambda sign: symbol(f"{ord(sign[0]):X}", font, state), text)
