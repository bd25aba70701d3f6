"""Checkpoints: a signed note that is read back, and what is no checkpoint or not signed."""

import hashlib
from datetime import UTC, datetime

import pytest

from app.domain.record.checkpoints import Checkpoint, is_signed, make, origin_of, read

PUBLIC = b"p" * 32
ROOT = bytes(range(32))


def sign(text: bytes) -> bytes:
    return hashlib.sha512(text).digest()  # of the length of a signature


def verify(signature: bytes, text: bytes) -> bool:
    return signature == sign(text)


def made(size: int = 7) -> Checkpoint:
    at = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    return make(key_id="k1", public=PUBLIC, sign=sign, size=size, root=ROOT, streams=3, at=at)


def test_a_checkpoint_is_read_back_from_a_text_that_holds_it() -> None:
    first, second = made(), made(0)
    assert (first.origin, first.size, first.root, first.streams) == (origin_of("k1"), 7, ROOT, 3)
    assert first.at == "2026-03-02T01:00:00.000000Z"
    text = f"kept elsewhere\n\n{first.note}\nand\n{second.note}".replace("\n", "\r\n")
    assert read(text) == [first, second]
    assert read("nothing") == []


def test_what_the_key_signed_is_told_from_what_it_did_not() -> None:
    checkpoint = made()
    assert is_signed(checkpoint, public=PUBLIC, verify=verify)
    assert not is_signed(checkpoint, public=b"q" * 32, verify=verify)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n7\n", "\n8\n"),
        ("streams 3", "streams 4"),
        ("— sanshen-record/k1", "— sanshen-record/k2"),
        ("time 2026", "when 2026"),
        ("— ", "- "),
    ],
)
def test_a_changed_note_is_not_signed(old: str, new: str) -> None:
    checkpoint = made()
    assert old in checkpoint.note
    changed = Checkpoint("", 0, b"", 0, "", checkpoint.note.replace(old, new))
    assert not is_signed(changed, public=PUBLIC, verify=verify)


def test_a_signature_that_is_no_base64_is_none() -> None:
    note = made().note
    line = note.rindex(" ") + 1
    assert not is_signed(Checkpoint("", 0, b"", 0, "", f"{note[:line]}A\n"), public=PUBLIC, verify=verify)
