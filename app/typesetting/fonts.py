"""The fonts that pages are set in: Noto Serif SC (宋体) and Noto Sans SC (黑体), under the OFL, from a wheel.

No font of the machine is used, so that a page is the same everywhere.
"""

import re
import unicodedata
from functools import cache
from pathlib import Path

import pylopdf_fonts_zh_cn
from fontTools.ttLib import TTFont

#: What nearly every text consists of, and both fonts hold (a test asks them).
_ORDINARY = re.compile(r"[\n -~一-龥，。、；：？！“”‘’（）《》…—·　％]+")
#: Signs that show nothing, whatever the font: line ends and what has no width.
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp"})


def files() -> tuple[Path, Path]:
    """Return where the two fonts lie, serif first."""
    return Path(pylopdf_fonts_zh_cn.serif_path()), Path(pylopdf_fonts_zh_cn.sans_path())


def folder() -> Path:
    """Return the folder of the fonts; nothing else that a setter would take for a font lies there."""
    return files()[0].parent


@cache
def _characters() -> frozenset[int]:
    """Return the code points that both fonts can draw."""
    held = []
    for path in files():
        with TTFont(path, lazy=True) as font:
            held.append(frozenset(font.getBestCmap()))
    return held[0] & held[1]


def missing(words: str) -> tuple[str, ...]:
    """Return the characters that the fonts cannot draw, each once, in their order; empty for none.

    A setter draws an empty box or nothing for them and says nothing: ask before setting. What shows nothing
    (line ends, joiners, variation selectors) is never missing.
    """
    if not (rest := _ORDINARY.sub("", words)):
        return ()
    known = _characters()
    return tuple(sign for sign in dict.fromkeys(rest) if ord(sign) not in known and not _shows_nothing(sign))


def _shows_nothing(sign: str) -> bool:
    return unicodedata.category(sign) in _UNSEEN or "VARIATION SELECTOR" in unicodedata.name(sign, "")
