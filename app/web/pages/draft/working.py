"""What is written and not yet saved, kept for its writer alone; and who else writes at the draft."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sqlmodel import Session

from app.domain.document.model import FIELDS
from app.domain.vocabulary import WITH_AUTHOR
from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.drafts.working import queries, service
from app.drafts.working.models import WorkingCopy
from app.identity import permissions
from app.identity import queries as identity
from app.identity.access import Actor
from app.infra.db import database_of
from app.infra.errors import Conflict
from app.infra.runtime import runtime_of
from app.web.pages.draft.merging import quoted
from app.web.pages.draft.rich_text import BLOCKS
from app.web.shell.actions import see_other
from app.web.shell.render import moment
from app.web.shell.viewer import Form, SentForm

router = APIRouter()
#: What of the form is kept: what somebody types into it.
KEPT = (*FIELDS, BLOCKS, "comment")


@dataclass(frozen=True, slots=True)
class Offer:
    """A working copy as the edit page offers it: since when, upon which revision, whether others saved."""

    at: datetime
    revision: int
    version: int
    behind: bool


def offer_of(session: Session, draft: Draft, actor: Actor) -> Offer | None:
    """Return what this person wrote of a draft and did not save; `None` for nothing."""
    copy = queries.own_copy(session, draft.id, actor.id)
    if copy is None:
        return None
    newest = drafts.head(session, draft).number
    return Offer(copy.updated_at, copy.revision, copy.version, copy.revision < newest)


def form_of(copy: WorkingCopy) -> Form:
    """Return the form that a working copy was: with the revision that it was written upon."""
    return Form((*service.fields_of(copy), ("revision", str(copy.revision))))


def _writable(session: Session, draft_id: UUID, actor: Actor) -> Draft:
    draft = drafts.visible(session, draft_id, actor)
    permissions.require_writing(actor, draft.unit_path)
    if draft.state not in WITH_AUTHOR:
        raise Conflict("not_with_author")
    return draft


@router.post("/drafts/{draft_id}/edit/copy")
def keep(request: Request, sent: SentForm, draft_id: UUID) -> Response:
    """Keep what is in the form as the writer's working copy, and tell its version and when that was.

    Raises `NotFound`, `Forbidden`, `Conflict` when others have the draft or another window keeps a copy.
    """
    form, at = sent.form, runtime_of(request).clock()
    with database_of(request).write() as session:
        draft = _writable(session, draft_id, sent.actor)
        base = quoted(session, draft, form) or drafts.head(session, draft)
        command = service.KeepCopy(
            draft_id,
            base.number,
            tuple((name, value) for name, value in form.fields if name in KEPT),
            form.number("copy", default=0),
        )
        copy = service.keep(session, command, user_id=sent.actor.id, at=at)
        return JSONResponse({"version": copy.version, "at": moment(at)})


@router.post("/drafts/{draft_id}/edit/copy/drop")
def drop(request: Request, sent: SentForm, draft_id: UUID) -> Response:
    """End a working copy that its writer does not want. Raises `NotFound` for a draft that nobody may see."""
    with database_of(request).write() as session:
        draft = drafts.visible(session, draft_id, sent.actor)
        service.drop(session, draft.id, user_id=sent.actor.id)
    return see_other(f"/drafts/{draft_id}/edit", "copy_dropped")


@router.post("/drafts/{draft_id}/edit/presence")
def present(request: Request, sent: SentForm, draft_id: UUID) -> Response:
    """Note that somebody has the edit page open, or with `gone` that they left, and tell who else writes.

    Tells also which revision is the newest and who made it. Raises what `keep` raises.
    """
    at = runtime_of(request).clock()
    with database_of(request).write() as session:
        if sent.form.word("gone"):
            # Whoever leaves has perhaps just handed the draft in.
            draft = drafts.visible(session, draft_id, sent.actor)
            service.leave(session, draft.id, user_id=sent.actor.id)
        else:
            draft = _writable(session, draft_id, sent.actor)
            service.be_present(session, draft.id, user_id=sent.actor.id, at=at)
        others = queries.others_writing(session, draft.id, sent.actor.id, at)
        head = drafts.head(session, draft)
        names = identity.names(session, {*others, head.author_id})
        return JSONResponse(
            {
                "others": [names[one] for one in others if one in names],
                "revision": head.number,
                "by": names.get(head.author_id, "") if head.author_id != sent.actor.id else "",
            }
        )
