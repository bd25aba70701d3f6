"""Who may use the routes of the lowest features, which know no identity: the application says who."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from fastapi import BackgroundTasks, Request
from sqlmodel import Session

from app.domain.vocabulary import Role
from app.infra.http.routing import proves


def holder_of(*roles: Role) -> Callable[[Request, BackgroundTasks], Any]:
    """Return a dependency that lets only holders of one of `roles` pass, and gives their `AuditActor`.

    `app.state.admit` decides; `create_app` sets it. It raises `Unauthenticated` or `Forbidden`.
    """

    def admit(request: Request, tasks: BackgroundTasks) -> Any:  # noqa: ANN401 – audit's AuditActor, a layer above
        return request.app.state.admit(request, tasks, roles)

    return proves(admit)


def of_own_body(
    request: Request, session: Session, reader_id: UUID | None, texts: Sequence[str]
) -> list[bool]:
    """Say of each text whether all that it names is of the reader's own body; `create_app` says how."""
    allowed: list[bool] = request.app.state.of_own_body(session, reader_id, texts)
    return allowed
