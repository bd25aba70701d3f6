"""Reading which findings of a draft are ignored."""

from uuid import UUID

from sqlmodel import Session, col, select

from app.screening.models import IgnoredFinding


def of_draft(session: Session, draft_id: UUID) -> dict[str, IgnoredFinding]:
    """Return what stands of a draft's ignored findings, by fingerprint; perhaps nothing."""
    query = (
        select(IgnoredFinding)
        .where(IgnoredFinding.draft_id == draft_id, col(IgnoredFinding.withdrawn_at).is_(None))
        .order_by(col(IgnoredFinding.id))
    )
    return {row.fingerprint: row for row in session.exec(query).all()}
