"""Sending a link that somebody else asked for: its address is made now, shown this once, and kept nowhere."""

import secrets
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel import Session

from app.domain.guests import LinkState
from app.domain.roles import DECIDING
from app.domain.vocabulary import Event
from app.events.emit import emit
from app.events.payloads.cases import LinkSent
from app.identity.access import authorize
from app.identity.queries import Actor
from app.infra.errors import Conflict, Forbidden, NotFound, Reason
from app.reviews.cases import load
from app.reviews.guest_links.service import TOKEN_BYTES, gone, hashed, known_of, reviews, state_of
from app.reviews.models import SignLink


class SentLink(NamedTuple):
    """A link with the token of its address, which is kept nowhere."""

    link: SignLink
    token: str


def send(session: Session, *, link_id: UUID, namesake: bool, actor: Actor, at: datetime) -> SentLink:
    """Make the address of a link that another person asked for, and return the link with its token.

    Sending it once more makes another address, and the one before is good no more. `namesake` says that the
    sender has made sure that the invited person is not the one of the house who bears the same name. Raises
    `NotFound`, `Forbidden` for who asked, wrote any of the draft or reviews nothing of its unit, `Conflict`
    for a link that is over or whose text is another by now, and for a namesake that was not made sure of.
    """
    link = session.get(SignLink, link_id)
    if link is None:
        raise NotFound("not_found")
    loaded = load(session, link.case_id, actor)
    session.refresh(link)
    if not reviews(actor, loaded.draft.unit_path):
        authorize(actor, *sorted(DECIDING), unit_path=loaded.draft.unit_path)
    if not loaded.case.authors.isdisjoint(map(str, {actor.id, *actor.others})):
        raise Forbidden("forbidden", reasons=[Reason("link_sent_by_author")])
    if actor.is_one_of(link.asked_by):
        raise Forbidden("forbidden", reasons=[Reason("link_sent_by_asker")])
    if state_of(link, at) is not LinkState.OPEN:
        raise Conflict("link_over")
    why = gone(link, loaded, at)
    if why not in {None, "link_unsent", "link_paused"}:
        raise Conflict(str(why), reasons=[Reason(str(why))])
    if link.namesake and not namesake:
        told = Reason("link_namesake_unconfirmed", {"name": link.name}, field="namesake")
        raise Conflict("link_not_to_be_sent", reasons=[told])
    raw = secrets.token_urlsafe(TOKEN_BYTES)
    link.token_hash, link.sent_by, link.sent_at = hashed(raw), actor.id, at
    session.add(link)
    session.flush()
    payload = LinkSent.of({**known_of(link), "asked_by": link.asked_by, "namesake": link.namesake})
    emit(session, Event.LINK_SENT, payload, about=link.draft_id, actor=actor.as_audit(), at=at)
    return SentLink(link, raw)
