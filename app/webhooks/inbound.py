"""Messages from publishing tools: proved over their raw bytes before anything is read from them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError
from sqlalchemy import and_
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from app.domain.document.model import sha256
from app.identity.actors import Actor
from app.infra.db import Database
from app.infra.errors import Conflict, Forbidden, Invalid, Reason, Unauthenticated
from app.infra.http.problems import malformed
from app.infra.ids import new_id
from app.publication.publishers import Publisher
from app.webhooks import errors as _words  # noqa: F401 – the words of the codes below
from app.webhooks import standard
from app.webhooks.models import PublishingTool, ReceivedWebhook, WebhookSecret
from app.webhooks.service import unsealed

#: The largest message that is read, in bytes.
MAX_BYTES = 1_000_000
MAX_ID = 200

Asked = TypeVar("Asked", bound=BaseModel)

_HEADERS = (standard.ID_HEADER, standard.TIMESTAMP_HEADER, standard.SIGNATURE_HEADER)


@dataclass(frozen=True, slots=True)
class Proved:
    """A message whose sender is proved: the tool, and the message's id, which may be used once.

    `before` is what took effect under that id when the sender was proved; `None` for nothing.
    """

    publisher: Publisher
    message_id: str
    before: ReceivedWebhook | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What a message was answered, and whether that was said before."""

    status: int
    body: str
    replayed: bool


def prove(
    session: Session, *, tool: str, headers: Mapping[str, str], body: bytes, master: bytes, at: datetime
) -> Proved:
    """Return who sent these bytes.

    `tool` is the id in the address. Raises `Unauthenticated`: headers missing or malformed (all of them
    named), unknown tool, time too far off, no signature that fits.
    """
    message_id, sent = _read_headers(headers)
    known = _known(session, tool, message_id)
    if known is None:
        raise Unauthenticated("webhook_tool_unknown")
    if not standard.is_fresh(sent, at=at):
        raise Unauthenticated("webhook_expired", data={"server_time": at.isoformat()})
    found, held = known.tool, unsealed(known.secrets, master=master, at=at)
    given = headers[standard.SIGNATURE_HEADER]
    timestamp = int(sent.timestamp())
    if not standard.is_signed(held, given, message_id=message_id, timestamp=timestamp, body=body):
        raise Unauthenticated("webhook_signature_invalid")
    if not found.active:
        raise Unauthenticated("tool_inactive")
    publisher = Publisher(
        found.id, found.name, found.unit_id, found.unit_path, frozenset(json.loads(found.channels))
    )
    return Proved(publisher, message_id, known.before)


def by_key(session: Session, actor: Actor, headers: Mapping[str, str]) -> Proved:
    """Return the tool that came with a key, and the id of its message; without one, a new id.

    Raises `Forbidden` for anybody else, `Unauthenticated` for an id that cannot be kept.
    """
    tool = actor.tool
    if tool is None:
        raise Forbidden("webhook_key_needed")
    message_id = headers.get(standard.ID_HEADER) or headers.get("idempotency-key") or f"key_{new_id()}"
    if len(message_id) > MAX_ID or not message_id.isascii() or not message_id.isprintable():
        told = Reason("header_malformed", {"name": standard.ID_HEADER}, field=standard.ID_HEADER)
        raise Unauthenticated("webhook_unsigned", reasons=[told])
    publisher = Publisher(
        tool.id,
        tool.name,
        tool.unit_id,
        tool.unit_path,
        frozenset(channel for channel, _ in tool.places),
        tool.places,
    )
    return Proved(publisher, message_id, session.get(ReceivedWebhook, (tool.id, message_id)))


def answered(
    database: Database,
    proved: Proved,
    *,
    place: str,
    body: bytes,
    at: datetime,
    act: Callable[[Session], tuple[int, BaseModel]],
) -> Answered:
    """Let a message take effect once, and return what it is answered: the same for every try of it.

    `act` returns status and body of a first answer; both are kept in the effect's own transaction, so a
    refusal is not, and may be tried again. Of two tries at once the later one comes to nothing and gets the
    earlier one's answer. Raises `Conflict` for an id that another message had.
    """
    digest, before = sha256(place.encode() + b"\n" + body), proved.before
    if before is None:
        try:
            with database.write() as session:
                status, said = act(session)
                first = Answered(status, said.model_dump_json(), replayed=False)
                _keep(session, proved, digest, first, at=at)
        except _AnsweredMeanwhile:
            with database.read() as session:
                before = session.get_one(ReceivedWebhook, (proved.publisher.id, proved.message_id))
        else:
            return first
    if before.request_digest != digest:
        raise Conflict("webhook_replayed", data={"webhook_id": proved.message_id})
    assert before.status is not None
    assert before.answer is not None
    return Answered(before.status, before.answer, replayed=True)


class _AnsweredMeanwhile(Exception):
    """No error: another try of the same message was faster. What this one did is undone."""


def _keep(session: Session, proved: Proved, digest: str, first: Answered, *, at: datetime) -> None:
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    row = {
        "tool_id": proved.publisher.id,
        "message_id": proved.message_id,
        "received_at": at,
        "request_digest": digest,
        "status": first.status,
        "answer": first.body,
    }
    insert: Any = dialect.insert(ReceivedWebhook).values(row).on_conflict_do_nothing()
    if session.exec(insert.returning(col(ReceivedWebhook.message_id))).first() is None:
        raise _AnsweredMeanwhile


def parse(model: type[Asked], body: bytes) -> Asked:
    """Return the message read as `model`.

    Raises `Invalid`: no JSON, or every field that is wrong or unknown.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        if any(fault["type"] == "json_invalid" for fault in error.errors()):
            raise Invalid("webhook_not_json") from error
        raise malformed(error, prefix="body.") from error


def _read_headers(headers: Mapping[str, str]) -> tuple[str, datetime]:
    faults = [
        Reason("header_missing", {"name": name}, field=name) for name in _HEADERS if not headers.get(name)
    ]
    message_id = headers.get(standard.ID_HEADER, "")
    if len(message_id) > MAX_ID or not message_id.isascii() or not message_id.isprintable():
        faults.append(Reason("header_malformed", {"name": standard.ID_HEADER}, field=standard.ID_HEADER))
    timestamp = headers.get(standard.TIMESTAMP_HEADER, "")
    sent = standard.sent_at(timestamp)
    if timestamp and sent is None:
        faults.append(
            Reason("header_malformed", {"name": standard.TIMESTAMP_HEADER}, field=standard.TIMESTAMP_HEADER)
        )
    if faults or sent is None:
        raise Unauthenticated("webhook_unsigned", reasons=faults)
    return message_id, sent


class _Known(NamedTuple):
    """What is stored of a tool, its secrets, the newest first, and what it was answered under an id."""

    tool: PublishingTool
    secrets: tuple[WebhookSecret, ...]
    before: ReceivedWebhook | None


def _known(session: Session, text: str, message_id: str) -> _Known | None:
    """Return what is known of a sender and its message; `None` for an unknown tool. One statement."""
    try:
        tool_id = UUID(text)
    except ValueError:
        return None
    query = (
        select(PublishingTool, WebhookSecret, ReceivedWebhook)
        .outerjoin(WebhookSecret, col(WebhookSecret.tool_id) == col(PublishingTool.id))
        .outerjoin(
            ReceivedWebhook,
            and_(
                col(ReceivedWebhook.tool_id) == col(PublishingTool.id),
                col(ReceivedWebhook.message_id) == message_id,
            ),
        )
        .where(PublishingTool.id == tool_id)
        .order_by(col(WebhookSecret.id).desc())
    )
    rows = session.exec(query).all()
    if not rows:
        return None
    return _Known(rows[0][0], tuple(secret for _, secret, _ in rows if secret is not None), rows[0][2])
