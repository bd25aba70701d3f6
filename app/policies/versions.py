"""What is stored of versions: their files, and which are in force."""

import json

from sqlmodel import Session, col, select

from app.domain.vocabulary import PolicyKind
from app.policies.models import PolicyFile, PolicyInUse, PolicyVersion


def digest_in_use(session: Session, kind: PolicyKind = PolicyKind.NEGATIVE_LIST) -> str | None:
    """Return the digest of the version of a kind in force; None before one is stored. One statement."""
    return session.exec(select(PolicyInUse.digest).where(PolicyInUse.kind == kind)).first()


def digests_in_use(session: Session) -> dict[PolicyKind, str]:
    """Return the digest of the version in force of each kind that has one. One statement."""
    rows = session.exec(select(PolicyInUse.kind, PolicyInUse.digest)).all()
    return {PolicyKind(kind): digest for kind, digest in rows}


def files_of(session: Session, digest: str, kind: PolicyKind | None = None) -> dict[str, str] | None:
    """Return the files of a stored version, path to text; None when there is none (of this kind)."""
    query = select(PolicyVersion.files).where(PolicyVersion.digest == digest)
    if kind is not None:
        query = query.where(PolicyVersion.kind == kind)
    listed = session.exec(query).first()
    if listed is None:
        return None
    names: dict[str, str] = json.loads(listed)
    rows = session.exec(select(PolicyFile).where(col(PolicyFile.sha256).in_(set(names.values())))).all()
    texts = {row.sha256: row.content for row in rows}
    return {path: texts[sha256] for path, sha256 in sorted(names.items())}
