"""How Word writes the number of a list: `w:numFmt`.

Source: ECMA-376-1, 17.18.59 (ST_NumberFormat). Chinese zeros are 〇 where digits stand one after the other,
零 where numbers are spelled out; see decision 66.
"""

from collections.abc import Callable, Mapping, Sequence

from app.domain.counters import counted

_SMALL = (
    *("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven"),
    *("Twelve", "Thirteen", "Fourteen", "Fifteen", "Sixteen", "Seventeen", "Eighteen", "Nineteen"),
)
_TENS = ("", "", "Twenty", "Thirty", "Forty", "Fifty", "Sixty", "Seventy", "Eighty", "Ninety")
_IRREGULAR = {
    "One": "First", "Two": "Second", "Three": "Third", "Five": "Fifth", "Eight": "Eighth", "Nine": "Ninth",
    "Twelve": "Twelfth",
}  # fmt: skip
_SIMPLE, _LEGAL = "〇一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖"
_TRADITIONAL = "零壹貳參肆伍陸柒捌玖"
_STEMS, _BRANCHES = "甲乙丙丁戊己庚辛壬癸", "子丑寅卯辰巳午未申酉戌亥"
_KANA = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
_IROHA = "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒモセスン"
_GANADA, _CHOSUNG = "가나다라마바사아자차카타파하", "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ"
_RUSSIAN = "абвгдежзиклмнопрстуфхцчшщыэюя"
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def written(number: int, form: str, pattern: str = "") -> str:
    """Return a number as a list in Word shows it; `pattern` is that of a form of one's own (`001, 002, …`).

    A form that nobody knows, and a number that its form cannot write, are digits. The form `none` is empty.
    """
    if form == "custom":
        first = pattern.split(",", 1)[0].strip()
        return str(number).zfill(len(first)) if first.isdigit() else str(number)
    writer = _FORMS.get(form)
    said = writer(number) if writer is not None else None
    return str(number) if said is None else said


def _spelled(style: str) -> Callable[[int], str | None]:
    """Return a writer by a counter style of CSS, without the sign behind it."""

    def write(number: int) -> str | None:
        text = counted(style, number)
        return None if text is None else text.rstrip(" .,、/")

    return write


def _chinese(digits: str, units: str, *, bare_ten: bool) -> Callable[[int], str | None]:
    """Return a writer of numbers with ten, hundred, thousand and ten thousand: 一百零五, 一万二千."""

    def below(number: int, *, leading: bool) -> str:
        text, gap = "", False
        for power in (3, 2, 1, 0):
            digit = number // 10**power % 10
            if not digit:
                gap = bool(text) or (not leading and power < 3)
                continue
            if gap and (text or not leading):
                text += digits[0]
            silent = bare_ten and leading and digit == 1 and power == 1 and not text
            text += ("" if silent else digits[digit]) + (units[power - 1] if power else "")
            gap = False
        return text

    def write(number: int) -> str | None:
        if not 0 <= number < 100_000_000:
            return None
        high, low = divmod(number, 10_000)
        if not high:
            return below(low, leading=True) or digits[0]
        rest = below(low, leading=False) if low else ""
        if low and low < 1000 and not rest.startswith(digits[0]):
            rest = digits[0] + rest
        return f"{below(high, leading=True)}{units[3]}{rest}"

    return write


def _by_place(digits: Sequence[str]) -> Callable[[int], str | None]:
    return lambda number: "".join(digits[int(digit)] for digit in str(number)) if number >= 0 else None


def _tens_then_places(number: int) -> str | None:
    """Return 一, 十, 二十一, and from 100 on the digits one after the other: 一〇〇. Source: 17.18.59."""
    return _THOUSANDS(number) if 0 <= number < 100 else _by_place(_SIMPLE)(number)


def _cycled(signs: str) -> Callable[[int], str | None]:
    return lambda number: signs[(number - 1) % len(signs)] if number > 0 else None


def _fixed(signs: Mapping[int, str] | str, otherwise: str = "{}") -> Callable[[int], str | None]:
    """Return a writer by a list of signs; beyond it a number is written as `otherwise` says."""
    known = dict(enumerate(signs, 1)) if isinstance(signs, str) else signs
    return lambda number: known.get(number) or otherwise.format(number)


def _repeated(letters: str) -> Callable[[int], str | None]:
    """Return a writer of a … z, aa, bb … zz, aaa: Word repeats a letter. Source: 17.18.59, lowerLetter."""

    def write(number: int) -> str | None:
        if not 0 < number <= 780:
            return None
        times, place = divmod(number - 1, len(letters))
        return letters[place] * (times + 1)

    return write


def _cardinal(number: int) -> str | None:
    if not 0 <= number < 1_000_000:
        return None
    thousands, rest = divmod(number, 1000)
    hundreds, small = divmod(rest, 100)
    words = [f"{_cardinal(thousands)} Thousand"] if thousands else []
    words += [f"{_SMALL[hundreds]} Hundred"] if hundreds else []
    if small or not words:
        tens, unit = divmod(small, 10)
        words.append(_SMALL[small] if small < 20 else _TENS[tens] + (f"-{_SMALL[unit]}" if unit else ""))
    return " ".join(words)


def _cardinal_text(number: int) -> str | None:
    said = _cardinal(number)
    return None if said is None else said.capitalize()


def _ordinal_text(number: int) -> str | None:
    said = _cardinal(number)
    if said is None:
        return None
    head, joint, last = said.rpartition("-") if "-" in said.rsplit(" ", 1)[-1] else said.rpartition(" ")
    last = _IRREGULAR.get(last) or (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")
    return f"{head}{joint}{last}".capitalize()


def _ordinal(number: int) -> str:
    tail = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{tail}"


def _chicago(number: int) -> str | None:
    if number <= 0:
        return None
    times, place = divmod(number - 1, 4)
    return "*†‡§"[place] * (times + 1)


def _circled(number: int) -> str | None:
    for first, last, start in ((1, 20, 0x2460), (21, 35, 0x3251), (36, 50, 0x32B1)):
        if first <= number <= last:
            return chr(start + number - first)
    return "⓪" if number == 0 else None


def _span(start: int, count: int) -> dict[int, str]:
    return {number: chr(start + number - 1) for number in range(1, count + 1)}


_THOUSANDS = _chinese("零一二三四五六七八九", "十百千万", bare_ten=True)
_THOUSANDS_TRADITIONAL = _chinese("零一二三四五六七八九", "十百千萬", bare_ten=True)
_LOWER_ROMAN, _UPPER_ROMAN = _spelled("lower-roman"), _spelled("upper-roman")

_FORMS: dict[str, Callable[[int], str | None]] = {
    "none": lambda _: "",
    "decimal": str,
    "decimalZero": lambda number: f"{number:02d}",
    "decimalFullWidth": lambda number: str(number).translate(_FULL_WIDTH),
    "decimalFullWidth2": lambda number: str(number).translate(_FULL_WIDTH),
    "decimalHalfWidth": str,
    "decimalEnclosedCircle": _circled,
    "decimalEnclosedCircleChinese": _circled,
    "decimalEnclosedFullstop": _fixed(_span(0x2488, 20), "{}."),
    "decimalEnclosedParen": _fixed(_span(0x2474, 20), "({})"),
    "numberInDash": lambda number: f"- {number} -",
    "hex": lambda number: f"{number:X}" if number >= 0 else None,
    "ordinal": _ordinal,
    "cardinalText": _cardinal_text,
    "ordinalText": _ordinal_text,
    "chicago": _chicago,
    "lowerLetter": _repeated(_LATIN),
    "upperLetter": _repeated(_LATIN.upper()),
    "russianLower": _repeated(_RUSSIAN),
    "russianUpper": _repeated(_RUSSIAN.upper()),
    "lowerRoman": _LOWER_ROMAN,
    "upperRoman": _UPPER_ROMAN,
    "chineseCounting": _tens_then_places,
    "chineseCountingThousand": _THOUSANDS,
    "chineseLegalSimplified": _chinese(_LEGAL, "拾佰仟万", bare_ten=False),
    "taiwaneseCounting": _tens_then_places,
    "taiwaneseCountingThousand": _THOUSANDS_TRADITIONAL,
    "taiwaneseDigital": _by_place("○一二三四五六七八九"),
    "ideographDigital": _by_place(_SIMPLE),
    "ideographLegalTraditional": _chinese(_TRADITIONAL, "拾佰仟萬", bare_ten=False),
    "ideographTraditional": _cycled(_STEMS),
    "ideographZodiac": _cycled(_BRANCHES),
    "ideographZodiacTraditional": lambda number: (
        _STEMS[(number - 1) % 10] + _BRANCHES[(number - 1) % 12] if number > 0 else None
    ),
    "ideographEnclosedCircle": _fixed(_span(0x3280, 10), "({})"),
    "japaneseCounting": _spelled("japanese-informal"),
    "japaneseLegal": _spelled("japanese-formal"),
    "japaneseDigitalTenThousand": _by_place(_SIMPLE),
    "aiueo": _cycled(_KANA),
    "aiueoFullWidth": _cycled(_KANA),
    "iroha": _cycled(_IROHA),
    "irohaFullWidth": _cycled(_IROHA),
    "koreanDigital": _by_place("영일이삼사오육칠팔구"),
    "koreanDigital2": _by_place("零一二三四五六七八九"),
    "koreanCounting": _spelled("korean-hangul-formal"),
    "koreanLegal": _spelled("korean-hangul-formal"),
    "ganada": _cycled(_GANADA),
    "chosung": _cycled(_CHOSUNG),
    "thaiNumbers": _spelled("thai"),
    "hindiNumbers": _spelled("devanagari"),
    "hebrew1": _spelled("hebrew"),
}

#: Every form that is written as Word writes it; the others come as digits.
KNOWN = frozenset({*_FORMS, "custom", "bullet"})
