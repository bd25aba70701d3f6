"""Who holds which roles and posts, read at once for many units."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.roles import UserKind
from app.domain.vocabulary import Role
from app.identity import queries
from app.identity.models import RoleGrant, User


@dataclass(frozen=True, slots=True)
class Staff:
    """The active people who hold some roles, each with the unit it was given over; and all with posts."""

    grants: tuple[tuple[Role, UUID, User], ...]
    posted: tuple[User, ...]

    def holding(self, role: Role, *, unit_path: str) -> tuple[User, ...]:
        """Return whose grant of `role` reaches the unit at `unit_path`, by name, each once."""
        above = {UUID(part) for part in unit_path.strip("/").split("/") if part}
        found = {user.id: user for held, unit, user in self.grants if held is role and unit in above}
        return tuple(found.values())

    def in_posts(self, names: Collection[str], *, unit_path: str) -> tuple[User, ...]:
        """Return who holds one of these posts over the unit at `unit_path`, by name; perhaps nobody."""
        return tuple(
            user
            for user in self.posted
            if any(unit_path.startswith(held["path"]) and held["post"] in names for held in user.posts)
        )


def staff(session: Session, roles: Collection[Role], *, posts: bool) -> Staff:
    """Return who holds these roles anywhere, and with `posts` who holds any post. A statement each."""
    query = (
        select(RoleGrant.role, RoleGrant.unit_id, User)
        .join(User, col(User.id) == col(RoleGrant.user_id))
        .where(
            col(RoleGrant.role).in_(sorted(roles)),
            col(RoleGrant.revoked_at).is_(None),
            col(User.active).is_(True),
            User.kind == UserKind.PERSON,
        )
        .order_by(User.name)
    )
    grants = (
        tuple((Role(role), unit, user) for role, unit, user in session.exec(query).all()) if roles else ()
    )
    return Staff(grants, queries.posted(session, unit_path=None) if posts else ())
