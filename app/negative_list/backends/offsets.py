"""From byte offsets in UTF-8 to code points."""

from collections.abc import Collection

import numpy as np

#: Up to so many offsets, decoding the pieces between them is faster than a table of the whole text.
_FEW = 96


def code_points(data: bytes, offsets: Collection[int]) -> dict[int, int]:
    """Return the code point position of each byte offset; offsets lie on character boundaries."""
    ordered = sorted(set(offsets))
    if not ordered:
        return {}
    if len(data) == 0:
        return dict.fromkeys(ordered, 0)
    if len(ordered) <= _FEW:
        found = {}
        last = place = 0
        for offset in ordered:
            place += len(data[last:offset].decode())
            found[offset] = place
            last = offset
        return found
    first_bytes = (np.frombuffer(data, dtype=np.int8) > -65).cumsum()
    wanted = np.array(ordered, dtype=np.int64)
    places = np.where(wanted > 0, first_bytes[wanted - 1], 0)
    return dict(zip(ordered, places.tolist(), strict=True))
