"""How a verb on a case is answered over HTTP: with the case as it then stands, and once for each key."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import Request, Response
from pydantic import BaseModel
from sqlmodel import Session

from app.domain.workflow import Command
from app.identity.queries import Actor
from app.infra.http import idempotency
from app.infra.runtime import runtime_of
from app.reviews.commands import perform
from app.reviews.presenters import shown
from app.reviews.schemas import CaseOut


def performed(
    request: Request,
    session: Session,
    actor: Actor,
    key: str | None,
    case_id: UUID,
    body: BaseModel,
    command: Command,
    *,
    on_behalf_of: UUID | None = None,
) -> Response:
    """Do the command that a body became, and answer with the case afterwards; the same again for `key`."""
    runtime = runtime_of(request)
    at = runtime.clock()

    def verb() -> None:
        perform(session, case_id, command, actor=actor, runtime=runtime, at=at, on_behalf_of=on_behalf_of)

    asked = {"verb": str(command.verb), **body.model_dump(mode="json")}
    return once(session, actor, key, at, case_id, asked, verb)


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
