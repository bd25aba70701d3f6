"""Secrets at rest: AES-256-GCM under a key derived from the installation's secret."""

import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12


class SealBroken(Exception):
    """A stored secret does not open: the installation's secret was changed, or the row was touched."""


def seal(secret: bytes, *, owner: UUID, master: bytes) -> bytes:
    """Return `secret` encrypted for its owner's row; it opens nowhere else."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(_key(master)).encrypt(nonce, secret, owner.bytes)


def unseal(sealed: bytes, *, owner: UUID, master: bytes) -> bytes:
    """Return what was sealed. Raises `SealBroken`."""
    try:
        return AESGCM(_key(master)).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], owner.bytes)
    except InvalidTag as error:
        raise SealBroken(str(owner)) from error


def _key(master: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"sanshen webhook secrets 1").derive(
        master
    )
