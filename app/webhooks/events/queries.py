"""The stream of messages, to be drawn instead of being sent: the same bytes, in the order of their places."""

from sqlalchemy import ColumnElement, false, or_
from sqlmodel import Session, col, select

from app.domain.vocabulary import Event, Role
from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.identity.actors import Actor, Tool
from app.webhooks.models import WebhookMessage


def events(
    session: Session, actor: Actor, *, after: int, types: list[Event], limit: int
) -> tuple[list[WebhookMessage], int]:
    """Return up to `limit` messages after a place, in order, and the place up to which was looked.

    A tool draws what tells of a channel and section that its key reaches, an administrator what an endpoint
    of their units would be sent. Places are given out one transaction at a time: none appears behind another.
    """
    found: list[WebhookMessage] = []
    while True:
        query = (
            select(WebhookMessage)
            .outerjoin(Draft, col(Draft.id) == col(WebhookMessage.draft_id))
            .where(col(WebhookMessage.position) > after, _told(actor))
            .order_by(col(WebhookMessage.position))
            .limit(limit)
        )
        if types:
            query = query.where(col(WebhookMessage.type).in_(types))
        rows = list(session.exec(query).all())
        reached = rows if actor.tool is None else _reached(session, rows, actor.tool)
        for row in rows:
            if len(found) == limit:
                return found, after
            after = row.position or after
            if row in reached:
                found.append(row)
        if len(rows) < limit:
            return found, after


def _told(actor: Actor) -> ColumnElement[bool]:
    if actor.tool is not None:
        channels = {channel for channel, _ in actor.tool.places}
        within = col(Draft.unit_path).startswith(actor.tool.unit_path)
        return col(WebhookMessage.channel).in_(channels) & within
    if actor.via == "system":
        return col(WebhookMessage.position).is_not(None)
    units = [grant.unit_path for grant in actor.grants if grant.role is Role.SYSTEM_ADMIN]
    of_units = or_(false(), *(col(Draft.unit_path).startswith(path) for path in units))
    return or_(col(WebhookMessage.draft_id).is_(None), of_units)


def _reached(session: Session, rows: list[WebhookMessage], tool: Tool) -> list[WebhookMessage]:
    if all(section is None for _, section in tool.places):
        return rows
    places = drafts.targets_of(session, {row.draft_id for row in rows if row.draft_id})
    return [row for row in rows if row.draft_id and _reaches(tool, row, places.get(row.draft_id, ()))]


def _reaches(tool: Tool, row: WebhookMessage, places: tuple[drafts.Target, ...]) -> bool:
    bound = {place.channel: place.section for place in places}
    return row.channel is not None and tool.reaches(row.channel, bound.get(row.channel, ""))


__all__ = ["events"]
