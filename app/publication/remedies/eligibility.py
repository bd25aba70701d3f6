"""Who may have something that is out corrected or taken down: the one door for pages and API."""

from app.domain.roles import UserKind
from app.domain.vocabulary import Role
from app.drafts.models import Draft
from app.identity.access import authorize, person
from app.identity.queries import Actor

#: Whoever writes, decides in the end, or publishes may say that something which is out is wrong.
MAY_OPEN = (Role.EDITOR, Role.SECOND_REVIEWER, Role.FINAL_REVIEWER, Role.PUBLISHER)
#: Who may say until when something is out, once it is: those who let it out.
MAY_END = (Role.FINAL_REVIEWER, Role.PUBLISHER)


def may_open(actor: Actor, draft: Draft) -> bool:
    """Tell whether somebody may have a draft corrected or retracted; a tool may not, for people decide."""
    if actor.kind is UserKind.SERVICE:
        return False
    return any(actor.has(role, unit_path=draft.unit_path) for role in MAY_OPEN)


def may_confirm(actor: Actor, draft: Draft, channel: str) -> bool:
    """Tell whether somebody may say that a channel has taken down what it was told to, on their own eyes."""
    if actor.kind is UserKind.SERVICE:
        return False
    return actor.has(Role.PUBLISHER, unit_path=draft.unit_path, channel=channel)


def require_confirming(actor: Actor, draft: Draft, channel: str) -> None:
    """Let pass who may confirm for a channel. Raises `Forbidden`."""
    person(actor)
    authorize(actor, Role.PUBLISHER, unit_path=draft.unit_path, channel=channel)


def require(actor: Actor, draft: Draft) -> None:
    """Let pass who may have a draft corrected or retracted. Raises `Forbidden`."""
    person(actor)
    authorize(actor, *MAY_OPEN, unit_path=draft.unit_path)
