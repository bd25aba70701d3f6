"""One's own browser sessions: which are open, and ending them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.domain.vocabulary import Event
from app.events.emit import emit
from app.events.payloads.accounts import OfSession
from app.identity.actors import Actor
from app.identity.models import BrowserSession
from app.identity.queries import session_hash
from app.infra.errors import NotFound
from app.infra.settings import Settings


@dataclass(frozen=True, slots=True)
class OpenSession:
    """An open session: the name by which it is ended, since when it is open, whether it is the asker's."""

    id: str
    created_at: datetime
    last_seen_at: datetime
    this_one: bool


def own(
    session: Session, actor: Actor, *, at: datetime, settings: Settings, raw: str = ""
) -> tuple[OpenSession, ...]:
    """Return somebody's open sessions, the one seen last in front; `raw` is the id of the one that asks."""
    query = (
        select(BrowserSession)
        .where(
            BrowserSession.user_id == actor.id,
            col(BrowserSession.revoked_at).is_(None),
            BrowserSession.created_at > at - timedelta(minutes=settings.session_minutes),
            BrowserSession.last_seen_at > at - timedelta(minutes=settings.session_idle_minutes),
        )
        .order_by(col(BrowserSession.last_seen_at).desc(), col(BrowserSession.id_hash))
    )
    asking = session_hash(raw) if raw else ""
    return tuple(
        OpenSession(row.id_hash, row.created_at, row.last_seen_at, row.id_hash == asking)
        for row in session.exec(query).all()
    )


def end(session: Session, name: str, *, actor: Actor, at: datetime) -> None:
    """End one of one's own sessions at once. Raises `NotFound` for any other, and for one that is over."""
    row = session.exec(
        select(BrowserSession).where(
            BrowserSession.id_hash == name,
            BrowserSession.user_id == actor.id,
            col(BrowserSession.revoked_at).is_(None),
        )
    ).one_or_none()
    if row is None:
        raise NotFound("not_found")
    row.revoked_at = at
    session.add(row)
    emit(session, Event.USER_SESSION_ENDED, OfSession(), about=actor.id, actor=actor.as_audit(), at=at)
