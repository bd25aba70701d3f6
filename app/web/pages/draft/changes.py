"""What differs between two revisions, as a page."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.drafts import queries as drafts
from app.identity import queries as identity
from app.infra.db import ReadSession
from app.infra.errors import NotFound
from app.web.pages.draft.page import RevisionRow
from app.web.shell.render import page
from app.web.shell.viewer import Reader
from app.words.differences import differences

router = APIRouter()


@router.get("/drafts/{draft_id}/changes")
def changes(
    request: Request,
    viewer: Reader,
    session: ReadSession,
    draft_id: UUID,
    start: Annotated[int | None, Query(alias="from")] = None,
    to: int | None = None,
) -> Response:
    """Show what differs between two revisions; the last two when none are named. Raises `NotFound`."""
    draft = drafts.visible(session, draft_id, viewer.actor)
    revisions = drafts.revisions(session, draft.id)
    by_number = {one.number: one for one in revisions}
    new = by_number.get(to if to is not None else revisions[-1].number)
    old = by_number.get(start if start is not None else max(1, revisions[-1].number - 1))
    if old is None or new is None:
        raise NotFound("not_found")
    names = identity.names(session, {one.author_id for one in revisions})
    rows = {
        one.number: RevisionRow(one.number, names.get(one.author_id, ""), one.created_at) for one in revisions
    }
    return page(
        request,
        "changes.html",
        viewer=viewer,
        section="/drafts",
        draft=draft,
        old=rows[old.number],
        new=rows[new.number],
        revisions=tuple(rows.values()),
        changes=differences(drafts.document_of(old), drafts.document_of(new)),
    )
