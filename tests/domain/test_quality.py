"""Shares of errors: how the press counts them, and how sure a share is."""

import pytest

from app.domain.quality import Error, lint_quality, rate, weighed, weight_of
from app.domain.vocabulary import ErrorType
from app.infra.paths import shipped

TEXT = (shipped("policies") / "quality.yaml").read_text(encoding="utf-8")
QUALITY, _ = lint_quality(TEXT)
assert QUALITY is not None
BOOK, JOURNAL, NEWSPAPER, FREE = (QUALITY.profiles[key] for key in ("book", "journal", "newspaper", "free"))


def error(
    weight: float = 1, kind: ErrorType = ErrorType.WORD, *, at: str = "blocks/0", wrong: str = "按"
) -> Error:
    return Error(at, kind, weight, wrong, "安")


def test_no_errors_weigh_nothing() -> None:
    assert weighed((), JOURNAL) == 0


def test_the_same_error_counts_so_often_at_most() -> None:
    assert weighed([error()] * 5, JOURNAL) == 3
    assert weighed([error(wrong=str(one)) for one in range(5)], JOURNAL) == 5
    assert weighed([error()] * 5, BOOK) == 4


def test_errors_in_the_title_weigh_double() -> None:
    assert weighed([error(at="title")], NEWSPAPER) == 2
    assert weighed([error(at="blocks/0/caption")], NEWSPAPER) == 1


def test_number_style_is_capped_by_text() -> None:
    many = [error(0.1, ErrorType.NUMBER_STYLE, wrong=str(one)) for one in range(15)]
    assert weighed(many, JOURNAL) == 1
    assert weighed([*many, error(0.1, ErrorType.PUNCTUATION)], JOURNAL) == 1.1


def test_a_rate_is_errors_in_ten_thousand_characters() -> None:
    found = rate(2, 20_000, 2)
    assert (found.value, found.limit) == (1.0, 2)
    assert found.low < 1 < found.high


@pytest.mark.parametrize(
    ("weight", "characters", "within"),
    [(1, 1_500, None), (0, 1_500, None), (20, 200_000, True), (100, 200_000, False), (0, 100_000, True)],
)
def test_a_short_text_says_nothing_sure(weight: float, characters: int, within: bool | None) -> None:
    assert rate(weight, characters, 2).within is within
    assert rate(weight, characters).within is None


def test_bounds_are_nearly_those_of_poisson() -> None:
    # Exact, of 10 events: 4.80 to 18.39; of none: 0 to 3.69.
    ten, none = rate(10, 10_000), rate(0, 10_000)
    assert (ten.low, ten.high) == (pytest.approx(4.80, abs=0.05), pytest.approx(18.39, abs=0.05))
    assert (none.low, none.high) == (0, pytest.approx(3.69, abs=0.3))


def test_an_empty_text_has_no_share() -> None:
    assert (rate(0, 0, 2).value, rate(0, 0, 2).within) == (0, None)


def test_only_journals_are_held_to_a_limit() -> None:
    assert (QUALITY.profile("journal"), QUALITY.profile("wechat")) == (JOURNAL, FREE)
    assert (BOOK.limit, JOURNAL.limit, NEWSPAPER.limit, FREE.limit) == (1, 2, 3, None)


@pytest.mark.parametrize(
    ("error_type", "quote", "new", "weight"),
    [
        ("word", "的", "地", 1),
        ("word", "", "地", 1),
        ("word", "落落实实", "落实", 2),
        ("word", "一二三四五六", "", 4),
        ("fact", "六个字的事实", "x", 1),
        ("punctuation", "，", "。", 0.1),
        ("number_style", "三", "3", 0.1),
    ],
)
def test_what_an_error_weighs(error_type: str, quote: str, new: str, weight: float) -> None:
    assert weight_of(ErrorType(error_type), quote, new, JOURNAL) == weight


def test_in_a_book_a_wrong_fact_weighs_two() -> None:
    assert weight_of(ErrorType.FACT, "一", "二", BOOK) == 2
    assert weight_of(ErrorType.WORD, "一", "二", BOOK) == 1


@pytest.mark.parametrize(
    ("old", "new", "key", "code"),
    [
        ("otherwise: free", "otherwise: fre", "otherwise", "unknown_profile"),
        ("{journal: journal}", "{journal: jurnal}", "kinds.journal", "unknown_profile"),
        ("limit: 2", "limit: -2", "profiles.journal.limit", "form"),
        ("same_at_most: 4", "same_at_most: 0", "profiles.book.same_at_most", "form"),
        ("{number_style: 1}", "{numbers: 1}", "profiles.journal.capped.numbers.[key]", "form"),
        ("double: [title", "double: [titel", "profiles.book.double.0", "form"),
        ("limit: 3", "limt: 3", "profiles.newspaper.limt", "form"),
        ("version: 1", "version: [", "", "yaml"),
    ],
)
def test_each_fault_has_its_key(old: str, new: str, key: str, code: str) -> None:
    assert old in TEXT
    _, faults = lint_quality(TEXT.replace(old, new, 1))
    assert (key, code) in [(fault.key, fault.code) for fault in faults] or code == "yaml"
    assert code in {fault.code for fault in faults}
    assert all(fault.line > 1 for fault in faults if fault.code != "yaml")
