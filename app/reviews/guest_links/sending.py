"""How a link comes to whom it is for, and to nobody else: its address and its code go two ways.

Who asks is given the code, and says it to the invited person; another reviewer is given the address, and
sends it. Neither can sign alone, nor can whoever finds an address in a log. Source: decision 47, domain
invariant 21.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from uuid import UUID

from sqlmodel import Session

from app.infra.errors import Forbidden
from app.reviews.models import SignLink

#: Digits of a code. Twenty wrong ones in a quarter of an hour, and no more are looked at: see `guesses`.
CODE_DIGITS = 8


def new_code() -> str:
    """Return a code that can be said on the telephone: eight digits."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def code_hash(link_id: UUID, code: str, secret: bytes) -> str:
    """Return what is stored of a code: a keyed hash, for its digits alone could be tried through."""
    digits = "".join(one for one in code if one.isdigit())
    return hmac.new(secret, f"link-code:{link_id}:{digits}".encode(), hashlib.sha256).hexdigest()


def must_know(
    link: SignLink, code: str, secret: bytes, *, record: Callable[[Session], None] | None = None
) -> None:
    """Raise `Forbidden` unless this is the code of the link; `record` puts a wrong one on record."""
    if not code:
        raise Forbidden("link_code_needed")
    if not hmac.compare_digest(code_hash(link.id, code, secret), link.code_hash):
        raise Forbidden("link_code_differs", record=record)
