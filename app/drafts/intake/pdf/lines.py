"""Lines of a page as paragraphs: a word or a number that the edge of the page cuts in two is one again."""

import re
import unicodedata
from collections.abc import Iterator

#: A line that is so much as wide as the widest of its page goes on in the next one.
_FULL = 0.85
#: Below this width, in half characters, a page's lines are no running text.
_NARROW = 24
#: What ends a paragraph, whatever its width, and what begins one.
_ENDS = re.compile(r"[。！？!?：:；;]$")
_BEGINS = re.compile(
    r"[一二三四五六七八九十]{1,3}[、.．]|[（(][一二三四五六七八九十\d]{1,3}[）)]|\d{1,2}[.、．]\D|附件|第.{1,3}[章条节]"
)
#: What pdfium gives for a hyphen at the end of a line.
_HYPHEN = re.compile("[\ufffe\x02]")


def width(text: str) -> int:
    """Return how wide a line is in half characters: a Chinese one is two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WFA" else 1 for char in text)


def paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """Yield the paragraphs of a page with the number of their first line, from 1; blank lines end one.

    A line goes on in the next one where it is about as wide as the page's widest, ends without a full stop
    and the next does not begin like an item. Between two characters of words with spaces one space is put.
    """
    lines = [_HYPHEN.sub("-", line).rstrip() for line in re.split(r"\r\n|\r|\n", text)]
    widest = max(map(width, lines), default=0)
    begun, held = 0, ""
    for number, line in enumerate(lines, 1):
        bare = line.strip()
        if held and not (bare and _goes_on(lines[number - 2], bare, widest)):
            yield begun, held
            held = ""
        if not bare:
            continue
        if held:
            held = held + ("" if _touch(held[-1], bare[0]) else " ") + bare
        else:
            begun, held = number, bare
    if held:
        yield begun, held


def _goes_on(line: str, following: str, widest: int) -> bool:
    wide = width(line)
    return (
        wide >= max(_NARROW, _FULL * widest)
        and not _ENDS.search(line.strip())
        and not _BEGINS.match(following)
    )


def _touch(left: str, right: str) -> bool:
    """Whether nothing is between two characters that a line's end parts: Chinese ones, and two digits."""
    return (left.isdigit() and right.isdigit()) or left > "\u2e7f" or right > "\u2e7f" or left == "-"
