"""Passwords: what is accepted, and how they are kept (Argon2id)."""

import re
from collections.abc import Iterable
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.identity.credentials import guessability
from app.infra.errors import Reason

MIN_LENGTH = 10
MAX_LENGTH = 200


def set_cost(*, passes: int, memory_kib: int) -> None:
    """Set what hashing costs from now on; hashes made before stay good."""
    global _hasher  # noqa: PLW0603 – one cost for the process
    _hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
    _nobody.cache_clear()


def hashed(password: str) -> str:
    """Return the Argon2id hash of `password`, in PHC form."""
    return _hasher.hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Say whether `password` is the one behind the hash; without a hash, work as long and say no."""
    try:
        matched = _hasher.verify(password_hash or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return matched and password_hash is not None


@cache
def _nobody() -> str:
    return _hasher.hash("nobody's password")


# OWASP's second profile (19 MiB, two passes, one lane): about 20 ms on one core.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def faults(password: str, *, login: str, words: Iterable[str] = ()) -> tuple[Reason, ...]:
    """Return every reason why `password` is not accepted for `login`; empty when it is.

    `words` name its owner or their place: their name, their mail address, their unit.
    """
    reasons = []
    plain = guessability.plain(password)
    if len(password) < MIN_LENGTH:
        reasons.append(Reason("password_short", {"min": MIN_LENGTH}, field="password"))
    if len(password) > MAX_LENGTH:
        reasons.append(Reason("password_long", {"max": MAX_LENGTH}, field="password"))
    own = {
        login,
        login[::-1],
        *re.split(r"[._@-]", login),
        *(part for word in words for part in _parts(word)),
    }
    if (login.casefold() in plain or login.casefold()[::-1] in plain) and len(plain) - len(
        login
    ) < MIN_LENGTH:
        reasons.append(Reason("password_is_login", field="password"))
    elif guessability.worth(password, own) < min(guessability.ENOUGH, len(plain)):
        reasons.append(Reason("password_common", field="password"))
    return tuple(reasons)


def _parts(words: str) -> set[str]:
    """Return a name and the parts of a mail address that may stand in a password."""
    return {words, *re.split(r"[\s._@/·-]+", words)} - {""}
