"""`Idempotency-Key`: the same request twice is done once, and answered twice alike.

The second answer goes only to those who may still know what it is about: the features that know say so, by
`guards`.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Header
from fastapi.responses import Response
from pydantic import BaseModel
from sqlmodel import Session

from app.domain.document.model import sha256
from app.domain.record.canonical import canonical
from app.infra.db import new_row
from app.infra.errors import Conflict, Invalid, Reason
from app.infra.models import IdempotencyKey

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=200,
        description="Any text of your own, 1 to 200 visible ASCII characters: the same request with the same "
        "key is done once, and answered alike as often as it is sent.",
    ),
]
#: What is asked before a stored answer is given again, with the session, who asks, the ids in the request and
#: of what it made, and the instant; raises as the verb itself would.
Guard = Callable[[Session, UUID, frozenset[UUID], datetime], None]
GUARDS: list[Guard] = []
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: What a key is made of; proxies and clients do not agree on any other characters in a header.
FORM = "[!-~]([ -~]*[!-~])?"
#: What an answer says that was given before.
REPLAYED = {"Idempotency-Replayed": "true"}


def guards(guard: Guard) -> Guard:
    """Have `guard` asked before any stored answer is given again, and return it."""
    GUARDS.append(guard)
    return guard


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it was first given: its status and its body."""

    status: int
    body: str


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
        return _answer(act().model_dump_json(by_alias=True), status, headers)
    check(key)
    if (answered := kept(session, caller_id, key, request, at=at)) is not None:
        return _answer(answered.body, answered.status, {**(headers or {}), **REPLAYED})
    body = act().model_dump_json(by_alias=True)
    keep(session, caller_id, key, request, Kept(status, body), at=at)
    return _answer(body, status, headers)


def check(key: str) -> None:
    """Raise `Invalid` for a key that is blank or holds more than visible ASCII and spaces between."""
    if not re.fullmatch(FORM, key):
        raise Invalid("malformed", reasons=[Reason("idempotency_key", field="header.Idempotency-Key")])


def kept(
    session: Session,
    caller_id: UUID,
    key: str,
    request: Any,  # noqa: ANN401 – any JSON value
    *,
    at: datetime,
) -> Kept | None:
    """Return the answer that this caller's key got; `None` for a new key.

    Raises `Conflict` when it was for another request, and what the guards raise when the caller may not know
    at `at` what it is about.
    """
    row = session.get(IdempotencyKey, (caller_id, key))
    if row is None:
        return None
    if row.request_digest != sha256(canonical(request)):
        raise Conflict("idempotency_key_reused")
    about = _about(request, row.body)
    for guard in GUARDS:
        guard(session, caller_id, about, at)
    return Kept(row.status, row.body)


def _about(request: Any, body: str) -> frozenset[UUID]:  # noqa: ANN401 – any JSON value
    """Return the ids that a request names, and that of what it made where the answer is not sealed."""
    made = json.loads(body).get("id") if body.startswith("{") else None
    named = _ID.findall(f"{canonical(request).decode()} {made or ''}")
    return frozenset(map(UUID, named))


def keep(
    session: Session,
    caller_id: UUID,
    key: str,
    request: Any,  # noqa: ANN401 – any JSON value
    answer: Kept,
    *,
    at: datetime,
) -> None:
    """Keep the answer that a key got, in the transaction that it tells of."""
    session.add(
        new_row(
            IdempotencyKey,
            caller_id=caller_id,
            key=key,
            request_digest=sha256(canonical(request)),
            status=answer.status,
            body=answer.body,
            created_at=at,
        )
    )


def _answer(body: str, status: int, headers: Mapping[str, str] | None) -> Response:
    return Response(body, status_code=status, media_type="application/json", headers=headers)
