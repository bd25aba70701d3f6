"""The rules while somebody writes: what they say of the fields of the form as they are now."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.domain.document.model import FIELDS
from app.domain.vocabulary import WITH_AUTHOR
from app.drafts import queries as drafts
from app.identity import permissions
from app.infra.db import ReadSession
from app.infra.errors import Conflict
from app.infra.runtime import runtime_of
from app.screening.checks.typed import ADDED
from app.web.pages.draft import rich_text
from app.web.pages.draft.editing import editable_texts
from app.web.pages.draft.merging import quoted, unpacked
from app.web.pages.draft.panels.beside_texts import beside_texts
from app.web.shell.render import page
from app.web.shell.viewer import SentForm

router = APIRouter()


@router.post("/drafts/{draft_id}/edit/checks")
def check(request: Request, sent: SentForm, session: ReadSession, draft_id: UUID) -> Response:
    """Return what the rules say of the text as it is typed, for the edit page to put beside its fields.

    Nothing is stored. Raises `NotFound`, `Forbidden` for people who do not write for the draft's unit,
    `Conflict` when others have it.
    """
    runtime, form = runtime_of(request), sent.form
    draft = drafts.visible(session, draft_id, sent.actor)
    permissions.require_writing(sent.actor, draft.unit_path)
    if draft.state not in WITH_AUTHOR:
        raise Conflict("not_with_author")
    merged = unpacked(runtime.secret, form.text("merged"))
    base = quoted(session, draft, form) or drafts.head(session, draft)
    document = merged.document if merged else drafts.document_of(base)
    rich = rich_text.taken(document, form)
    document = rich.document if rich else document
    places = [place for place, _ in editable_texts(document)]
    typed = {name: form.text(name) for name in (*FIELDS, ADDED) if any(key == name for key, _ in form.fields)}
    named = {name.removeprefix("text:"): value for name, value in form.fields if name.startswith("text:")}
    typed |= {place: named[place] for place in places if place in named and not rich}
    found = beside_texts(session, runtime, draft, document, typed, places)
    return page(request, "live_checks.html", viewer=sent.viewer, found=found)
