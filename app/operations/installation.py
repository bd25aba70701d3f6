"""Which installation this is: the database says it, and the data folder remembers it.

A data folder that has seen a database never begins anew beside its keys by itself, and never goes on with
another database unasked: both look like a good start, and lose everything.
"""

import hashlib
import hmac
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import func
from sqlmodel import Session, select

from app.audit.models import AuditEvent
from app.infra.db import Database
from app.infra.runtime import Runtime
from app.infra.sqlite_file import path_of
from app.operations.models import Installation

#: The file of the data folder that remembers the installation.
MARKER = "installation.json"
_SECRET_WORDS = b"sanshen installation 1"


class Foreign(Exception):
    """The database is another installation than the data folder knows."""

    def __init__(self, known: UUID, there: UUID, marker: Path) -> None:
        super().__init__(f"{there} is not {known}")
        self.known, self.found, self.marker = known, there, marker


@dataclass(frozen=True, slots=True)
class Keys:
    """What names the keys of a process, without telling any of them."""

    secret_check: str
    signing_key: str
    token_key: str


def secret_check(secret: bytes) -> str:
    """Return what tells whether a secret is the same one, and nothing else of it."""
    return hmac.new(secret, _SECRET_WORDS, hashlib.sha256).hexdigest()


def keys_of(runtime: Runtime) -> Keys:
    """Return the names of the keys in use."""
    return Keys(secret_check(runtime.secret), runtime.signer.key_id, key_name(runtime.tokens.public_pem))


def key_name(public_pem: str) -> str:
    """Return what names a key, by its public half."""
    return hashlib.sha256(public_pem.encode()).hexdigest()[:16]


def remains(data_dir: Path, url: str) -> list[Path]:
    """Return what an installation has left in a data folder whose database is gone; empty in a new one.

    For the SQLite file the log beside it counts too: what is in it was stored.
    """
    left = [
        path
        for path in (data_dir / MARKER, data_dir / "keys" / "token.pem", data_dir / "keys" / "signing.pem")
        if path.exists()
    ]
    if (file := path_of(url)) is not None:
        left += [log for log in (file.with_name(f"{file.name}-wal"),) if log.exists()]
    return left


def marked(data_dir: Path) -> UUID | None:
    """Return which installation the data folder remembers; `None` for none."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return UUID(json.loads((data_dir / MARKER).read_text(encoding="utf-8"))["id"])
    return None


def mark(data_dir: Path, installation: UUID) -> None:
    """Let the data folder remember an installation. Raises `OSError`."""
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = data_dir / f".{MARKER}.{os.getpid()}"
    fresh.write_text(json.dumps({"id": str(installation)}) + "\n", encoding="utf-8")
    fresh.replace(data_dir / MARKER)


def row(session: Session) -> Installation:
    """Return the row of the installation. Raises `NoResultFound` when somebody has removed it."""
    return session.exec(select(Installation)).one()


def join(runtime: Runtime) -> frozenset[str]:
    """Bind this process to its installation when it starts; return which keys are others than before.

    The keys of the first start are noted (`secret`, `signing`, `token` are what may have changed since).
    Raises `Foreign`, `AppError` without a database, `OSError` when the data folder cannot be written.
    """
    keys = keys_of(runtime)
    with runtime.database.read() as session:
        row_found = row(session)
    known = marked(runtime.settings.data_dir)
    if known is not None and known != row_found.id:
        raise Foreign(known, row_found.id, runtime.settings.data_dir / MARKER)
    if row_found.secret_check is None:
        accept(runtime.database, keys)
    if known is None:
        mark(runtime.settings.data_dir, row_found.id)
    return changed(row_found, keys)


def accept(database: Database, keys: Keys) -> None:
    """Note these keys as the installation's."""
    with database.write() as session:
        row = session.exec(select(Installation).with_for_update()).one()
        row.secret_check, row.signing_key, row.token_key = (
            keys.secret_check,
            keys.signing_key,
            keys.token_key,
        )
        session.add(row)


def settle_clock(database: Database) -> None:
    """Note that what is recorded up to now was looked at, even where a clock that was ahead has dated it."""
    with database.write() as session:
        row = session.exec(select(Installation).with_for_update()).one()
        row.clock_settled_at = session.exec(select(func.max(AuditEvent.ts))).one()
        session.add(row)


def changed(row: Installation, keys: Keys) -> frozenset[str]:
    """Return which of the keys are others than the installation's; none before any were noted."""
    now = {"secret": keys.secret_check, "signing": keys.signing_key, "token": keys.token_key}
    return frozenset(
        name for name, before in noted(row).items() if before is not None and before != now[name]
    )


def noted(row: Installation) -> dict[str, str | None]:
    """Return the names of the keys that the installation was used with, by what they are for."""
    return {"secret": row.secret_check, "signing": row.signing_key, "token": row.token_key}
