"""Which units and accounts somebody administers or audits: the one door before any verb upon them."""

from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.vocabulary import Role
from app.identity import errors as _words  # noqa: F401 – the words of the codes below
from app.identity.access import authorize
from app.identity.actors import Actor
from app.identity.models import Unit, User
from app.identity.permissions import SEE_ACCOUNTS
from app.infra.errors import NotFound


def unit_in_reach(session: Session, unit_id: UUID, actor: Actor, *needed: Role) -> Unit:
    """Return a unit that the actor administers. Raises `NotFound` when they may not know it, `Forbidden`."""
    unit = session.get(Unit, unit_id)
    if unit is None or not _may_know(actor, unit.path):
        raise NotFound("not_found")
    authorize(actor, *needed, unit_path=unit.path)
    return unit


def user_in_reach(
    session: Session, user_id: UUID, actor: Actor, *needed: Role, lock: bool = False
) -> tuple[User, Unit]:
    """Return a user whom the actor administers, and their unit; `lock` holds the user's row until the end.

    Raises `NotFound` when the actor may not know of the account, `Forbidden` without one of the `needed`
    roles.
    """
    query = select(User, Unit).join(Unit, col(Unit.id) == col(User.unit_id)).where(User.id == user_id)
    if lock:
        query = query.with_for_update(of=User)
    row = session.exec(query).one_or_none()
    if row is None or not _may_know(actor, row[1].path):
        raise NotFound("not_found")
    authorize(actor, *needed, unit_path=row[1].path)
    return row[0], row[1]


def _may_know(actor: Actor, path: str) -> bool:
    return actor.via == "system" or any(actor.has(role, unit_path=path) for role in SEE_ACCOUNTS)
