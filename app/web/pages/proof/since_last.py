"""What changed between a proof and the one before it on its line, also by other channels' marks."""

from dataclasses import dataclass

from sqlmodel import Session

from app.domain.document.model import Document
from app.domain.vocabulary import MarkState
from app.drafts import queries as drafts
from app.drafts.models import Revision
from app.identity.queries import Actor
from app.proofs import queries
from app.proofs.models import Proof
from app.words.differences import Difference, differences


@dataclass(frozen=True, slots=True)
class SinceLast:
    """The differences from the proof before, whose text was revision `number`, and how the changes came.

    `own` and `others` are how many marks of this line and of other lines were carried out in between.
    """

    number: int
    changes: tuple[Difference, ...]
    own: int
    others: int


def since_last(
    session: Session, shown: Proof, revision: Revision, document: Document, actor: Actor
) -> SinceLast | None:
    """Return what changed since the proof before `shown`; `None` where it is the first, or of the same text.

    `document` is that of `revision`, which `shown` was laid out from.
    """
    line = shown.line
    of_line = [
        one.proof for one in queries.proofs_of(session, shown.case_id, actor) if one.proof.line == line
    ]
    before = next((one for one in of_line if one.id < shown.id), None)
    if before is None or before.revision_id == revision.id:
        return None
    earlier = session.get_one(Revision, before.revision_id)
    between = {
        one.id
        for one in drafts.revisions(session, revision.draft_id)
        if earlier.number < one.number <= revision.number
    }
    done = [
        mark.line == line
        for mark in queries.marks_of(session, shown.case_id, actor).rows
        if mark.state == MarkState.CARRIED_OUT and mark.carried_into in between
    ]
    return SinceLast(
        earlier.number, differences(drafts.document_of(earlier), document), sum(done), len(done) - sum(done)
    )
