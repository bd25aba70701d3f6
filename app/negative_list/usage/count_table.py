"""A compact table from short runs of Chinese characters to how often they were seen.

A run is a number: 13 bits for each of up to four characters, by their place in a list of characters. Each
stands in one of two buckets of four slots, as 11 bits of its digest and 5 of its level. One in some 300 runs
that were never seen looks as if it had been.
"""

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Levels = NDArray[np.uint8]
Slots = NDArray[np.uint16]

BITS = 13
_WIDTH = 4
_LEVEL_BITS = 5
_TOP = (1 << _LEVEL_BITS) - 1
_FIRST, _SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
_HALF = np.uint64(32)
_WORD = (1 << 64) - 1

#: Level → what it stands for, in occurrences; two levels to an octave. 0 is never, or once.
OCCURRENCES = np.concatenate(([0.0], 2 ** (np.arange(1, _TOP + 1) / 2)))


def runs(numbers: NDArray[np.uint64], length: int) -> Keys:
    """Return the key of the run that begins at each place; 0 where it holds an unknown character."""
    count = len(numbers) - length + 1
    if count <= 0:
        return np.zeros(0, dtype=np.uint64)
    keys = np.zeros(count, dtype=np.uint64)
    known = np.ones(count, dtype=np.bool_)
    for place in range(length):
        piece = numbers[place : place + count]
        keys = (keys << np.uint64(BITS)) | piece
        known &= piece != 0
    keys[~known] = 0
    return keys


def level_of(counts: NDArray[np.int64]) -> Levels:
    """Return the level of each count; counts are two or more."""
    levels: Levels = np.clip(np.rint(2 * np.log2(counts)), 1, _TOP).astype(np.uint8)
    return levels


def _places(keys: Keys, buckets: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Slots]:
    """Return both buckets of each key, and its mark, whose bits of the level are empty."""
    with np.errstate(over="ignore"):
        mixed = (keys ^ (keys >> np.uint64(29))) * _FIRST
        again = (mixed ^ (mixed >> _HALF)) * _SECOND
    count = np.uint64(buckets)
    first = ((mixed >> _HALF) * count >> _HALF).astype(np.intp)
    second = ((again >> _HALF) * count >> _HALF).astype(np.intp)
    mark = ((again & np.uint64(0x7FF)) << np.uint64(_LEVEL_BITS)).astype(np.uint16)
    return first, second, mark


def made(keys: Keys, levels: Levels, megabytes: float) -> tuple[Slots, int]:
    """Return a table of about this size, and how many of the keys found no room.

    Those that come first find room first: give the most frequent ones first.
    """
    buckets = int(megabytes * 1e6) // (2 * _WIDTH)
    slots = np.zeros((buckets, _WIDTH), dtype=np.uint16)
    fill = np.zeros(buckets, dtype=np.int64)
    first, second, mark = _places(keys, buckets)
    value = mark | levels.astype(np.uint16)
    waiting = np.arange(len(keys))
    for turn in range(6):
        bucket = (first if turn % 2 == 0 else second)[waiting]
        order = np.argsort(bucket, kind="stable")
        sorted_ = bucket[order]
        opens = np.flatnonzero(np.concatenate(([True], sorted_[1:] != sorted_[:-1])))
        rank = np.arange(len(sorted_)) - np.repeat(opens, np.diff(np.append(opens, len(sorted_))))
        # Half of a bucket is left to those for which it is the second, at first.
        room = (rank + fill[sorted_]) < (_WIDTH if turn else _WIDTH // 2 + 1)
        taken = order[room]
        slots[sorted_[room], (rank + fill[sorted_])[room]] = value[waiting[taken]]
        np.add.at(fill, sorted_[room], 1)
        left = np.ones(len(waiting), dtype=np.bool_)
        left[taken] = False
        waiting = waiting[left]
        if not len(waiting):
            break
    return slots, len(waiting)


def levels_in(slots: Slots, keys: Keys) -> Levels:
    """Return the level of each key in a table; 0 where it is not there."""
    first, second, mark = _places(keys, len(slots))
    found: Levels = np.zeros(len(keys), dtype=np.uint8)
    for bucket in (first, second):
        stored = slots[bucket] ^ mark[:, None]
        # The mark of another run leaves bits above the level.
        np.maximum(found, np.where(stored <= _TOP, stored, 0).max(axis=1).astype(np.uint8), out=found)
    return found


def level_in(slots: Slots, key: int) -> int:
    """Return the level of one key in a table, as `levels_in` does."""
    mixed = ((key ^ (key >> 29)) * int(_FIRST)) & _WORD
    again = ((mixed ^ (mixed >> 32)) * int(_SECOND)) & _WORD
    mark = (again & 0x7FF) << _LEVEL_BITS
    count = len(slots)
    stored = (*slots[(mixed >> 32) * count >> 32].tolist(), *slots[(again >> 32) * count >> 32].tolist())
    return max((slot ^ mark for slot in stored if slot ^ mark <= _TOP), default=0)
