"""Messages to the outside: who hears of what, one try at a time, and what follows from its outcome."""

import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from uuid import UUID

from sqlalchemy import func, literal, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.domain.vocabulary import Event
from app.drafts.models import Draft
from app.events.catalogue import CATALOGUE
from app.events.emit import SYSTEM, emit
from app.events.payloads.machines import Delivery
from app.infra.db import UtcDateTime
from app.infra.ids import new_id
from app.infra.outgoing_calls import Call, CallFailed
from app.jobs import service as jobs
from app.jobs.queries import Message
from app.webhooks import standard
from app.webhooks.addresses import targets as addresses
from app.webhooks.addresses.targets import AllowList
from app.webhooks.models import (
    DeliveryState,
    PublishingTool,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookMessage,
)
from app.webhooks.service import disable, party_of, promise, secrets_of, warn

#: Waiting times before each try, 75 hours in all. Source: Standard Webhooks 1.0.0, its example of a schedule.
WAITS = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
#: A receiver may ask for a later try, but not for a later one than this.
LONGEST_RETRY_AFTER = timedelta(hours=24)
#: Waits are lengthened by up to this share, so that those who failed together do not come back together.
JITTER = 0.1

#: Messages that go before all others that wait for the same endpoint.
FIRST = frozenset(str(entry.event) for entry in CATALOGUE.values() if entry.first)

#: How long an endpoint is left alone after so many failures in a row; never longer than a message would wait.
RESTS = (timedelta(seconds=5), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))

#: An endpoint that took nothing for so long is switched off; an administrator switches it on again.
PATIENCE = timedelta(days=5)

#: So many bytes of what a refusal says are kept.
KEPT_OF_ANSWERS = 2000

#: The lock under which messages get their places.
_PLACES = 7_405_060

GONE = 410
#: Answers below 500 that ask for patience: took too long, too many.
_LATER = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Parcel:
    """One try, ready to be sent: all that is needed once the transaction is over."""

    delivery_id: UUID
    attempt: int
    url: str
    message_id: str
    body: bytes
    secrets: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a try: an HTTP status, or an error's name when there was no answer.

    `retry_after` if asked; `milliseconds` that it took.
    """

    status: int | None
    error: str | None = None
    retry_after: timedelta | None = None
    #: What a refusal said, as far as it is text.
    body: str = ""
    milliseconds: int = 0

    @property
    def is_good(self) -> bool:
        """Whether the receiver took the message: any 2xx."""
        return self.status is not None and 200 <= self.status < 300


def fan_out(session: Session, messages: Mapping[UUID, tuple[Message, str]], *, at: datetime) -> int:
    """Make the deliveries of messages, each with its timestamp, once; return how many endpoints will hear.

    Endpoints hear of the drafts of their unit and those below it; what concerns no draft, everybody hears.
    """
    known = set(
        session.exec(select(WebhookMessage.id).where(col(WebhookMessage.id).in_(list(messages)))).all()
    )
    new = [told for message_id, told in messages.items() if message_id not in known]
    about = {message.draft_id for message, _ in new if message.draft_id is not None}
    paths = dict(session.exec(select(Draft.id, Draft.unit_path).where(col(Draft.id).in_(about))).all())
    endpoints = session.exec(select(WebhookEndpoint).where(col(WebhookEndpoint.active).is_(True))).all()
    served = dict(session.exec(select(PublishingTool.id, PublishingTool.channels)).all())
    heard, place = 0, last_position(session) if new else 0
    for message, timestamp in sorted(new, key=lambda told: told[0].id):
        place += 1
        session.add(_stored(message, timestamp, at, place))
        path = None if message.draft_id is None else paths.get(message.draft_id)
        for endpoint in endpoints:
            if not hears(endpoint, message.type, message.data.get("channel"), path, served):
                continue
            heard += 1
            delivery = WebhookDelivery(
                id=new_id(),
                message_id=message.id,
                endpoint_id=endpoint.id,
                next_at=None if endpoint.paused_at else max(at, endpoint.resting_until or at),
                created_at=at,
            )
            session.add(delivery)
            if endpoint.paused_at is None:
                promise(session, delivery, at=at)
    return heard


def last_position(session: Session) -> int:
    """Return the place of the last message; until the transaction ends nobody else gives one out."""
    if session.get_bind().dialect.name != "sqlite":  # there one transaction writes at a time anyway
        session.exec(select(func.pg_advisory_xact_lock(_PLACES)))
    return session.exec(select(func.max(WebhookMessage.position))).one() or 0


def _stored(message: Message, timestamp: str, at: datetime, place: int) -> WebhookMessage:
    body = {
        "type": message.type,
        "timestamp": timestamp,
        "subject": message.subject,
        "draft_id": str(message.draft_id) if message.draft_id else None,
        "sequence": message.sequence,
        "data": message.data,
    }
    return WebhookMessage(
        id=message.id,
        type=message.type,
        subject=message.subject,
        draft_id=message.draft_id,
        sequence=message.sequence,
        body=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        position=place,
        channel=message.data.get("channel"),
        created_at=at,
    )


def first_of_all(session: Session, delivery_id: UUID, *, at: datetime) -> dict[UUID, int]:
    """Return what is to be tried before this delivery, with its attempt: due messages that go first.

    Those for the same endpoint; none for a message that goes first itself. Two statements at most.
    """
    this, other = aliased(WebhookDelivery), aliased(WebhookDelivery)
    query = (
        select(other.id, other.attempt)
        .join(this, col(this.endpoint_id) == col(other.endpoint_id))
        .join(WebhookMessage, col(WebhookMessage.id) == col(other.message_id))
        .where(
            this.id == delivery_id,
            other.id != delivery_id,
            other.state == DeliveryState.WAITING,
            col(other.next_at) <= literal(at, UtcDateTime()),
            col(WebhookMessage.type).in_(FIRST),
        )
        .order_by(col(other.id))
    )
    own = (
        select(WebhookMessage.type)
        .join(WebhookDelivery, col(WebhookDelivery.message_id) == col(WebhookMessage.id))
        .where(WebhookDelivery.id == delivery_id)
    )
    before = dict(session.exec(query).all())
    return {} if not before or session.exec(own).first() in FIRST else before


def prepare(
    session: Session, asked: Mapping[UUID, int], *, master: bytes, at: datetime
) -> tuple[Parcel, ...]:
    """Return the tries that are due, in the order of `asked`: deliveries of one endpoint, and their attempts.

    Not those that were made, or given up, or belong to a later job. Two statements.
    """
    query = (
        select(WebhookDelivery, WebhookMessage, WebhookEndpoint)
        .join(WebhookMessage, col(WebhookMessage.id) == col(WebhookDelivery.message_id))
        .join(WebhookEndpoint, col(WebhookEndpoint.id) == col(WebhookDelivery.endpoint_id))
        .where(
            col(WebhookDelivery.id).in_(list(asked)),
            WebhookDelivery.state == DeliveryState.WAITING,
            col(WebhookEndpoint.paused_at).is_(None),
        )
    )
    due = {
        delivery.id: (message, endpoint)
        for delivery, message, endpoint in session.exec(query).all()
        if delivery.attempt == asked[delivery.id]
    }
    if not due:
        return ()
    endpoint_id = next(endpoint.id for _, endpoint in due.values())
    secrets = tuple(secrets_of(session, master=master, at=at, endpoint_id=endpoint_id))
    return tuple(
        Parcel(delivery_id, attempt, endpoint.url, str(message.id), message.body.encode(), secrets)
        for delivery_id, attempt in asked.items()
        if delivery_id in due
        for message, endpoint in (due[delivery_id],)
    )


def send(parcel: Parcel, *, allowed: AllowList, timeout_seconds: float, at: datetime) -> Answer:
    """Send one message: the host is looked up once, redirects are not followed, no proxy is asked.

    The whole try takes `timeout_seconds` at most. Never raises for what the network or the receiver does;
    only of a refusal the body is read, and little of that.
    """
    if not parcel.secrets:
        return Answer(None, "no_secret")
    began = time.monotonic()
    with Call(timeout_seconds) as call:
        try:
            target = addresses.resolve(parcel.url, allowed=allowed, call=call)
            headers = {
                "Host": target.host_header,
                "Content-Type": "application/json",
                "User-Agent": "Sanshen/1",
                **standard.headers(parcel.secrets, message_id=parcel.message_id, at=at, body=parcel.body),
            }
            answer = call.post(
                target.url,
                server_name=target.host,
                headers=headers,
                body=parcel.body,
                most=0,
                of_refusals=KEPT_OF_ANSWERS,
            )
        except (addresses.Unreachable, CallFailed) as error:
            return Answer(None, str(error), milliseconds=_since(began))
    wait = _retry_after(answer.headers.get("retry-after"), at=at)
    told = answer.body.decode(errors="replace").replace("\0", "\ufffd")
    return Answer(answer.status, None, wait, told, _since(began))


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def settle(
    session: Session, tries: Mapping[Parcel, Answer], *, at: datetime, luck: float | None = None
) -> None:
    """Write down what came of tries at one endpoint: delivered, to be tried again, or given up.

    410 switches the endpoint off.

    `luck` from 0 to 1 spreads the next try. A try that somebody else settled meanwhile counts no more.
    """
    ids = [parcel.delivery_id for parcel in tries]
    theirs = select(WebhookDelivery.endpoint_id).where(col(WebhookDelivery.id).in_(ids))
    # The endpoint before its deliveries, as whoever switches it off does: who puts off all that waits for it
    # would else wait for one who holds some of that and waits for the endpoint.
    endpoints = select(WebhookEndpoint).where(col(WebhookEndpoint.id).in_(theirs))
    endpoint = session.exec(endpoints.with_for_update()).one()
    query = select(WebhookDelivery).where(col(WebhookDelivery.id).in_(ids)).order_by(col(WebhookDelivery.id))
    deliveries = {delivery.id: delivery for delivery in session.exec(query.with_for_update()).all()}
    for parcel, answer in tries.items():
        delivery = deliveries[parcel.delivery_id]
        if delivery.state == DeliveryState.WAITING and delivery.attempt == parcel.attempt:
            _settle(session, endpoint, delivery, answer, at=at, luck=luck)


def _settle(
    session: Session,
    endpoint: WebhookEndpoint,
    delivery: WebhookDelivery,
    answer: Answer,
    *,
    at: datetime,
    luck: float | None,
) -> None:
    session.add(
        WebhookAttempt(
            id=new_id(),
            delivery_id=delivery.id,
            at=at,
            milliseconds=answer.milliseconds,
            status=answer.status,
            error=answer.error,
            answer=answer.body,
        )
    )
    delivery.attempt += 1
    delivery.status, delivery.error, delivery.next_at = answer.status, answer.error, None
    session.add(delivery)
    if answer.is_good:
        delivery.state, delivery.delivered_at = DeliveryState.DELIVERED, at
        endpoint.failures, endpoint.failing_since, endpoint.resting_until = 0, None, None
        session.add(endpoint)
        _note(session, Event.WEBHOOK_DELIVERED, delivery, at=at)
        return
    _rest(session, endpoint, answer, at=at)
    if endpoint.active and at - (endpoint.failing_since or at) >= PATIENCE:
        delivery.state = DeliveryState.FAILED
        _note(session, Event.WEBHOOK_FAILED, delivery, at=at)
        disable(session, endpoint, reason="failing", actor=SYSTEM, at=at)
        return
    if answer.status != GONE and delivery.attempt < len(WAITS):
        wait = WAITS[delivery.attempt]
        wait += wait * (JITTER * (random.random() if luck is None else luck))  # noqa: S311 – spreads load
        next_at = at + max(wait, answer.retry_after or timedelta(0))
        delivery.next_at = max(next_at, endpoint.resting_until or next_at)
        promise(session, delivery, at=at)
        return
    delivery.state = DeliveryState.FAILED
    _note(session, Event.WEBHOOK_FAILED, delivery, at=at)
    if answer.status == GONE and endpoint.active:
        disable(session, endpoint, reason="gone", actor=SYSTEM, at=at)
    elif answer.status != GONE:
        # Once for all messages that are given up while it fails.
        warn(session, endpoint, "undelivered", since=endpoint.failing_since or at, at=at)


def _rest(session: Session, endpoint: WebhookEndpoint, answer: Answer, *, at: datetime) -> None:
    """Count a failed try; let all that waits for the endpoint wait longer when it gave no sign of life.

    Else a receiver that takes its time to fail would have threads waiting for it all day, message by message.
    """
    endpoint.failures += 1
    endpoint.failing_since = endpoint.failing_since or at
    session.add(endpoint)
    if answer.status is not None and answer.status < 500 and answer.status not in _LATER:
        return
    rest = max(RESTS[min(endpoint.failures, len(RESTS)) - 1], answer.retry_after or timedelta(0))
    endpoint.resting_until = max(at + rest, endpoint.resting_until or at)
    jobs.put_off(session, party_of(endpoint.id), until=endpoint.resting_until)
    waiting = update(WebhookDelivery).where(
        col(WebhookDelivery.endpoint_id) == endpoint.id,
        col(WebhookDelivery.state) == DeliveryState.WAITING,
        col(WebhookDelivery.next_at) < endpoint.resting_until,
    )
    put = waiting.values(next_at=endpoint.resting_until)
    session.exec(put.execution_options(synchronize_session=False))


def hears(
    endpoint: WebhookEndpoint,
    event: str,
    channel: str | None,
    path: str | None,
    served: Mapping[UUID, str],
) -> bool:
    """Say whether an endpoint is told of an event: it asked for it, of its unit, and of its tool's channels.

    `path` is the unit of the draft, `channel` what the event names; `served` are the tools' channels as JSON.
    """
    chosen = json.loads(endpoint.events)
    if (chosen and event not in chosen) or (path is not None and not path.startswith(endpoint.unit_path)):
        return False
    if endpoint.tool_id is None or channel is None:
        return True
    return channel in json.loads(served.get(endpoint.tool_id, "[]"))


def _note(session: Session, event: Event, delivery: WebhookDelivery, *, at: datetime) -> None:
    payload = Delivery(
        message=delivery.message_id,
        attempt=delivery.attempt,
        status=delivery.status,
        error=delivery.error,
    )
    emit(session, event, payload, about=delivery.endpoint_id, actor=SYSTEM, at=at)


def _retry_after(asked: str | None, *, at: datetime) -> timedelta | None:
    """Return how long a `Retry-After` header asks to wait.

    None without one, or for one that makes no sense.
    """
    if not asked:
        return None
    if asked.isascii() and asked.isdigit():
        wait = timedelta(seconds=min(int(asked[:9]), 10**9))
    else:
        try:
            until = parsedate_to_datetime(asked)
        except ValueError:
            return None
        if until.tzinfo is None:
            return None
        wait = until - at
    return min(max(wait, timedelta(0)), LONGEST_RETRY_AFTER)
