"""Reading releases and publications."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, literal_column, or_
from sqlmodel import Session, col, select

from app.domain.vocabulary import ScheduledState
from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.identity.queries import Actor
from app.infra.errors import NotFound
from app.publication.models import Publication, Release, ScheduledRelease

#: Written out: it is the condition of a partial index.
_WAITING: ColumnElement[str] = literal_column(f"'{ScheduledState.WAITING}'")


def signers_of(session: Session, release_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Return who signed each of these releases, by its id. One statement."""
    query = select(Release.id, Release.signed_by).where(col(Release.id).in_(release_ids))
    return dict(session.exec(query).all())


def releases_of(session: Session, draft_id: UUID) -> list[Release]:
    """Return every release of a draft, the oldest first; perhaps none."""
    query = select(Release).where(Release.draft_id == draft_id).order_by(col(Release.id))
    return list(session.exec(query).all())


def publications_of(session: Session, draft_id: UUID) -> list[Publication]:
    """Return every publication of a draft, the oldest first; perhaps none."""
    query = select(Publication).where(Publication.draft_id == draft_id).order_by(col(Publication.id))
    return list(session.exec(query).all())


def publication(session: Session, publication_id: UUID) -> Publication:
    """Return a publication, which anybody may know of. Raises `NotFound`."""
    found = session.get(Publication, publication_id)
    if found is None:
        raise NotFound("not_found")
    return found


def title_of(session: Session, done: Publication) -> str:
    """Return the title that was published: the draft's own may have been changed since."""
    release = session.get_one(Release, done.release_id)
    return drafts.document_of(drafts.revision_by_digest(session, done.draft_id, release.revision)).title


def scheduled_of(session: Session, draft_id: UUID) -> list[ScheduledRelease]:
    """Return every scheduled release of a draft, what became of it too, the oldest first; perhaps none."""
    query = select(ScheduledRelease).where(ScheduledRelease.draft_id == draft_id)
    return list(session.exec(query.order_by(col(ScheduledRelease.id))).all())


def scheduled(
    session: Session, actor: Actor, *, mine: bool = False, after: UUID | None = None, limit: int = 50
) -> tuple[tuple[tuple[ScheduledRelease, Draft], ...], UUID | None]:
    """Return a page of what waits for its time, the next to go out in front; and where the next page begins.

    Only drafts that the actor may see; `mine` only what they signed or handed in. One statement.
    """
    query = (
        select(ScheduledRelease, Draft)
        .join(Draft, col(Draft.id) == col(ScheduledRelease.draft_id))
        .where(col(ScheduledRelease.state) == _WAITING, drafts.visible_to(actor))
        .order_by(col(ScheduledRelease.release_at), col(ScheduledRelease.id))
        .limit(limit + 1)
    )
    if mine:
        query = query.where(
            or_(col(ScheduledRelease.signed_by) == actor.id, col(Draft.submitter_id) == actor.id)
        )
    if after is not None and (last := session.get(ScheduledRelease, after)) is not None:
        later = (col(ScheduledRelease.release_at) == last.release_at) & (col(ScheduledRelease.id) > last.id)
        query = query.where(or_(col(ScheduledRelease.release_at) > last.release_at, later))
    rows = session.exec(query).all()
    shown = tuple((row, draft) for row, draft in rows[:limit])
    return shown, shown[-1][0].id if len(rows) > limit else None


def visible_release(session: Session, release_id: UUID, actor: Actor) -> Release:
    """Return a release of a draft that the actor may see. Raises `NotFound`."""
    release = session.get(Release, release_id)
    if release is None:
        raise NotFound("not_found")
    drafts.visible(session, release.draft_id, actor)
    return release
