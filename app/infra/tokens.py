"""Short-lived service tokens: ES256, PEM keys, one algorithm. The only module that imports `jose`."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jose import JWTError, jwt

from app.infra.errors import Unauthenticated
from app.infra.ids import new_id
from app.infra.signing import read_key, write_key

ALGORITHM = "ES256"
ISSUER = "sanshen"
AUDIENCE = "sanshen-api"
#: Of tokens that a tool's key was exchanged for: neither kind is good for the other.
TOOL_AUDIENCE = "sanshen-tools"
#: No token lives longer than this.
MAX_MINUTES = 10
#: So many tokens are remembered as genuine; with more, all are forgotten and verified anew.
_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class _Claims:
    """What a genuine token says, in seconds since 1970."""

    subject: UUID
    credentials: int
    scope: str
    issued: int
    expires: int


@dataclass(frozen=True, slots=True)
class Tokens:
    """Makes and reads tokens with one P-256 key pair (PEM)."""

    private_pem: str
    public_pem: str
    #: Tokens whose signature was found good, by their SHA-256: the tokens themselves are kept nowhere.
    _genuine: dict[bytes, _Claims] = field(default_factory=dict, repr=False, compare=False)

    def issue(self, user_id: UUID, *, at: datetime, minutes: int, credentials: int = 0) -> str:
        """Return a token that says for `minutes` (1–10) from `at` who its bearer is.

        `credentials` numbers the password that it was given for.
        """
        return self._signed({"sub": str(user_id), "cred": credentials, "aud": AUDIENCE}, at, minutes)

    def issue_for_tool(self, key_id: UUID, *, scope: str, at: datetime, minutes: int) -> str:
        """Return a token that stands for a tool's key for `minutes` (1–10), as far as `scope` goes."""
        claims = {"sub": str(key_id), "cred": 0, "aud": TOOL_AUDIENCE, "scope": scope}
        return self._signed(claims, at, minutes)

    def _signed(self, claims: dict[str, Any], at: datetime, minutes: int) -> str:
        if not 1 <= minutes <= MAX_MINUTES:
            raise ValueError("a token lives 1 to 10 minutes")
        claims = claims | {
            "iss": ISSUER,
            "iat": int(at.timestamp()),
            "exp": int((at + timedelta(minutes=minutes)).timestamp()),
            "jti": str(new_id()),
        }
        token: str = jwt.encode(claims, self.private_pem, algorithm=ALGORITHM)
        return token

    def read(self, token: str, *, at: datetime) -> tuple[UUID, int]:
        """Return whom the token names, and the number of the password that it was given for.

        Raises `Unauthenticated` for forged, expired and malformed ones.

        A signature is verified once and then known by the token's hash; its times are looked at every time.
        """
        claims = self._read(token, AUDIENCE, at)
        return claims.subject, claims.credentials

    def read_for_tool(self, token: str, *, at: datetime) -> tuple[UUID, frozenset[str]]:
        """Return the key that a tool's token stands for, and its scopes. Raises as `read`."""
        claims = self._read(token, TOOL_AUDIENCE, at)
        return claims.subject, frozenset(claims.scope.split())

    def _read(self, token: str, audience: str, at: datetime) -> _Claims:
        named = hashlib.sha256(f"{audience} {token}".encode("utf-8", "surrogatepass")).digest()
        claims = self._genuine.get(named)
        if claims is None:
            claims = self._verified(token, audience)
            if len(self._genuine) >= _REMEMBERED:
                self._genuine.clear()
            self._genuine[named] = claims
        if claims.expires - claims.issued > MAX_MINUTES * 60 or claims.issued > at.timestamp() + 60:
            raise Unauthenticated("token_invalid")
        if at.timestamp() >= claims.expires:
            raise Unauthenticated("token_expired")
        return claims

    def _verified(self, token: str, audience: str) -> _Claims:
        options = {f"require_{claim}": True for claim in ("iat", "iss", "aud", "sub", "jti")}
        # The clock is ours: expiry is checked against `at`. (jose would check what it requires.)
        options["verify_exp"] = False
        try:
            claims = jwt.decode(
                token,
                self.public_pem,
                algorithms=[ALGORITHM],
                audience=audience,
                issuer=ISSUER,
                options=options,
            )
            return _Claims(
                UUID(claims["sub"]),
                int(claims["cred"]),
                str(claims.get("scope", "")),
                int(claims["iat"]),
                int(claims["exp"]),
            )
        except (JWTError, ValueError, TypeError, KeyError) as error:
            raise Unauthenticated("token_invalid") from error


def load_tokens(path: Path, *, create: bool) -> Tokens:
    """Return the tokens of the EC P-256 key at `path` (PEM); make one there if `create` and it is missing.

    Raises `FileNotFoundError` without a key, `ValueError` for another kind of key.
    """
    if create and not path.exists():
        write_key(path, ec.generate_private_key(ec.SECP256R1()))
    key = read_key(path)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError(f"{path} 里不是 EC P-256 私钥")
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return Tokens(private_pem=path.read_text(), public_pem=public.decode())
