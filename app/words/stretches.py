"""Two texts as stretches that stayed, went or came, with words for what eyes would miss. Pure."""

import unicodedata
from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import Indel

from app.domain.document.alignment import steps

#: An island of common characters this short between two differences reads worse than one longer difference.
_ISLAND = 2
#: Common characters shown on either side of a difference in a long paragraph.
_AROUND = 40

_NAMES = {
    "，": "全角逗号",
    ",": "半角逗号",
    "。": "句号",
    ".": "半角句点",
    "；": "全角分号",
    ";": "半角分号",
    "：": "全角冒号",
    ":": "半角冒号",
    "？": "全角问号",
    "?": "半角问号",
    "！": "全角叹号",
    "!": "半角叹号",
    "（": "全角左括号",
    "(": "半角左括号",
    "）": "全角右括号",
    ")": "半角右括号",
    "、": "顿号",
    "·": "间隔号",
    "“": "左双引号",
    "”": "右双引号",
    "‘": "左单引号",
    "’": "右单引号",
    '"': "直双引号",
    "'": "直单引号",
    "《": "左书名号",
    "》": "右书名号",
    "—": "破折号",
    "-": "连字符",
    "…": "省略号",
    "～": "浪纹线",
    "~": "半角浪纹线",
    " ": "半角空格",
    "　": "全角空格",
    "\u00a0": "不换行空格",
    "\t": "制表符",
    "\n": "换行",
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of text that stayed, went or came; `note` says in words what eyes would miss."""

    kind: Literal["same", "removed", "added"]
    text: str
    note: str = ""


def stretches(old: str, new: str) -> tuple[Stretch, ...]:
    """Return both texts as stretches: removed and same joined are `old`, added and same joined are `new`.

    Long unchanged text is shortened to its ends, with …… between.
    """
    pairs = _merged(old, new)
    found: list[Stretch] = []
    for index, (before, after, same) in enumerate(pairs):
        if same:
            found.append(Stretch("same", _shortened(before, first=index == 0, last=index == len(pairs) - 1)))
            continue
        note = _note(before, after)
        if before:
            found.append(Stretch("removed", before, "" if after else note))
        if after:
            found.append(Stretch("added", after, note))
    return tuple(found)


def _merged(old: str, new: str) -> list[tuple[str, str, bool]]:
    pairs: list[tuple[str, str, bool]] = []
    aligned = steps(old, new, Indel.opcodes)
    for index, step in enumerate(aligned):
        before, after = old[step.src_start : step.src_end], new[step.dest_start : step.dest_end]
        same = step.tag == "equal"
        inner = 0 < index < len(aligned) - 1
        if same and not (inner and len(before) <= _ISLAND and not mere_signs(before)):
            pairs.append((before, after, True))
        elif pairs and not pairs[-1][2]:
            pairs[-1] = (pairs[-1][0] + before, pairs[-1][1] + after, False)
        else:
            pairs.append((before, after, False))
    return pairs


def _shortened(text: str, *, first: bool, last: bool) -> str:
    if first:
        return text if len(text) <= _AROUND * 2 else "……" + text[-_AROUND:]
    if last:
        return text if len(text) <= _AROUND * 2 else text[:_AROUND] + "……"
    return text if len(text) <= _AROUND * 3 else text[:_AROUND] + "……" + text[-_AROUND:]


def _note(before: str, after: str) -> str:
    if not mere_signs(before) or not mere_signs(after):
        return ""
    if not before:
        return f"加{_said(after)}"
    if not after:
        return f"删{_said(before)}"
    return f"{_said(before)} → {_said(after)}"


def mere_signs(text: str) -> bool:
    """Say whether a text is of punctuation, spaces and invisible characters only, or empty."""
    return all(unicodedata.category(char)[0] in "PZC" for char in text)


def _said(text: str) -> str:
    return "、".join(_NAMES.get(char, char if char.isprintable() else f"U+{ord(char):04X}") for char in text)
