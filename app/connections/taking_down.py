"""What was published on connected channels and is to come down: taken down and confirmed here."""

from datetime import datetime
from uuid import UUID

import structlog

from app.channels.models import Channel
from app.connections import queries
from app.connections.adapters.base import Later, Refused
from app.connections.connected import adapter, connected
from app.connections.models import ChannelPush
from app.domain.vocabulary import OrderState
from app.infra.errors import AppError
from app.infra.runtime import Runtime
from app.publication.models import Publication
from app.publication.orders import service as orders
from app.publication.orders.models import ChannelOrder

log = structlog.get_logger()


def look(runtime: Runtime, *, at: datetime) -> int:
    """Take down what channels were told to, and confirm it; return how many orders were done.

    What fails is tried again at the next look; the order's own alarm tells people when it is late.
    """
    with runtime.database.read() as session:
        waiting = queries.to_take_down(session)
    return sum(_done(runtime, order_id, push_id, at=at) for order_id, push_id in waiting)


def _done(runtime: Runtime, order_id: UUID, push_id: UUID, *, at: datetime) -> bool:
    with runtime.database.read() as session:
        order, push = session.get_one(ChannelOrder, order_id), session.get_one(ChannelPush, push_id)
        there = connected(session, session.get_one(Channel, push.channel_id))
        publication = session.get_one(Publication, order.publication_id)
        name, is_open = publication.external_id, order.state == OrderState.WAITING
    if there is None or publication.tool_id != there.publisher.id or not is_open:
        return False
    try:
        adapter(there.connection, runtime.settings).take_down(name)
        with runtime.database.write() as session:
            orders.confirm_by_tool(session, order_id, remark="", publisher=there.publisher, at=at)
    except (Later, Refused) as error:
        log.warning("connections.not_taken_down", order=str(order_id), why=type(error).__name__)
        return False
    except AppError as error:
        log.warning("connections.not_confirmed", order=str(order_id), code=error.code)
        return False
    return True
