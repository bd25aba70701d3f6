"""The marks of a proof as its page lists and draws them, in reading order."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from app.domain.document.model import Document
from app.domain.vocabulary import ErrorType, MarkKind, MarkState
from app.drafts.models import Revision
from app.identity.queries import Actor
from app.proofs.models import ProofMark
from app.proofs.places import Walked, edits_now, walk
from app.proofs.queries import Marks
from app.words.labels import label
from app.words.places import place_in_text

#: Marks that are shown where they stand now; the others are history.
_LIVING = frozenset({MarkState.OPEN, MarkState.DISPUTED})


@dataclass(frozen=True, slots=True)
class MarkRow:
    """A mark in words. `start16:end16` of the text at `ref`, in UTF-16 units, is where it is drawn.

    `walked` are the words before and after, for marks that were carried out. `answer` is why the author does
    not carry it out.
    """

    id: UUID
    open: bool
    state: str
    key: str
    kind: str
    place: str
    error_type: str
    quote: str
    new_text: str
    by: str
    stage: str
    answer: str
    ref: str
    start16: int
    end16: int
    walked: Walked | None
    may_withdraw: bool
    may_uphold: bool
    may_dispute: bool


def mark_rows(
    session: Session,
    marks: Marks,
    revision: Revision,
    document: Document,
    actor: Actor,
    *,
    titles: Mapping[str, str],
    may_mark: bool,
    may_carry: bool,
) -> tuple[MarkRow, ...]:
    """Return the marks with where they stand in the text of the proof that is shown, in its reading order.

    `may_mark` says that the viewer reads or confirms this proof now, `may_carry` that they carry marks out.
    """
    living = [mark for mark in marks.rows if mark.state in _LIVING]
    edits = edits_now(session, living, revision, document)
    walked = walk(session, [mark for mark in marks.rows if mark.state == MarkState.CARRIED_OUT], document)
    texts = dict(document.texts())
    order = {place: number for number, place in enumerate(texts)}

    def row(mark: ProofMark) -> MarkRow:
        state, edit, told = MarkState(mark.state), edits.get(mark.id), walked.get(mark.id)
        if edit is not None:
            where, start, end = edit.place, edit.start, edit.end
        elif told is not None and told.now is not None:
            where, start, end = told.place, told.start, told.end
        else:
            where, start, end = "", 0, 0
        text = texts.get(where, "")
        return MarkRow(
            id=mark.id,
            open=state is MarkState.OPEN,
            state=label(state),
            key=mark.kind,
            kind=label(MarkKind(mark.kind)),
            place=place_in_text(where or mark.place),
            error_type=label(ErrorType(mark.error_type)),
            quote=mark.quote,
            new_text=mark.new_text,
            by=marks.names.get(mark.marked_by, ""),
            stage=titles.get(mark.stage, mark.stage),
            answer=mark.answer,
            ref=where,
            start16=_utf16(text, start),
            end16=_utf16(text, end),
            walked=told,
            may_withdraw=state in _LIVING and mark.marked_by == actor.id,
            may_uphold=state is MarkState.DISPUTED and may_mark,
            may_dispute=state is MarkState.OPEN and may_carry,
        )

    def reading_order(pair: tuple[ProofMark, MarkRow]) -> tuple[int, int, UUID]:
        mark, made = pair
        return order.get(made.ref or mark.place, len(order)), made.start16, mark.id

    return tuple(made for _, made in sorted(((mark, row(mark)) for mark in marks.rows), key=reading_order))


def _utf16(text: str, position: int) -> int:
    return len(text[:position].encode("utf-16-le")) // 2
