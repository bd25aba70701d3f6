"""Checks whether what a pattern found really is such a number or date."""

import re
from collections.abc import Callable
from datetime import date

from stdnum import luhn
from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_2

_PROVINCES = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
        "83",
        "91",
    ]
)
_SPACING = re.compile(r"[\s\-]")
_NOT_OF_A_NUMBER = re.compile(r"[^0-9Xx]")
_DAY = re.compile(r"(?:(\d{4})\s*(?:年|[-/.]))?\s*(\d{1,2})\s*(?:月|[-/.])\s*(\d{1,2})\s*[日号]?")
#: Registering body, kind, region, organisation and check character; without I, O, S, V and Z.
_CREDIT_CODE = re.compile(r"[1-9ANY][1-9]\d{6}[0-9A-HJ-NPQRTUWXY]{10}")
_WEEKDAY = re.compile(r"(?:星期|周|礼拜)([一二三四五六日天])")
WEEKDAYS = "一二三四五六日"


def is_day(year: int, month: int, day: int) -> bool:
    """Whether there is such a day."""
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _is_number(value: str) -> bool:
    """Whether it is made of the ten digits only, not of ² or １."""
    return value.isascii() and value.isdigit()


def cn_idcard(value: str) -> bool:
    """Whether it is an 18-digit citizen number: province, a real birthday, check character MOD 11-2.

    So is the number of a foreigner's permanent residence card of 2023: 9, the province that took the request,
    three digits of the nationality, and from the birthday on as a citizen's.

    Source: GB 11643; 国家移民管理局 on the new card (2023-12-01).
    """
    number = _SPACING.sub("", value).upper()
    return (
        len(number) == 18
        and (number[:2] in _PROVINCES or (number[:1] == "9" and number[1:3] in _PROVINCES))
        and _is_number(number[:17])
        and (_is_number(number[17]) or number[17] == "X")
        and is_day(int(number[6:10]), int(number[10:12]), int(number[12:14]))
        and mod_11_2.checksum(number) == 1
    )


def cn_idcard_apart(value: str) -> bool:
    """Whether it is a citizen number once all that is neither digit nor x is taken out."""
    return cn_idcard(_NOT_OF_A_NUMBER.sub("", value))


def cn_idcard15(value: str) -> bool:
    """Whether it is a citizen number of the first generation: province and a real birthday in 19xx."""
    number = _SPACING.sub("", value)
    return (
        len(number) == 15
        and _is_number(number)
        and number[:2] in _PROVINCES
        and is_day(1900 + int(number[6:8]), int(number[8:10]), int(number[10:12]))
    )


def credit_code(value: str) -> bool:
    """Whether it is a unified social credit code, with its check character MOD 31. Source: GB 32100."""
    number = _SPACING.sub("", value).upper()
    return _CREDIT_CODE.fullmatch(number) is not None and uscc.calc_check_digit(number[:17]) == number[17]


def bankcard(value: str) -> bool:
    """Whether it is a bank card number: 13 to 19 digits, Luhn, not one digit over and over.

    Source: ISO/IEC 7812-1.
    """
    number = _SPACING.sub("", value)
    return (
        13 <= len(number) <= 19
        and _is_number(number)
        and len(set(number)) > 1
        and bool(luhn.is_valid(number))
    )


def has_luhn(value: str) -> bool:
    """Whether the digits of the value end in their Luhn check digit."""
    number = _SPACING.sub("", value)
    return _is_number(number) and bool(luhn.is_valid(number))


def real_date(value: str) -> bool:
    """Whether the date in the value exists; a value without a year may be 29 February."""
    found = _DAY.search(value)
    return found is not None and is_day(int(found[1] or 2024), int(found[2]), int(found[3]))


def date_weekday(value: str) -> bool:
    """Whether the value names a day and its right weekday, as 2024年5月1日（星期三）."""
    found, weekday = _DAY.search(value), _WEEKDAY.search(value)
    if found is None or weekday is None or not found[1] or not real_date(value):
        return False
    day = date(int(found[1]), int(found[2]), int(found[3]))
    return WEEKDAYS[day.weekday()] == weekday[1].replace("天", "日")


#: What `validate` may name. A hit stays only where its validator says yes.
VALIDATORS: dict[str, Callable[[str], bool]] = {
    "cn_idcard": cn_idcard,
    "cn_idcard_apart": cn_idcard_apart,
    "cn_idcard15": cn_idcard15,
    "uscc": credit_code,
    "bankcard": bankcard,
    "luhn": has_luhn,
    "date": real_date,
    "date_weekday": date_weekday,
}
