"""What happens to drafts: created, revised, bound to channels. Revisions are added, never changed."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from app.audit import seals
from app.audit.service import AuditActor
from app.channels import queries as channels
from app.domain.document.model import Document, digest, document_bytes
from app.domain.document.signs import text_and_media_digest
from app.domain.vocabulary import WITH_AUTHOR, DraftState, Event, Role
from app.drafts import errors as _words  # noqa: F401 – the words of the codes below
from app.drafts import queries
from app.drafts.models import (
    Draft,
    DraftAsset,
    DraftCounter,
    DraftReader,
    DraftTarget,
    ReadingFor,
    Revision,
)
from app.events.emit import emit
from app.events.payloads.drafts import DraftCreated, DraftRevised
from app.identity.access import authorize
from app.identity.models import Unit
from app.identity.queries import Actor
from app.infra.clock import beijing
from app.infra.errors import Conflict, Invalid, NotFound, Reason
from app.infra.http.etags import must_match
from app.infra.ids import new_id


@dataclass(frozen=True, slots=True)
class NewDraft:
    """A draft to create: its content, where it is bound as `(channel code, section code)`, and whose it is.

    Without a `unit_id` it is the unit of whoever creates it.
    """

    document: Document
    targets: tuple[tuple[str, str], ...]
    unit_id: UUID | None = None
    left_out: Sequence[dict[str, Any]] = ()
    #: SHA-256 of the pictures that come with it: whoever creates it stores them in the same transaction.
    pictures: frozenset[str] = frozenset()


def create(session: Session, *, new: NewDraft, actor: Actor, at: datetime) -> Draft:
    """Create a draft with its first revision, in its author's hands.

    Raises `NotFound` for a unit out of the actor's reach, `Invalid` with every unknown target and file,
    `Forbidden` without an editor's role there.
    """
    unit = _unit(session, new.unit_id or actor.unit_id, actor)
    places = _places(session, new.targets, unit.path, also=_unknown_assets(new.document, new.pictures))
    _authorize(actor, unit.path, places)
    return _created(
        session, unit, new.document, places, actor.id, actor.as_audit(Role.EDITOR), at, left_out=new.left_out
    )


def create_after(
    session: Session,
    of: Draft,
    document: Document,
    lines: Collection[str],
    *,
    author_id: UUID,
    by: AuditActor,
    at: datetime,
) -> Draft:
    """Create a draft for what is to be done about one that is out, on these lines of it, in its unit.

    Asks nobody: the verb that calls it does. It holds the files that its text names.
    """
    bound = queries.targets(session, of.id)
    targets = [(place.channel, place.section) for place in bound if place.channel in lines]
    places, _ = channels.resolve(session, targets, unit_path=of.unit_path)
    draft = _created(session, session.get_one(Unit, of.unit_id), document, places, author_id, by, at)
    named = document.assets()
    for held in queries.assets_held(session, of.id):
        if held.sha256 in named:
            session.add(DraftAsset(**{**held.model_dump(), "draft_id": draft.id}))
    session.flush()
    return draft


def _created(
    session: Session,
    unit: Unit,
    document: Document,
    places: Sequence[channels.Place],
    author_id: UUID,
    by: AuditActor,
    at: datetime,
    *,
    left_out: Sequence[dict[str, Any]] = (),
) -> Draft:
    draft_id, revision_id = new_id(), new_id()
    draft = Draft(
        id=draft_id,
        number=_next_number(session, at),
        unit_id=unit.id,
        unit_path=unit.path,
        submitter_id=author_id,
        state=DraftState.EDITING,
        title=document.title,
        version=1,
        head_id=revision_id,
        created_at=at,
        updated_at=at,
    )
    session.add(draft)
    session.flush()
    revision = _revision(revision_id, draft_id, 1, document, author_id, at, left_out)
    session.add(revision)
    _bind(session, draft_id, places)
    session.flush()
    payload = DraftCreated(
        draft=draft.id,
        number=draft.number,
        unit=unit.id,
        revision=1,
        digest=revision.digest,
        targets=_codes(places),
        left_out=len(left_out),
    )
    emit(session, Event.DRAFT_CREATED, payload, about=draft.id, actor=by, at=at)
    return draft


def revise(
    session: Session,
    *,
    draft_id: UUID,
    document: Document,
    seen: frozenset[int],
    actor: Actor,
    at: datetime,
    left_out: Sequence[dict[str, Any]] = (),
    pictures: frozenset[str] = frozenset(),
) -> Draft:
    """Add a revision to a draft that is in its author's hands; content that is the same adds none.

    `seen` are the versions that the editor had before them; `pictures` are those that come with the content
    and that the caller stores in the same transaction. Raises `NotFound`, `Forbidden`,
    `PreconditionFailed`, `Conflict` when the draft is not with its author, `Invalid` with every unknown file.
    """
    draft = editable(session, draft_id, actor, seen=seen)
    held = pictures | {asset.sha256 for asset in queries.assets_held(session, draft.id)}
    if faults := _unknown_assets(document, held):
        raise Invalid("content_unusable", reasons=faults)
    before = draft.head_id
    revision = store_revision(session, draft, document, actor.id, at, left_out=left_out)
    if revision.id != before:
        payload = DraftRevised(
            draft=draft.id, revision=revision.number, digest=revision.digest, left_out=len(left_out)
        )
        editor = actor.as_audit(Role.EDITOR)
        emit(session, Event.DRAFT_REVISED, payload, about=draft.id, actor=editor, at=at)
    return draft


def retarget(
    session: Session,
    *,
    draft_id: UUID,
    targets: tuple[tuple[str, str], ...],
    seen: frozenset[int],
    actor: Actor,
    at: datetime,
) -> Draft:
    """Bind a draft that was never submitted to other channels. Raises what `revise` raises, and `Invalid`."""
    draft = editable(session, draft_id, actor, seen=seen)
    if draft.state != DraftState.EDITING:
        raise Conflict("already_submitted")
    places = _places(session, targets, draft.unit_path)
    _authorize(actor, draft.unit_path, places)
    for old in session.exec(select(DraftTarget).where(DraftTarget.draft_id == draft.id)).all():
        session.delete(old)
    session.flush()
    _bind(session, draft.id, places)
    _touch(draft, at)
    payload = DraftRevised(draft=draft.id, targets=_codes(places))
    editor = actor.as_audit(Role.EDITOR)
    emit(session, Event.DRAFT_REVISED, payload, about=draft.id, actor=editor, at=at)
    return draft


def store_revision(
    session: Session,
    draft: Draft,
    document: Document,
    author_id: UUID,
    at: datetime,
    *,
    left_out: Sequence[dict[str, Any]] = (),
) -> Revision:
    """Add `document` as the newest revision of a locked draft and return it; the same content adds none.

    Asks nobody and records nothing: the verb that calls it does.
    """
    last = queries.head(session, draft)
    if last.digest == digest(document):
        return last
    revision = _revision(new_id(), draft.id, last.number + 1, document, author_id, at, left_out)
    session.add(revision)
    draft.head_id, draft.title = revision.id, document.title
    _touch(draft, at)
    session.flush()
    return revision


def set_state(draft: Draft, state: DraftState, at: datetime) -> None:
    """Put a locked draft into `state`. Records nothing: the verb that calls it does."""
    if draft.state != state:
        draft.state = state
        _touch(draft, at)


def set_scheduled(draft: Draft, scheduled: tuple[str, datetime] | None, at: datetime) -> None:
    """Note which line of a locked draft goes out first, and when; until then it is read-only. `None`: none.

    Records nothing: the verb that calls it does.
    """
    line, instant = scheduled or (None, None)
    if (draft.scheduled_line, draft.scheduled_at) != (line, instant):
        draft.scheduled_line, draft.scheduled_at = line, instant
        _touch(draft, at)


def let_in(session: Session, draft: Draft, user_id: UUID, why: ReadingFor, *, by: UUID, at: datetime) -> None:
    """Let somebody see a draft beside those whose roles reach it; once is enough. The caller records why."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    row = {"draft_id": draft.id, "user_id": user_id, "why": why, "by": by, "at": at}
    added: Any = dialect.insert(DraftReader).values(**row).on_conflict_do_nothing()
    if session.exec(added.returning(col(DraftReader.draft_id))).first() is not None:
        seals.wrote(session, DraftReader, [row])


def lock(session: Session, draft_id: UUID) -> Draft:
    """Return a draft with its row held until the transaction ends. Raises `NotFound`."""
    query = select(Draft).where(Draft.id == draft_id).with_for_update()
    draft = session.exec(query.execution_options(populate_existing=True)).one_or_none()
    if draft is None:
        raise NotFound("not_found")
    return draft


def hold_asset(session: Session, draft: Draft, held: DraftAsset, *, at: datetime) -> None:
    """Let a locked draft hold a stored file."""
    session.add(held)
    _touch(draft, at)


def editable(session: Session, draft_id: UUID, actor: Actor, *, seen: frozenset[int] | None = None) -> Draft:
    """Return a locked draft that the actor may edit now, having seen it in one of these versions.

    Raises `NotFound`, `Forbidden`, `PreconditionFailed`, `Conflict` when it is not in its author's hands or a
    line of it is scheduled.
    """
    draft = queries.visible(session, draft_id, actor, lock=True)
    authorize(actor, Role.EDITOR, unit_path=draft.unit_path)
    if seen is not None:
        must_match(seen, draft.version)
    if draft.state not in WITH_AUTHOR:
        raise Conflict("not_with_author", data={"state": draft.state})
    if draft.scheduled_at is not None:
        line = draft.scheduled_line or ""
        names = queries.channel_names(session, draft.id)
        known = {
            "line": line,
            "line_name": names.get(line, line),
            "release_at": draft.scheduled_at.isoformat(),
        }
        raise Conflict("line_scheduled", data=known, reasons=[Reason("line_scheduled", known)])
    return draft


def _touch(draft: Draft, at: datetime) -> None:
    draft.version += 1
    draft.updated_at = at


def _unit(session: Session, unit_id: UUID, actor: Actor) -> Unit:
    unit = session.get(Unit, unit_id)
    if unit is None or not (unit.id == actor.unit_id or actor.has(Role.EDITOR, unit_path=unit.path)):
        raise NotFound("not_found")
    return unit


def _places(
    session: Session, targets: Sequence[tuple[str, str]], unit_path: str, *, also: Sequence[Reason] = ()
) -> tuple[channels.Place, ...]:
    places, faults = channels.resolve(session, targets, unit_path=unit_path)
    if not targets:
        faults = (Reason("targets_missing", field="targets"),)
    if faults or also:
        raise Invalid("targets_unknown" if faults else "content_unusable", reasons=[*faults, *also])
    return places


def _authorize(actor: Actor, unit_path: str, places: Sequence[channels.Place]) -> None:
    for place in places:
        authorize(
            actor, Role.EDITOR, unit_path=unit_path, channel=place.channel.code, section=place.section.code
        )


def _unknown_assets(document: Document, held: frozenset[str]) -> list[Reason]:
    return [Reason("unknown_asset", {"sha256": name}) for name in sorted(document.assets() - held)]


def _bind(session: Session, draft_id: UUID, places: Sequence[channels.Place]) -> None:
    session.add_all(
        DraftTarget(draft_id=draft_id, channel_id=place.channel.id, section_id=place.section.id)
        for place in places
    )


def _codes(places: Sequence[channels.Place]) -> list[str]:
    return sorted(f"{place.channel.code}/{place.section.code}" for place in places)


def _revision(
    revision_id: UUID,
    draft_id: UUID,
    number: int,
    document: Document,
    author_id: UUID,
    at: datetime,
    left_out: Sequence[dict[str, Any]],
) -> Revision:
    return Revision(
        id=revision_id,
        draft_id=draft_id,
        number=number,
        digest=digest(document),
        text_digest=text_and_media_digest(document),
        document=document_bytes(document).decode(),
        left_out=json.dumps(list(left_out), ensure_ascii=False),
        author_id=author_id,
        created_at=at,
    )


def _next_number(session: Session, at: datetime) -> str:
    """Return the year's next number (Beijing time); its row stays locked, so that no gap is left."""
    year = beijing(at).year
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    counted: Any = dialect.insert(DraftCounter).values(year=year, last=1)
    counted = counted.on_conflict_do_update(
        index_elements=["year"], set_={"last": col(DraftCounter.last) + 1}
    )
    last = session.exec(counted.returning(col(DraftCounter.last))).one()[0]
    return f"{year}-{last:06d}"
