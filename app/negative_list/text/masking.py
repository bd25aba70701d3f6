"""What is shown in place of a value that must not leak."""

from functools import lru_cache
from hashlib import blake2b

_STAR = "*"
#: Longest excerpt that a finding shows, in characters.
MAX_EXCERPT = 80
#: Longest key that BLAKE2b takes, in bytes.
_MAX_KEY = 64


def mask(value: str) -> str:
    """Return the value with its middle hidden: at most 10 of 18 characters stay, of short values the first.

    An ID card keeps 6 and 4, a telephone 3 and 4, anything with Chinese in it its first character.
    """
    size = len(value)
    if not value.isascii():
        return value[:1] + _STAR * (size - 1)
    if size >= 15:
        return value[:6] + _STAR * (size - 10) + value[-4:]
    if size >= 10:
        return value[:3] + _STAR * (size - 7) + value[-4:]
    return value[:1] + _STAR * (size - 1)


def excerpt(value: str) -> str:
    """Return the hit text, shortened when it is long."""
    return value if len(value) <= MAX_EXCERPT else value[: MAX_EXCERPT - 1] + "…"


@lru_cache(maxsize=1000)
def _begun(key: bytes, label: str) -> blake2b:
    """Return keyed BLAKE2b (RFC 7693), begun with a label and a NUL: a MAC that is quicker than HMAC."""
    mac = blake2b(key=key if len(key) <= _MAX_KEY else blake2b(key).digest(), digest_size=32)
    mac.update(f"{label}\0".encode("utf-8", "surrogatepass"))
    return mac


def value_hash(key: bytes, value: str) -> str:
    """Return the keyed hash of a hidden value; two findings of one value have the same."""
    mac = _begun(key, "value").copy()
    mac.update(value.encode("utf-8", "surrogatepass"))
    return mac.hexdigest()


def begun_fingerprint(key: bytes, rule: str) -> blake2b:
    """Return the beginning that the fingerprints of all hits of a rule share, to be copied."""
    return _begun(key, f"hit\0{rule}")


def fingerprint(key: bytes, rule: str, match: str, before: str, after: str, document_id: str) -> str:
    """Return the name of a hit, the same as long as the hit and its neighbourhood are. For waivers."""
    mac = begun_fingerprint(key, rule).copy()
    mac.update(f"{match}\0{before}\0{after}\0{document_id}".encode("utf-8", "surrogatepass"))
    return mac.hexdigest()
