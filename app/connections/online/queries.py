"""Reading what is to be looked at online, and what was found there."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, literal, or_
from sqlmodel import Session, col, select

from app.channels.models import Channel
from app.connections.online.models import OnlineCheck
from app.domain.vocabulary import OnlineState, OrderState
from app.drafts import queries as drafts
from app.drafts.models import Draft, DraftTarget
from app.identity.actors import Actor
from app.infra.db import UtcDateTime
from app.publication.models import Publication
from app.publication.orders.models import ChannelOrder


def due(session: Session, *, before: datetime, limit: int) -> list[UUID]:
    """Return publications that are out, have an address and were not looked at since `before`.

    Those that nobody has looked at come first, then the one that has waited longest.
    """
    ordered_away = (
        select(ChannelOrder.id)
        .where(ChannelOrder.publication_id == Publication.id, ChannelOrder.state != OrderState.OVERTAKEN)
        .exists()
    )
    query = (
        select(Publication.id)
        .outerjoin(OnlineCheck, col(OnlineCheck.publication_id) == col(Publication.id))
        .where(
            col(Publication.url).startswith("http"),
            ~ordered_away,
            or_(
                col(OnlineCheck.checked_at).is_(None),
                col(OnlineCheck.checked_at) < literal(before, UtcDateTime()),
            ),
        )
        .order_by(col(OnlineCheck.checked_at).is_not(None), col(OnlineCheck.checked_at), col(Publication.id))
    )
    return list(session.exec(query.limit(limit)).all())


def found(
    session: Session,
    actor: Actor,
    *,
    states: Collection[OnlineState] = (),
    before: UUID | None = None,
    limit: int = 50,
) -> list[tuple[OnlineCheck, Publication, Draft, str]]:
    """Return up to `limit` findings about drafts that one may see, the newest publication first.

    With the channel's name. `states` narrows them, empty does not.
    """
    query = (
        select(OnlineCheck, Publication, Draft, Channel.name)
        .join(Publication, col(Publication.id) == col(OnlineCheck.publication_id))
        .join(Draft, col(Draft.id) == col(OnlineCheck.draft_id))
        .join(DraftTarget, col(DraftTarget.draft_id) == col(Draft.id))
        .join(
            Channel,
            (col(Channel.id) == col(DraftTarget.channel_id)) & (col(Channel.code) == Publication.channel),
        )
        .where(drafts.visible_to(actor))
        .order_by(col(Publication.id).desc())
        .limit(limit)
    )
    if states:
        query = query.where(col(OnlineCheck.state).in_(sorted(states)))
    if before is not None:
        query = query.where(col(Publication.id) < before)
    return [
        (check, publication, draft, name) for check, publication, draft, name in session.exec(query).all()
    ]


def counted(session: Session, actor: Actor) -> dict[OnlineState, int]:
    """Return of how many publications that one may see the newest look ended in each state."""
    query = (
        select(OnlineCheck.state, func.count())
        .join(Draft, col(Draft.id) == col(OnlineCheck.draft_id))
        .where(drafts.visible_to(actor))
        .group_by(col(OnlineCheck.state))
    )
    return {OnlineState(state): count for state, count in session.exec(query).all()}
