"""Versions of policies and the wishes to bring them into force, in words."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from app.domain.vocabulary import ActivationState, PolicySource
from app.identity import queries as identity
from app.policies import queries as policy_queries
from app.policies.models import PolicyActivation
from app.policies.queries import Version
from app.words.labels import label


@dataclass(frozen=True, slots=True)
class Wish:
    """An activation in words; `shadowed` are the new blocking rules that are only tried."""

    row: PolicyActivation
    state: str
    asker: str
    decider: str
    shadowed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A version in words."""

    version: Version
    source: str
    proposer: str
    tone: str
    state: str


_STATES = {
    "in_force": ("good", "正在使用"),
    "asked": ("warn", "等待批准"),
    "candidate": ("go", "候选"),
    "earlier": ("info", "曾经使用"),
}


def names(session: Session, versions: list[Version] | tuple[Version, ...]) -> dict[UUID, str]:
    """Return the names of all who proposed, asked and decided, by id. One statement."""
    wanted = {one.row.proposed_by for one in versions}
    for version in versions:
        for wish in version.activations:
            wanted |= {wish.asked_by, wish.decided_by}
    return identity.names(session, [one for one in wanted if one is not None])


def shown(version: Version, names: dict[UUID, str]) -> Shown:
    """Return a version in words."""
    tone, state = _STATES[version.state]
    row = version.row
    proposer = names.get(row.proposed_by, "") if row.proposed_by else "系统"
    return Shown(version, label(PolicySource(row.source)), proposer, tone, state)


def wish(row: PolicyActivation, names: dict[UUID, str]) -> Wish:
    """Return an activation in words."""
    return Wish(
        row,
        label(ActivationState(row.state)),
        names.get(row.asked_by, "") if row.asked_by else "系统",
        names.get(row.decided_by, "") if row.decided_by else "",
        policy_queries.shadowed(row),
    )
