"""The canonical form of JSON, which digests and signatures are made over. Source: RFC 8785."""

import json
from typing import Any

import rfc8785

#: The largest whole number that every reader of JSON reads exactly. Source: RFC 8785, appendix D.
_EXACT = 2**53 - 1
# For what it can write, character for character what RFC 8785 asks for, and many times as fast.
_encode = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, sort_keys=True, separators=(",", ":")
).encode


def canonical(value: Any) -> bytes:  # noqa: ANN401 – any JSON value
    """Return the RFC 8785 form of a JSON value. Raises `rfc8785.CanonicalizationError` on what JSON lacks."""
    if _plain(value):
        try:
            return _encode(value).encode()
        except UnicodeEncodeError:
            pass  # half a surrogate pair: refused below
    return rfc8785.dumps(value)


def _plain(value: Any) -> bool:  # noqa: ANN401 – any JSON value
    """Tell whether there is nothing that the two write differently: no fractions, no keys beyond ASCII."""
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is dict:
        return all(type(key) is str and key.isascii() and _plain(item) for key, item in value.items())
    if kind is list or kind is tuple:
        return all(map(_plain, value))
    if kind is int:
        return bool(-_EXACT <= value <= _EXACT)
    return isinstance(value, str)
