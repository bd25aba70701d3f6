"""Persons without an account: when two names or two telephone numbers are the same."""

import re
import unicodedata
from enum import StrEnum

#: Digits of a telephone number, country code included. Source: ITU-T E.164, at most 15; the shortest
#: numbers with an area code in use here have 7.
_DIGITS = range(7, 16)
#: Between the parts of a name of another language, and what people type for it.
_DOTS = re.compile(r"[·•・‧.．]")


def name_key(name: str) -> str:
    """Return a name so that its spellings are equal: width, spaces, case and middle dots do not count.

    Empty for a name without any letter.
    """
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(sign for sign in _DOTS.sub("", folded) if unicodedata.category(sign)[0] in "LN")


def phone_key(phone: str) -> str:
    """Return a telephone number as its digits, the country code of China left out; empty for none such.

    Spaces, hyphens, brackets and a leading plus do not count; anything else makes it no number.
    """
    folded = unicodedata.normalize("NFKC", phone)
    if not re.fullmatch(r"[+\d\s()\-]+", folded):
        return ""
    digits = "".join(sign for sign in folded if sign.isdigit() and sign.isascii())
    for prefix in ("0086", "86"):
        # A mobile number has eleven digits and begins with 1. Source: 工信部 电信网编号计划 (2017).
        if digits.startswith(f"{prefix}1") and len(digits) == len(prefix) + 11:
            digits = digits.removeprefix(prefix)
    return digits if len(digits) in _DIGITS else ""


class LinkState(StrEnum):
    """What became of a link by which somebody signs without an account."""

    OPEN = "open"
    USED = "used"
    REVOKED = "revoked"
    EXPIRED = "expired"
