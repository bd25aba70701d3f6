"""How a verb on a case is answered over HTTP: with the case as it then stands, and once for each key."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Response
from sqlmodel import Session

from app.identity.queries import Actor
from app.infra.http import idempotency
from app.reviews.presenters import shown
from app.reviews.schemas import CaseOut


def once(
    session: Session,
    actor: Actor,
    key: str | None,
    at: datetime,
    case_id: UUID,
    asked: dict[str, Any],
    verb: Callable[[], object],
) -> Response:
    """Do a verb on a case and answer with the case afterwards; the same again for the same `key`.

    `asked` is what the request says, for telling another request with that key apart.
    """

    def act() -> CaseOut:
        verb()
        return shown(session, case_id, actor, at)

    request = {"case": str(case_id), **asked}
    return idempotency.once(session, key=key, caller_id=actor.id, request=request, at=at, act=act)
