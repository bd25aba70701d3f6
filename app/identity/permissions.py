"""What somebody's roles and posts open to them: one answer for services, the API and pages.

What depends on more than the roles of one person (who wrote a draft, who asked, where a case stands) is
answered where that is known: `reviews.eligibility`, `screening.waivers.eligibility`, the services' own doors.
"""

from app.domain.delegations import DELEGABLE
from app.domain.roles import SEEING
from app.domain.vocabulary import ADMINISTRATORS, Role
from app.identity.access import authorize
from app.identity.actors import Actor
from app.infra.errors import Forbidden

#: Who sees the accounts of a unit.
SEE_ACCOUNTS = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN)


def sees_persons(actor: Actor) -> bool:
    """Say whether somebody sees who may be one person with two accounts."""
    return actor.has(Role.SECURITY_ADMIN) or actor.has(Role.AUDIT_ADMIN)


def settles_persons(actor: Actor) -> bool:
    """Say whether somebody settles who is one person and who are two."""
    return actor.has(Role.SECURITY_ADMIN)


def may_write(actor: Actor, unit_path: str | None = None) -> bool:
    """Say whether somebody writes drafts of a unit, or anywhere."""
    return actor.has(Role.EDITOR, unit_path=unit_path)


def require_writing(actor: Actor, unit_path: str | None = None) -> None:
    """Let pass who writes drafts of a unit, or anywhere. Raises `Forbidden`."""
    authorize(actor, Role.EDITOR, unit_path=unit_path)


def has_board(actor: Actor) -> bool:
    """Say whether somebody reviews, proofreads, publishes or reads anywhere, and so has a board."""
    return actor.via == "system" or bool(actor.posts) or any(actor.has(role) for role in SEEING)


def require_board(actor: Actor) -> None:
    """Let pass who has a board. Raises `Forbidden`."""
    if not has_board(actor):
        authorize(actor, *sorted(SEEING))


def board_units(actor: Actor) -> tuple[str, ...]:
    """Return the paths of the units whose drafts somebody sees by a role of theirs."""
    return tuple(grant.unit_path for grant in actor.grants if grant.role in SEEING)


def keeps_workflows(actor: Actor) -> bool:
    """Say whether somebody proposes what is about workflow files."""
    return actor.has(Role.POLICY_KEEPER)


def require_workflow_keeper(actor: Actor) -> None:
    """Let pass who proposes what is about workflow files. Raises `Forbidden`."""
    authorize(actor, Role.POLICY_KEEPER)


def administers(actor: Actor, unit_path: str | None = None) -> bool:
    """Say whether somebody makes and shuts accounts, units and robots of a unit, or anywhere."""
    return actor.has(Role.SYSTEM_ADMIN, unit_path=unit_path)


def require_administrator(actor: Actor, unit_path: str | None = None) -> None:
    """Let pass who makes and shuts accounts, units and robots of a unit, or anywhere. Raises `Forbidden`."""
    authorize(actor, Role.SYSTEM_ADMIN, unit_path=unit_path)


def administered_units(actor: Actor) -> tuple[str, ...]:
    """Return the paths of the units in which somebody makes and shuts accounts and robots."""
    return tuple(grant.unit_path for grant in actor.grants if grant.role is Role.SYSTEM_ADMIN)


def gives_roles(actor: Actor, unit_path: str | None = None) -> bool:
    """Say whether somebody gives roles, posts and delegations to people of a unit, or anywhere."""
    return actor.has(Role.SECURITY_ADMIN, unit_path=unit_path)


def keeps_accounts(actor: Actor) -> bool:
    """Say whether somebody administers accounts or roles anywhere."""
    return administers(actor) or gives_roles(actor)


def require_keeping_accounts(actor: Actor) -> None:
    """Let pass who administers accounts or roles anywhere. Raises `Forbidden`."""
    if not keeps_accounts(actor):
        raise Forbidden("forbidden")


def knows_accounts(actor: Actor) -> bool:
    """Say whether somebody administers or audits accounts anywhere."""
    return bool(actor.roles() & ADMINISTRATORS)


def known_units(actor: Actor) -> tuple[str, ...]:
    """Return the paths of the units whose accounts somebody administers or audits."""
    return tuple(grant.unit_path for grant in actor.grants if grant.role in SEE_ACCOUNTS)


def audits(actor: Actor) -> bool:
    """Say whether somebody reads the record of any unit."""
    return actor.has(Role.AUDIT_ADMIN)


def keeps_rules(actor: Actor) -> bool:
    """Say whether somebody has to do with content or policies, though they write none."""
    return has_board(actor) or keeps_workflows(actor)


def delegable(actor: Actor) -> tuple[Role, ...]:
    """Return the roles that somebody may name in a delegation: their own; for an office, all there are."""
    return tuple(role for role in Role if role in DELEGABLE and (gives_roles(actor) or actor.has(role)))


def is_administrator(roles: frozenset[Role]) -> bool:
    """Say whether these roles are an administrator's: nobody else sets such an account's password."""
    return bool(roles & ADMINISTRATORS)
