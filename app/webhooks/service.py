"""Tools that publish and addresses that listen: who they are and which secrets they hold."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from sqlmodel import Session, col, select

from app.audit import service as audit
from app.channels import queries as channels
from app.domain.vocabulary import Event, NoticeKind, Role
from app.events.catalogue import ANNOUNCED
from app.events.emit import emit
from app.events.payloads.machines import EndpointCreated, EndpointDisabled, Replayed, ToolCreated
from app.identity import service as identity
from app.identity.models import Unit
from app.identity.queries import Actor, holders
from app.infra.errors import Conflict, Invalid, NotFound, Reason
from app.infra.ids import new_id
from app.jobs import service as jobs
from app.jobs.kinds import JobKind
from app.webhooks import errors as _words  # noqa: F401 – the words of the codes below
from app.webhooks import standard, vault
from app.webhooks.addresses import targets as addresses
from app.webhooks.addresses.targets import AllowList
from app.webhooks.models import (
    DeliveryState,
    PublishingTool,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookSecret,
)

log = structlog.get_logger()

#: How long an old secret stays good after a new one was made.
ROTATION = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class NewTool:
    """A tool just registered, and its secret, which is shown this once."""

    tool: PublishingTool
    secret: str


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """An address just registered, and its secret, which is shown this once."""

    endpoint: WebhookEndpoint
    secret: str


def create_tool(
    session: Session,
    *,
    unit_id: UUID,
    name: str,
    channel_codes: Sequence[str],
    actor: Actor,
    master: bytes,
    at: datetime,
) -> NewTool:
    """Register a publishing tool for a unit and its channels; `master` is the installation's secret.

    Raises `NotFound` for a unit out of the actor's reach, `Forbidden`, `Invalid` naming every channel that
    the unit cannot publish on, `Conflict` when the unit has a tool of this name.
    """
    unit = identity.unit_in_reach(session, unit_id, actor, Role.SYSTEM_ADMIN)
    known = channels.open_to(session, unit.path)
    if unknown := [code for code in channel_codes if code not in known]:
        reasons = [Reason("unknown_channel", {"channel": code}, field="body.channels") for code in unknown]
        raise Invalid("malformed", reasons=reasons)
    query = select(PublishingTool.id).where(PublishingTool.unit_id == unit_id, PublishingTool.name == name)
    if session.exec(query).first() is not None:
        raise Conflict("tool_name_taken")
    tool = PublishingTool(
        id=new_id(),
        unit_id=unit.id,
        unit_path=unit.path,
        name=name,
        channels=json.dumps(sorted(set(channel_codes))),
        active=True,
        created_by=_person(actor),
        created_at=at,
    )
    session.add(tool)
    session.flush()
    secret = add_secret(session, tool=tool, endpoint=None, master=master, at=at)
    payload = ToolCreated(tool=tool.id, unit=unit.id, channels=sorted(set(channel_codes)), name=name)
    admin = actor.as_audit(Role.SYSTEM_ADMIN)
    emit(session, Event.TOOL_CREATED, payload, about=tool.id, actor=admin, at=at)
    return NewTool(tool, standard.printed(secret))


def create_endpoint(
    session: Session,
    *,
    unit_id: UUID,
    url: str,
    events: Sequence[Event],
    tool_id: UUID | None = None,
    actor: Actor,
    allowed: AllowList,
    master: bytes,
    at: datetime,
) -> NewEndpoint:
    """Register an address that hears of the events of a unit and those below it; no events: of all.

    One that is a tool's own hears of no channel but the tool's. Raises `NotFound` for a unit out of the
    actor's reach, `Forbidden`, `Invalid` with every reason against the address, `Conflict` when the unit has
    this address already.
    """
    unit = identity.unit_in_reach(session, unit_id, actor, Role.SYSTEM_ADMIN)
    told_outside(events)
    if tool_id is not None:
        tool = session.get(PublishingTool, tool_id)
        if tool is None or tool.unit_id != unit.id:
            raise Invalid("malformed", reasons=[Reason("tool_of_unit", field="body.tool_id")])
    if reasons := addresses.faults(url, allowed=allowed):
        raise Invalid("webhook_endpoint_refused", reasons=reasons)
    url = addresses.normal(url)
    # Two who register the same at once take turns by the unit's row.
    session.exec(select(Unit.id).where(Unit.id == unit.id).with_for_update()).one()
    same = select(WebhookEndpoint.id).where(
        WebhookEndpoint.unit_id == unit.id, WebhookEndpoint.url == url, col(WebhookEndpoint.active).is_(True)
    )
    if (there := session.exec(same).first()) is not None:
        raise Conflict("webhook_endpoint_exists", data={"endpoint": str(there)})
    endpoint = WebhookEndpoint(
        id=new_id(),
        unit_id=unit.id,
        unit_path=unit.path,
        url=url,
        events=json.dumps(sorted(set(events))),
        tool_id=tool_id,
        active=True,
        created_by=_person(actor),
        created_at=at,
    )
    session.add(endpoint)
    session.flush()
    secret = add_secret(session, tool=None, endpoint=endpoint, master=master, at=at)
    payload = EndpointCreated(endpoint=endpoint.id, unit=unit.id, url=url, events=sorted(set(events)))
    admin = actor.as_audit(Role.SYSTEM_ADMIN)
    emit(session, Event.WEBHOOK_ENDPOINT_CREATED, payload, about=endpoint.id, actor=admin, at=at)
    return NewEndpoint(endpoint, standard.printed(secret))


def told_outside(events: Sequence[Event]) -> None:
    """Refuse to promise events that are never told outside. Raises `Invalid` with each of them."""
    if untold := sorted(set(events) - ANNOUNCED.keys()):
        reasons = [Reason("event_not_told", {"event": str(event)}, field="body.events") for event in untold]
        raise Invalid("malformed", reasons=reasons)


def deactivate_endpoint(
    session: Session, endpoint_id: UUID, *, actor: Actor, at: datetime
) -> WebhookEndpoint:
    """Stop telling an address anything; what waits for it is given up.

    Raises `NotFound`, `Forbidden`, `Conflict`.
    """
    endpoint = session.exec(
        select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id).with_for_update()
    ).one_or_none()
    if endpoint is None:
        raise NotFound("not_found")
    identity.unit_in_reach(session, endpoint.unit_id, actor, Role.SYSTEM_ADMIN)
    if not endpoint.active:
        raise Conflict("webhook_endpoint_inactive")
    disable(session, endpoint, reason="by_administrator", actor=actor.as_audit(Role.SYSTEM_ADMIN), at=at)
    return endpoint


def disable(
    session: Session, endpoint: WebhookEndpoint, *, reason: str, actor: audit.AuditActor, at: datetime
) -> None:
    """Switch an endpoint off, with the reason on record."""
    endpoint.active, endpoint.disabled_reason = False, reason
    session.add(endpoint)
    waiting = select(WebhookDelivery).where(
        WebhookDelivery.endpoint_id == endpoint.id, WebhookDelivery.state == DeliveryState.WAITING
    )
    for delivery in session.exec(waiting).all():
        delivery.state, delivery.next_at, delivery.error = DeliveryState.FAILED, None, "endpoint_disabled"
        session.add(delivery)
    payload = EndpointDisabled(endpoint=endpoint.id, reason=reason)
    emit(session, Event.WEBHOOK_ENDPOINT_DISABLED, payload, about=endpoint.id, actor=actor, at=at)
    warn(session, endpoint, reason, since=at, but=actor.id, at=at)


def warn(
    session: Session,
    endpoint: WebhookEndpoint,
    befell: str,
    *,
    since: datetime,
    but: UUID | None = None,
    at: datetime,
) -> None:
    """Tell whoever registered an endpoint, and who administers its unit, what befell it; once since then.

    `but` is whoever did it: nobody hears of their own act. Of the address only the host is told.
    """
    owners = {user.id for user in holders(session, Role.SYSTEM_ADMIN, unit_path=endpoint.unit_path)}
    owners |= {endpoint.created_by} if endpoint.created_by else set()
    source = f"webhook:{endpoint.id}:{befell[:20]}:{since.isoformat()}"
    payload = {
        "kind": NoticeKind.ENDPOINT,
        "data": {"host": urlsplit(endpoint.url).hostname or "", "befell": befell},
        "source": source,
        "people": sorted(str(one) for one in owners - {but}),
    }
    jobs.enqueue(session, JobKind.ALARM, payload, at=at, key=source)


def replay(session: Session, delivery_id: UUID, *, actor: Actor, at: datetime) -> WebhookDelivery:
    """Send a message again to one endpoint, under its old id, with all tries before it.

    Raises `NotFound`, `Forbidden`, `Conflict` when it is under way or the endpoint is switched off.
    """
    delivery = session.exec(
        select(WebhookDelivery).where(WebhookDelivery.id == delivery_id).with_for_update()
    ).one_or_none()
    endpoint = session.get(WebhookEndpoint, delivery.endpoint_id) if delivery else None
    if delivery is None or endpoint is None:
        raise NotFound("not_found")
    identity.unit_in_reach(session, endpoint.unit_id, actor, Role.SYSTEM_ADMIN)
    if not endpoint.active:
        raise Conflict("webhook_endpoint_inactive")
    if delivery.state == DeliveryState.WAITING:
        raise Conflict("webhook_delivery_under_way")
    delivery.state, delivery.attempt, delivery.next_at = DeliveryState.WAITING, 0, at
    session.add(delivery)
    payload = Replayed(message=delivery.message_id, delivery=delivery.id)
    admin = actor.as_audit(Role.SYSTEM_ADMIN)
    emit(session, Event.WEBHOOK_REPLAYED, payload, about=endpoint.id, actor=admin, at=at)
    promise(session, delivery, at=at)
    return delivery


def promise(session: Session, delivery: WebhookDelivery, *, at: datetime) -> None:
    """Promise the next try of a delivery at its `next_at`; its endpoint is whom the job waits for."""
    jobs.enqueue(
        session,
        JobKind.DELIVER,
        {"delivery_id": str(delivery.id), "attempt": delivery.attempt},
        at=at,
        run_at=delivery.next_at,
        party=party_of(delivery.endpoint_id),
    )


def party_of(endpoint_id: UUID) -> str:
    """Return the name under which jobs wait for an endpoint."""
    return f"endpoint:{endpoint_id}"


def secrets_of(
    session: Session,
    *,
    master: bytes,
    at: datetime,
    tool_id: UUID | None = None,
    endpoint_id: UUID | None = None,
) -> list[bytes]:
    """Return the secrets of a tool or an endpoint that are good at `at`, newest first; perhaps none.

    One that does not open, because the installation's secret was changed, is logged and left out.
    """
    owner = WebhookSecret.tool_id == tool_id if tool_id else WebhookSecret.endpoint_id == endpoint_id
    rows = session.exec(select(WebhookSecret).where(owner).order_by(col(WebhookSecret.id).desc())).all()
    return unsealed(rows, master=master, at=at)


def unsealed(rows: Iterable[WebhookSecret], *, master: bytes, at: datetime) -> list[bytes]:
    """Return which of these secrets are good at `at`, in their order: see `secrets_of`."""
    found = []
    for row in rows:
        if row.expires_at is not None and row.expires_at <= at:
            continue
        try:
            found.append(vault.unseal(row.sealed, owner=row.id, master=master))
        except vault.SealBroken:
            log.warning("webhook.secret_does_not_open", secret=str(row.id))
    return found


def add_secret(
    session: Session,
    *,
    tool: PublishingTool | None,
    endpoint: WebhookEndpoint | None,
    master: bytes,
    at: datetime,
) -> bytes:
    """Store a fresh secret of a tool or of an endpoint, sealed, and return it."""
    secret, row_id = standard.new_secret(), new_id()
    session.add(
        WebhookSecret(
            id=row_id,
            tool_id=tool.id if tool else None,
            endpoint_id=endpoint.id if endpoint else None,
            sealed=vault.seal(secret, owner=row_id, master=master),
            created_at=at,
        )
    )
    return secret


def _person(actor: Actor) -> UUID | None:
    return None if actor.via == "system" else actor.id


def events_of(endpoint: WebhookEndpoint) -> tuple[Event, ...]:
    """Return the events that an endpoint asked for; empty for all."""
    return tuple(Event(name) for name in json.loads(endpoint.events))
