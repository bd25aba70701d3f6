"""Two revisions side by side, for reading: paragraph first, then characters. Pure."""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import Indel

from app.domain.document.model import FIELDS, Document
from app.words.places import place_in_text

#: An island of common characters this short between two differences reads worse than one longer difference.
_ISLAND = 2
#: Paragraphs less alike than this are one removed and one added, not one edited.
_ALIKE = 0.4
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


@dataclass(frozen=True, slots=True)
class Difference:
    """One field or paragraph that differs; `place` is in the newer text, in the older if it was removed."""

    kind: Literal["edited", "added", "removed"]
    place: str
    stretches: tuple[Stretch, ...]


def _place_name(ref: str) -> str:
    return place_in_text(ref) or "全文"


def differences(old: Document, new: Document) -> tuple[Difference, ...]:
    """Return what differs in reading order; empty when all texts are the same.

    Fields are compared by name. Paragraphs are aligned first, so that one that came or went does not shift
    the rest.
    """
    differences = [
        Difference("edited", _place_name(name), stretches(getattr(old, name), getattr(new, name)))
        for name in FIELDS
        if getattr(old, name) != getattr(new, name)
    ]
    was = [(place, text) for place, text in old.texts() if place not in FIELDS]
    now = [(place, text) for place, text in new.texts() if place not in FIELDS]
    return (*differences, *_paragraphs(was, now))


def _paragraphs(was: list[tuple[str, str]], now: list[tuple[str, str]]) -> Iterator[Difference]:
    steps = Indel.opcodes([text for _, text in was], [text for _, text in now])
    gone: list[tuple[str, str]] = []
    came: list[tuple[str, str]] = []
    for step in steps:
        if step.tag == "equal":
            yield from _rewritten(gone, came)
            gone, came = [], []
        else:
            gone += was[step.src_start : step.src_end]
            came += now[step.dest_start : step.dest_end]
    yield from _rewritten(gone, came)


def _rewritten(gone: list[tuple[str, str]], came: list[tuple[str, str]]) -> Iterator[Difference]:
    """Pair what went with what came, in order, where they are alike; the rest is removed or added."""
    left = list(gone)
    for place, text in came:
        partner = next((index for index, (_, old) in enumerate(left) if _alike(old, text)), None)
        if partner is None:
            yield Difference("added", _place_name(place), (Stretch("added", text),))
            continue
        for lost, old in left[:partner]:
            yield Difference("removed", _place_name(lost), (Stretch("removed", old),))
        yield Difference("edited", _place_name(place), stretches(left[partner][1], text))
        left = left[partner + 1 :]
    for place, text in left:
        yield Difference("removed", _place_name(place), (Stretch("removed", text),))


def _alike(old: str, new: str) -> bool:
    return Indel.normalized_similarity(old, new, score_cutoff=_ALIKE) > 0


def stretches(old: str, new: str) -> tuple[Stretch, ...]:
    """Return both texts as stretches: removed and same joined are `old`, added and same joined are `new`.

    Long unchanged text is shortened to its ends, with …… between.
    """
    pairs = _merged(old, new)
    stretches: list[Stretch] = []
    for index, (before, after, same) in enumerate(pairs):
        if same:
            stretches.append(
                Stretch("same", _shortened(before, first=index == 0, last=index == len(pairs) - 1))
            )
            continue
        note = _note(before, after)
        if before:
            stretches.append(Stretch("removed", before, "" if after else note))
        if after:
            stretches.append(Stretch("added", after, note))
    return tuple(stretches)


def _merged(old: str, new: str) -> list[tuple[str, str, bool]]:
    pairs: list[tuple[str, str, bool]] = []
    steps = list(Indel.opcodes(old, new))
    for index, step in enumerate(steps):
        before, after = old[step.src_start : step.src_end], new[step.dest_start : step.dest_end]
        same = step.tag == "equal"
        inner = 0 < index < len(steps) - 1
        if same and not (inner and len(before) <= _ISLAND and not _mere_signs(before)):
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
    if not _mere_signs(before) or not _mere_signs(after):
        return ""
    if not before:
        return f"加{_said(after)}"
    if not after:
        return f"删{_said(before)}"
    return f"{_said(before)} → {_said(after)}"


def _mere_signs(text: str) -> bool:
    return all(unicodedata.category(char)[0] in "PZC" for char in text)


def _said(text: str) -> str:
    return "、".join(_NAMES.get(char, char if char.isprintable() else f"U+{ord(char):04X}") for char in text)
