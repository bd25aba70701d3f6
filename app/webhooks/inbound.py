"""Messages from publishing tools: proved over their raw bytes before anything is read from them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from app.domain.document.model import sha256
from app.identity.actors import Actor
from app.infra.errors import Conflict, Forbidden, Invalid, Reason, Unauthenticated
from app.infra.http.problems import malformed
from app.infra.ids import new_id
from app.publication.publishers import Publisher
from app.webhooks import errors as _words  # noqa: F401 – the words of the codes below
from app.webhooks import standard
from app.webhooks.models import PublishingTool, ReceivedWebhook
from app.webhooks.service import secrets_of

#: The largest message that is read, in bytes.
MAX_BYTES = 1_000_000
MAX_ID = 200

Asked = TypeVar("Asked", bound=BaseModel)

_HEADERS = (standard.ID_HEADER, standard.TIMESTAMP_HEADER, standard.SIGNATURE_HEADER)


@dataclass(frozen=True, slots=True)
class Proved:
    """A message whose sender is proved: the tool, and the message's id, which may be used once."""

    publisher: Publisher
    message_id: str


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
    found = _tool(session, tool)
    if found is None:
        raise Unauthenticated("webhook_tool_unknown")
    if not standard.is_fresh(sent, at=at):
        raise Unauthenticated("webhook_expired", data={"server_time": at.isoformat()})
    held = secrets_of(session, master=master, at=at, tool_id=found.id)
    given = headers[standard.SIGNATURE_HEADER]
    timestamp = int(sent.timestamp())
    if not standard.is_signed(held, given, message_id=message_id, timestamp=timestamp, body=body):
        raise Unauthenticated("webhook_signature_invalid")
    if not found.active:
        raise Unauthenticated("tool_inactive")
    publisher = Publisher(
        found.id, found.name, found.unit_id, found.unit_path, frozenset(json.loads(found.channels))
    )
    return Proved(publisher, message_id)


def by_key(actor: Actor, headers: Mapping[str, str]) -> Proved:
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
    return Proved(publisher, message_id)


def answered(
    session: Session,
    proved: Proved,
    *,
    place: str,
    body: bytes,
    at: datetime,
    act: Callable[[], tuple[int, BaseModel]],
) -> Answered:
    """Let a message take effect once, and return what it is answered: the same for every try of it.

    `act` returns status and body of a first answer; both are kept in the effect's own transaction, so a
    refusal is not, and may be tried again. Raises `Conflict` for an id that another message had.
    """
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    digest = sha256(place.encode() + b"\n" + body)
    row = {
        "tool_id": proved.publisher.id,
        "message_id": proved.message_id,
        "received_at": at,
        "request_digest": digest,
    }
    insert: Any = dialect.insert(ReceivedWebhook).values(row).on_conflict_do_nothing()
    is_new = session.exec(insert.returning(col(ReceivedWebhook.message_id))).first() is not None
    received = session.get_one(ReceivedWebhook, (proved.publisher.id, proved.message_id))
    if is_new:
        received.status, said = act()
        received.answer = said.model_dump_json()
        session.add(received)
    elif received.request_digest != digest:
        raise Conflict("webhook_replayed", data={"webhook_id": proved.message_id})
    assert received.status is not None
    assert received.answer is not None
    return Answered(received.status, received.answer, replayed=not is_new)


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


def _tool(session: Session, text: str) -> PublishingTool | None:
    try:
        return session.get(PublishingTool, UUID(text))
    except ValueError:
        return None
