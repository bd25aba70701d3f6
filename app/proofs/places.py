"""Marks on another text than the one they were made on: where they stand there, if they still do."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.document.anchors import Ported, Porter, Standing, anchored, port_edit
from app.domain.document.edits import Edit, text_at
from app.domain.document.model import Document
from app.domain.vocabulary import MarkKind
from app.drafts import queries as drafts
from app.drafts.models import Revision
from app.proofs.models import Proof, ProofMark


def as_edit(mark: ProofMark) -> Edit:
    """Return a mark as the domain carries it out on the text of its proof."""
    return Edit(
        str(mark.id),
        MarkKind(mark.kind),
        mark.place,
        mark.position_start,
        mark.position_end,
        mark.quote,
        mark.new_text,
        mark.move_to,
    )


@dataclass(frozen=True, slots=True)
class Walked:
    """A mark that was carried out, as whoever confirms it reads it: the words around it before and now.

    `before` and `after` stand around `quote` in the text of its proof; `now` is what stands in their place in
    the present text at `start:end` of `place`, `None` where that is not to be told.
    """

    before: str
    quote: str
    after: str
    now: str | None
    place: str
    start: int
    end: int


#: So many characters on either side are read with a mark.
_AROUND = 10


def walk(session: Session, marks: Sequence[ProofMark], document: Document) -> dict[UUID, Walked]:
    """Return for each mark what stood around it, and what stands there in `document`.

    One statement; none for no marks.
    """
    if not marks:
        return {}
    made_on = _made_on(session, marks)
    texts = {row.id: drafts.document_of(row) for row in made_on.values()}
    porters = {key: Porter(text, document) for key, text in texts.items()}
    walked = {}
    for mark in marks:
        made = made_on[mark.proof_id].id
        text = text_at(texts[made], mark.place) or ""
        start = max(mark.position_start - _AROUND, 0)
        end = min(mark.position_end + _AROUND, len(text))
        around = anchored(texts[made], mark.place, start, end)
        where = porters[made].port(around) if around is not None else Ported(Standing.LOST)
        lost = where.standing is Standing.LOST
        walked[mark.id] = Walked(
            text[start : mark.position_start],
            mark.quote,
            text[mark.position_end : end],
            None if lost else where.text,
            where.place,
            where.start,
            where.end,
        )
    return walked


def edits_now(
    session: Session, marks: Sequence[ProofMark], revision: Revision, document: Document
) -> dict[UUID, Edit | None]:
    """Return each mark as an edit of the text `document` of `revision`; `None` where its words are gone.

    One statement; none for no marks.
    """
    if not marks:
        return {}
    made_on = _made_on(session, marks)
    texts = {row.id: drafts.document_of(row) for row in made_on.values() if row.id != revision.id}
    porters = {key: Porter(text, document) for key, text in texts.items()}
    edits: dict[UUID, Edit | None] = {}
    for mark in marks:
        made = made_on[mark.proof_id].id
        edit = as_edit(mark)
        edits[mark.id] = edit if made == revision.id else port_edit(edit, texts[made], porters[made])
    return edits


def _made_on(session: Session, marks: Sequence[ProofMark]) -> dict[UUID, Revision]:
    """Return the revisions that these marks' proofs were laid out from, by the ids of the proofs."""
    query = (
        select(Proof.id, Revision)
        .join(Revision, col(Revision.id) == col(Proof.revision_id))
        .where(col(Proof.id).in_({mark.proof_id for mark in marks}))
    )
    return dict(session.exec(query).all())
