"""Telephone numbers by which persons are known: kept as a keyed hash that nobody can turn back."""

import hashlib
import hmac

from app.domain.guests import phone_key

#: What an outside account's sign-in name begins with; the hash of the number follows.
OUTSIDE = "outside:"
_LENGTH = 40


def hashed(phone: str, secret: bytes) -> str:
    """Return the hash of a telephone number under the installation's secret; empty for none such."""
    if not (digits := phone_key(phone)):
        return ""
    return hmac.new(secret, f"{OUTSIDE}{digits}".encode(), hashlib.sha256).hexdigest()[:_LENGTH]
