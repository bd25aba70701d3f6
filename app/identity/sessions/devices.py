"""Devices that have proved a password before: their guesses are counted apart from everybody else's.

A proof names a device at random and is good for one account; it says nothing about anybody and opens nothing.
Whoever steals one may guess as slowly as from any address.
"""

import hashlib
import hmac
from collections.abc import Sequence
from uuid import UUID

#: A browser keeps the proofs of so many accounts; beside them old ones are forgotten.
MOST = 6
_LONGEST = 200


def proof(secret: bytes, user_id: UUID, device: str) -> str:
    """Return what shows that a device has signed in to an account before."""
    return f"{device}.{_mac(secret, user_id, device)}"


def known(secret: bytes, user_id: UUID, proofs: Sequence[str]) -> str | None:
    """Return the device whose proof for this account is among those given; `None` for none."""
    proof = known_proof(secret, user_id, proofs)
    return None if proof is None else proof.partition(".")[0]


def known_proof(secret: bytes, user_id: UUID, proofs: Sequence[str]) -> str | None:
    """Return the proof for this account among those given; `None` when there is none."""
    for proof in proofs[:MOST]:
        device, _, mac = proof.partition(".")
        if len(proof) <= _LONGEST and hmac.compare_digest(
            mac.encode(), _mac(secret, user_id, device).encode()
        ):
            return proof
    return None


def _mac(secret: bytes, user_id: UUID, device: str) -> str:
    return hmac.new(secret, f"device\n{user_id}\n{device}".encode(), hashlib.sha256).hexdigest()[:40]
