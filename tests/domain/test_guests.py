"""Persons without an account: spellings of one name, writings of one number."""

import pytest

from app.domain.guests import name_key, phone_key


@pytest.mark.parametrize(
    ("first", "second"),
    [("王 小明", "王小明"), ("Ａｎｎａ", "anna"), ("阿依·古丽", "阿依・古丽"), ("李四。", "李四")],
)
def test_spellings_of_one_name_are_equal(first: str, second: str) -> None:
    assert name_key(first) == name_key(second) != ""


def test_other_names_are_not_equal_and_signs_are_no_name() -> None:
    assert name_key("王小明") != name_key("王小名")
    assert name_key(" ·—！") == ""


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("138 0013 8000", "13800138000"),
        ("+86 138-0013-8000", "13800138000"),
        ("008613800138000", "13800138000"),
        ("１３８００１３８０００", "13800138000"),
        ("(010) 6655 4433", "01066554433"),
        ("8612345", "8612345"),
        ("8621234567", "8621234567"),
        ("8621234567890", "8621234567890"),
        ("123456", ""),
        ("1234567890123456", ""),
        ("138x00138000", ""),
        ("", ""),
    ],
)
def test_a_number_is_its_digits_without_the_code_of_china(written: str, key: str) -> None:
    assert phone_key(written) == key
