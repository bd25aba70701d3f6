"""How browsers write the numbers of lists: the predefined counter styles.

Source: CSS Counter Styles Level 3, 6 and 7.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

_LATIN = "abcdefghijklmnopqrstuvwxyz"
_CJK = "〇一二三四五六七八九"
#: By their zero: nine more digits follow it.
_NUMERIC = {
    "arabic-indic": "٠",
    "bengali": "০",
    "cambodian": "០",
    "devanagari": "०",
    "gujarati": "૦",
    "gurmukhi": "੦",
    "kannada": "೦",
    "khmer": "០",
    "lao": "໐",
    "malayalam": "൦",
    "mongolian": "᠐",
    "myanmar": "၀",
    "oriya": "୦",
    "persian": "۰",
    "tamil": "௦",
    "telugu": "౦",
    "thai": "๐",
    "tibetan": "༠",
}
_HIRAGANA = "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわゐゑをん"
_IROHA = "いろはにほへとちりぬるをわかよたれそつねならむうゐのおくやまけふこえてあさきゆめみしゑひもせす"
_ALPHABETIC = {
    "lower-alpha": _LATIN,
    "lower-latin": _LATIN,
    "upper-alpha": _LATIN.upper(),
    "upper-latin": _LATIN.upper(),
    "lower-greek": "αβγδεζηθικλμνξοπρστυφχψω",
    "hiragana": _HIRAGANA,
    "hiragana-iroha": _IROHA,
    "katakana": "".join(chr(ord(char) + 0x60) for char in _HIRAGANA),
    "katakana-iroha": "".join(chr(ord(char) + 0x60) for char in _IROHA),
}
_FIXED = {"cjk-earthly-branch": "子丑寅卯辰巳午未申酉戌亥", "cjk-heavenly-stem": "甲乙丙丁戊己庚辛壬癸"}
_SYMBOLS = {"disclosure-open": "▾", "disclosure-closed": "▸"}
_ROMAN = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
    (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
)  # fmt: skip
_HEBREW = (
    *((weight, f"{letter}׳") for weight, letter in zip(range(10000, 0, -1000), "יטחזוהדגבא", strict=True)),
    (400, "ת"), (300, "ש"), (200, "ר"), (100, "ק"), (90, "צ"), (80, "פ"), (70, "ע"), (60, "ס"), (50, "נ"),
    (40, "מ"), (30, "ל"), (20, "כ"), (19, "יט"), (18, "יח"), (17, "יז"), (16, "טז"), (15, "טו"), (10, "י"),
    (9, "ט"), (8, "ח"), (7, "ז"), (6, "ו"), (5, "ה"), (4, "ד"), (3, "ג"), (2, "ב"), (1, "א"),
)  # fmt: skip
_TENS = tuple(digit * 10**power for power in (3, 2, 1, 0) for digit in range(9, 0, -1))
_ARMENIAN = "ՔՓՒՑՐՏՎՍՌՋՊՉՈՇՆՅՄՃՂՁՀԿԾԽԼԻԺԹԸԷԶԵԴԳԲԱ"
_GEORGIAN = "ჵჰჯჴხჭწძცჩშყღქფჳტსრჟპოჲნმლკითჱზვედგბა"


@dataclass(frozen=True, slots=True)
class _Longhand:
    """Numbers written out with ten, hundred and thousand, from -9999 to 9999."""

    digits: str
    units: str
    minus: str
    #: Whether a gap is said as a zero, and before which powers of ten a one is not said.
    says_zeros: bool
    bare: frozenset[int] = frozenset()


_TEN, _ALL = frozenset({1}), frozenset({1, 2, 3})
_LONGHAND = {
    "simp-chinese-informal": _Longhand("零一二三四五六七八九", "十百千", "负", True, _TEN),
    "simp-chinese-formal": _Longhand("零壹贰叁肆伍陆柒捌玖", "拾佰仟", "负", True),
    "trad-chinese-informal": _Longhand("零一二三四五六七八九", "十百千", "負", True, _TEN),
    "cjk-ideographic": _Longhand("零一二三四五六七八九", "十百千", "負", True, _TEN),
    "trad-chinese-formal": _Longhand("零壹貳參肆伍陸柒捌玖", "拾佰仟", "負", True),
    "japanese-informal": _Longhand("〇一二三四五六七八九", "十百千", "マイナス", False, _ALL),
    "japanese-formal": _Longhand("零壱弐参四伍六七八九", "拾百阡", "マイナス", False),
    "korean-hangul-formal": _Longhand("영일이삼사오육칠팔구", "십백천", "마이너스 ", False),
    "korean-hanja-informal": _Longhand("零一二三四五六七八九", "十百千", "마이너스 ", False, _ALL),
    "korean-hanja-formal": _Longhand("零壹貳參四五六七八九", "拾百仟", "마이너스 ", False),
}
_TO_CHINESE = frozenset(name for name in _LONGHAND if not name.startswith("korean-"))
_KANA = frozenset({"hiragana", "hiragana-iroha", "katakana", "katakana-iroha"})
_COMMA = frozenset({"cjk-decimal", *_FIXED}) | _TO_CHINESE | _KANA


def counted(style: str, number: int) -> str | None:
    """Return what a browser writes before an item in a counter style: `壹、`, `01. `, `α. `.

    A number beyond what the style can write is written as browsers then do. `None` for a style that is not
    predefined.
    """
    writer = _writer(style)
    if writer is None:
        return None
    written = writer(number)
    if written is None and (style in _FIXED or style in _TO_CHINESE):
        written = _cjk_decimal(number)
    return (str(number) if written is None else written) + _suffix(style)


def _suffix(style: str) -> str:
    if style in _COMMA:
        return "、"
    if style.startswith("korean-"):
        return ", "
    if style in _SYMBOLS:
        return " "
    return "/ " if style == "ethiopic-numeric" else ". "


def _writer(style: str) -> Callable[[int], str | None] | None:
    if style in _ALPHABETIC:
        return lambda number: _alphabetic(number, _ALPHABETIC[style])
    if style in _NUMERIC:
        zero = ord(_NUMERIC[style])
        return lambda number: _numeric(number, [chr(zero + digit) for digit in range(10)])
    if style in _LONGHAND:
        return lambda number: _longhand(number, _LONGHAND[style])
    if style in _FIXED:
        return lambda number: _FIXED[style][number - 1] if 0 < number <= len(_FIXED[style]) else None
    if style in _SYMBOLS:
        return lambda _: _SYMBOLS[style]
    return _OTHERS.get(style)


def _cjk_decimal(number: int) -> str | None:
    return _numeric(number, _CJK) if number >= 0 else None


def _numeric(number: int, digits: Sequence[str]) -> str:
    return ("-" if number < 0 else "") + "".join(digits[int(digit)] for digit in str(abs(number)))


def _alphabetic(number: int, letters: str) -> str | None:
    if number <= 0:
        return None
    written = ""
    while number:
        number, rest = divmod(number - 1, len(letters))
        written = letters[rest] + written
    return written


def _additive(number: int, most: int, weights: Sequence[tuple[int, str]]) -> str | None:
    if not 0 < number <= most:
        return None
    written = ""
    for weight, letters in weights:
        times, number = divmod(number, weight)
        written += letters * times
    return written


def _longhand(number: int, way: _Longhand) -> str | None:
    if abs(number) > 9999:
        return None
    if number == 0:
        return way.digits[0]
    written, gap = "", False
    for power in (3, 2, 1, 0):
        digit = abs(number) // 10**power % 10
        if digit == 0:
            gap = bool(written)
            continue
        if gap and way.says_zeros:
            written += way.digits[0]
        # Chinese leaves out the one of ten only at the beginning: 十二, but 一百一十二.
        silent = digit == 1 and power in way.bare and (not way.says_zeros or not written)
        written += ("" if silent else way.digits[digit]) + (way.units[power - 1] if power else "")
        gap = False
    return (way.minus if number < 0 else "") + written


def _ethiopic(number: int) -> str | None:
    if number <= 0:
        return None
    groups = []
    while number:
        number, group = divmod(number, 100)
        groups.append(group)
    written = ""
    for place in range(len(groups) - 1, -1, -1):
        group, is_odd = groups[place], place % 2 == 1
        silent = group == 0 or (group == 1 and place == len(groups) - 1 > 0) or (group == 1 and is_odd)
        tens, ones = divmod(group, 10)
        if not silent:
            written += (chr(0x1371 + tens) if tens else "") + (chr(0x1368 + ones) if ones else "")
        if is_odd and group:
            written += "፻"
        elif place and not is_odd:
            written += "፼"
    return written


def _pairs(letters: str, weights: Sequence[int]) -> tuple[tuple[int, str], ...]:
    return tuple(zip(weights, letters, strict=True))


_ARMENIANS = _pairs(_ARMENIAN, _TENS)
_OTHERS: dict[str, Callable[[int], str | None]] = {
    "decimal": str,
    "decimal-leading-zero": lambda number: f"{'-' if number < 0 else ''}{abs(number):02d}",
    "cjk-decimal": _cjk_decimal,
    "upper-roman": lambda number: _additive(number, 3999, _ROMAN),
    "lower-roman": lambda number: (_additive(number, 3999, _ROMAN) or "").lower() or None,
    "hebrew": lambda number: _additive(number, 10999, _HEBREW),
    "armenian": lambda number: _additive(number, 9999, _ARMENIANS),
    "upper-armenian": lambda number: _additive(number, 9999, _ARMENIANS),
    "lower-armenian": lambda number: (_additive(number, 9999, _ARMENIANS) or "").lower() or None,
    "georgian": lambda number: _additive(number, 19999, ((10000, "ჵ"), *_pairs(_GEORGIAN[1:], _TENS))),
    "ethiopic-numeric": _ethiopic,
}
