"""What was typed, sealed: it goes with the sign-in form of somebody whose session ended, and stays nowhere.

The parcel stands in the page that was shown to whoever sent the form. It can be read by this installation
alone, by nobody who looks at the page or its source, and only for a while.
"""

import base64
import hashlib
import hmac
import json
import secrets
import zlib
from datetime import datetime, timedelta
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.web.forms.typed import Typed

#: How long what was typed may be taken up again.
KEPT = timedelta(hours=12)
_NONCE = 12
_FORMAT = b"\x01"


def owner_mark(secret: bytes, user_id: UUID) -> str:
    """Return what a form carries to say who opened its page; it tells nothing to others."""
    return hmac.new(secret, b"form owner\0" + user_id.bytes, hashlib.sha256).hexdigest()[:32]


def sealed(secret: bytes, sent: Typed, *, at: datetime) -> str:
    """Return a form as a parcel of letters, digits, `-` and `_`, for a hidden field."""
    content = {
        "action": sent.action,
        "page": sent.page,
        "by": sent.by,
        "fields": sent.fields,
        "at": at.timestamp(),
    }
    return closed(secret, json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def opened(secret: bytes, parcel: str, *, at: datetime) -> Typed | None:
    """Return the form in a parcel; `None` when it is too old, or none that this installation sealed."""
    raw = unclosed(secret, parcel)
    if raw is None:
        return None
    held = json.loads(raw.decode("utf-8", "surrogatepass"))
    if at.timestamp() - held["at"] > KEPT.total_seconds():
        return None
    fields = tuple((str(key), str(value)) for key, value in held["fields"])
    return Typed(held["action"], held["page"], held["by"], fields)


def closed(secret: bytes, content: bytes) -> str:
    """Return content that this installation alone can read again, in letters, digits, `-`, `_` and `=`."""
    nonce = secrets.token_bytes(_NONCE)
    sealed_bytes = AESGCM(_key(secret)).encrypt(nonce, zlib.compress(content), _FORMAT)
    return base64.urlsafe_b64encode(_FORMAT + nonce + sealed_bytes).decode()


def unclosed(secret: bytes, parcel: str) -> bytes | None:
    """Return what `closed` was given; `None` for anything else."""
    try:
        raw = base64.urlsafe_b64decode(parcel.encode())
        nonce, content = raw[1 : 1 + _NONCE], raw[1 + _NONCE :]
        return zlib.decompress(AESGCM(_key(secret)).decrypt(nonce, content, raw[:1]))
    except (ValueError, InvalidTag):
        return None


def _key(secret: bytes) -> bytes:
    return hmac.new(secret, b"carried forms", hashlib.sha256).digest()
