"""Reading drafts, and who may see them: the one door that answers 404 to everybody else."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, and_, exists, false, func, literal, or_, true
from sqlmodel import Session, col, select

from app.channels.models import Channel, Section
from app.domain.document.model import Document
from app.domain.roles import SEEING
from app.domain.vocabulary import ChannelKind, DraftState, RemedyKind, Role
from app.drafts import errors as _words  # noqa: F401 – the words of the codes below
from app.drafts.models import Draft, DraftAsset, DraftReader, DraftTarget, ReadingFor, Revision
from app.drafts.remedies.models import Remedy
from app.identity.models import Unit
from app.identity.queries import Actor, Grant, Post
from app.infra.errors import NotFound


@dataclass(frozen=True, slots=True)
class Target:
    """Where a draft is bound: a channel and one of its sections, by id, code and name."""

    channel_id: UUID
    channel: str
    kind: ChannelKind
    channel_name: str
    section_id: UUID
    section: str
    section_name: str


def visible(session: Session, draft_id: UUID, actor: Actor, *, lock: bool = False) -> Draft:
    """Return a draft that the actor may see; `lock` holds its row until the transaction ends.

    It is seen by whoever wrote any of it or was let in, and by reviewers, proofreaders and publishers of its
    unit and of one of its channels. Raises `NotFound` for everybody else, as for a draft that does not exist.
    """
    query = select(Draft).where(Draft.id == draft_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    draft = session.exec(query).one_or_none()
    if draft is None or not may_see(session, draft, actor):
        raise NotFound("not_found")
    return draft


def may_see(session: Session, draft: Draft, actor: Actor, *, by_copy: bool = True) -> bool:
    """Say whether the actor may see this draft; asks the database only where the draft does not tell.

    Without `by_copy` a copy (抄送) alone is not enough.
    """
    if _sees_by_itself(draft, actor):
        return True
    over = _grants_over(draft, actor)
    if over and _reach(over, targets(session, draft.id)):
        return True
    written = select(Revision.id).where(Revision.draft_id == draft.id, Revision.author_id == actor.id)
    let_in = select(DraftReader.user_id).where(
        DraftReader.draft_id == draft.id, col(DraftReader.user_id).in_(_persons(actor))
    )
    if not by_copy:
        let_in = let_in.where(DraftReader.why != ReadingFor.COPIED)
    return session.scalars(written.union_all(let_in).limit(1)).first() is not None


def seen(session: Session, pairs: Iterable[tuple[Draft, Actor]]) -> frozenset[tuple[UUID, UUID]]:
    """Return which of these drafts these people may see, as ids of draft and person: `may_see` for many.

    Two statements at most; none where units and roles tell of all.
    """
    asked = tuple(pairs)
    unknown = [(draft, actor) for draft, actor in asked if not _sees_by_itself(draft, actor)]
    known = {(draft.id, actor.id) for draft, actor in asked} - {
        (draft.id, actor.id) for draft, actor in unknown
    }
    narrow = {draft.id for draft, actor in unknown if _grants_over(draft, actor)}
    places = targets_of(session, narrow)
    for draft, actor in unknown:
        if _reach(_grants_over(draft, actor), places.get(draft.id, ())):
            known.add((draft.id, actor.id))
    unknown = [(draft, actor) for draft, actor in unknown if (draft.id, actor.id) not in known]
    if not unknown:
        return frozenset(known)
    ids = {draft.id for draft, _ in unknown}
    persons = {person for _, actor in unknown for person in _persons(actor)}
    wrote = select(Revision.draft_id, Revision.author_id, literal(value=True)).where(
        col(Revision.draft_id).in_(ids), col(Revision.author_id).in_(persons)
    )
    let_in = select(DraftReader.draft_id, DraftReader.user_id, literal(value=False)).where(
        col(DraftReader.draft_id).in_(ids), col(DraftReader.user_id).in_(persons)
    )
    by_name = {tuple(row) for row in session.execute(wrote.union(let_in))}
    return frozenset(known) | {
        (draft.id, actor.id)
        for draft, actor in unknown
        if (draft.id, actor.id, True) in by_name
        or any((draft.id, person, False) in by_name for person in _persons(actor))
    }


def known(session: Session, draft_id: UUID, actor: Actor) -> Draft:
    """Return a draft whose record the actor may read: one they may see, or one of a unit that they audit.

    Raises `NotFound` for everybody else. What is returned to an auditor must not show the content.
    """
    draft = session.get(Draft, draft_id)
    if draft is None:
        raise NotFound("not_found")
    if not actor.has(Role.AUDIT_ADMIN, unit_path=draft.unit_path) and not may_see(session, draft, actor):
        raise NotFound("not_found")
    return draft


def head(session: Session, draft: Draft) -> Revision:
    """Return the newest revision of a draft."""
    return session.get_one(Revision, draft.head_id)


def revision(session: Session, draft: Draft, number: int) -> Revision:
    """Return one revision of a draft. Raises `NotFound`."""
    row = session.exec(
        select(Revision).where(Revision.draft_id == draft.id, Revision.number == number)
    ).one_or_none()
    if row is None:
        raise NotFound("not_found")
    return row


def revision_by_digest(session: Session, draft_id: UUID, digest: str) -> Revision:
    """Return the newest revision of a draft with this content. Raises `NotFound`."""
    row = session.exec(
        select(Revision)
        .where(Revision.draft_id == draft_id, Revision.digest == digest)
        .order_by(col(Revision.number).desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        raise NotFound("not_found")
    return row


def revisions(session: Session, draft_id: UUID) -> tuple[Revision, ...]:
    """Return every revision of a draft, the first one first."""
    query = select(Revision).where(Revision.draft_id == draft_id).order_by(col(Revision.number))
    return tuple(session.exec(query).all())


def document_of(revision: Revision) -> Document:
    """Return the content of a revision."""
    return Document.model_validate_json(revision.document)


def left_out_of(revision: Revision) -> list[dict[str, Any]]:
    """Return what the source of a revision held and its document does not; perhaps nothing."""
    entries: list[dict[str, Any]] = json.loads(revision.left_out)
    return entries


def authors(session: Session, draft_id: UUID) -> frozenset[UUID]:
    """Return whoever submitted the draft or wrote any revision of it, or of what it corrects."""
    return authors_of(session, [draft_id]).get(draft_id, frozenset())


def authors_of(session: Session, draft_ids: Collection[UUID]) -> dict[UUID, frozenset[UUID]]:
    """Return for each of these drafts whoever submitted it or wrote any revision of it.

    Of a correction also whoever wrote what it corrects: what it leaves as it was is under review as well. One
    statement; none for no drafts.
    """
    if not draft_ids:
        return {}
    texts = _texts_of(draft_ids)
    wrote = select(texts.c.draft_id, Revision.author_id).join(
        Revision, col(Revision.draft_id) == texts.c.text_id
    )
    submitted = select(texts.c.draft_id, Draft.submitter_id).join(Draft, col(Draft.id) == texts.c.text_id)
    by_draft: dict[UUID, set[UUID]] = {}
    for draft_id, person in session.execute(wrote.union(submitted)):
        by_draft.setdefault(draft_id, set()).add(person)
    return {draft_id: frozenset(persons) for draft_id, persons in by_draft.items()}


def _texts_of(draft_ids: Collection[UUID]) -> CTE:
    """Return pairs of a draft and each one that its text comes from: itself, what it corrects, and so on."""
    own: Any = select(col(Draft.id).label("draft_id"), col(Draft.id).label("text_id")).where(
        col(Draft.id).in_(draft_ids)
    )
    texts = own.cte("texts", recursive=True)
    corrected = (
        select(texts.c.draft_id, Remedy.of_draft_id)
        .join(Remedy, col(Remedy.draft_id) == texts.c.text_id)
        .where(Remedy.kind == RemedyKind.CORRECTION)
    )
    both: CTE = texts.union(corrected)
    return both


def counts(session: Session, actor: Actor, *, submitter_id: UUID) -> dict[DraftState, int]:
    """Return how many drafts somebody handed in that the actor may see, by state; no state without any."""
    query = (
        select(Draft.state, func.count())
        .where(visible_to(actor), Draft.submitter_id == submitter_id)
        .group_by(Draft.state)
    )
    return {DraftState(state): number for state, number in session.exec(query).all()}


def heads(session: Session, found: Iterable[Draft]) -> dict[UUID, Revision]:
    """Return the newest revision of each of these drafts, by the draft's id; none for none. One statement."""
    wanted = [draft.head_id for draft in found]
    rows = session.exec(select(Revision).where(col(Revision.id).in_(wanted))).all() if wanted else ()
    return {row.draft_id: row for row in rows}


def targets(session: Session, draft_id: UUID) -> tuple[Target, ...]:
    """Return where a draft is bound, by channel code."""
    return targets_of(session, [draft_id]).get(draft_id, ())


def number_of(session: Session, draft_id: UUID) -> str:
    """Return the human number of a draft that is there."""
    return session.get_one(Draft, draft_id).number


def channel_names(session: Session, draft_id: UUID) -> dict[str, str]:
    """Return the names of the channels that a draft is bound for, by their codes."""
    return names_of(targets(session, draft_id))


def names_of(places: Iterable[Target]) -> dict[str, str]:
    """Return the names of channels by their codes."""
    return {target.channel: target.channel_name for target in places}


def targets_of(session: Session, draft_ids: Iterable[UUID]) -> dict[UUID, tuple[Target, ...]]:
    """Return where these drafts are bound, each by channel code. One statement; none for no drafts."""
    wanted = list(draft_ids)
    if not wanted:
        return {}
    query = (
        select(DraftTarget.draft_id, Channel, Section)
        .join(Channel, col(Channel.id) == col(DraftTarget.channel_id))
        .join(Section, col(Section.id) == col(DraftTarget.section_id))
        .where(col(DraftTarget.draft_id).in_(wanted))
        .order_by(col(Channel.code))
    )
    by_draft: dict[UUID, tuple[Target, ...]] = {}
    for draft_id, channel, section in session.exec(query).all():
        target = Target(
            channel.id,
            channel.code,
            ChannelKind(channel.kind),
            channel.name,
            section.id,
            section.code,
            section.name,
        )
        by_draft[draft_id] = (*by_draft.get(draft_id, ()), target)
    return by_draft


def assets_held(session: Session, draft_id: UUID) -> tuple[DraftAsset, ...]:
    """Return the files that a draft holds, by name; perhaps none. Their bytes are not read."""
    query = select(DraftAsset).where(DraftAsset.draft_id == draft_id).order_by(DraftAsset.filename)
    return tuple(session.exec(query).all())


def _sees_by_itself(draft: Draft, actor: Actor) -> bool:
    """Say whether the draft's own row tells that the actor may see it."""
    if actor.via == "system" or draft.submitter_id == actor.id:
        return True
    return any(draft.unit_path.startswith(post.unit_path) for post in _posts(actor)) or any(
        grant.channel is None for grant in _grants_over(draft, actor)
    )


def _grants_over(draft: Draft, actor: Actor) -> list[Grant]:
    return [
        grant for grant in actor.reach if grant.role in SEEING and draft.unit_path.startswith(grant.unit_path)
    ]


def _reach(grants: Iterable[Grant], places: Iterable[Target]) -> bool:
    return any(grant.covers(None, place.channel, place.section) for grant in grants for place in places)


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Return the condition on `Draft` that keeps what the actor may see; for every list, count and search."""
    if actor.via == "system":
        return true()
    wrote = col(Draft.id).in_(select(Revision.draft_id).where(Revision.author_id == actor.id))
    let_in = col(Draft.id).in_(
        select(DraftReader.draft_id).where(col(DraftReader.user_id).in_(_persons(actor)))
    )
    seeing = {
        (grant.unit_path, grant.channel, grant.section) for grant in actor.reach if grant.role in SEEING
    }
    # Stages are named by posts as they are by roles; whoever may have to act may know of the draft.
    seeing |= {(post.unit_path, None, None) for post in _posts(actor)}
    return or_(wrote, let_in, *(_within(*place) for place in sorted(seeing, key=str)))


def _posts(actor: Actor) -> list[Post]:
    return [*actor.posts, *(post for stand_in in actor.standing_in for post in stand_in.posts)]


def _persons(actor: Actor) -> list[UUID]:
    """Return whose papers the actor may read: their own, and those of people they wholly stand in for."""
    return [actor.id, *(stand_in.principal for stand_in in actor.standing_in if stand_in.login)]


def _within(unit_path: str, channel: str | None, section: str | None) -> ColumnElement[bool]:
    below = col(Draft.unit_id).in_(select(Unit.id).where(col(Unit.path).startswith(unit_path)))
    if channel is None:
        return below
    bound = (
        select(DraftTarget.draft_id)
        .join(Channel, col(Channel.id) == col(DraftTarget.channel_id))
        .where(DraftTarget.draft_id == col(Draft.id), Channel.code == channel)
    )
    if section is not None:
        bound = bound.join(Section, col(Section.id) == col(DraftTarget.section_id)).where(
            Section.code == section
        )
    return and_(below, exists(bound))


def named(word: str) -> ColumnElement[bool]:
    """Return the condition on `Draft` that a word stands in its title or number."""
    return or_(*(col(one).icontains(word, autoescape=True) for one in (Draft.title, Draft.number)))


def listing(
    session: Session,
    actor: Actor,
    *,
    states: Iterable[DraftState] = (),
    unit_id: UUID | None = None,
    channel: str | None = None,
    submitter_id: UUID | None = None,
    conditions: Sequence[ColumnElement[bool]] = (),
    before: UUID | None = None,
    limit: int = 50,
) -> tuple[Draft, ...]:
    """Return the drafts that the actor may see, the newest first; filters that are not given do not filter.

    `unit_id` takes the units below with it; each of `conditions` must hold; `before` is the
    id of the last draft of the page before.
    """
    query = select(Draft).where(visible_to(actor), *conditions)
    if wanted := list(states):
        query = query.where(col(Draft.state).in_(wanted))
    if unit_id is not None:
        unit = session.get(Unit, unit_id)
        query = query.where(_within(unit.path, None, None) if unit else false())
    if channel is not None:
        query = query.where(_within("/", channel, None))
    if submitter_id is not None:
        query = query.where(Draft.submitter_id == submitter_id)
    if before is not None:
        query = query.where(col(Draft.id) < before)
    return tuple(session.exec(query.order_by(col(Draft.id).desc()).limit(limit)).all())


def copied_to(
    session: Session, actor: Actor, *, before: tuple[datetime, UUID | None] | None = None, limit: int = 50
) -> tuple[tuple[DraftReader, Draft], ...]:
    """Return the drafts of which the actor was sent a copy (抄送我的), the newest first.

    `before` is when the last one of the page before was sent, and its draft.
    """
    query = (
        select(DraftReader, Draft)
        .join(Draft, col(Draft.id) == col(DraftReader.draft_id))
        .where(DraftReader.user_id == actor.id, DraftReader.why == ReadingFor.COPIED)
        .order_by(col(DraftReader.at).desc(), col(DraftReader.draft_id).desc())
        .limit(limit)
    )
    if before is not None:
        at, draft = before
        older = col(DraftReader.at) < at
        same = and_(col(DraftReader.at) == at, col(DraftReader.draft_id) < draft) if draft else false()
        query = query.where(or_(older, same))
    return tuple((reader, draft) for reader, draft in session.exec(query).all())
