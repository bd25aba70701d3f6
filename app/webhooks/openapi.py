"""What is told outside, in the words of the API's description: made from the catalogue of events."""

from typing import Any

from pydantic import BaseModel

from app.domain.vocabulary import Event
from app.events.catalogue import ANNOUNCED
from app.events.forms import Message
from app.infra.http import contract

#: In words, not as parameters: openapi-generator writes none of a webhook's headers rightly.
_SIGNED = (
    "Signed by Standard Webhooks 1.0.0: `webhook-id` is the same for every try, `webhook-timestamp` is in "
    "seconds since 1970, `webhook-signature` is `v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`."
)


def described() -> dict[str, Any]:
    """Return the `webhooks` of the API's description: one operation for each event that is told."""
    found = {str(event): _operation(event, model) for event, model in ANNOUNCED.items()}
    return dict(sorted(found.items()))


def _operation(event: Event, data: type[BaseModel]) -> dict[str, Any]:
    message = {"allOf": [contract.described(Message)], "properties": {"data": contract.described(data)}}
    message["properties"] = {"type": {"type": "string", "const": str(event)}, **message["properties"]}  # type: ignore[dict-item]
    return {
        "post": {
            "operationId": "on_" + str(event).replace(".", "_"),
            "tags": ["webhooks"],
            "summary": f"Told when: {str(event).replace('.', ' ').replace('_', ' ')}",
            "description": f"{data.__doc__} Sent at least once; any 2xx in ten seconds takes it. {_SIGNED}",
            "security": [],
            "requestBody": {"required": True, "content": {"application/json": {"schema": message}}},
            "responses": {
                "2XX": {"description": "Taken."},
                "410": {"description": "Never again: the address is switched off."},
                "default": {"description": "Anything else is tried again, ten times over 75 hours."},
            },
        }
    }
