"""A proof as a Word file: its text, its marks as tracked changes that nobody has accepted."""

from uuid import UUID

from sqlmodel import Session

from app.domain.vocabulary import ErrorType, MarkKind, MarkState
from app.drafts.export.docx.notes import Note, Said
from app.drafts.export.docx.service import docx_of
from app.drafts.export.queries import exported
from app.drafts.models import Draft
from app.identity import queries as identity
from app.identity.queries import Actor
from app.proofs import queries
from app.proofs.models import ProofMark
from app.words.labels import label

#: Marks that take words away and put others there; the rest (to move, to join) are told in words.
_CHANGES = frozenset({
    MarkKind.CORRECT, MarkKind.DELETE, MarkKind.INSERT, MarkKind.TRANSPOSE, MarkKind.ADD_SPACE,
    MarkKind.REMOVE_SPACE,
})  # fmt: skip
#: Marks of which nothing is to be done any more.
_ENDED = frozenset({MarkState.CARRIED_OUT, MarkState.OVERTAKEN})


def proof_as_word(session: Session, digest: str, actor: Actor) -> tuple[str, bytes]:
    """Return the title and a Word file of the text that a proof was laid out from, with its marks.

    Each is a comment by who made it; where it takes words away or puts words in, a tracked change as well,
    as long as it is open. Withdrawn ones are left out. Raises `NotFound`.
    """
    proof = queries.proof(session, digest, actor)
    revision = queries.revision_of(session, proof)
    document, pictures, names = exported(session, session.get_one(Draft, proof.draft_id), revision.number)
    marks = [
        mark
        for mark in queries.marks_of(session, proof.case_id, actor, line=proof.line).rows
        if mark.digest == proof.digest and mark.state != MarkState.WITHDRAWN
    ]
    asked = {person for mark in marks for person in (mark.marked_by, mark.answered_by) if person is not None}
    people = identity.names(session, asked)
    notes = [_note(mark, people) for mark in marks]
    return document.title, docx_of(document, pictures, names, notes)


def _note(mark: ProofMark, people: dict[UUID, str]) -> Note:
    kind = MarkKind(mark.kind)
    told = f"{label(kind)}：{mark.new_text or '见批注'}" if kind not in _CHANGES else label(kind)
    lines = (f"{told}（{label(ErrorType(mark.error_type))}，计 {mark.weight:g} 个差错）", mark.remark)
    said = [Said(people.get(mark.marked_by, ""), mark.marked_at, "\n".join(filter(None, lines)))]
    if mark.answered_by is not None and mark.answered_at is not None:
        said.append(Said(people.get(mark.answered_by, ""), mark.answered_at, f"不改：{mark.answer}"))
    settled = mark.state in _ENDED
    replacement = mark.new_text if kind in _CHANGES and mark.state == MarkState.OPEN else None
    return Note(mark.place, mark.position_start, mark.position_end, tuple(said), replacement, settled)
