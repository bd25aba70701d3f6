"""The proof's page: exactly the bytes that will be published, the marks on them, and what is decided."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.domain.document.edits import text_at
from app.domain.document.model import Document
from app.domain.vocabulary import (
    ChannelKind,
    ErrorType,
    MarkKind,
    StageKind,
    Subject,
    Verb,
)
from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.identity import permissions
from app.infra.clock import moment
from app.infra.db import ReadSession, database_of
from app.infra.errors import AppError, Invalid, NotFound, Reason
from app.infra.runtime import Runtime, runtime_of
from app.proofs import queries, service
from app.proofs.content_policy import CONTENT_POLICY
from app.proofs.quality_in_force import quality_of
from app.proofs.queries import ProofView
from app.publication import service as releases
from app.publication.commands import SignLine
from app.publication.schedule.service import sign_later
from app.reviews import queries as reviews
from app.reviews.commands import perform
from app.reviews.queries import CaseView
from app.screening.ignoring import queries as ignored
from app.web.components.selected_words import anchor
from app.web.components.text_view import place_name
from app.web.forms import limits
from app.web.pages.desk.next_task import done as go_on
from app.web.pages.draft.page import Note
from app.web.pages.draft.panels import checks
from app.web.pages.draft.panels.bar import Bar, Link, where_it_is
from app.web.pages.draft.panels.deciding import panels
from app.web.pages.draft.panels.opinions import last_return, opinions
from app.web.pages.draft.panels.releases import releases_of
from app.web.pages.draft.verbs.deciding import SAID, comment_of, decision_of
from app.web.pages.draft.verbs.scheduling import instant
from app.web.pages.proof.known_findings import known_findings
from app.web.pages.proof.mark_rows import mark_rows
from app.web.pages.proof.since_last import since_last
from app.web.shell.actions import attempt, see_other
from app.web.shell.render import page
from app.web.shell.viewer import Form, Reader, Sent, SentForm, Viewer
from app.words.labels import choices

router = APIRouter()

#: Stages in which errors are marked.
_READING = frozenset({StageKind.PROOF, StageKind.CONFIRM_MARKS, StageKind.READ_THROUGH})


@dataclass(frozen=True, slots=True)
class Sheet:
    """A proof in words."""

    digest: str
    revision: int
    channel: str
    current: bool
    phone: bool
    size: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Carry:
    """What there is to carry out in the whole case, and what keeps the viewer from it."""

    marks: tuple[UUID, ...]
    here: tuple[UUID, ...]
    may: bool
    objections: tuple[str, ...]


@router.get("/proofs/{digest}")
def by_digest(viewer: Reader, session: ReadSession, digest: str) -> Response:
    """Lead from a proof's digest to its page. Raises `NotFound`."""
    proof = queries.proof(session, digest, viewer.actor)
    return RedirectResponse(
        f"/drafts/{proof.draft_id}/proofs/{proof.line}?digest={proof.digest}", status_code=303
    )


@router.get("/drafts/{draft_id}/proofs/{line}/{digest}/content")
def content(viewer: Reader, session: ReadSession, draft_id: UUID, line: str, digest: str) -> Response:
    """Give a proof's bytes, to be shown in a frame of their own where nothing runs. Raises `NotFound`."""
    proof = queries.proof(session, digest, viewer.actor)
    if proof.draft_id != draft_id or proof.line != line:
        proof = _of_line(session, viewer, draft_id, line, digest).proof
    return Response(
        proof.content, media_type=proof.media_type, headers={"Content-Security-Policy": CONTENT_POLICY}
    )


def _of_line(session: Session, viewer: Viewer, draft_id: UUID, line: str, digest: str) -> ProofView:
    row = reviews.case_of_draft(session, drafts.visible(session, draft_id, viewer.actor).id)
    found = queries.proofs_of(session, row.id, viewer.actor) if row else ()
    for one in found:
        if one.proof.line == line and digest in {"", one.proof.digest}:
            return one
    raise NotFound("not_found")


@router.get("/drafts/{draft_id}/proofs/{line}")
def show(
    request: Request, viewer: Reader, session: ReadSession, draft_id: UUID, line: str, digest: str = ""
) -> Response:
    """Show the newest proof of a line, or the one named. Raises `NotFound` while there is none."""
    return _page(request, viewer, session, draft_id, line, digest=digest)


def _again(
    request: Request, viewer: Viewer, draft_id: UUID, line: str, error: AppError, form: Form
) -> Response:
    with database_of(request).read() as session:
        return _page(request, viewer, session, draft_id, line, error=error, form=form)


def _page(
    request: Request,
    viewer: Viewer,
    session: Session,
    draft_id: UUID,
    line: str,
    *,
    digest: str = "",
    error: AppError | None = None,
    form: Form | None = None,
) -> Response:
    runtime = runtime_of(request)
    draft = drafts.visible(session, draft_id, viewer.actor)
    proof = _of_line(session, viewer, draft_id, line, digest).proof
    revision = queries.revision_of(session, proof)
    document = drafts.document_of(revision)
    found = checks.checked(session, runtime, draft, revision, document)
    view = reviews.case_view(session, proof.case_id, viewer.actor, at=runtime.clock(), facts=found.facts)
    channels = drafts.channel_names(session, draft.id)
    current = view.case.proof_of(line) == proof.digest
    marks = queries.marks_of(session, proof.case_id, viewer.actor, line=line)
    base = f"/drafts/{draft.id}/proofs/{line}"
    titles = {stage.stage.key: stage.stage.title for stage in view.stages}
    may_mark = current and _may_mark(view, line)
    carry = _carry(session, draft, view, viewer, line) if current else None
    decidable = (
        panels(view, subject=Subject.PROOF, line=line, channels=channels, action=f"{base}/decisions")
        if current
        else ()
    )
    given = opinions(view, channels)
    shown = may_mark and _shows_findings(view, line)
    on_this_text = [row for row in marks.rows if row.digest == proof.digest]
    return page(
        request,
        "proof.html",
        viewer=viewer,
        section="/drafts",
        error=error,
        draft=draft,
        base=base,
        proof=Sheet(
            proof.digest,
            revision.number,
            channels.get(line, line),
            current,
            proof.kind == ChannelKind.WECHAT,
            proof.size,
            proof.created_at,
        ),
        notes=tuple(_notes(view, line, viewer, found, runtime.clock())),
        marks=mark_rows(
            session,
            marks,
            revision,
            document,
            viewer.actor,
            titles=titles,
            may_mark=may_mark,
            may_carry=carry is not None and carry.may,
        ),
        counted=marks,
        since_last=since_last(session, proof, revision, document, viewer.actor),
        may_mark=may_mark,
        shows_findings=shown,
        known=known_findings(found.hits, document, on_this_text, ignored.of_draft(session, draft.id))
        if shown
        else (),
        lines=_lines(document) if may_mark or marks.rows else (),
        carry=carry,
        decidable=decidable,
        opinions=given,
        bar=Bar(
            asked=bool(carry or decidable),
            idle=f"现在不等您办理。{where_it_is(view, channels)}",
            links=(Link("回到稿件", f"/drafts/{draft.id}", strong=False),),
            returned=last_return(given) if carry or decidable else None,
        ),
        straight_on="”或“".join(dict.fromkeys(way.title for one in decidable for way in one.approve)),
        releases=[one for one in releases_of(session, draft, channels) if one.line == line],
        mark_kinds=choices(MarkKind),
        error_types=choices(ErrorType),
        form=form or Form(),
    )


def _notes(view: CaseView, line: str, viewer: Viewer, found: checks.Checked, at: datetime) -> Any:  # noqa: ANN401 – an iterator of Note
    if found.facts.blockers:
        count = len(found.facts.blockers)
        yield Note("block", f"有 {count} 处阻断项", "改正或者获得豁免之前不能通过，也不能签发。")
    if (due := view.case.scheduled_at(line)) is not None:
        when = f"定于 {moment(due)} 签发生效；要改动或提前，请到稿件页取消定时。"
        yield Note("plain", "已签发并定时", when)
    if (until := view.case.embargoed_until(at)) is not None:
        yield Note("plain", f"不早于 {moment(until)} 发布", "在此之前可以签发并定时，不能现在放行。")
    open_marks = view.marks.get(line, 0)
    confirming = any(one.line == line and StageKind.CONFIRM_MARKS in one.stage.kinds for one in view.open)
    if open_marks and confirming and not viewer.writes:
        yield Note("plain", f"有 {open_marks} 处标记待改样", "编辑改样并重新排样后才能核红。")


def _may_mark(view: CaseView, line: str) -> bool:
    return any(
        one.line == line
        and one.stage.kinds & _READING
        and any(option.verb is Verb.CLAIM and option.allowed for option in one.options)
        for one in view.open
    )


def _shows_findings(view: CaseView, line: str) -> bool:
    return any(one.line == line and one.stage.shows_findings for one in view.open)


def _lines(document: Document) -> tuple[dict[str, str], ...]:
    return tuple(
        {"place": place, "name": place_name(place), "text": text} for place, text in document.texts()
    )


def _carry(session: Session, draft: Draft, view: CaseView, viewer: Viewer, line: str) -> Carry | None:
    if not permissions.may_write(viewer.actor, draft.unit_path) or not any(view.marks.values()):
        return None
    rows = service.open_marks(session, view.row.id)
    judged = any(str(viewer.actor.id) in stage.run.persons for stage in view.stages if stage.run)
    why = ("您审校过这篇稿件，不能改样，请由其他编辑改。",) if judged else ()
    here = tuple(row.id for row in rows if row.line == line)
    return Carry(tuple(row.id for row in rows), here, not why, why)


def _case_id(session: Session, viewer: Viewer, draft_id: UUID) -> UUID:
    row = reviews.case_of_draft(session, drafts.visible(session, draft_id, viewer.actor).id)
    if row is None:
        raise NotFound("not_found")
    return row.id


@router.post("/drafts/{draft_id}/proofs/{line}/marks")
def mark(request: Request, sent: SentForm, draft_id: UUID, line: str) -> Response:
    """Mark an error on the proof that was read."""
    form, runtime = sent.form, runtime_of(request)

    def verb(session: Session) -> None:
        view = _of_line(session, sent.viewer, draft_id, line, form.word("digest"))
        document = drafts.document_of(queries.revision_of(session, view.proof))
        service.add_mark(
            session,
            case_id=view.proof.case_id,
            new=_new_mark(form, document, line),
            quality=quality_of(runtime.policies),
            actor=sent.actor,
            at=runtime.clock(),
        )

    error = attempt(request, verb)
    if isinstance(error, AppError):
        return _again(request, sent.viewer, draft_id, line, error, form)
    return see_other(f"/drafts/{draft_id}/proofs/{line}#marks", "mark_added")


def _new_mark(form: Form, document: Document, line: str) -> service.NewMark:
    kinds, types = {one.value: one for one in MarkKind}, {one.value: one for one in ErrorType}
    form.all_within(limits.MARK)
    kind, error_type = kinds.get(form.word("kind")), types.get(form.word("error_type"))
    text = text_at(document, place := form.word("place"))
    if kind is None or error_type is None or text is None:
        missing = "kind" if kind is None else "error_type" if error_type is None else "place"
        raise Invalid(
            "malformed", reasons=[Reason("field", {"message": "请从所列各项中选择。"}, field=missing)]
        )
    at = anchor(
        kind,
        text,
        quote=form.text("quote"),
        nth=form.number("nth", default=1),
        new_text=form.text("new_text"),
    )
    return service.NewMark(
        line=line,
        digest=form.word("digest"),
        kind=kind,
        place=place,
        start=at.start,
        end=at.end,
        quote=at.quote,
        new_text=at.new_text,
        move_to=at.move_to,
        error_type=error_type,
    )


@router.post("/drafts/{draft_id}/proofs/{line}/marks/{mark_id}/withdraw")
def withdraw(request: Request, sent: SentForm, draft_id: UUID, line: str, mark_id: UUID) -> Response:
    """Take back a mark of one's own."""

    def verb(session: Session) -> None:
        service.withdraw_mark(session, mark_id=mark_id, actor=sent.actor, at=runtime_of(request).clock())

    error = attempt(request, verb)
    if isinstance(error, AppError):
        return _again(request, sent.viewer, draft_id, line, error, Form())
    return see_other(f"/drafts/{draft_id}/proofs/{line}#marks", "mark_withdrawn")


@router.post("/drafts/{draft_id}/proofs/{line}/marks/{mark_id}/dispute")
def dispute(request: Request, sent: SentForm, draft_id: UUID, line: str, mark_id: UUID) -> Response:
    """Say why a mark is not carried out."""

    def verb(session: Session) -> None:
        answer = sent.form.within("answer", limits.DISPUTE)
        at = runtime_of(request).clock()
        service.dispute_mark(session, mark_id=mark_id, answer=answer, actor=sent.actor, at=at)

    error = attempt(request, verb)
    if isinstance(error, AppError):
        return _again(request, sent.viewer, draft_id, line, error, sent.form)
    return see_other(f"/drafts/{draft_id}/proofs/{line}#marks", "mark_disputed")


@router.post("/drafts/{draft_id}/proofs/{line}/marks/{mark_id}/uphold")
def uphold(request: Request, sent: SentForm, draft_id: UUID, line: str, mark_id: UUID) -> Response:
    """Open a disputed mark again."""

    def verb(session: Session) -> None:
        service.uphold_mark(session, mark_id=mark_id, actor=sent.actor, at=runtime_of(request).clock())

    error = attempt(request, verb)
    if isinstance(error, AppError):
        return _again(request, sent.viewer, draft_id, line, error, Form())
    return see_other(f"/drafts/{draft_id}/proofs/{line}#marks", "mark_upheld")


@router.post("/drafts/{draft_id}/proofs/{line}/carry-out")
def carry_out(request: Request, sent: SentForm, draft_id: UUID, line: str) -> Response:
    """Carry out the marks that were read in one new text."""
    runtime = runtime_of(request)

    def verb(session: Session) -> None:
        try:
            marks = [UUID(one) for one in sent.form.all("mark")]
        except ValueError as error:
            raise Invalid("malformed", reasons=[Reason("field", {"message": "标记编号有误。"})]) from error
        service.carry_out(
            session,
            case_id=_case_id(session, sent.viewer, draft_id),
            marks=marks,
            actor=sent.actor,
            runtime=runtime,
            at=runtime.clock(),
        )

    error = attempt(request, verb)
    if isinstance(error, AppError):
        return _again(request, sent.viewer, draft_id, line, error, Form())
    return see_other(f"/drafts/{draft_id}", "carried_out")


@router.post("/drafts/{draft_id}/proofs/{line}/decisions")
def decide(request: Request, sent: SentForm, draft_id: UUID, line: str) -> Response:
    """Decide at a stage on the proof that was read; approving a sign-off permits publishing (签发)."""
    runtime, releasing = runtime_of(request), sent.form.word("verb") == "release"

    def verb(session: Session) -> str:
        case_id = _case_id(session, sent.viewer, draft_id)
        if releasing:
            return _sign(session, case_id, line, sent, runtime)
        command = decision_of(sent.form)
        perform(session, case_id, command, actor=sent.actor, runtime=runtime, at=runtime.clock())
        return SAID[sent.form.word("verb")]

    done = attempt(request, verb)
    if isinstance(done, AppError):
        return _again(request, sent.viewer, draft_id, line, done, sent.form)
    return go_on(request, sent.viewer, draft_id, done)


def _sign(session: Session, case_id: UUID, line: str, sent: Sent, runtime: Runtime) -> str:
    """Sign a line off, for now or for the instant that the form says; return what the page says then."""
    form, at = sent.form, runtime.clock()
    comment, ticked = comment_of(form, limits.RELEASE), frozenset(form.all("ticked"))
    command = SignLine(line, form.word("digest"), comment, form.word("outcome"), ticked)
    release_at = instant(form, "release_at")
    if release_at is not None:
        later = sign_later(
            session, case_id, command, release_at=release_at, actor=sent.actor, runtime=runtime, at=at
        )
        return "co_signed" if later is None else "scheduled"
    now = releases.sign(session, case_id, command, actor=sent.actor, runtime=runtime, at=at)
    return "co_signed" if now is None else "signed"
