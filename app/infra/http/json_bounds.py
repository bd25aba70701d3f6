"""What a JSON text costs to look at, bounded: how deep it goes, and which of its texts cannot be stored."""

import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

#: No request needs more; what parses JSON by recursion bears ten times as much.
DEEPEST = 100

#: Escapes that may stand for a NUL or a surrogate: only with one of these a text is looked through.
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
#: A string, or what is left of a text after a mark that nothing closes: so no place is looked at twice.
_STRING = re.compile(rb'"(?:[^"\\]|\\.?)*+(?:"|\Z)', re.DOTALL)
_STEP = np.zeros(256, dtype=np.int8)
_STEP[[ord("["), ord("{")]] = 1
_STEP[[ord("]"), ord("}")]] = -1
#: The place of a fault is told up to here: a key may be as long as the whole body.
_LONGEST_PLACE = 200


def deeper_than(body: bytes, deepest: int) -> bool:
    """Say whether arrays and objects lie deeper in each other than `deepest`; in time linear in the text."""
    if body.count(b"[") + body.count(b"{") <= deepest:
        return False
    brackets = _STRING.sub(b"", body)
    steps = _STEP[np.frombuffer(brackets, dtype=np.uint8)]
    return int(np.cumsum(steps, dtype=np.int32).max(initial=0)) > deepest


def suspects(body: bytes) -> Iterator[tuple[str, str]]:
    """Yield the place and the text of each string in a JSON text that no database stores; lazily, in order.

    Places are like `targets.0.channel`. What is no JSON, or deeper than `DEEPEST`, yields nothing: whoever
    parses it next says so.
    """
    if not _SUSPECT.search(body):
        return
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return
    waiting: list[Iterator[tuple[str, Any]]] = [iter([("", value)])]
    while waiting:
        for place, item in waiting[-1]:
            if isinstance(item, str):
                if _UNSTORABLE.search(item):
                    yield place[:_LONGEST_PLACE], item
            elif isinstance(item, dict | list):
                waiting.append(_inside(item, place))
                break
        else:
            waiting.pop()


def _inside(value: dict[str, Any] | list[Any], place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield f"{place}.{index}".lstrip("."), item
        return
    for key, item in value.items():
        yield place, key
        yield f"{place}.{key[:_LONGEST_PLACE]}".lstrip("."), item
