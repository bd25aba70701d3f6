"""How long messages to the outside and their deliveries are kept; what they said stays on record."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import Session, col, func, select

from app.infra.runtime import Runtime
from app.webhooks.models import DeliveryState, WebhookDelivery, WebhookMessage

#: Messages, deliveries and what was answered are kept for so long.
KEPT = timedelta(days=30)
#: So many rows go in one transaction.
AT_ONCE = 500


def forget(runtime: Runtime, *, at: datetime) -> int:
    """Delete what has been kept long enough, a few hundred rows a transaction; return how many rows went.

    What still waits for its receiver is kept, and the newest message: places are counted on from it.
    """
    before, gone = at - KEPT, 0
    for some in (_deliveries, _messages):
        while True:
            with runtime.database.write() as session:
                done = some(session, before)
            gone += done
            if done < AT_ONCE:
                break
    return gone


def _deliveries(session: Session, before: datetime) -> int:
    query = select(WebhookDelivery.id).where(
        col(WebhookDelivery.created_at) < before,
        WebhookDelivery.state != DeliveryState.WAITING,
        func.coalesce(WebhookDelivery.delivered_at, WebhookDelivery.created_at) < before,
    )
    ids = session.exec(query.limit(AT_ONCE)).all()
    session.exec(delete(WebhookDelivery).where(col(WebhookDelivery.id).in_(ids)))
    return len(ids)


def _messages(session: Session, before: datetime) -> int:
    newest = select(func.max(WebhookMessage.position)).scalar_subquery()
    kept = select(WebhookDelivery.id).where(col(WebhookDelivery.message_id) == col(WebhookMessage.id))
    query = select(WebhookMessage.id).where(
        col(WebhookMessage.created_at) < before,
        func.coalesce(WebhookMessage.position, 0) < newest,
        ~kept.exists(),
    )
    ids = session.exec(query.limit(AT_ONCE)).all()
    session.exec(delete(WebhookMessage).where(col(WebhookMessage.id).in_(ids)))
    return len(ids)
