"""Ed25519, verification only. Source: RFC 8032."""

from __future__ import annotations

import base64
import hashlib

from app.evidence.verifier.report import Json
from app.evidence.verifier.values import canonical

#: x, y, z and t of a point in extended coordinates.
Point = tuple[int, int, int, int]

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def _point(data: bytes) -> Point | None:
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def _add(left: Point, other: Point) -> Point:
    a = (left[1] - left[0]) * (other[1] - other[0]) % P
    b = (left[1] + left[0]) * (other[1] + other[0]) % P
    c, d = 2 * left[3] * other[3] * D % P, 2 * left[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(factor: int, point: Point) -> Point:
    total: Point = (0, 1, 1, 0)
    while factor:
        if factor & 1:
            total = _add(total, point)
        point, factor = _add(point, point), factor >> 1
    return total


def ed25519_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether `signature` (64 bytes) over `message` was made with the key that `public` belongs to."""
    if len(public) != 32 or len(signature) != 64:
        return False
    base = _point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    key, commitment = _point(public), _point(signature[:32])
    answer = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or base is None or answer >= L:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    left, right = _times(answer, base), _add(commitment, _times(challenge, key))
    return all((left[at] * right[2] - right[at] * left[2]) % P == 0 for at in (0, 1))


def is_signed(signed: Json, keys: Json) -> bool:
    """Say whether a signed statement, as JSON, was signed by one of the keys, by their ids."""
    try:
        if (
            set(signed) != {"statement", "algorithm", "key_id", "signature"}
            or signed["algorithm"] != "Ed25519"
        ):
            return False
        public = base64.b64decode(keys[signed["key_id"]], validate=True)
        signature = base64.b64decode(signed["signature"], validate=True)
        exact = base64.b64encode(signature).decode() == signed["signature"]
        named = hashlib.sha256(public).hexdigest()[:16] == signed["key_id"]
        return exact and named and ed25519_verify(public, canonical(signed["statement"]), signature)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return False
