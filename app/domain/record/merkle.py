"""The log over all events: an RFC 9162 Merkle tree whose leaves are the leaves of the events.

Hashes are 32 bytes. An event's leaf is SHA-256(0x00 ‖ body) already (`domain.record.chain`), an inner node is
SHA-256(0x01 ‖ left ‖ right). Source: RFC 9162, section 2.1.
"""

import hashlib
from collections.abc import Sequence

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
        found = self._edge[-1][1]
        for _, left in reversed(self._edge[:-1]):
            found = node(left, found)
        return found


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root over some leaves."""
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the inclusion proof of the leaf at `index`, from below to above; empty for a single leaf.

    Raises `IndexError` for an index beyond the leaves.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    if len(leaves) == 1:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if index < split:
        return [*path(index, leaves[:split]), root_of(leaves[split:])]
    return [*path(index - split, leaves[split:]), root_of(leaves[:split])]


def included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether `proof` shows that `leaf` is at `index` in the log of `size` leaves that `root` stands for.

    Source: RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for one in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node(one, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node(found, one)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root
