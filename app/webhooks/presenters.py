"""Rows as the wire shows them, and the payload that a tool asks about."""

import base64
import binascii
import json
from collections.abc import Iterable
from urllib.parse import urlencode

from app.infra.errors import Invalid, Reason
from app.webhooks.models import (
    DeliveryState,
    PublishingTool,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookMessage,
)
from app.webhooks.schemas import (
    AttemptOut,
    ClearanceIn,
    DeliveryOut,
    DeliveryWithBodyOut,
    EndpointOut,
    ToolOut,
    ToolWithSecretOut,
)
from app.webhooks.service import NewTool


def tool(row: PublishingTool) -> ToolOut:
    """Return a tool."""
    return ToolOut(
        id=row.id,
        unit_id=row.unit_id,
        name=row.name,
        channels=json.loads(row.channels),
        active=row.active,
        created_at=row.created_at,
    )


def new_tool(made: NewTool, *, public_url: str) -> ToolWithSecretOut:
    """Return a tool with its secret and the addresses that it is to call."""
    asked = urlencode({"tool": str(made.tool.id)})
    base = f"{public_url.rstrip('/')}/api/v1/webhooks"
    return ToolWithSecretOut(
        **tool(made.tool).model_dump(),
        secret=made.secret,
        clearance_url=f"{base}/clearance?{asked}",
        publications_url=f"{base}/publications?{asked}",
    )


def endpoint(row: WebhookEndpoint) -> EndpointOut:
    """Return an endpoint."""
    return EndpointOut(
        id=row.id,
        unit_id=row.unit_id,
        url=row.url,
        events=json.loads(row.events),
        tool_id=row.tool_id,
        active=row.active,
        disabled_reason=row.disabled_reason,
        paused_at=row.paused_at,
        failures=row.failures,
        failing_since=row.failing_since,
        resting_until=row.resting_until,
        created_at=row.created_at,
    )


def delivery(row: WebhookDelivery, message: WebhookMessage) -> DeliveryOut:
    """Return a delivery with what it carries."""
    return DeliveryOut(
        id=row.id,
        message_id=row.message_id,
        endpoint_id=row.endpoint_id,
        type=message.type,
        subject=message.subject,
        sequence=message.sequence,
        state=DeliveryState(row.state),
        attempt=row.attempt,
        next_at=row.next_at,
        status=row.status,
        error=row.error,
        delivered_at=row.delivered_at,
        created_at=row.created_at,
    )


def delivery_with_body(
    row: WebhookDelivery, message: WebhookMessage, attempts: Iterable[WebhookAttempt]
) -> DeliveryWithBodyOut:
    """Return a delivery with its bytes and its tries."""
    return DeliveryWithBodyOut(
        **delivery(row, message).model_dump(),
        body=message.body,
        attempts=[AttemptOut.model_validate(attempt, from_attributes=True) for attempt in attempts],
    )


def payload_of(asked: ClearanceIn) -> bytes | None:
    """Return the payload that was sent along; None when only a digest was.

    Raises `Invalid` for bad base64.
    """
    if asked.payload is not None:
        return asked.payload.encode()
    if asked.payload_base64 is None:
        return None
    try:
        return base64.b64decode(asked.payload_base64, validate=True)
    except binascii.Error as error:
        reason = Reason("payload_not_base64", field="body.payload_base64")
        raise Invalid("malformed", reasons=[reason]) from error
