"""The language of searches: what a line asks, and what of it is not understood."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.search_language import Asked, Search, Term, days_of, read


@pytest.mark.parametrize(
    ("line", "words", "terms"),
    [
        ("", (), ()),
        ("春节  慰问", ("春节", "慰问"), ()),
        ("“困难 群众” 走访", ("困难 群众", "走访"), ()),
        ('作者:"林 小满"', (), (Term(Asked.AUTHOR, "林 小满"),)),
        ("状态：退回 栏目:通知", (), (Term(Asked.STATE, "退回"), Term(Asked.SECTION, "通知"))),
        ("https://example.cn/a 9:30", ("https://example.cn/a", "9:30"), ()),
        ("日期:2026-02", (), (Term(Asked.CREATED, "2026-02", (date(2026, 2, 1), date(2026, 2, 28))),)),
    ],
)
def test_a_line_is_words_and_terms(line: str, words: tuple[str, ...], terms: tuple[Term, ...]) -> None:
    assert read(line) == Search(words, terms)


def test_what_is_not_understood_is_told_and_words_stay() -> None:
    assert read("颜色:红 作者: 日期:2026-13 春节") == Search(
        ("颜色:红", "春节"), (), (("unknown", "颜色"), ("empty", "作者"), ("date", "2026-13"))
    )


@pytest.mark.parametrize(
    ("value", "days"),
    [
        ("2026", (date(2026, 1, 1), date(2026, 12, 31))),
        ("2026年3月", (date(2026, 3, 1), date(2026, 3, 31))),
        ("2026年3月1日", (date(2026, 3, 1), date(2026, 3, 1))),
        ("2026-03..2026-04-05", (date(2026, 3, 1), date(2026, 4, 5))),
        ("2026-03..", (date(2026, 3, 1), date.max)),
        ("2026-05..2026-03", None),
        ("..2026", None),
        ("去年", None),
        ("2026-02-30", None),
        ("0000", None),
    ],
)
def test_days_are_read_as_people_write_them(value: str, days: tuple[date, date] | None) -> None:
    assert days_of(value) == days


@given(st.text(max_size=60))
def test_every_line_is_read(line: str) -> None:
    found = read(line)
    assert all(one.strip() for one in found.words)
    assert all(one.value for one in found.terms)
