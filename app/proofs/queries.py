"""Reading proofs and marks."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from app.domain.vocabulary import MarkState
from app.drafts import queries as drafts
from app.drafts.models import Draft, Revision
from app.identity import queries as identity
from app.identity.queries import Actor
from app.infra.errors import NotFound
from app.proofs.models import Proof, ProofMark
from app.reviews.models import ReviewCase


@dataclass(frozen=True, slots=True)
class ProofView:
    """A proof without its bytes, and the digest of the text that it was laid out from."""

    proof: Proof
    revision: str


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of a case in order, their makers' names, and the size of the text they were found in."""

    rows: tuple[ProofMark, ...]
    names: dict[UUID, str]
    characters: int

    @property
    def open(self) -> tuple[ProofMark, ...]:
        """Those not carried out or withdrawn."""
        return tuple(row for row in self.rows if row.state == MarkState.OPEN)

    @property
    def weighted_errors(self) -> float:
        """What the marks weigh together; withdrawn ones weigh nothing."""
        return round(sum(row.weight for row in self.rows if row.state != MarkState.WITHDRAWN), 2)

    @property
    def error_rate(self) -> float:
        """Weighted errors in 10 000 characters (‱); 0 for an empty text."""
        return round(self.weighted_errors * 10_000 / self.characters, 2) if self.characters else 0.0


def proof(session: Session, digest: str, actor: Actor) -> Proof:
    """Return the proof with this digest, of a draft that the actor may see. Raises `NotFound`."""
    query = (
        select(Proof, Draft)
        .join(Draft, col(Draft.id) == col(Proof.draft_id))
        .where(Proof.digest == digest)
        .order_by(col(Proof.id).desc())
        .limit(20)
    )
    for proof_row, draft in session.exec(query).all():
        if drafts.may_see(session, draft, actor):
            return proof_row
    raise NotFound("not_found")


def bound(session: Session, case_id: UUID, line: str, digest: str) -> Proof:
    """Return the proof of a line of a case that a digest names. Asks nobody. Raises `NotFound`."""
    query = (
        select(Proof)
        .where(Proof.case_id == case_id, Proof.line == line, Proof.digest == digest)
        .order_by(col(Proof.id).desc())
        .limit(1)
    )
    row = session.exec(query).first()
    if row is None:
        raise NotFound("not_found")
    return row


def proofs_of(session: Session, case_id: UUID, actor: Actor) -> tuple[ProofView, ...]:
    """Return the proofs of a case, the newest of each line first; perhaps none. Raises `NotFound`."""
    visible_case(session, case_id, actor)
    query = (
        select(Proof, Revision.digest)
        .join(Revision, col(Revision.id) == col(Proof.revision_id))
        .where(Proof.case_id == case_id)
        .order_by(col(Proof.line), col(Proof.id).desc())
        .options(defer(Proof.content))  # type: ignore[arg-type]
    )
    return tuple(ProofView(proof_row, revision) for proof_row, revision in session.exec(query).all())


def marks_of(session: Session, case_id: UUID, actor: Actor, *, line: str | None = None) -> Marks:
    """Return the marks of a case, or of one of its lines; perhaps none. Raises `NotFound`."""
    row = visible_case(session, case_id, actor)
    query = select(ProofMark).where(ProofMark.case_id == case_id).order_by(col(ProofMark.id))
    if line is not None:
        query = query.where(ProofMark.line == line)
    rows = tuple(session.exec(query).all())
    revision = session.get_one(Revision, row.revision_id)
    names = identity.names(session, {mark.marked_by for mark in rows})
    return Marks(rows, names, drafts.document_of(revision).characters)


def maker_of(session: Session, mark: ProofMark) -> str:
    """Return the name of who made a mark."""
    return identity.names(session, {mark.marked_by}).get(mark.marked_by, "")


def revision_of(session: Session, proof: Proof) -> Revision:
    """Return the text that a proof was laid out from."""
    return session.get_one(Revision, proof.revision_id)


def visible_case(session: Session, case_id: UUID, actor: Actor) -> ReviewCase:
    """Return a case whose draft the actor may see. Raises `NotFound`."""
    row = session.get(ReviewCase, case_id)
    if row is None:
        raise NotFound("not_found")
    drafts.visible(session, row.draft_id, actor)
    return row
