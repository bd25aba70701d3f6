"""Shares of errors: how the press counts them, and how sure a share is."""

import pytest

from app.domain.quality import BOOK, FREE, JOURNAL, NEWSPAPER, Error, profile_of, rate, weighed
from app.domain.vocabulary import ErrorType


def error(
    weight: float = 1, kind: ErrorType = ErrorType.WORD, *, at: str = "blocks/0", wrong: str = "按"
) -> Error:
    return Error(at, kind, weight, wrong, "安")


def test_no_errors_weigh_nothing() -> None:
    assert weighed((), JOURNAL) == 0


def test_the_same_error_counts_three_times_at_most() -> None:
    assert weighed([error()] * 5, JOURNAL) == 3
    assert weighed([error(wrong=str(one)) for one in range(5)], JOURNAL) == 5
    assert weighed([error()] * 5, BOOK) == 5


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
    assert (profile_of("journal"), profile_of("wechat")) == (JOURNAL, FREE)
