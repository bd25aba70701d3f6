"""Reading what channels were told to do with what they have published, and what stands there now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, and_, literal, literal_column, or_
from sqlmodel import Session, col, select

from app.domain.vocabulary import OrderKind, OrderState
from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.identity.queries import Actor
from app.infra.db import UtcDateTime
from app.infra.errors import NotFound
from app.publication.models import Publication
from app.publication.orders.models import ChannelOrder

#: Written out: it is the condition of a partial index.
WAITING: ColumnElement[bool] = literal_column("channel_order.state = 'waiting'")
#: What these kinds took away never goes out again as it was.
FOR_GOOD = (OrderKind.CORRECT, OrderKind.RETRACT)

#: Where a page of orders ended: when the last one is due, and its id.
Cursor = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class Standing:
    """A publication and the orders about it, the oldest first; those that were overtaken are left out."""

    publication: Publication
    orders: tuple[ChannelOrder, ...]

    @property
    def newest(self) -> ChannelOrder | None:
        """The order that holds now; `None` while nothing was ordered."""
        return self.orders[-1] if self.orders else None

    @property
    def is_out(self) -> bool:
        """Whether it is to be found on its channel as far as anybody has reported."""
        return not any(order.state == OrderState.CONFIRMED for order in self.orders)

    @property
    def is_retracted(self) -> bool:
        """Whether it was ordered off its channel for good, confirmed or not."""
        return any(order.kind == OrderKind.RETRACT for order in self.orders)


def standing_of(session: Session, draft_id: UUID) -> tuple[Standing, ...]:
    """Return every publication of a draft with its orders, the oldest first; perhaps none."""
    query = select(Publication).where(Publication.draft_id == draft_id).order_by(col(Publication.id))
    published = session.exec(query).all()
    orders = of_publications(session, [one.id for one in published])
    return tuple(Standing(one, orders.get(one.id, ())) for one in published)


def live(session: Session, draft_id: UUID) -> tuple[Publication, ...]:
    """Return the publications of a draft that can still be corrected or taken down, the oldest first."""
    return tuple(
        one.publication for one in standing_of(session, draft_id) if one.is_out and not one.is_retracted
    )


def of_publications(
    session: Session, publication_ids: Collection[UUID]
) -> Mapping[UUID, tuple[ChannelOrder, ...]]:
    """Return the orders that hold for these publications, by publication, the oldest first. One statement."""
    if not publication_ids:
        return {}
    query = (
        select(ChannelOrder)
        .where(
            col(ChannelOrder.publication_id).in_(publication_ids), ChannelOrder.state != OrderState.OVERTAKEN
        )
        .order_by(col(ChannelOrder.id))
    )
    found: dict[UUID, tuple[ChannelOrder, ...]] = {}
    for order in session.exec(query).all():
        found[order.publication_id] = (*found.get(order.publication_id, ()), order)
    return found


def predecessors(session: Session, draft_id: UUID) -> Mapping[UUID, UUID]:
    """Return which publication each one of a draft took the place of; those that took none are left out."""
    query = (
        select(ChannelOrder.successor_id, ChannelOrder.publication_id)
        .join(Publication, col(Publication.id) == col(ChannelOrder.successor_id))
        .where(Publication.draft_id == draft_id)
    )
    return {after: before for after, before in session.exec(query).all() if after is not None}


def against(session: Session, *, channel: str, digest: str, draft_id: UUID) -> tuple[ChannelOrder, ...]:
    """Return the orders by which this content on this channel, or all of this draft, went off for good."""
    query = select(ChannelOrder).where(is_against(channel, digest, draft_id)).order_by(col(ChannelOrder.id))
    return tuple(session.exec(query).all())


def is_against(
    channel: str | ColumnElement[str], digest: str | ColumnElement[str], draft_id: UUID | ColumnElement[UUID]
) -> ColumnElement[bool]:
    """Return the condition of `against`, for values or for parameters of a statement."""
    return and_(
        col(ChannelOrder.kind).in_(FOR_GOOD),
        col(ChannelOrder.state) != OrderState.OVERTAKEN,
        or_(
            and_(col(ChannelOrder.channel) == channel, col(ChannelOrder.digest) == digest),
            and_(col(ChannelOrder.draft_id) == draft_id, col(ChannelOrder.kind) == OrderKind.RETRACT),
        ),
    )


def of_remedy(session: Session, remedy_id: UUID) -> tuple[ChannelOrder, ...]:
    """Return every order that came of a correction or retraction, overtaken ones too, the oldest first."""
    query = select(ChannelOrder).where(ChannelOrder.remedy_id == remedy_id).order_by(col(ChannelOrder.id))
    return tuple(session.exec(query).all())


def visible_order(session: Session, order_id: UUID, actor: Actor) -> tuple[ChannelOrder, Draft]:
    """Return an order about a draft that the actor may see, with that draft.

    Raises `NotFound`.
    """
    order = session.get(ChannelOrder, order_id)
    if order is None:
        raise NotFound("not_found")
    return order, drafts.visible(session, order.draft_id, actor)


def waiting(
    session: Session, actor: Actor, *, after: Cursor | None = None, limit: int = 50
) -> tuple[tuple[tuple[ChannelOrder, Publication, Draft], ...], Cursor | None]:
    """Return a page of what channels have not confirmed, the longest overdue first, and the next cursor.

    Only about drafts that the actor may see. One statement.
    """
    return _page(session, [drafts.visible_to(actor)], after=after, limit=limit)


def for_tool(
    session: Session,
    *,
    unit_path: str,
    channels: Collection[str],
    after: Cursor | None = None,
    limit: int = 50,
) -> tuple[tuple[tuple[ChannelOrder, Publication, Draft], ...], Cursor | None]:
    """Return a page of what a tool is still to do on its channels, in its unit and those below it."""
    where = [col(Draft.unit_path).startswith(unit_path), col(ChannelOrder.channel).in_(channels)]
    return _page(session, where, after=after, limit=limit)


def _page(
    session: Session, where: list[ColumnElement[bool]], *, after: Cursor | None, limit: int
) -> tuple[tuple[tuple[ChannelOrder, Publication, Draft], ...], Cursor | None]:
    query = (
        select(ChannelOrder, Publication, Draft)
        .join(Publication, col(Publication.id) == col(ChannelOrder.publication_id))
        .join(Draft, col(Draft.id) == col(ChannelOrder.draft_id))
        .where(WAITING, *where)
        .order_by(col(ChannelOrder.due_at), col(ChannelOrder.id))
        .limit(limit + 1)
    )
    if after is not None:
        due, last = literal(after[0], UtcDateTime()), literal(after[1], Uuid())
        same = and_(col(ChannelOrder.due_at) == due, col(ChannelOrder.id) > last)
        query = query.where(or_(col(ChannelOrder.due_at) > due, same))
    rows = tuple((order, publication, draft) for order, publication, draft in session.exec(query).all())
    shown = rows[:limit]
    following = (shown[-1][0].due_at, shown[-1][0].id) if len(rows) > limit else None
    return shown, following
