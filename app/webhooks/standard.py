"""Standard Webhooks 1.0.0: signatures over `id.timestamp.body`, the same in both directions.

Source: https://github.com/standard-webhooks/standard-webhooks, spec 1.0.0.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

PREFIX = "whsec_"
SECRET_BYTES = 32
#: How far a sender's clock may be off, either way.
TOLERANCE = timedelta(seconds=300)

ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"

_VERSION = "v1"
#: A signature header holds one signature a secret; nobody has more than this.
_MOST_SIGNATURES = 20


def new_secret() -> bytes:
    """Return a fresh symmetric secret."""
    return secrets.token_bytes(SECRET_BYTES)


def printed(secret: bytes) -> str:
    """Return a secret as people pass it on: `whsec_` and base64."""
    return PREFIX + base64.b64encode(secret).decode()


def signature(secret: bytes, *, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the v1 signature of a message; `timestamp` in seconds since 1970."""
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    return f"{_VERSION},{base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()}"


def headers(held: Iterable[bytes], *, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the three headers of a message, signed with every secret: receivers may be changing theirs."""
    timestamp = int(at.timestamp())
    signatures = (signature(one, message_id=message_id, timestamp=timestamp, body=body) for one in held)
    return {
        ID_HEADER: message_id,
        TIMESTAMP_HEADER: str(timestamp),
        SIGNATURE_HEADER: " ".join(signatures),
    }


def sent_at(timestamp: str) -> datetime | None:
    """Return the instant of a timestamp header; None when it is no number of seconds."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 11):
        return None
    return datetime.fromtimestamp(int(timestamp), UTC)


def is_fresh(sent: datetime, *, at: datetime) -> bool:
    """Say whether a message of that instant is neither too old nor from the future."""
    return abs(at - sent) <= TOLERANCE


def is_signed(held: Iterable[bytes], given: str, *, message_id: str, timestamp: int, body: bytes) -> bool:
    """Say whether any signature in the header was made with any of the secrets.

    Every pair is compared, each in constant time, so that the answer's time tells nothing.
    """
    offered = [one for one in given.split(" ")[:_MOST_SIGNATURES] if one.startswith(f"{_VERSION},")]
    matches = 0
    for secret in held:
        expected = signature(secret, message_id=message_id, timestamp=timestamp, body=body).encode()
        for one in offered:
            matches |= hmac.compare_digest(expected, one.encode())
    return bool(matches)


def read_secret(text: str) -> bytes:
    """Return the secret that `whsec_…` spells. Raises `ValueError`."""
    try:
        return base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
