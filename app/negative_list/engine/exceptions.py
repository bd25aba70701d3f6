"""Contextual exceptions, which say that a hit is all right where it stands."""

from collections.abc import Callable
from functools import lru_cache

from app.negative_list.source.rules import Condition, Covering, Inside, LineHas, Near
from app.negative_list.text.buffer import ViewText
from app.negative_list.text.model import View
from app.negative_list.text.skip_view import forms_of

#: `(view, start, end, part_start, part_end)` → whether the exception holds.
Test = Callable[[ViewText, int, int, int, int], bool]
#: Whether a pattern matches within a range of a text.
Search = Callable[[str], bool]


def compile_condition(condition: Condition, *, reads: View, search: Callable[[LineHas], Search]) -> Test:
    """Return the test of one exception; its words are read as in the view that the rule `reads`."""
    match condition:
        case Inside():
            return _inside(condition, reads=reads)
        case Covering(words):
            return covering(words, reads=reads)
        case Near():
            return _near(condition, reads=reads)
        case LineHas():
            return _line_has(search(condition))


def _form(word: str, *, reads: View) -> str:
    return forms_of([word], reads)[0]


def _inside(condition: Inside, *, reads: View) -> Test:
    left, right = _form(condition.open, reads=reads), _form(condition.close, reads=reads)
    only = frozenset(_form(title, reads=reads) for title in condition.only)

    def test(view: ViewText, start: int, end: int, first: int, last: int) -> bool:
        opened = view.last_before(left, first, start)
        if opened < 0 or view.first_after(right, opened + len(left), start) >= 0:
            return False
        closed = view.first_after(right, end, last)
        if closed < 0 or view.first_after(left, end, closed) >= 0:
            return False
        return not only or view.text[opened + len(left) : closed] in only

    return test


def covering(words: tuple[str, ...], *, reads: View) -> Test:
    """Return the test whether the hit is part of one of `words`, standing around it."""
    forms = tuple(_form(word, reads=reads) for word in words)

    @lru_cache(maxsize=1000)
    def around(hit: str) -> tuple[tuple[str, int], ...]:
        """Return the words that hold the hit, with each place where it stands in them."""
        return tuple(
            (word, place)
            for word in forms
            for place in range(len(word) - len(hit) + 1)
            if word.startswith(hit, place)
        )

    def test(view: ViewText, start: int, end: int, first: int, last: int) -> bool:
        text = view.text
        for word, place in around(text[start:end]):
            begin = start - place
            if begin >= first and begin + len(word) <= last and text.startswith(word, begin):
                return True
        return False

    return test


def _near(condition: Near, *, reads: View) -> Test:
    words = tuple(_form(word, reads=reads) for word in condition.words)
    within, before = condition.within, condition.before

    def test(view: ViewText, start: int, end: int, first: int, last: int) -> bool:
        if before:
            window = view.text[max(first, start - within) : start]
        else:
            window = view.text[end : min(last, end + within)]
        return any(word in window for word in words)

    return test


def _line_has(matches: Search) -> Test:
    def test(view: ViewText, start: int, end: int, first: int, last: int) -> bool:
        begin = view.last_before("\n", first, start) + 1 or first
        stop = view.first_after("\n", end, last)
        line = test, begin, stop
        found = view.memo.get(line)
        if found is None:
            found = view.memo[line] = matches(view.text[begin : stop if stop >= 0 else last])
        return found

    return test
