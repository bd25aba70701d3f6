"""Ed25519 signatures over canonical JSON: release tickets, clearances, evidence."""

import base64
import hashlib
import os
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field

from app.domain.record.canonical import canonical

ALGORITHM = "Ed25519"


class SignedStatement(BaseModel):
    """A statement and who vouches for it: `signature` is over the RFC 8785 form of `statement`, base64."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    statement: dict[str, Any]
    algorithm: str = Field(default=ALGORITHM, max_length=40)
    key_id: str = Field(max_length=64)
    signature: str = Field(max_length=200)


class Signer:
    """Signs statements with one private key, and checks what was signed with it."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public_bytes = private.public_key().public_bytes_raw()
        self.key_id = hashlib.sha256(self.public_bytes).hexdigest()[:16]

    @property
    def public_key(self) -> str:
        """The raw public key, 32 bytes in base64."""
        return base64.b64encode(self.public_bytes).decode()

    def sign_bytes(self, data: bytes) -> str:
        """Return the signature over `data`, base64."""
        return base64.b64encode(self._private.sign(data)).decode()

    def signature(self, data: bytes) -> bytes:
        """Return the 64 bytes of the signature over `data`."""
        return self._private.sign(data)

    def verifies_bytes(self, signature: bytes, data: bytes) -> bool:
        """Say whether this key signed exactly `data`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_bytes).verify(signature, data)
        except (InvalidSignature, ValueError):
            return False
        return True

    def sign(self, statement: dict[str, Any]) -> SignedStatement:
        """Return `statement` signed. The statement must be a JSON value."""
        return SignedStatement(
            statement=statement, key_id=self.key_id, signature=self.sign_bytes(canonical(statement))
        )

    def verifies(self, signed: SignedStatement) -> bool:
        """Say whether this key signed exactly this statement."""
        if signed.algorithm != ALGORITHM or signed.key_id != self.key_id:
            return False
        try:
            key = Ed25519PublicKey.from_public_bytes(self.public_bytes)
            key.verify(base64.b64decode(signed.signature, validate=True), canonical(signed.statement))
        except (InvalidSignature, ValueError):
            return False
        return True


def load_signer(path: Path, *, create: bool) -> Signer:
    """Return the signer of the PEM key at `path`; make one there (mode 0600) if `create` and it is missing.

    Raises `FileNotFoundError` without a key, `ValueError` for a key that is not Ed25519.
    """
    if create and not path.exists():
        write_key(path, Ed25519PrivateKey.generate())
    key = read_key(path)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path} 里不是 Ed25519 私钥")
    return Signer(key)


def others_may_read(path: Path) -> bool:
    """Say whether a file is open to users of this machine that are neither its owner nor of its group."""
    return os.name == "posix" and bool(path.stat().st_mode & 0o007)


def read_key(path: Path) -> Any:  # noqa: ANN401 – any private key of `cryptography`
    """Return the private key in a PEM file. Raises `FileNotFoundError`, `ValueError` for anything else."""
    if others_may_read(path):
        raise ValueError(f"{path} 是私钥，本机的其他用户也能读到，请先执行 chmod o-rwx {path}")
    try:
        return serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(f"{path} 不是没有加密的 PEM 私钥文件") from error


def write_key(path: Path, key: Any) -> None:  # noqa: ANN401 – any private key of `cryptography`
    """Write a private key as PKCS #8 PEM that only its owner can read. Raises `FileExistsError`."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(pem)
