"""The canonical form is that of RFC 8785, whichever way it is written."""

from enum import StrEnum
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from app.domain.record.canonical import canonical


class Word(StrEnum):
    """A member of an enum, as events are."""

    ONE = "one"


#: Surrogates among them, and whole numbers too large to be exact.
_TEXT = st.text(st.characters(), max_size=20)
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | _TEXT | st.sampled_from(Word)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(_TEXT, inner, max_size=5)
)


def _or_error(write: Any, value: Any) -> Any:
    try:
        return write(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        return type(error)


@given(_VALUES)
def test_it_is_written_as_by_the_reference(value: Any) -> None:
    assert _or_error(canonical, value) == _or_error(rfc8785.dumps, value)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"b": 1, "a": [True, None, ()]}, b'{"a":[true,null,[]],"b":1}'),
        ('\x00\x1f\x7f\u2028"\\/\b\t\n\f\r', b'"\\u0000\\u001f\x7f\xe2\x80\xa8\\"\\\\/\\b\\t\\n\\f\\r"'),
        (
            {"\ufb33": 1, "\U0001f600": 2},
            b'{"\xf0\x9f\x98\x80":2,"\xef\xac\xb3":1}',
        ),  # in the order of UTF-16
        ({"n": 1.0, "m": 1e21}, b'{"m":1e+21,"n":1}'),
        ([2**53 - 1, Word.ONE], b'[9007199254740991,"one"]'),
    ],
)
def test_by_example(value: Any, written: bytes) -> None:
    assert canonical(value) == written == rfc8785.dumps(value)


@pytest.mark.parametrize("value", [2**53, float("nan"), {1: "a"}, object(), {"a": "\ud800"}])
def test_what_json_lacks(value: Any) -> None:
    with pytest.raises((rfc8785.CanonicalizationError, UnicodeEncodeError)):
        canonical(value)
