"""What a text is measured to be, for conditions: media, words in fields, characters, sums of money.

Each measure is a name that stands among the facts of a draft; `conditions` asks them.
"""

import re
from collections.abc import Iterable, Iterator

from app.domain.document.model import Document, Image, Table, Video
from app.domain.workflow.conditions import LARGEST, Cuts, When

_FIELDS = frozenset({"title", "subtitle", "summary", "byline", "source", "source_url"})
_DIGITS = {digit: value for value, digit in enumerate("〇一二三四五六七八九")} | {
    **{digit: value for value, digit in enumerate("零壹贰叁肆伍陆柒捌玖")},
    "两": 2,
}
_TENS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_SCALES = {"": 1, "万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_CHINESE = "".join((*_DIGITS, *_TENS))
_WIDE = str.maketrans("０１２３４５６７８９．￥", "0123456789.¥")
_LONGEST, _MOST_SCALES = 24, 2
#: Whatever numbers are made of: where such a run is money, its last number is the sum.
_RUN = re.compile(rf"[\d,.{_CHINESE}万萬亿億余多]+")
_PART = re.compile(
    rf"(\d{{1,3}}(?:,\d{{3}})+(?![\d])(?:\.\d+)?|\d+(?:\.\d+)?|[{_CHINESE}]+)([十百千]?)[余多]?([万萬亿億]*)[余多]?"
)
_CURRENCY = re.compile(r"\s?(?:元(?![素旦宵月老帅首件气])|圆整|块钱|人民币)")
_BEFORE = re.compile(r"(?:¥|人民币|RMB)\s?$")


def measures(document: Document, asked: Iterable[When], cuts: Cuts | None = None) -> frozenset[str]:
    """Return the measures of a text; of words only those that some condition in `asked` looks for.

    `cuts` tells of a word whether it is made of halves of others; without it every word counts.
    """
    texts = [(_field(place), words) for place, words in document.texts()]
    found = {f"media:{kind}" for kind in _media(document)}
    found.add(f"characters:{document.characters}")
    if largest := max((amount for _, words in texts for amount in amounts(words)), default=0):
        found.add(f"amount:{largest}")
    for says in dict.fromkeys(part.says for when in asked for part in when.parts() if part.says is not None):
        found |= says.said_by(texts, cuts)
    return frozenset(found)


def amounts(text: str) -> Iterator[int]:
    """Yield every sum of money in a text, in whole yuan, rounded down: 120万元, 三千余元, ¥1,200.50.

    Above `LARGEST` it is that.
    """
    text = text.translate(_WIDE)
    for run in _RUN.finditer(text):
        if _CURRENCY.match(text, run.end()) or _BEFORE.search(text, max(0, run.start() - 4), run.start()):
            value = _last(run[0])
            if value is not None:
                yield min(int(value), LARGEST)


def _last(run: str) -> float | None:
    """Return the last number of a run, whose parts are added up (3亿5000万); `None` where it has none."""
    total: float | None = None
    end = -1
    for part in _PART.finditer(run):
        number, tens, scales = part.groups()
        if number[0].isdigit():
            # Nothing that long is told apart from the largest.
            digits = number.replace(",", "")
            value = float(digits) if len(digits) <= _LONGEST else float(LARGEST)
        else:
            value = float(min(_chinese(number), LARGEST))
        value *= _TENS.get(tens, 1)
        for scale in scales[:_MOST_SCALES]:
            value *= _SCALES[scale]
        total = value if total is None or part.start() != end else total + value
        end = part.end()
    return total


def _chinese(number: str) -> int:
    if not any(sign in _TENS for sign in number):
        return int("".join(str(_DIGITS[sign]) for sign in number[-_LONGEST:]))
    total, digit = 0, 0
    for sign in number:
        if sign in _TENS:
            total += (digit or 1) * _TENS[sign]
            digit = 0
        else:
            digit = _DIGITS[sign]
    return total + digit


def _field(place: str) -> str:
    return place if place in _FIELDS else "text"


def _media(document: Document) -> Iterator[str]:
    if any(isinstance(block, Image) for block in document.blocks):
        yield "picture"
    if any(isinstance(block, Video) for block in document.blocks):
        yield "video"
    if any(isinstance(block, Table) for block in document.blocks):
        yield "table"
    if document.attachments:
        yield "attachment"
