"""The log over all events, as RFC 9162 says: roots, proofs, and what no proof shows."""

import hashlib

import pytest

from app.domain.record.merkle import EMPTY, Tree, consistency, consistent, included, node, path, root_of

#: The entries and the root that tests of Certificate Transparency use everywhere.
ENTRIES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ROOT_OF_EIGHT = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
LEAVES = [hashlib.sha256(b"\x00" + bytes.fromhex(entry)).digest() for entry in ENTRIES]


def test_the_root_is_the_one_that_others_compute() -> None:
    assert root_of(LEAVES).hex() == ROOT_OF_EIGHT
    assert root_of([]) == EMPTY == hashlib.sha256(b"").digest()
    assert root_of(LEAVES[:1]) == LEAVES[0]


def test_a_whole_subtree_is_added_at_once() -> None:
    tree = Tree()
    tree.append(root_of(LEAVES[:4]), leaves=4)
    for leaf in LEAVES[4:7]:
        tree.append(leaf)
    assert (tree.size, tree.root()) == (7, root_of(LEAVES[:7]))


@pytest.mark.parametrize("size", range(1, 9))
def test_every_leaf_is_shown_to_be_in_every_log_that_has_it(size: int) -> None:
    leaves, root = LEAVES[:size], root_of(LEAVES[:size])
    for index, leaf in enumerate(leaves):
        proof = path(index, leaves)
        assert included(leaf, index, size, proof, root)
        assert not included(LEAVES[index - 1], index, size, proof, root) or size == 1
        assert not included(leaf, index, size, [*proof, leaf], root)
        assert not included(leaf, index, size, proof[:-1], root) or size == 1
        assert not included(leaf, index, size, proof, EMPTY)


def test_a_proof_that_ends_too_early_shows_nothing() -> None:
    # What is reached so far is no root, even where somebody says that it is.
    assert not included(LEAVES[0], 0, 2, [], LEAVES[0])


def test_no_leaf_is_beyond_the_log() -> None:
    for index in (-1, 8):
        assert not included(LEAVES[0], index, 8, path(0, LEAVES), root_of(LEAVES))
        with pytest.raises(IndexError):
            path(index, LEAVES)
    assert node(LEAVES[0], LEAVES[1]) == root_of(LEAVES[:2]) != node(LEAVES[1], LEAVES[0])


@pytest.mark.parametrize("size", range(1, 34))
def test_every_log_is_shown_to_begin_with_every_earlier_one(size: int) -> None:
    leaves = [hashlib.sha256(bytes([number])).digest() for number in range(size)]

    def root(start: int, end: int) -> bytes:
        return root_of(leaves[start:end])

    for first in range(1, size + 1):
        proof = consistency(first, size, root)
        old, new = root(0, first), root(0, size)
        assert consistent(first, size, proof, old, new)
        assert not consistent(first, size, [*proof, new], old, new)
        assert not consistent(first, size, proof, EMPTY, new)
        assert first == size or not consistent(first, size, proof, old, EMPTY)
        assert not proof or not consistent(first, size, proof[:-1], old, new)
        changed = [hashlib.sha256(b"x").digest(), *leaves[1:first]]
        assert not consistent(first, size, proof, root_of(changed), new)
    for wrong in (0, size + 1):
        with pytest.raises(IndexError):
            consistency(wrong, size, root)
        assert not consistent(wrong, size, [], EMPTY, EMPTY)
