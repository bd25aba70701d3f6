"""What differs between two revisions, as a page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.domain.document.changes import MarksOnly, classify
from app.drafts import queries as drafts
from app.drafts.models import Draft, Revision
from app.identity import queries as identity
from app.infra.db import ReadSession
from app.infra.errors import NotFound, Reason
from app.infra.http.problems import sentence
from app.proofs import queries as proofs
from app.reviews import queries as reviews
from app.web.pages.draft.page import RevisionRow
from app.web.shell.render import page
from app.web.shell.viewer import Reader, Viewer
from app.words.differences import differences
from app.words.labels import label

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Often:
    """Two revisions that are often compared, by their numbers; `same` where they are one."""

    title: str
    start: int
    end: int

    @property
    def same(self) -> bool:
        """Whether there is nothing to compare."""
        return self.start == self.end


@router.get("/drafts/{draft_id}/changes")
def changes(
    request: Request,
    viewer: Reader,
    session: ReadSession,
    draft_id: UUID,
    start: Annotated[int | None, Query(alias="from")] = None,
    to: int | None = None,
    view: str = "",
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
    was, now = drafts.document_of(old), drafts.document_of(new)
    found, change = differences(was, now), classify(was, now, limits=MarksOnly())
    return page(
        request,
        "changes.html",
        viewer=viewer,
        section="/drafts",
        draft=draft,
        old=rows[old.number],
        new=rows[new.number],
        revisions=tuple(rows.values()),
        changes=found,
        signs=sum(one.signs_only for one in found),
        change_class=label(change.kind),
        objections=[sentence(Reason(str(one.code), dict(one.data))) for one in change.why_large],
        often=tuple(_often(session, draft, viewer, {one.id: one for one in revisions})),
        beside=view == "beside",
    )


def _often(
    session: Session, draft: Draft, viewer: Viewer, revisions: Mapping[UUID, Revision]
) -> Iterator[Often]:
    """Yield what the viewer decided on against now, and the proofs of a case against each other."""
    newest = max(one.number for one in revisions.values())
    mine = reviews.last_decided_revision(session, draft.id, viewer.actor.id)
    if mine is not None:
        yield Often("我上次决定的 → 现在", mine.number, newest)
    row = reviews.case_of_draft(session, draft.id)
    channels = drafts.channel_names(session, draft.id)
    lines: dict[str, list[int]] = {}
    for one in proofs.proofs_of(session, row.id, viewer.actor) if row else ():
        lines.setdefault(one.proof.line, []).append(revisions[one.proof.revision_id].number)
    for line, numbers in lines.items():
        if len(numbers) > 1:
            yield Often(f"{channels.get(line, line)}：上一校样 → 这一校样", numbers[1], numbers[0])
    first, *others = [(channels.get(line, line), numbers[0]) for line, numbers in lines.items()] or [("", 0)]
    for name, number in others:
        yield Often(f"{first[0]}校样 → {name}校样", first[1], number)
