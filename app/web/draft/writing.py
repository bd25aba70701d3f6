"""Writing in the browser: a new draft, and mending one that is in its author's hands."""

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.channels import queries as channels
from app.domain.document import FIELDS, Document
from app.domain.edits import text_at
from app.domain.refusals import Refused
from app.domain.vocabulary import WITH_AUTHOR, ChannelKind, DraftState, Role
from app.drafts import queries as drafts
from app.drafts import service
from app.drafts.intake.taking import Format, Intake, take_in, text_faults
from app.drafts.models import Draft
from app.identity.access import authorize
from app.infra.db import ReadSession, database_of
from app.infra.errors import AppError, Conflict, Forbidden, Invalid, Reason
from app.infra.runtime import runtime_of
from app.reviews import service as reviews
from app.web.acting import attempt, see_other
from app.web.draft.editing import editable_texts, rewritten
from app.web.draft.page import show_again
from app.web.draft.panels.checks import checked
from app.web.draft.panels.returned import last_return
from app.web.labels import label
from app.web.present import place_name
from app.web.render import page
from app.web.viewer import Form, SentForm, Viewer, Visitor, too_long

router = APIRouter()

_LIMITS = {"summary": 2000, "source_url": 2000}


@dataclass(frozen=True, slots=True)
class Choice:
    """A channel with its sections, for the form."""

    code: str
    name: str
    kind: str
    sections: tuple[Any, ...]


@router.get("/drafts/new")
def blank(request: Request, viewer: Visitor, session: ReadSession) -> Response:
    """Show an empty form. Raises `Forbidden` for people who do not write."""
    if not viewer.writes:
        raise Forbidden("forbidden", reasons=[Reason("role_needed", {"roles": [str(Role.EDITOR)]})])
    return _new_page(request, viewer, session, Form((("format", Format.MARKDOWN),)))


def _new_page(
    request: Request, viewer: Viewer, session: Session, form: Form, error: AppError | None = None
) -> Response:
    open_to = channels.open_to(session, viewer.actor.unit_path)
    sections = channels.sections_of(session, [channel.id for channel in open_to.values()])
    return page(
        request,
        "draft_new.html",
        viewer=viewer,
        section="/drafts/new",
        error=error,
        form=form,
        targets=form.all("target"),
        channels=[
            Choice(one.code, one.name, label(ChannelKind(one.kind)), sections.get(one.id, ()))
            for one in sorted(open_to.values(), key=lambda one: one.id)
        ],
    )


@router.post("/drafts/new")
def create(request: Request, sent: SentForm) -> Response:
    """Create a draft, and hand it in if that was asked for."""
    form, at = sent.form, runtime_of(request).clock()

    def verb(session: Session) -> Draft:
        if isinstance(taken, AppError):
            raise taken
        wanted = tuple(
            (channel, section) for channel, _, section in (one.partition("/") for one in form.all("target"))
        )
        new = service.NewDraft(document=taken.document, targets=wanted, left_out=taken.listed())
        return service.create(session, new=new, actor=sent.actor, at=at)

    # Before the transaction: a large text takes its time.
    taken = _taken(form)
    made = attempt(request, verb)
    if isinstance(made, AppError):
        with database_of(request).read() as session:
            return _new_page(request, sent.viewer, session, form, made)
    if form.text("then") == "submit":
        return _submitted(request, sent.viewer, made.id, comment="")
    return see_other(f"/drafts/{made.id}", "created")


def _taken(form: Form) -> Intake | AppError:
    kind = Format.TEXT if form.text("format") == Format.TEXT else Format.MARKDOWN
    try:
        return take_in(kind, form.text("content"), {name: form.word(name) for name in FIELDS})
    except AppError as refusal:
        return refusal


def _submitted(request: Request, viewer: Viewer, draft_id: UUID, *, comment: str) -> Response:
    """Hand in what was just saved; a refusal is told on the draft's page."""

    def verb(session: Session) -> bool:
        draft = drafts.visible(session, draft_id, viewer.actor)
        digest = drafts.head(session, draft).digest
        loaded = reviews.submit(
            session,
            draft_id=draft_id,
            digest=digest,
            comment=comment,
            actor=viewer.actor,
            runtime=runtime_of(request),
            at=runtime_of(request).clock(),
        )
        return loaded.draft.state == DraftState.RETURNED

    blocked = attempt(request, verb)
    if isinstance(blocked, AppError):
        return show_again(request, viewer, draft_id, blocked)
    return see_other(f"/drafts/{draft_id}", "blocked" if blocked else "submitted")


@router.get("/drafts/{draft_id}/edit")
def edit(request: Request, viewer: Visitor, session: ReadSession, draft_id: UUID) -> Response:
    """Show the texts of a draft in a form.

    Raises `NotFound`, `Forbidden` for people who do not write for its unit, `Conflict` when others have it.
    """
    draft = drafts.visible(session, draft_id, viewer.actor)
    authorize(viewer.actor, Role.EDITOR, unit_path=draft.unit_path)
    if draft.state not in WITH_AUTHOR:
        raise Conflict("not_with_author")
    return _edit_page(request, viewer, session, draft)


def _edit_page(
    request: Request,
    viewer: Viewer,
    session: Session,
    draft: Draft,
    form: Form | None = None,
    error: AppError | None = None,
) -> Response:
    revision = drafts.head(session, draft)
    document = drafts.document_of(revision)
    found = checked(session, runtime_of(request), draft, revision, document)
    given = dict(form.fields) if form else {}
    texts = [
        {"place": place, "name": place_name(place), "text": given.get(f"text:{place}", text)}
        for place, text in editable_texts(document)
    ]
    values = {name: given.get(name, getattr(document, name)) for name in FIELDS}
    return page(
        request,
        "draft_edit.html",
        viewer=viewer,
        section="/drafts",
        error=error,
        draft=draft,
        values=values,
        texts=texts,
        added=given.get("added", ""),
        comment=given.get("comment", ""),
        findings=found.hits,
        returned=last_return(session, draft),
    )


@router.post("/drafts/{draft_id}/edit")
def revise(request: Request, sent: SentForm, draft_id: UUID) -> Response:
    """Save the texts as a new revision, and hand them in if that was asked for."""
    form, at = sent.form, runtime_of(request).clock()

    def verb(session: Session) -> tuple[Draft, bool]:
        draft = drafts.visible(session, draft_id, sent.actor, lock=True)
        before = draft.head_id
        document = _edited(drafts.document_of(drafts.head(session, draft)), form)
        seen = frozenset({form.number("version", default=0)})
        draft = service.revise(
            session, draft_id=draft_id, document=document, seen=seen, actor=sent.actor, at=at
        )
        return draft, draft.head_id != before

    done = attempt(request, verb)
    if isinstance(done, AppError):
        with database_of(request).read() as session:
            draft = drafts.visible(session, draft_id, sent.actor)
            return _edit_page(request, sent.viewer, session, draft, form, done)
    _, changed = done
    if form.text("then") == "submit":
        return _submitted(request, sent.viewer, draft_id, comment=form.word("comment"))
    return see_other(f"/drafts/{draft_id}", "revised" if changed else "unchanged")


def _edited(document: Document, form: Form) -> Document:
    """Return the document as the form says. Raises `Invalid` with every fault."""
    texts = {name: form.word(name) for name in FIELDS}
    for name, value in form.fields:
        place = name.removeprefix("text:")
        if place != name and text_at(document, place) is not None:
            texts[place] = value
    faults = [fault for place, text in texts.items() for fault in text_faults(text, field=place)]
    faults += text_faults(form.text("added"), field="added")
    faults += [
        too_long(name, texts[name], limit)
        for name in FIELDS
        if len(texts[name]) > (limit := _LIMITS.get(name, 200))
    ]
    if not texts["title"]:
        faults.append(Reason("title_missing", field="title"))
    changed = rewritten(document, texts, form.text("added")) if not faults else document
    if isinstance(changed, Refused) or not any(True for _ in changed.blocks):
        faults.append(Reason("content_empty", field="content"))
    if faults or isinstance(changed, Refused):
        raise Invalid("content_unusable", reasons=faults)
    return changed


@router.post("/drafts/{draft_id}/submissions")
def submit(request: Request, sent: SentForm, draft_id: UUID) -> Response:
    """Hand in the draft as it was read."""
    runtime = runtime_of(request)

    def verb(session: Session) -> bool:
        loaded = reviews.submit(
            session,
            draft_id=draft_id,
            digest=sent.form.word("digest"),
            comment=sent.form.word("comment"),
            grade=_grade(sent.form.word("class")),
            flags=sent.form.all("flag"),
            actor=sent.actor,
            runtime=runtime,
            at=runtime.clock(),
        )
        return loaded.draft.state == DraftState.RETURNED

    blocked = attempt(request, verb)
    if isinstance(blocked, AppError):
        return show_again(request, sent.viewer, draft_id, blocked, form=sent.form)
    return see_other(f"/drafts/{draft_id}", "blocked" if blocked else "submitted")


def _grade(given: str) -> Literal["A", "B", "C"] | None:
    known: dict[str, Literal["A", "B", "C"]] = {"A": "A", "B": "B", "C": "C"}
    return known.get(given)
