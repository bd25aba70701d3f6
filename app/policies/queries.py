"""Reading versions of the negative list, their activations, and waivers across drafts."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from sqlmodel import Session, col, select

from app.domain.files.policy_files import PolicyFiles
from app.domain.vocabulary import ActivationState, PolicyKind
from app.identity.queries import Actor
from app.infra.errors import NotFound
from app.policies import errors as _words  # noqa: F401 – the words of the codes below
from app.policies import kinds, risks
from app.policies import service as policies
from app.policies.files.difference import FileChange, changes
from app.policies.models import PolicyActivation, PolicyVersion
from app.policies.risks import Standing
from app.policies.versions import digests_in_use, files_of

VersionState = Literal["in_force", "asked", "candidate", "earlier"]


@dataclass(frozen=True, slots=True)
class Version:
    """A stored version and where it stands; `activations` are the wishes about it, the newest first."""

    row: PolicyVersion
    state: VersionState
    activations: tuple[PolicyActivation, ...]

    @property
    def asked(self) -> PolicyActivation | None:
        """The wish that nobody decided yet; None when there is none."""
        return next((one for one in self.activations if one.state == ActivationState.ASKED), None)


def versions(
    session: Session, kind: PolicyKind = PolicyKind.NEGATIVE_LIST, *, limit: int = 100
) -> tuple[Version, ...]:
    """Return the stored versions of a kind, the newest first. Three statements."""
    query = select(PolicyVersion).where(PolicyVersion.kind == kind)
    query = query.order_by(col(PolicyVersion.created_at).desc(), col(PolicyVersion.digest))
    return _with_activations(session, session.exec(query.limit(limit)).all())


def version(session: Session, digest: str) -> Version:
    """Return one stored version. Raises `NotFound`."""
    row = session.get(PolicyVersion, digest)
    if row is None:
        raise NotFound("policy_unknown")
    return _with_activations(session, [row])[0]


def _with_activations(session: Session, rows: Iterable[PolicyVersion]) -> tuple[Version, ...]:
    rows = list(rows)
    in_use = set(digests_in_use(session).values())
    names = [row.digest for row in rows]
    wishes = session.exec(
        select(PolicyActivation)
        .where(col(PolicyActivation.digest).in_(names) | col(PolicyActivation.activated).in_(names))
        .order_by(col(PolicyActivation.id).desc())
    ).all()
    found = []
    for row in rows:
        own = tuple(one for one in wishes if row.digest in {one.digest, one.activated})
        state: VersionState = "candidate"
        if row.digest in in_use:
            state = "in_force"
        elif any(one.state == ActivationState.ASKED for one in own):
            state = "asked"
        elif any(one.activated == row.digest for one in own):
            state = "earlier"
        found.append(Version(row, state, own))
    return tuple(found)


def to_grant(session: Session, actor: Actor) -> tuple[PolicyActivation, ...]:
    """Return the activations that the actor may grant or refuse, the oldest first; asks nothing of others."""
    if not policies.may(actor, *policies.GRANTERS):
        return ()
    query = select(PolicyActivation).where(
        PolicyActivation.state == ActivationState.ASKED,
        col(PolicyActivation.asked_by).not_in({actor.id, *actor.others}),
    )
    return tuple(session.exec(query.order_by(col(PolicyActivation.id))).all())


def kinds_of(session: Session, digests: Collection[str]) -> dict[str, PolicyKind]:
    """Return the kind of each of these versions, by digest; asks nothing for none. One statement."""
    if not digests:
        return {}
    query = select(PolicyVersion.digest, PolicyVersion.kind).where(col(PolicyVersion.digest).in_(digests))
    return {digest: PolicyKind(kind) for digest, kind in session.exec(query).all()}


def files(session: Session, digest: str) -> dict[str, str]:
    """Return the files of a version, path to text. Raises `NotFound`."""
    found = files_of(session, digest)
    if found is None:
        raise NotFound("policy_unknown")
    return found


def differences(session: Session, digest: str, against: str | None) -> tuple[FileChange, ...]:
    """Return how a version differs from another of its kind, by file; from nothing without one.

    Raises `NotFound` for an unknown version, or one of another kind.
    """
    row = version(session, digest).row
    if against is not None and version(session, against).row.kind != row.kind:
        raise NotFound("policy_unknown")
    return changes(files(session, against) if against else {}, files(session, digest))


def warnings(session: Session, version: Version, in_force: PolicyFiles) -> tuple[Standing, ...]:
    """Return what the linter warns of with a version in force, and whether it was accepted."""
    kind = PolicyKind(version.row.kind)
    if kind not in risks.KINDS:
        return ()
    return risks.of_files(session, kind, kinds.put(kind, files(session, version.row.digest), in_force))


def shadowed(activation: PolicyActivation) -> tuple[str, ...]:
    """Return the new blocking rules that an activation only tries."""
    return tuple(json.loads(activation.shadowed))
