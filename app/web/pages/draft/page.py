"""The draft's page: the text as it will appear, what the rules found, what awaits whom, and the record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.audit import queries as audit
from app.domain.files.faults import Fault
from app.domain.vocabulary import (
    WITH_AUTHOR,
    CaseState,
    DraftState,
    Subject,
    Verb,
    WaiverReason,
)
from app.drafts import queries as drafts
from app.drafts.models import Draft, Revision
from app.events.sentences import Names
from app.identity import permissions
from app.identity import queries as identity
from app.identity.access import bound
from app.identity.models import Unit
from app.infra.clock import moment
from app.infra.db import ReadSession, database_of
from app.infra.errors import AppError
from app.infra.runtime import runtime_of
from app.negative_list import Severity
from app.policies.in_use import policy_of
from app.reviews import queries as reviews
from app.reviews import routing
from app.reviews.queries import CaseView
from app.screening.adoption.service import adoptable
from app.web.components.text_view import page as present
from app.web.pages.draft.panels import checks, guest_links, urgent
from app.web.pages.draft.panels.attached import attached
from app.web.pages.draft.panels.bar import bar_of, laying, progress_line
from app.web.pages.draft.panels.collaboration import together
from app.web.pages.draft.panels.comments import comment_panel
from app.web.pages.draft.panels.deciding import panels
from app.web.pages.draft.panels.finding_groups import groups, key_of
from app.web.pages.draft.panels.left_out import missing
from app.web.pages.draft.panels.opinions import last_return, opinions
from app.web.pages.draft.panels.releases import releases_of
from app.web.pages.draft.panels.scheduled import timing_of
from app.web.pages.draft.panels.side import Beside, draft_panels
from app.web.pages.draft.panels.timeline import Entry, entries
from app.web.pages.draft.panels.tracks import TONES, lanes, where
from app.web.shell.render import page
from app.web.shell.viewer import Form, Reader, Viewer
from app.words.differences import Difference, differences
from app.words.labels import choices, label
from app.words.policy_faults import sentence as fault_sentence

router = APIRouter()

#: Events shown on the page; all of them are in the exported evidence.
_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above the text."""

    id: UUID
    number: str
    title: str
    version: int
    revision: int
    digest: str
    tone: str
    state: str
    authors: str
    unit: str
    where: str
    characters: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Note:
    """Something the viewer should know before they read."""

    tone: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Stale:
    """What changed after the viewer had read: who, when, and what."""

    by: str
    at: datetime
    revision: int
    changes: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class SinceMine:
    """What changed since the viewer last decided."""

    revision: int
    count: int


@dataclass(frozen=True, slots=True)
class AuthorMay:
    """What the viewer may do as an author."""

    revise: bool
    submit: bool
    recall: bool
    again: bool


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """A revision in the list."""

    number: int
    author: str
    created_at: datetime


@router.get("/drafts/{draft_id}")
def show(
    request: Request,
    viewer: Reader,
    session: ReadSession,
    draft_id: UUID,
    severity: Severity | None = None,
) -> Response:
    """Show a draft. Raises `NotFound` for people who may not know of it."""
    return _page(request, viewer, session, draft_id, severity=severity)


def show_again(
    request: Request, viewer: Viewer, draft_id: UUID, error: AppError, form: Form | None = None
) -> Response:
    """Show the draft as it is now, with what was refused on top and what was typed kept."""
    with database_of(request).read() as session:
        return _page(request, viewer, session, draft_id, error=error, form=form or Form())


def _page(
    request: Request,
    viewer: Viewer,
    session: Session,
    draft_id: UUID,
    *,
    severity: Severity | None = None,
    error: AppError | None = None,
    form: Form | None = None,
) -> Response:
    runtime = runtime_of(request)
    draft = drafts.visible(session, draft_id, viewer.actor)
    revisions = drafts.revisions(session, draft.id)
    revision = next(one for one in revisions if one.id == draft.head_id)
    document = drafts.document_of(revision)
    found = checks.checked(session, runtime, draft, revision, document)
    places = drafts.targets(session, draft.id)
    channels = drafts.names_of(places)
    row = reviews.case_of_draft(session, draft.id)
    view = (
        reviews.case_view(
            session, row.id, viewer.actor, at=runtime.clock(), facts=found.facts, stored=(row, draft)
        )
        if row
        else None
    )
    names = dict(view.names) if view else {}
    writers = {revision.author_id for revision in revisions} | {draft.submitter_id}
    names |= identity.names(session, writers - names.keys())
    unit = session.get(Unit, draft.unit_id)
    going_on = view is not None and view.case.state not in {CaseState.RECALLED, CaseState.DECLINED}
    base = f"/drafts/{draft.id}"
    given = opinions(view, channels) if view else ()
    decidable = (
        panels(view, subject=Subject.REVISION, line=None, channels=channels, action=f"{base}/decisions")
        if view and going_on
        else ()
    )
    author_may = _author_may(draft, view, viewer)
    may_answer = view is not None and any(
        option.verb is Verb.ANSWER and option.allowed for option in view.options
    )
    tracks = lanes(view, channels) if view and going_on else ()
    classes, _ = routing.classes(runtime.policies)
    with_others = together(session, view, viewer, channels, classes, runtime.clock()) if view else None
    left = checks.ignored_views(session, draft) if found.hits else {}
    takes_waivers = checks.waivable(policy_of(session, runtime), found.hits)
    more = Beside(
        comments=comment_panel(session, draft, revision, document, viewer.actor),
        timing=timing_of(session, view, viewer, channels, runtime.clock()) if view and going_on else None,
        together=with_others,
        releases=releases_of(session, draft, channels),
        urgent=urgent.lanes(session, runtime, view, viewer, channels) if view else (),
        owed=urgent.owed(session, draft, channels, runtime.clock()) if view else (),
        outside=guest_links.places(view, channels) if view and guest_links.may_ask(view, viewer) else (),
    )
    bar = bar_of(
        view,
        here=base,
        channels=channels,
        with_others=with_others,
        forms=bool(decidable) or may_answer or author_may.revise or author_may.submit,
        returned=last_return(given),
    )
    events = audit.events(session, f"draft:{draft.id}", limit=_SHOWN)
    record = entries(
        events,
        Names(
            {one.stage.key: one.stage.title for one in view.stages} if view else {},
            channels,
            {str(key): name for key, name in view.names.items()} if view else {},
            lambda warning: fault_sentence(Fault(0, "", str(warning["code"]), warning)),
        ),
    )
    return page(
        request,
        "draft.html",
        viewer=viewer,
        section="/drafts",
        error=error,
        previews=sorted(channels.items()),
        draft=Head(
            id=draft.id,
            number=draft.number,
            title=draft.title,
            version=draft.version,
            revision=revision.number,
            digest=revision.digest,
            tone=TONES[DraftState(draft.state)],
            state=label(DraftState(draft.state)),
            authors="、".join(dict.fromkeys(names.get(one.author_id, "") for one in revisions)),
            unit=unit.name if unit else "",
            where=where(places),
            characters=document.characters,
            created_at=draft.created_at,
        ),
        text=present(document, found.hits),
        left_out=missing(revisions),
        checked=found,
        not_checked=found.not_checked,
        attached=attached(session, draft, document, found.hits, found.not_checked),
        severity=severity or "",
        here=base,
        lanes=tracks,
        progress=progress_line(view, channels, [step.state for lane in tracks for step in lane.steps]),
        bar=bar,
        opinions=given,
        side=tuple(draft_panels(len(found.hits), given, more)),
        proofs={
            line: f"{base}/proofs/{line}"
            for line in (view.case.lines if view else ())
            if view and view.case.proof_of(line)
        },
        decidable=decidable,
        notes=tuple(_notes(view, channels, found)) if going_on else (),
        stale=_stale(revisions, revision, names, form, error),
        since_mine=_since_mine(session, draft, revision, viewer),
        may_answer=may_answer,
        author_may=author_may,
        revisions=tuple(
            RevisionRow(one.number, names.get(one.author_id, ""), one.created_at)
            for one in reversed(revisions)
        ),
        record=record,
        latest=_latest(events, record, error),
        waivers=checks.newest_views(session, draft, found.waivers, viewer.actor),
        waivable=takes_waivers,
        ignored=left,
        may_leave=checks.may_leave(session, viewer, draft),
        groups=groups(
            [hit for hit in found.hits if severity is None or hit.severity is severity],
            document,
            takes_waivers,
            [waiver.fingerprint for waiver in found.waivers],
            left,
        ),
        adoptable=lambda finding: adoptable(document, finding),
        key_of=key_of,
        may_adopt=checks.may_adopt(viewer, draft),
        can_ask_waiver=checks.may_ask_waiver(viewer, draft),
        waiver_reasons=choices(WaiverReason),
        keys=request.cookies.get(bound("keys", runtime_of(request).settings)) != "off",
        form=form or Form(),
        waiting=view is not None and bool(laying(view)),
        flags_offered=routing.choices(runtime.policies),
        classes=routing.classes(runtime.policies),
        comments=more.comments,
        timing=more.timing,
        together=more.together,
        releases=more.releases,
        urgent=more.urgent,
        owed=more.owed,
        outside=more.outside,
    )


def _notes(view: CaseView | None, channels: dict[str, str], found: checks.Checked) -> Any:  # noqa: ANN401 – an iterator of Note
    if view is None:
        return
    if found.facts.blockers:
        count = len(found.facts.blockers)
        yield Note("block", f"有 {count} 处阻断项", "改正或者获得豁免之前，任何环节都不能通过，也不能签发。")
    for line, due in view.case.scheduled:
        name = channels.get(line, line)
        when = f"定于 {moment(due)} 签发生效。在此之前稿件不能改；确需改动，请先取消定时。"
        yield Note("plain", f"{name}已签发并定时", when)
    if lines := laying(view):
        named = "、".join(channels.get(line, line) for line in lines)
        yield Note("plain", "正在排校样", f"{named}的校样正在排出，稍后刷新即可看到。")


def _stale(
    revisions: tuple[Revision, ...],
    now: Revision,
    names: dict[UUID, str],
    form: Form | None,
    error: AppError | None,
) -> Stale | None:
    quoted = form.word("digest") if form and error else ""
    if not quoted or quoted == now.digest:
        return None
    read = next((one for one in reversed(revisions) if one.digest == quoted), None)
    changes = differences(drafts.document_of(read), drafts.document_of(now)) if read else ()
    return Stale(names.get(now.author_id, ""), now.created_at, now.number, changes)


def _latest(
    events: Sequence[audit.RecordedEvent], record: tuple[Entry, ...], error: AppError | None
) -> Entry | None:
    """Return what somebody did last, where something done meanwhile is why a form was refused."""
    if error is None or error.status not in {409, 412}:
        return None
    done = [one for event, one in zip(events, record, strict=True) if _by_somebody(event, one)]
    return done[-1] if done else None


def _by_somebody(event: audit.RecordedEvent, entry: Entry) -> bool:
    name = event.private.get("actor_name") or ""
    return bool(name) and not entry.refused and entry.text.startswith(name)


def _since_mine(session: Session, draft: Draft, now: Revision, viewer: Viewer) -> SinceMine | None:
    last = reviews.last_decided_revision(session, draft.id, viewer.actor.id)
    if last is None or last.digest == now.digest:
        return None
    count = len(differences(drafts.document_of(last), drafts.document_of(now)))
    return SinceMine(last.number, count)


def _author_may(draft: Draft, view: CaseView | None, viewer: Viewer) -> AuthorMay:
    writes = permissions.may_write(viewer.actor, draft.unit_path)
    with_author = writes and draft.state in WITH_AUTHOR
    free = draft.scheduled_at is None
    recall = (
        writes
        and view is not None
        and any(option.verb is Verb.RECALL and option.allowed for option in view.options)
    )
    again = view is not None and draft.state == DraftState.RETURNED
    return AuthorMay(with_author and free, with_author, recall, again)
