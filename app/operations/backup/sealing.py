"""A backup under a passphrase: AES-256-GCM in pieces, so that nobody needs all of it in memory.

The key is derived with scrypt (RFC 7914). Each piece is bound to its number and to whether it is the last, so
that none can be left out, exchanged or cut off.
"""

import os
import struct
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

#: What a sealed file begins with; the digit is the form's.
MAGIC = b"SANSHEN-SEALED-1\n"
_SALT, _PREFIX, _PIECE = 16, 7, 1 << 20
#: scrypt's cost: 32 MB and about a tenth of a second.
_N, _R, _P = 2**15, 8, 1
_SIZE = struct.Struct(">I")


class WrongPassphrase(Exception):
    """The file does not open: another passphrase, or its bytes were changed."""


def is_sealed(path: str | os.PathLike[str]) -> bool:
    """Say whether a file is a sealed one."""
    with open(path, "rb") as file:  # noqa: PTH123 – any path
        return file.read(len(MAGIC)) == MAGIC


def seal(plain: BinaryIO, sealed: BinaryIO, passphrase: str) -> None:
    """Write what is in `plain` into `sealed`, under `passphrase`."""
    salt, prefix = os.urandom(_SALT), os.urandom(_PREFIX)
    sealed.write(MAGIC + salt + prefix)
    cipher, number = AESGCM(_key(passphrase, salt)), 0
    piece = plain.read(_PIECE)
    while True:
        following = plain.read(_PIECE)
        box = cipher.encrypt(_nonce(prefix, number, last=not following), piece, None)
        sealed.write(_SIZE.pack(len(box)) + box)
        if not following:
            return
        piece, number = following, number + 1


def unseal(sealed: BinaryIO, plain: BinaryIO, passphrase: str) -> None:
    """Write what a sealed file holds into `plain`. Raises `WrongPassphrase`; then nothing of it counts."""
    if sealed.read(len(MAGIC)) != MAGIC:
        raise WrongPassphrase
    salt, prefix = sealed.read(_SALT), sealed.read(_PREFIX)
    cipher, number = AESGCM(_key(passphrase, salt)), 0
    box = _box(sealed)
    while True:
        following = _box(sealed)
        try:
            plain.write(cipher.decrypt(_nonce(prefix, number, last=not following), box, None))
        except InvalidTag as error:
            raise WrongPassphrase from error
        if not following:
            return
        box, number = following, number + 1


def _box(sealed: BinaryIO) -> bytes:
    size = sealed.read(_SIZE.size)
    if len(size) < _SIZE.size:
        return b""
    (length,) = _SIZE.unpack(size)
    return sealed.read(min(length, 2 * _PIECE))


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + struct.pack(">I", number) + bytes([last])


def _key(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=_N, r=_R, p=_P).derive(passphrase.encode())
