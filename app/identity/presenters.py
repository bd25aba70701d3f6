"""Accounts and their roles as the API shows them."""

from sqlmodel import Session

from app.identity import queries
from app.identity.models import RoleGrant, User
from app.identity.schemas import UserGrantOut, UserOut


def user_out(session: Session, user: User) -> UserOut:
    """Return an account with its grants in force."""
    return shown(user, queries.grants_in_force(session, [user.id]).get(user.id, ()))


def shown(user: User, grants: tuple[RoleGrant, ...]) -> UserOut:
    """Return an account with these grants."""
    return UserOut.model_validate({**user.model_dump(), "grants": [grant_out(grant) for grant in grants]})


def grant_out(grant: RoleGrant) -> UserGrantOut:
    """Return a grant; no channel or section stands for all."""
    return UserGrantOut.model_validate(
        {**grant.model_dump(), "channel": grant.channel or None, "section": grant.section or None}
    )
