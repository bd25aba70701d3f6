"""The log over all events: an RFC 9162 Merkle tree whose leaves are the leaves of the events.

Hashes are 32 bytes. An event's leaf is SHA-256(0x00 ‖ body) already (`domain.record.chain`), an inner node is
SHA-256(0x01 ‖ left ‖ right). Source: RFC 9162, section 2.1.
"""

import hashlib
from collections.abc import Callable, Sequence

_NODE = b"\x01"
#: The root of a log without entries: SHA-256 of nothing.
EMPTY = hashlib.sha256(b"").digest()
#: Leaves whose common node is kept, so that neither a root nor a proof reads the whole log.
TILE = 256
#: The length of a hash.
BYTES = 32


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(_NODE + left + right).digest()


class Tree:
    """A log that only grows, of which no more is kept than its right edge."""

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[tuple[int, bytes]] = []  # whole subtrees from left to right: their size and root

    def append(self, leaf: bytes, *, leaves: int = 1) -> None:
        """Add a leaf, or the root of a whole subtree of `leaves` of them at a place where one begins."""
        self.size += leaves
        while self._edge and self._edge[-1][0] == leaves:
            leaf, leaves = node(self._edge.pop()[1], leaf), leaves * 2
        self._edge.append((leaves, leaf))

    def root(self) -> bytes:
        """Return the root over all that was added."""
        if not self._edge:
            return EMPTY
        hashed = self._edge[-1][1]
        for _, left in reversed(self._edge[:-1]):
            hashed = node(left, hashed)
        return hashed


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root over some leaves."""
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


#: Gives the root over the leaves from the first number to before the second.
Roots = Callable[[int, int], bytes]


def path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the inclusion proof of the leaf at `index`, from below to above; empty for a single leaf.

    Raises `IndexError` for an index beyond the leaves.
    """
    return inclusion(index, len(leaves), lambda start, end: root_of(leaves[start:end]))


def inclusion(index: int, size: int, root: Roots) -> list[bytes]:
    """Return the proof that the leaf at `index` is in the log of `size` leaves, from below to above.

    Raises `IndexError` for an index beyond the log. Source: RFC 9162, section 2.1.3.1.
    """
    if not 0 <= index < size:
        raise IndexError(index)
    start, end, proof = 0, size, []
    while end - start > 1:
        split = start + _split(end - start)
        if index < split:
            proof.append(root(split, end))
            end = split
        else:
            proof.append(root(start, split))
            start = split
    return proof[::-1]


def consistency(first: int, size: int, root: Roots) -> list[bytes]:
    """Return the proof that the log of `size` leaves begins with that of `first`; empty where they are one.

    Raises `IndexError` unless `0 < first <= size`. Source: RFC 9162, section 2.1.4.1.
    """
    if not 0 < first <= size:
        raise IndexError(first)
    start, end, whole, proof = 0, size, True, []
    while first != end:
        split = start + _split(end - start)
        if first <= split:
            proof.append(root(split, end))
            end = split
        else:
            proof.append(root(start, split))
            start, whole = split, False
    return [*([] if whole else [root(start, end)]), *proof[::-1]]


def _split(count: int) -> int:
    """Return the greatest power of two below a count of at least two."""
    return 1 << (count - 1).bit_length() - 1


def consistent(first: int, size: int, proof: Sequence[bytes], old: bytes, new: bytes) -> bool:
    """Say whether `proof` shows that the log behind `new` begins with the one behind `old`.

    Source: RFC 9162, section 2.1.4.2.
    """
    if not 0 < first <= size or (first == size and proof):
        return False
    if first == size:
        return old == new
    nodes = [old, *proof] if first & first - 1 == 0 else [*proof]
    if not nodes:
        return False
    at, last = first - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    left = right = nodes[0]
    for sibling in nodes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            left, right = node(sibling, left), node(sibling, right)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            right = node(right, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and left == old and right == new


def included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether `proof` shows that `leaf` is at `index` in the log of `size` leaves that `root` stands for.

    Source: RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < size:
        return False
    at, last, hashed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            hashed = node(sibling, hashed)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            hashed = node(hashed, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and hashed == root
