"""Release tickets: signed, bound to one channel and one digest, good once and for a time."""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.domain.document.model import sha256
from app.domain.record.canonical import canonical
from app.domain.record.chain import timestamp
from app.infra.ids import new_id
from app.infra.signing import SignedStatement, Signer

VERSION = 1
KIND = "release"
NONCE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a ticket says, and its signed form."""

    release_id: UUID
    draft_id: UUID
    channel: str
    digest: str
    nonce: str
    expires_at: datetime
    signed: SignedStatement

    @property
    def text(self) -> str:
        """The signed form as canonical JSON."""
        return canonical(self.signed.model_dump(mode="json")).decode()

    @property
    def name(self) -> str:
        """SHA-256 of the signed form: what the record names it by."""
        return sha256(self.text.encode())


def issue(
    signer: Signer,
    *,
    draft_id: UUID,
    channel: str,
    digest: str,
    revision: str,
    policy: str,
    at: datetime,
    good_for: timedelta,
    release_id: UUID | None = None,
) -> Ticket:
    """Return a fresh ticket; for a new release unless `release_id` says which."""
    release_id, nonce = release_id or new_id(), secrets.token_hex(NONCE_BYTES)
    expires_at = at + good_for
    statement = {
        "v": VERSION,
        "kind": KIND,
        "release": str(release_id),
        "draft": str(draft_id),
        "channel": channel,
        "digest": digest,
        "revision": revision,
        "policy": policy,
        "issued_at": timestamp(at),
        "expires_at": timestamp(expires_at),
        "nonce": nonce,
    }
    return Ticket(release_id, draft_id, channel, digest, nonce, expires_at, signer.sign(statement))


def read(signed: SignedStatement, signer: Signer) -> Ticket | None:
    """Return what a ticket says; None for one that was not signed here, or was changed, or is none."""
    if not signer.verifies(signed):
        return None
    said = signed.statement
    try:
        if (said["v"], said["kind"]) != (VERSION, KIND):
            return None
        return Ticket(
            UUID(said["release"]),
            UUID(said["draft"]),
            said["channel"],
            said["digest"],
            said["nonce"],
            datetime.fromisoformat(said["expires_at"]),
            signed,
        )
    except (KeyError, TypeError, ValueError):
        return None


def stored(text: str) -> SignedStatement:
    """Return a ticket as it lies in its release's row."""
    return SignedStatement.model_validate(json.loads(text))
