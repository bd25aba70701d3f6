"""Writing in the browser: a new draft, and mending one that is in its author's hands."""

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.channels import queries as channels
from app.domain.document.edits import text_at
from app.domain.document.merging import Merged, merge
from app.domain.document.model import FIELDS, Document, Paragraph
from app.domain.refusals import Refused
from app.domain.vocabulary import WITH_AUTHOR, ChannelKind, DraftState
from app.drafts import queries as drafts
from app.drafts import service
from app.drafts.intake.service import Format, Intake, listed, source_url_faults, take_in, text_faults
from app.drafts.models import Draft, Revision
from app.drafts.working import service as working_copies
from app.drafts.working.queries import own_copy
from app.identity import permissions
from app.identity import queries as identity
from app.infra.db import ReadSession, database_of
from app.infra.errors import AppError, Conflict, Invalid, Reason
from app.infra.http.etags import must_match
from app.infra.http.problems import too_long
from app.infra.runtime import runtime_of
from app.reviews import service as reviews
from app.screening.checks.typed import ADDED
from app.web.components.text_view import place_name
from app.web.forms import limits
from app.web.forms.redisplay import refusal_of
from app.web.forms.typed import legible
from app.web.pages.draft import files, rich_text
from app.web.pages.draft.editing import editable_texts, rewritten
from app.web.pages.draft.footnotes import undefined
from app.web.pages.draft.merging import (
    Apart,
    Meanwhile,
    Settled,
    choices,
    opened,
    packed,
    quoted,
    settled,
    unpacked,
)
from app.web.pages.draft.page import show_again
from app.web.pages.draft.panels.beside_texts import beside_texts
from app.web.pages.draft.panels.returned import last_return
from app.web.pages.draft.working import form_of, offer_of
from app.web.shell.actions import attempt, see_other
from app.web.shell.render import page
from app.web.shell.viewer import Form, Reader, SentForm, Viewer
from app.words.differences import differences
from app.words.labels import label

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Choice:
    """A channel with its sections, for the form."""

    code: str
    name: str
    kind: str
    sections: tuple[Any, ...]


@router.get("/drafts/new")
def blank(request: Request, viewer: Reader, session: ReadSession) -> Response:
    """Show an empty form. Raises `Forbidden` for people who do not write."""
    permissions.require_writing(viewer.actor)
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
        new = service.NewDraft(
            document=taken.document, targets=wanted, left_out=taken.listed(), pictures=taken.brings()
        )
        draft = service.create(session, new=new, actor=sent.actor, at=at)
        files.keep(session, draft, taken, form.file, sent.actor, at)
        return draft

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
        form.all_within(limits.DRAFT)
        fields = {name: form.word(name) for name in FIELDS}
        if form.file is not None:
            return files.read(form, form.file, fields)
        return take_in(kind, form.text("content"), fields)
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
def edit(request: Request, viewer: Reader, session: ReadSession, draft_id: UUID, copy: str = "") -> Response:
    """Show the texts of a draft in a form; with `copy` what this person has written and not saved.

    Raises `NotFound`, `Forbidden` for people who do not write for its unit, `Conflict` when others have it.
    """
    draft = drafts.visible(session, draft_id, viewer.actor)
    permissions.require_writing(viewer.actor, draft.unit_path)
    if draft.state not in WITH_AUTHOR:
        raise Conflict("not_with_author")
    # Somebody who signed in again goes on with the text that they had read.
    refused = refusal_of(request)
    mine = refused is not None and refused.typed.action == f"/drafts/{draft_id}/edit"
    form = Form(refused.typed.fields) if refused is not None and mine else None
    if copy and form is None and (kept := own_copy(session, draft_id, viewer.actor.id)) is not None:
        form = form_of(kept)
    return _edit_page(request, viewer, session, draft, form)


def _edit_page(
    request: Request,
    viewer: Viewer,
    session: Session,
    draft: Draft,
    form: Form | None = None,
    error: AppError | None = None,
) -> Response:
    runtime, head = runtime_of(request), drafts.head(session, draft)
    base = (quoted(session, draft, form) if form else None) or head
    # What others did is told from there, however often the form comes back.
    read = (opened(session, draft, form) if form else None) or base
    apart = error.merged if isinstance(error, Apart) else None
    merged = apart or unpacked(runtime.secret, form.text("merged") if form else "")
    document = merged.document if merged else drafts.document_of(base)
    chosen = frozenset(one.place for one in merged.collisions) if merged else frozenset()
    # What was brought together anew is shown as it is; else what was typed stays.
    given = dict(form.fields) if form and apart is None else {}
    typed = dict(form.fields) if form else {}
    texts = [
        {"place": place, "name": place_name(place), "text": given.get(f"text:{place}", text)}
        for place, text in editable_texts(document)
        if place not in chosen
    ]
    shown = {one["place"]: one["text"] for one in texts}
    values = {name: given.get(name, getattr(document, name)) for name in FIELDS}
    offer = offer_of(session, draft, viewer.actor)
    typed_now = {**values, **shown, ADDED: given.get("added", "")}
    return page(
        request,
        "draft_edit.html",
        viewer=viewer,
        section="/drafts",
        error=error,
        draft=draft,
        own=form is not None,
        version=typed.get("version", draft.version),
        revision=read.number,
        onto=(head.number if apart else typed.get("onto", "")) if merged else "",
        merged=packed(runtime.secret, merged) if merged else "",
        meanwhile=_meanwhile(session, draft, read, head) if merged else None,
        choices=choices(merged, form or Form()) if merged else (),
        values=values,
        texts=texts,
        # Where people have to choose, the texts come one by one.
        blocks="" if chosen else given.get(rich_text.BLOCKS) or rich_text.packed(document),
        kept=legible(rich_text.BLOCKS, given.get(rich_text.BLOCKS, "")),
        offer=offer if form is None else None,
        copy_version=offer.version if offer else 0,
        chosen=chosen,
        added=given.get("added", ""),
        comment=typed.get("comment", ""),
        tracked_changes=typed.get("tracked_changes", ""),
        found=beside_texts(session, runtime, draft, document, typed_now, shown),
        returned=last_return(session, draft),
    )


def _read(session: Session, draft: Draft, form: Form) -> Revision:
    """Return the revision that a form was written upon.

    One that does not say it must have been read in the draft's present version; raises `PreconditionFailed`.
    """
    if (found := quoted(session, draft, form)) is not None:
        return found
    must_match(frozenset({form.number("version", default=0)}), draft.version)
    return drafts.head(session, draft)


def _meanwhile(session: Session, draft: Draft, base: Revision, head: Revision) -> Meanwhile:
    since = [one for one in drafts.revisions(session, draft.id) if base.number < one.number <= head.number]
    names = identity.names(session, {one.author_id for one in since})
    return Meanwhile(
        "、".join(dict.fromkeys(names.get(one.author_id, "") for one in since)),
        head.created_at,
        head.number,
        differences(drafts.document_of(base), drafts.document_of(head)),
    )


@router.post("/drafts/{draft_id}/edit")
def revise(request: Request, sent: SentForm, draft_id: UUID) -> Response:
    """Save the texts as a new revision, and hand them in if that was asked for.

    What others changed since the text was read is brought together with it and shown before it is saved.
    """
    runtime, form = runtime_of(request), sent.form

    def verb(session: Session) -> tuple[Draft, bool]:
        form.all_within(limits.SUBMISSION)
        draft = service.editable(session, draft_id, sent.actor)
        base, head = _read(session, draft, form), drafts.head(session, draft)
        merged = unpacked(runtime.secret, form.text("merged"))
        if isinstance(replaced, AppError):
            raise replaced
        if replaced is not None:
            document, lost = _from_file(replaced, drafts.document_of(base), form), replaced.left_out
        elif merged and merged.collisions:
            document, lost = _settled(merged, form), ()
        else:
            read = merged.document if merged else drafts.document_of(base)
            rich = rich_text.taken(read, form)
            document = _edited(rich.document, rich_text.without_texts(form)) if rich else _edited(read, form)
            lost = rich.left_out if rich else ()
        if base.id != head.id:
            both = merge(drafts.document_of(base), document, drafts.document_of(head))
            if both.collisions or both.document != drafts.document_of(head):
                raise Apart(both)
            document = both.document
        seen = frozenset({draft.version})
        draft = service.revise(
            session,
            draft_id=draft_id,
            document=document,
            seen=seen,
            actor=sent.actor,
            at=runtime.clock(),
            left_out=listed(lost if replaced else (*lost, *undefined(document, drafts.document_of(head)))),
            pictures=replaced.brings() if replaced else frozenset(),
        )
        files.keep(session, draft, replaced, form.file, sent.actor, runtime.clock())
        working_copies.drop(session, draft_id, user_id=sent.actor.id)
        return draft, draft.head_id != head.id

    # Before the transaction: a file takes its time.
    replaced = _replaced(form)
    done = attempt(request, verb)
    if isinstance(done, AppError):
        with database_of(request).read() as session:
            draft = drafts.visible(session, draft_id, sent.actor)
            return _edit_page(request, sent.viewer, session, draft, form, done)
    _, changed = done
    if form.text("then") == "submit":
        return _submitted(request, sent.viewer, draft_id, comment=form.word("comment"))
    return see_other(f"/drafts/{draft_id}", "revised" if changed else "unchanged")


def _replaced(form: Form) -> Intake | AppError | None:
    """Return what a chosen file says instead of the text; `None` without one."""
    if form.file is None:
        return None
    try:
        return files.read(form, form.file, {})
    except AppError as refusal:
        return refusal


def _from_file(taken: Intake, before: Document, form: Form) -> Document:
    """Return the document of a file with the fields of the form. Raises `Invalid` with every fault.

    A title that was not touched gives way to the file's; else the file's title is its first words.
    """
    typed, own, blocks = form.word("title"), taken.document.title, taken.document.blocks
    title = own if typed in {"", before.title} else typed
    if title != own:
        blocks = (Paragraph(text=own), *blocks)
    fields = tuple(
        (name, title if name == "title" else value)
        for name, value in form.fields
        if not name.startswith("text:")
    )
    return _edited(before.model_copy(update={"title": title, "blocks": blocks}), Form(fields))


def _settled(merged: Merged, form: Form) -> Document:
    """Return what was brought together, as it was chosen and edited. Raises `Invalid` with every fault."""
    done = settled(merged, form)
    if not isinstance(done, Settled):
        raise Invalid("choose_each", reasons=done)
    return _edited(done.document, form, done)


def _edited(document: Document, form: Form, choice: Settled | None = None) -> Document:
    """Return the document as the form says. Raises `Invalid` with every fault."""
    texts = {name: form.word(name) for name in FIELDS}
    for name, value in form.fields:
        place = name.removeprefix("text:")
        if place != name and text_at(document, place) is not None:
            texts[place] = value
    texts.update(choice.texts if choice else {})
    faults = [fault for place, text in texts.items() for fault in text_faults(text, field=place)]
    faults += text_faults(form.text("added"), field="added")
    faults += [
        too_long(name, texts[name], limit)
        for name in FIELDS
        if len(texts[name]) > (limit := limits.DRAFT[name])
    ]
    if texts["source_url"] != document.source_url:
        # One that was taken before it was judged stays until somebody changes it.
        faults += source_url_faults(texts["source_url"])
    if not texts["title"]:
        faults.append(Reason("title_missing", field="title"))
    dropped = choice.dropped if choice else frozenset()
    changed = rewritten(document, texts, form.text("added"), dropped=dropped) if not faults else document
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
            comment=sent.form.within("comment", limits.SUBMISSION),
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
