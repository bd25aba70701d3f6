"""`Idempotency-Key`: the same request twice is done once, and answered twice alike."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Header
from fastapi.responses import Response
from pydantic import BaseModel
from sqlmodel import Session

from app.domain.canonical import canonical
from app.domain.document import sha256
from app.infra.db import new_row
from app.infra.errors import Conflict, Invalid, Reason
from app.infra.models import IdempotencyKey

Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)]


def once(
    session: Session,
    *,
    key: str | None,
    caller_id: UUID,
    request: Any,  # noqa: ANN401 – any JSON value
    at: datetime,
    act: Callable[[], BaseModel],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Run `act` and return its answer; for a `key` already used by this caller, return the stored answer.

    `request` is what the caller asked for (place and body); `headers` go out with the answer. Only successes
    are kept: a refusal changed nothing and may be tried again. Raises `Conflict` when the key was used for
    another request, `Invalid` for a bad key.
    """
    if key is None:
        return _answer(act().model_dump_json(), status, headers)
    if not key.strip() or not key.isprintable():
        raise Invalid("malformed", reasons=[Reason("idempotency_key", field="header.Idempotency-Key")])
    asked = sha256(canonical(request))
    kept = session.get(IdempotencyKey, (caller_id, key))
    if kept is not None:
        if kept.request_digest != asked:
            raise Conflict("idempotency_key_reused")
        return _answer(kept.body, kept.status, {**(headers or {}), "Idempotency-Replayed": "true"})
    body = act().model_dump_json()
    session.add(
        new_row(
            IdempotencyKey,
            caller_id=caller_id,
            key=key,
            request_digest=asked,
            status=status,
            body=body,
            created_at=at,
        )
    )
    return _answer(body, status, headers)


def _answer(body: str, status: int, headers: Mapping[str, str] | None) -> Response:
    return Response(body, status_code=status, media_type="application/json", headers=headers)
