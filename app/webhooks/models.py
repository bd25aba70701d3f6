from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.infra.db import UtcDateTime, one_of


class DeliveryState(StrEnum):
    """Where a message to one endpoint stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class PublishingTool(SQLModel, table=True):
    """A tool that publishes for a unit and those below it, on the named channels.

    `channels` is a JSON list.
    """

    __tablename__ = "publishing_tool"
    __table_args__: ClassVar = (UniqueConstraint("unit_id", "name"),)

    id: UUID = Field(primary_key=True)
    unit_id: UUID = Field(foreign_key="unit.id")
    unit_path: str = Field(max_length=1000)
    name: str = Field(max_length=100)
    channels: str = Field(sa_type=Text)
    active: bool = True
    created_by: UUID | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)


class WebhookEndpoint(SQLModel, table=True):
    """An address outside that hears of a unit's events; `events` is a JSON list of types, empty for all.

    `failures` tries in a row failed, the first at `failing_since`; nothing is sent before `resting_until`.
    One of a `tool_id` is that tool's: it sees how it fares, and hears of its channels alone. What comes for
    one that is `paused_at` waits until it goes on.
    """

    __tablename__ = "webhook_endpoint"

    id: UUID = Field(primary_key=True)
    unit_id: UUID = Field(foreign_key="unit.id")
    unit_path: str = Field(max_length=1000)
    url: str = Field(max_length=2000)
    events: str = Field(sa_type=Text)
    tool_id: UUID | None = Field(default=None, foreign_key="publishing_tool.id", index=True)
    active: bool = True
    paused_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    disabled_reason: str | None = Field(default=None, max_length=200)
    failures: int = 0
    failing_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    resting_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_by: UUID | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)


class WebhookSecret(SQLModel, table=True):
    """A sealed secret of a tool or of an endpoint; several are valid at once while one is exchanged."""

    __tablename__ = "webhook_secret"
    __table_args__: ClassVar = (
        CheckConstraint("(tool_id IS NULL) <> (endpoint_id IS NULL)", name="one_owner"),
    )

    id: UUID = Field(primary_key=True)
    tool_id: UUID | None = Field(default=None, foreign_key="publishing_tool.id", index=True)
    endpoint_id: UUID | None = Field(default=None, foreign_key="webhook_endpoint.id", index=True)
    sealed: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class WebhookMessage(SQLModel, table=True):
    """A message to the outside, made once from the outbox; `body` is exactly what is signed and sent.

    `position` grows in the order in which messages can be seen, so that whoever draws them misses none; null
    for tests. `channel` is the channel that it tells of, if it names one.
    """

    __tablename__ = "webhook_message"

    id: UUID = Field(primary_key=True)
    type: str = Field(max_length=60)
    subject: str = Field(max_length=100)
    draft_id: UUID | None = Field(default=None, index=True)
    sequence: int
    body: str = Field(sa_type=Text)
    position: int | None = Field(default=None, sa_type=BigInteger, unique=True, index=True)
    channel: str | None = Field(default=None, max_length=40)
    created_at: datetime = Field(sa_type=UtcDateTime)


class WebhookAttempt(SQLModel, table=True):
    """One try of a delivery: how long it took, and what came back; of a refusal the first 2 000 bytes."""

    __tablename__ = "webhook_attempt"

    id: UUID = Field(primary_key=True)
    delivery_id: UUID = Field(foreign_key="webhook_delivery.id", index=True, ondelete="CASCADE")
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    milliseconds: int
    status: int | None = None
    error: str | None = Field(default=None, max_length=300)
    answer: str = Field(default="", sa_type=Text)


class WebhookDelivery(SQLModel, table=True):
    """One message on its way to one endpoint."""

    __tablename__ = "webhook_delivery"
    __table_args__: ClassVar = (
        UniqueConstraint("message_id", "endpoint_id"),
        one_of("state", DeliveryState),
    )

    id: UUID = Field(primary_key=True)
    message_id: UUID = Field(
        sa_column=Column(
            ForeignKey("webhook_message.id", deferrable=True, initially="DEFERRED"), nullable=False
        )
    )
    endpoint_id: UUID = Field(foreign_key="webhook_endpoint.id", index=True)
    state: str = Field(default=DeliveryState.WAITING, max_length=20)
    attempt: int = 0
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    status: int | None = None
    error: str | None = Field(default=None, max_length=300)
    delivered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)


class ReceivedWebhook(SQLModel, table=True):
    """A message that a tool sent and that took effect, and what it was answered.

    The same message under the same id gets the same answer. `request_digest` is over where it was sent and
    its bytes; null for messages from before answers were kept.
    """

    __tablename__ = "received_webhook"

    tool_id: UUID = Field(primary_key=True, foreign_key="publishing_tool.id")
    message_id: str = Field(primary_key=True, max_length=200)
    received_at: datetime = Field(sa_type=UtcDateTime, index=True)
    request_digest: str | None = Field(default=None, max_length=64)
    status: int | None = None
    answer: str | None = Field(default=None, sa_type=Text)
