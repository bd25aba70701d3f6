"""What is stored of versions: their files, and which are in force."""

import json

from sqlmodel import Session, col, select

from app.policies.models import PolicyFile, PolicyInUse, PolicyVersion


def digest_in_use(session: Session) -> str | None:
    """Return the digest of the version in force; None before the first one is stored. One statement."""
    return session.exec(select(PolicyInUse.digest)).first()


def files_of(session: Session, digest: str) -> dict[str, str] | None:
    """Return the files of a stored version, path to text; None when there is no such version."""
    listed = session.exec(select(PolicyVersion.files).where(PolicyVersion.digest == digest)).first()
    if listed is None:
        return None
    names: dict[str, str] = json.loads(listed)
    rows = session.exec(select(PolicyFile).where(col(PolicyFile.sha256).in_(set(names.values())))).all()
    texts = {row.sha256: row.content for row in rows}
    return {path: texts[sha256] for path, sha256 in sorted(names.items())}
