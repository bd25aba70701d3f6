"""Passwords: what is accepted, and how they are kept (Argon2id)."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.infra.errors import Reason

MIN_LENGTH = 10
MAX_LENGTH = 200

#: Passwords that everybody tries first; compared without case and spaces.
COMMON = frozenset(
    {
        "1234567890",
        "0123456789",
        "0987654321",
        "1111111111",
        "0000000000",
        "8888888888",
        "6666666666",
        "1234512345",
        "123456789a",
        "a123456789",
        "1q2w3e4r5t",
        "1qaz2wsx3edc",
        "qwertyuiop",
        "qwerty1234",
        "qwerty12345",
        "asdfghjkl;",
        "zaq12wsxcde3",
        "abc1234567",
        "abcd123456",
        "abcdefghij",
        "password12",
        "password123",
        "password1234",
        "passw0rd123",
        "p@ssw0rd123",
        "iloveyou123",
        "woaini1314",
        "woaini520",
        "woaini5201314",
        "5201314520",
        "admin12345",
        "admin123456",
        "admin888888",
        "administrator",
        "minzheng123",
        "minzhengju",
        "gov123456789",
        "welcome123",
        "letmein123",
        "changeme123",
        "sanshen123",
        "sanshensanjiao",
        "aaaaaaaaaa",
        "aa12345678",
        "aa123456789",
        "qq123456789",
        "1357924680",
        "9876543210",
        "1122334455",
        "147258369a",
        "zxcvbnm123",
        "zxcvbnmasd",
    }
)


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
        found = _hasher.verify(password_hash or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return found and password_hash is not None


@cache
def _nobody() -> str:
    return _hasher.hash("nobody's password")


# OWASP's second profile (19 MiB, two passes, one lane): about 20 ms on one core.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


def faults(password: str, *, login: str) -> tuple[Reason, ...]:
    """Return every reason why `password` is not accepted for `login`; empty when it is."""
    found = []
    plain = "".join(password.split()).casefold()
    if len(password) < MIN_LENGTH:
        found.append(Reason("password_short", {"min": MIN_LENGTH}, field="password"))
    if len(password) > MAX_LENGTH:
        found.append(Reason("password_long", {"max": MAX_LENGTH}, field="password"))
    if login.casefold() in plain and len(plain) - len(login) < MIN_LENGTH:
        found.append(Reason("password_is_login", field="password"))
    if plain in COMMON or len(set(plain)) < 3:
        found.append(Reason("password_common", field="password"))
    return tuple(found)
