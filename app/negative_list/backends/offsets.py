"""From byte offsets in UTF-8 to code points."""

from collections.abc import Sequence

from app.negative_list.backends.base import Hit


def in_code_points(data: bytes, spans: Sequence[Hit]) -> list[Hit]:
    """Return spans in bytes as spans in code points, in the order of their ends."""
    found: list[Hit] = []
    last = place = 0
    for number, start, end in sorted(spans, key=_end):
        place += len(data[last:end].decode())
        last = end
        found.append((number, place - len(data[start:end].decode()), place))
    return found


def _end(span: Hit) -> int:
    return span[2]
