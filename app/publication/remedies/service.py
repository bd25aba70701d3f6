"""更正 and 撤稿: a draft of its own for each, reviewed in a case of its own, tied to what is out.

What was published stays as it was in every table. A correction begins with the published text, a retraction
is its public note; both walk a workflow file and are signed for each channel, and signing tells the channels.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.audit.service import AuditActor
from app.domain import remedies as texts
from app.domain.document.model import Document
from app.domain.vocabulary import (
    CaseState,
    DraftState,
    Event,
    RemedyKind,
    RemedyOrigin,
    RemedyReason,
    Role,
    Verdict,
)
from app.drafts import queries as drafts
from app.drafts import service as draft_service
from app.drafts.models import Draft, ReadingFor, Revision
from app.drafts.remedies import queries as remedies
from app.drafts.remedies.models import Remedy
from app.events.emit import emit
from app.events.payloads.orders import RemedyBegun, RemedyDropped, RemedyOpened
from app.identity.queries import SYSTEM, Actor
from app.infra.errors import Conflict, Invalid, Reason
from app.infra.runtime import Runtime
from app.publication.end_times import service as end_times
from app.publication.models import Publication, Release
from app.publication.orders import queries as orders
from app.publication.remedies import eligibility
from app.publication.remedies import errors as _words  # noqa: F401 – the words of the codes below
from app.publication.remedies.commands import OpenRemedy
from app.reviews import routing
from app.reviews import service as reviews
from app.reviews.cases import load, may_write
from app.reviews.models import Decision, ReviewCase

#: How a retraction that opens by itself is announced, until somebody words it better.
_NOTICE = "因内容需要进一步核实，本稿已撤下。"


def open_remedy(
    session: Session, draft_id: UUID, command: OpenRemedy, *, actor: Actor, runtime: Runtime, at: datetime
) -> Draft:
    """Have a published draft corrected or retracted; return the draft that does it.

    A correction is then in its author's hands, with the published text and the note; a retraction is handed
    in at once, and with blocking findings in its note back with whoever opened it. Raises `NotFound`,
    `Forbidden`, `Invalid` with everything that is not filled in, `Conflict` with what stands against it.
    """
    of = drafts.visible(session, draft_id, actor, lock=True)
    eligibility.require(actor, of)
    out = _out(session, of, command, runtime=runtime)
    writes = may_write(actor, of)
    author = actor.id if writes or command.kind is RemedyKind.RETRACTION else of.submitter_id
    made = _opened(
        session,
        of,
        out,
        command,
        author_id=author,
        by=actor.as_audit(Role.EDITOR if writes else None),
        opened_by=actor.id,
        origin=RemedyOrigin.ASKED,
        at=at,
    )
    if command.kind is RemedyKind.RETRACTION:
        _hand_in(session, made, command.explanation, actor=actor, runtime=runtime, at=at)
    return made


def drop(session: Session, draft_id: UUID, *, comment: str, actor: Actor, at: datetime) -> Draft:
    """Give up a correction or retraction that is with its author; what is out stays as it is.

    Raises `NotFound`, `Forbidden`, `Conflict` for a draft that is none, or is in review or signed.
    """
    draft = drafts.visible(session, draft_id, actor, lock=True)
    eligibility.require(actor, draft)
    remedy = remedies.of_draft(session, draft.id)
    if remedy is None:
        raise Conflict("not_a_remedy")
    going_on = select(ReviewCase.id).where(
        ReviewCase.draft_id == draft.id, col(ReviewCase.state).not_in(reviews.ENDED)
    )
    if draft.state != DraftState.EDITING or session.exec(going_on).first() is not None:
        raise Conflict("remedy_past", data={"state": draft.state})
    draft_service.set_state(draft, DraftState.DECLINED, at)
    payload = RemedyDropped(
        draft=draft.id, of_draft=remedy.of_draft_id, kind=RemedyKind(remedy.kind), comment=comment or None
    )
    emit(session, Event.REMEDY_DROPPED, payload, about=draft.id, actor=actor.as_audit(Role.EDITOR), at=at)
    return draft


def answer_debts(session: Session, case_id: UUID, *, runtime: Runtime, at: datetime) -> Draft | None:
    """Open what follows when a review that was owed (补审) says no to what is out already.

    Declined: a retraction, which is handed in by itself. Sent back: a correction, in its author's hands. What
    was said goes with it. `None` where that is under way already, or nothing of it is out.
    """
    loaded = load(session, case_id, SYSTEM)
    of, said = loaded.draft, _last_no(session, case_id)
    if of.state != DraftState.PUBLISHED_WITH_DEBT or said is None:
        return None
    retracts = loaded.case.state is CaseState.DECLINED
    kind = RemedyKind.RETRACTION if retracts else RemedyKind.CORRECTION
    out = orders.live(session, of.id)
    if not out or remedies.under_way(session, of.id, [kind, RemedyKind.RETRACTION]):
        return None
    stage = loaded.workflow.by_key.get(said.stage)
    title = stage.title if stage is not None else said.stage
    command = OpenRemedy(
        kind, RemedyReason.OTHER, f"补审环节“{title}”没有通过：{said.comment}", _NOTICE if retracts else ""
    )
    made = _opened(
        session,
        of,
        out,
        command,
        author_id=of.submitter_id,
        by=SYSTEM.as_audit(),
        opened_by=None,
        origin=RemedyOrigin.OWED_REVIEW,
        at=at,
    )
    if retracts:
        _hand_in(session, made, command.explanation, actor=SYSTEM, runtime=runtime, at=at)
    return made


def _last_no(session: Session, case_id: UUID) -> Decision | None:
    query = (
        select(Decision)
        .where(Decision.case_id == case_id, col(Decision.verdict).in_([Verdict.DECLINED, Verdict.SENT_BACK]))
        .order_by(col(Decision.id).desc())
        .limit(1)
    )
    return session.exec(query).first()


def _out(session: Session, of: Draft, command: OpenRemedy, *, runtime: Runtime) -> tuple[Publication, ...]:
    """Return what is to be corrected or retracted. Raises with everything that stands against that."""
    faults = _unfilled(command, runtime)
    if faults:
        raise Invalid("malformed", reasons=faults)
    standing = orders.standing_of(session, of.id)
    if not standing:
        raise Conflict("nothing_published", data={"state": of.state})
    for remedy, draft in remedies.under_way(session, of.id):
        known = {"by": draft.number, "remedy": str(draft.id)}
        if remedy.kind == RemedyKind.RETRACTION:
            retracts = command.kind is RemedyKind.RETRACTION
            raise Conflict("retraction_under_way" if retracts else "publication_being_retracted", data=known)
        if command.kind is RemedyKind.CORRECTION:
            raise Conflict("correction_under_way", data=known)
    out = orders.live(session, of.id)
    if not out:
        raise Conflict("nothing_out", data={"remedies": _numbers(session, of)})
    lines = {one.channel for one in out}
    elsewhere = [
        Reason("not_out_there", {"channel": line}, field="channels")
        for line in command.channels
        if line not in lines
    ]
    if elsewhere:
        raise Invalid("malformed", reasons=elsewhere)
    return tuple(one for one in out if not command.channels or one.channel in command.channels)


def _numbers(session: Session, of: Draft) -> list[str]:
    return [draft.number for _, draft in remedies.to_draft(session, of.id)]


def _unfilled(command: OpenRemedy, runtime: Runtime) -> list[Reason]:
    faults = []
    if not command.explanation.strip():
        faults.append(Reason("explanation_missing", field="explanation"))
    retracts = command.kind is RemedyKind.RETRACTION
    owed = retracts or command.reason in routing.routing_in_force(runtime.policies).after_publication.note_for
    if owed and not command.note.strip():
        what = "撤稿说明" if retracts else "更正说明"
        faults.append(Reason("note_missing", {"what": what}, field="note"))
    return faults


def _opened(
    session: Session,
    of: Draft,
    out: Sequence[Publication],
    command: OpenRemedy,
    *,
    author_id: UUID,
    by: AuditActor,
    opened_by: UUID | None,
    origin: RemedyOrigin,
    at: datetime,
) -> Draft:
    published = _published_text(session, of, out)
    lines = sorted({one.channel for one in out})
    document = _begun_with(of, published, command)
    made = draft_service.create_after(session, of, document, lines, author_id=author_id, by=by, at=at)
    session.add(
        Remedy(
            draft_id=made.id,
            kind=command.kind,
            of_draft_id=of.id,
            of_revision_id=published.id,
            reason=command.reason,
            explanation=command.explanation,
            origin=origin,
            opened_by=opened_by,
            opened_at=at,
        )
    )
    session.flush()
    if command.kind is RemedyKind.CORRECTION:
        end_times.inherit(session, of.id, made.id, lines, at=at)
    # Whose text it is may know what is done about it.
    for person in sorted(drafts.authors(session, of.id) - {author_id}, key=str):
        draft_service.let_in(session, made, person, ReadingFor.COPIED, by=opened_by or of.submitter_id, at=at)
    begun = RemedyBegun(
        draft=made.id,
        of_draft=of.id,
        of_number=of.number,
        kind=command.kind,
        reason=command.reason,
        origin=origin,
        channels=lines,
        published=published.digest,
        explanation=command.explanation,
    )
    emit(session, Event.REMEDY_BEGUN, begun, about=made.id, actor=by, at=at)
    opened = RemedyOpened(
        draft=of.id,
        remedy=made.id,
        number=made.number,
        kind=command.kind,
        reason=command.reason,
        origin=origin,
        channels=lines,
        revision=published.digest,
        explanation=command.explanation,
    )
    emit(session, Event.REMEDY_OPENED, opened, about=of.id, actor=by, at=at)
    return made


def _published_text(session: Session, of: Draft, out: Sequence[Publication]) -> Revision:
    """Return the text that was released last of what is to be corrected or retracted."""
    release = session.get_one(Release, out[-1].release_id)
    return drafts.revision_by_digest(session, of.id, release.revision)


def _begun_with(of: Draft, published: Revision, command: OpenRemedy) -> Document:
    if command.kind is RemedyKind.RETRACTION:
        return texts.notice(of.number, command.note)
    return texts.with_note(drafts.document_of(published), command.note)


def _hand_in(
    session: Session, made: Draft, comment: str, *, actor: Actor, runtime: Runtime, at: datetime
) -> None:
    head = drafts.head(session, made)
    reviews.submit(
        session,
        draft_id=made.id,
        digest=head.digest,
        comment=comment,
        actor=actor,
        runtime=runtime,
        at=at,
    )
