"""Reading releases and publications."""

from uuid import UUID

from sqlmodel import Session, col, select

from app.drafts import queries as drafts
from app.identity.queries import Actor
from app.infra.errors import NotFound
from app.publication.models import Publication, Release


def releases_of(session: Session, draft_id: UUID) -> list[Release]:
    """Return every release of a draft, the oldest first; perhaps none."""
    query = select(Release).where(Release.draft_id == draft_id).order_by(col(Release.id))
    return list(session.exec(query).all())


def publications_of(session: Session, draft_id: UUID) -> list[Publication]:
    """Return every publication of a draft, the oldest first; perhaps none."""
    query = select(Publication).where(Publication.draft_id == draft_id).order_by(col(Publication.id))
    return list(session.exec(query).all())


def visible_release(session: Session, release_id: UUID, actor: Actor) -> Release:
    """Return a release of a draft that the actor may see. Raises `NotFound`."""
    release = session.get(Release, release_id)
    if release is None:
        raise NotFound("not_found")
    drafts.visible(session, release.draft_id, actor)
    return release
