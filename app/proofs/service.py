"""What happens to proofs: laid out, marked, carried out. A new text gets a new proof; none is changed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from sqlmodel import Session, col, select

from app.domain.document.edits import Edit, apply_edits, faults, text_at
from app.domain.document.model import Document
from app.domain.quality import Profile, Quality, weight_of
from app.domain.refusals import Refusal, RefusalCode, Refusals, Refused
from app.domain.vocabulary import ErrorType, Event, MarkKind, MarkState, Role, StageKind, StageState, Verb
from app.domain.workflow import BoundProof, Facts, objections
from app.domain.workflow.commands import LayOutFailed
from app.drafts import queries as drafts
from app.drafts import service as draft_service
from app.drafts.models import Revision
from app.events.emit import emit
from app.events.payloads.drafts import OfMark
from app.identity.queries import SYSTEM, Actor
from app.infra.errors import Conflict, Forbidden, Invalid, NotFound, Reason
from app.infra.ids import new_id
from app.infra.runtime import Runtime
from app.proofs import errors as _words  # noqa: F401 – the words of the codes below
from app.proofs import previews
from app.proofs.layout import Rendered
from app.proofs.models import Proof, ProofMark
from app.proofs.places import as_edit, edits_now
from app.reviews import service as reviews
from app.reviews.cases import Loaded, acting, as_participant, load, may_write
from app.reviews.errors import refused

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class NewMark:
    """What a proofreader found on a proof, by its digest; without a weight it counts by type and length."""

    line: str
    digest: str
    kind: MarkKind
    place: str
    start: int
    end: int
    quote: str
    error_type: ErrorType
    new_text: str = ""
    move_to: int | None = None
    weight: float | None = None
    remark: str = ""


def preview(session: Session, case_id: UUID, line: str) -> tuple[Rendered, Loaded] | None:
    """Return the present text of a case laid out for a line, storing nothing; `None` for no such line."""
    loaded = load(session, case_id, SYSTEM, lock=False)
    rendered = previews.rendered(session, loaded.draft, loaded.revision, line)
    return None if rendered is None else (rendered, loaded)


def lay_out(
    session: Session,
    *,
    case_id: UUID,
    line: str,
    rendered: Rendered,
    of: Loaded,
    runtime: Runtime,
    at: datetime,
) -> str | None:
    """Store what was laid out from the text `of` a case as the line's proof, and open its first proofread.

    Returns the proof's digest, or `None` when it cannot be published so (the text goes back to its author),
    or came too late.
    """
    revision, draft_id = of.revision, of.draft.id
    if rendered.exceeded:
        failed = LayOutFailed(line, revision.digest, tuple(rendered.exceeded))
        _log_late(reviews.lay_out_failed(session, case_id=case_id, failed=failed, at=at), case_id, line)
        return None
    # The case first, as everywhere: what is stored below is stored under its lock.
    loaded = load(session, case_id, SYSTEM)
    known = select(Proof).where(
        Proof.case_id == case_id, Proof.line == line, Proof.revision_id == revision.id
    )
    proof = session.exec(known).one_or_none()
    if proof is None:
        kind = next(target.kind for target in of.case.targets if target.channel == line)
        proof = Proof(
            id=new_id(),
            case_id=case_id,
            draft_id=draft_id,
            revision_id=revision.id,
            line=line,
            kind=kind,
            digest=rendered.digest,
            media_type=rendered.media_type,
            content=rendered.content,
            size=len(rendered.content),
            characters=drafts.document_of(revision).characters,
            renderer=rendered.renderer,
            created_at=at,
        )
        session.add(proof)
        session.flush()
    _overtake(session, loaded, at=at)
    bound = BoundProof(line, proof.digest, revision.digest)
    late = reviews.bind_subject(session, case_id=case_id, proof=bound, runtime=runtime, at=at)
    _log_late(late, case_id, line)
    return None if late else proof.digest


def _log_late(why: Refusals, case_id: UUID, line: str) -> None:
    if why:
        log.info("proof.late", case=str(case_id), line=line, why=[str(refusal.code) for refusal in why])


def add_mark(
    session: Session, *, case_id: UUID, new: NewMark, quality: Quality, actor: Actor, at: datetime
) -> ProofMark:
    """Mark an error on the line's present proof; it weighs what `quality` says of its channel's kind.

    By whoever may proofread or confirm it now. Raises `NotFound`, `Forbidden`, and `Conflict` or `Invalid`
    with every reason: another proof than the one that was read, a quote that does not stand there, an
    overlap.
    """
    loaded = load(session, case_id, actor)
    stage = _open_proofread(loaded, new.line, actor, at)
    now = loaded.case.proof_of(new.line)
    if now != new.digest:
        data = {"stage": stage, "quoted": new.digest, "now": now}
        raise refused([Refusal(RefusalCode.STALE_DIGEST, data)])
    proof = session.exec(
        select(Proof).where(
            Proof.case_id == case_id, Proof.line == new.line, Proof.revision_id == loaded.revision.id
        )
    ).one()
    document = drafts.document_of(loaded.revision)
    text = text_at(document, new.place) or ""
    mark = ProofMark(
        id=new_id(),
        case_id=case_id,
        draft_id=loaded.draft.id,
        proof_id=proof.id,
        line=new.line,
        stage=stage,
        digest=new.digest,
        kind=new.kind,
        place=new.place,
        position_start=new.start,
        position_end=new.end,
        start16=_utf16(text, new.start),
        end16=_utf16(text, new.end),
        quote=new.quote,
        new_text=new.new_text,
        move_to=new.move_to,
        error_type=new.error_type,
        weight=_weight(new, quality.profile(proof.kind)),
        remark=new.remark,
        state=MarkState.OPEN,
        marked_by=actor.id,
        marked_at=at,
    )
    edit = as_edit(mark)
    if wrong := faults(document, edit) or _against_others(session, loaded, document, edit):
        raise refused(wrong)
    session.add(mark)
    reviews.count_marks(session, loaded, line=new.line, change=1, at=at)
    _emit(session, Event.MARK_ADDED, mark, loaded, actor, at)
    return mark


def withdraw_mark(session: Session, *, mark_id: UUID, actor: Actor, at: datetime) -> ProofMark:
    """Take back a mark of one's own, open or disputed. Raises `NotFound`, `Forbidden`, `Conflict`."""
    loaded, mark = _marked(session, mark_id, actor)
    if mark.marked_by != actor.id:
        raise Forbidden("not_your_mark")
    if mark.state not in {MarkState.OPEN, MarkState.DISPUTED}:
        raise Conflict("mark_ended")
    if mark.state == MarkState.OPEN:
        reviews.count_marks(session, loaded, line=mark.line, change=-1, at=at)
    mark.state, mark.ended_by, mark.ended_at = MarkState.WITHDRAWN, actor.id, at
    session.add(mark)
    _emit(session, Event.MARK_WITHDRAWN, mark, loaded, actor, at)
    return mark


def dispute_mark(session: Session, *, mark_id: UUID, answer: str, actor: Actor, at: datetime) -> ProofMark:
    """Say why an open mark is not carried out; it keeps nobody from going on, and still counts as an error.

    By an editor of the unit. Whoever reads or confirms the proof sees the answer, and may uphold the mark.
    Raises `NotFound`, `Forbidden`, `Conflict` if it is not open, `Invalid` without a reason.
    """
    loaded, mark = _marked(session, mark_id, actor)
    if not may_write(actor, loaded.draft):
        raise refused([Refusal(RefusalCode.NOT_AN_AUTHOR)])
    if mark.state != MarkState.OPEN:
        raise Conflict("mark_ended")
    if not answer.strip():
        raise Invalid("answer_missing", reasons=[Reason("text_missing", field="answer")])
    mark.state, mark.answer, mark.answered_by, mark.answered_at = MarkState.DISPUTED, answer, actor.id, at
    session.add(mark)
    reviews.count_marks(session, loaded, line=mark.line, change=-1, at=at)
    _emit(session, Event.MARK_DISPUTED, mark, loaded, actor, at)
    return mark


def uphold_mark(session: Session, *, mark_id: UUID, actor: Actor, at: datetime) -> ProofMark:
    """Open a disputed mark again: it is to be carried out, or disputed anew.

    By whoever may proofread or confirm its line now. Raises `NotFound`, `Forbidden`, `Conflict` if it is not
    disputed, or with every reason why it cannot be carried out any more.
    """
    loaded, mark = _marked(session, mark_id, actor)
    _open_proofread(loaded, mark.line, actor, at)
    if mark.state != MarkState.DISPUTED:
        raise Conflict("mark_not_disputed")
    document = drafts.document_of(loaded.revision)
    edit = edits_now(session, [mark], loaded.revision, document)[mark.id]
    if edit is None or faults(document, edit):
        raise Conflict("mark_unfit")
    if wrong := _against_others(session, loaded, document, edit):
        raise refused(wrong)
    mark.state = MarkState.OPEN
    session.add(mark)
    reviews.count_marks(session, loaded, line=mark.line, change=1, at=at)
    _emit(session, Event.MARK_UPHELD, mark, loaded, actor, at)
    return mark


def carry_out(
    session: Session,
    *,
    case_id: UUID,
    marks: Sequence[UUID] | None,
    actor: Actor,
    runtime: Runtime,
    at: datetime,
) -> tuple[Revision, int]:
    """Carry out open marks of a case in one new text; new proofs of every line are laid out from it.

    By an editor of the unit who has judged nothing of the draft. `marks` names those to carry out, all
    without it; the others stay open where their words went. Returns the new text and the number of marks.
    Raises `NotFound`, `Forbidden`, `Conflict` with every reason why this is no small correction: then the
    text goes back to its author instead.
    """
    loaded = load(session, case_id, actor)
    if not may_write(actor, loaded.draft):
        raise refused([Refusal(RefusalCode.NOT_AN_AUTHOR)])
    rows = open_marks(session, case_id)
    if not rows:
        raise refused([Refusal(RefusalCode.NO_MARKS)])
    if marks is not None and (not marks or not set(marks) <= {row.id for row in rows}):
        told = Reason("open_marks", {"marks": [str(row.id) for row in rows]})
        raise Conflict("marks_changed", reasons=[told])
    rows = tuple(row for row in rows if marks is None or row.id in marks)
    before = drafts.document_of(loaded.revision)
    edits = edits_now(session, rows, loaded.revision, before)
    if any(edit is None for edit in edits.values()):
        raise Conflict("mark_unfit")
    document = apply_edits(before, [edit for edit in edits.values() if edit is not None])
    if isinstance(document, Refused):
        raise refused(document.refusals)
    revision = draft_service.store_revision(session, loaded.draft, document, actor.id, at)
    reviews.carry_out(
        session, loaded, revision=revision, document=document, actor=actor, runtime=runtime, at=at
    )
    for row in rows:
        row.state, row.ended_by, row.ended_at, row.carried_into = (
            MarkState.CARRIED_OUT,
            actor.id,
            at,
            revision.id,
        )
        session.add(row)
    for line, count in Counter(row.line for row in rows).items():
        reviews.count_marks(session, loaded, line=line, change=-count, at=at)
    return revision, len(rows)


def open_marks(session: Session, case_id: UUID) -> tuple[ProofMark, ...]:
    """Return the marks of a case that are not carried out or withdrawn, the oldest first."""
    query = (
        select(ProofMark)
        .where(ProofMark.case_id == case_id, ProofMark.state == MarkState.OPEN)
        .order_by(col(ProofMark.id))
    )
    return tuple(session.exec(query).all())


def _overtake(session: Session, loaded: Loaded, *, at: datetime) -> None:
    """End the open marks of a locked case whose words are gone or changed.

    The author mended such a place by hand after the text was sent back; nobody could carry the mark out any
    more, and whoever reads the new proof sees what became of it. The error found still counts.
    """
    document = drafts.document_of(loaded.revision)
    marks = open_marks(session, loaded.row.id)
    edits = edits_now(session, marks, loaded.revision, document)
    for mark in marks:
        edit = edits[mark.id]
        if edit is not None and not faults(document, edit):
            continue
        mark.state, mark.ended_at, mark.carried_into = MarkState.OVERTAKEN, at, loaded.revision.id
        session.add(mark)
        reviews.count_marks(session, loaded, line=mark.line, change=-1, at=at)
        _emit(session, Event.MARK_OVERTAKEN, mark, loaded, SYSTEM, at)


def _marked(session: Session, mark_id: UUID, actor: Actor) -> tuple[Loaded, ProofMark]:
    """Return a mark with its locked case. Raises `NotFound`."""
    case_id = session.exec(select(ProofMark.case_id).where(ProofMark.id == mark_id)).one_or_none()
    if case_id is None:
        raise NotFound("not_found")
    loaded = load(session, case_id, actor)
    query = select(ProofMark).where(ProofMark.id == mark_id).execution_options(populate_existing=True)
    return loaded, session.exec(query).one()


def _against_others(session: Session, loaded: Loaded, document: Document, edit: Edit) -> Refusals:
    """Return why an edit cannot be carried out together with the open marks; empty when it can."""
    marks = open_marks(session, loaded.row.id)
    others = edits_now(session, marks, loaded.revision, document).values()
    together = apply_edits(document, [*(other for other in others if other is not None), edit])
    return together.refusals if isinstance(together, Refused) else ()


def _weight(new: NewMark, profile: Profile) -> float:
    if new.weight is not None:
        return new.weight
    return weight_of(new.error_type, new.quote, new.new_text, profile)


def _utf16(text: str, position: int) -> int:
    return len(text[:position].encode("utf-16-le")) // 2


def _open_proofread(loaded: Loaded, line: str, actor: Actor, at: datetime) -> str:
    """Return the stage at which the actor may mark this line now. Raises `Forbidden` or `Conflict`."""
    barred: list[Refusal] = []
    for run in loaded.case.current().values():
        stage = loaded.workflow.by_key[run.stage]
        reads = stage.kinds & {StageKind.PROOF, StageKind.CONFIRM_MARKS, StageKind.READ_THROUGH}
        if run.line == line and run.state is StageState.OPEN and reads:
            place = acting(actor, loaded, run.stage, line) or as_participant(actor, loaded.draft.unit_path)
            spot = {"stage": run.stage, "line": line}
            against = objections(loaded.case, loaded.workflow, Verb.CLAIM, place, Facts(), at, **spot)
            if not against:
                return run.stage
            barred += against
    if barred:
        raise refused(barred)
    raise Conflict("not_proofread_now")


def _emit(
    session: Session, event: Event, mark: ProofMark, loaded: Loaded, actor: Actor, at: datetime
) -> None:
    payload = OfMark(
        draft=loaded.draft.id,
        case=mark.case_id,
        mark=mark.id,
        line=mark.line,
        stage=mark.stage,
        digest=mark.digest,
        kind=mark.kind,
        place=mark.place,
        start=mark.position_start,
        end=mark.position_end,
        error_type=mark.error_type,
        weight=str(mark.weight),
        quote=mark.quote or None,
        new_text=mark.new_text or None,
        remark=mark.remark or None,
        answer=(mark.answer or None) if event is Event.MARK_DISPUTED else None,
        marked_by=mark.marked_by,
    )
    proofreader = actor.as_audit(Role.PROOFREADER)
    emit(session, event, payload, about=loaded.draft.id, actor=proofreader, at=at)
