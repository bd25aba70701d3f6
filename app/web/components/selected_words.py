"""From words that somebody selected or copied to their place in the text. Pure; positions are code points."""

from dataclasses import dataclass

from app.domain.vocabulary import MarkKind
from app.infra.errors import Invalid, Reason

#: Marks that stand between two characters: the quote is what comes before them.
BETWEEN = frozenset({MarkKind.INSERT, MarkKind.ADD_SPACE, MarkKind.NEW_PARAGRAPH})
#: Marks in which nothing new is written.
_NOTHING_NEW = frozenset(
    {MarkKind.DELETE, MarkKind.STET, MarkKind.RUN_ON, MarkKind.NEW_PARAGRAPH, MarkKind.REMOVE_SPACE}
)


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a mark stands and what it says, as the domain wants it."""

    start: int
    end: int
    quote: str
    new_text: str
    move_to: int | None = None


def anchor(kind: MarkKind, text: str, *, quote: str, nth: int, new_text: str) -> Anchor:
    """Return the anchor of a mark on the `nth` occurrence (from 1, overlapping too) of `quote` in `text`.

    A mark between characters stands after its quote; with an empty quote at the beginning. Running on stands
    at the end of the paragraph. A move goes behind the first occurrence of `new_text`.
    Raises `Invalid` when the quote is missing or not there.
    """
    if kind is MarkKind.RUN_ON:
        return Anchor(len(text), len(text), "", "")
    if not quote and kind not in BETWEEN:
        raise _wrong("quote", "请填写有错的原文，或者在校样文字里选中它。")
    start = occurrence(text, quote, nth)
    end = start + len(quote)
    if kind in BETWEEN:
        written = (
            "" if kind is MarkKind.NEW_PARAGRAPH else new_text or (" " if kind is MarkKind.ADD_SPACE else "")
        )
        if kind is MarkKind.INSERT and not written:
            raise _wrong("new_text", "请填写要增补的文字。")
        return Anchor(end, end, "", written)
    if kind is MarkKind.MOVE:
        if not new_text:
            raise _wrong("new_text", "请填写要移到哪几个字之后。")
        return Anchor(start, end, quote, "", occurrence(text, new_text, 1, field="new_text") + len(new_text))
    if kind in _NOTHING_NEW:
        return Anchor(start, end, quote, "")
    if not new_text or new_text == quote:
        raise _wrong("new_text", "请填写改成什么；要删去请选“删除”。")
    return Anchor(start, end, quote, new_text)


def occurrence(text: str, quote: str, nth: int, *, field: str = "quote") -> int:
    """Return where the `nth` occurrence of `quote` begins. Raises `Invalid` where there are fewer."""
    start = -1
    for _ in range(max(nth, 1)):
        start = text.find(quote, start + 1)
        if start == -1:
            which = f"第 {nth} 处" if nth > 1 else ""
            raise _wrong(field, f"这一段里没有{which}“{quote}”，请照抄原文。")
    return start


def _wrong(field: str, message: str) -> Invalid:
    return Invalid("malformed", reasons=[Reason("field", {"message": message}, field=field)])
