import json
from typing import Annotated

from fastapi import Query

from app.domain.vocabulary import Role
from app.identity.access import CurrentActor, authorize
from app.infra.db import ReadSession
from app.infra.http.routing import ApiRouter
from app.webhooks.events import queries
from app.webhooks.schemas import DrawnEventOut, DrawnEventsOut, ToldEvent
from app.webhooks.service import told_outside

router = ApiRouter(tags=["webhooks"])
_LAST = 2**63 - 1


@router.get("/events")
def draw_events(
    actor: CurrentActor,
    session: ReadSession,
    after: Annotated[int, Query(ge=0, le=_LAST, description="`next_after` of the page before")] = 0,
    types: Annotated[list[ToldEvent] | None, Query(alias="type", max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> DrawnEventsOut:
    """Draw the messages that endpoints are sent, in the order in which they came to be; none is missed.

    A tool draws those of the channels that its key reaches, an administrator those of their units.
    """
    if actor.tool is None:
        authorize(actor, Role.SYSTEM_ADMIN)
    wanted = types or []
    told_outside(wanted)
    rows, reached = queries.events(session, actor, after=after, types=wanted, limit=limit)
    items = [DrawnEventOut(id=row.id, position=row.position or 0, **json.loads(row.body)) for row in rows]
    return DrawnEventsOut(items=items, next_after=reached)
