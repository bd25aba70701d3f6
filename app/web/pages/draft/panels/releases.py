"""The releases of a draft: who signed which line, until when, and what was done with it."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.domain.vocabulary import ReleaseState
from app.drafts.models import Draft
from app.identity import queries as identity
from app.publication import queries as publication
from app.words.labels import label


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """A release in words, and what was done with it."""

    line: str
    channel: str
    by: str
    at: datetime
    state: str
    expires_at: datetime
    published_at: datetime | None
    url: str


def releases_of(session: Session, draft: Draft, channels: dict[str, str]) -> tuple[ReleaseRow, ...]:
    """Return the releases of a draft, the oldest first; `channels` are the names of its lines."""
    signed = publication.releases_of(session, draft.id)
    done = {one.release_id: one for one in publication.publications_of(session, draft.id)} if signed else {}
    names = identity.names(session, {one.signed_by for one in signed})
    return tuple(
        ReleaseRow(
            one.channel,
            channels.get(one.channel, one.channel),
            names.get(one.signed_by, ""),
            one.signed_at,
            label(ReleaseState(one.state)),
            one.expires_at,
            done[one.id].published_at if one.id in done else None,
            done[one.id].url if one.id in done else "",
        )
        for one in signed
    )
