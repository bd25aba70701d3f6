"""Reading versions of the negative list, their activations, and waivers across drafts."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.domain.vocabulary import ActivationState, WaiverStanding, WaiverState
from app.drafts.models import Draft
from app.drafts.queries import visible_to
from app.identity.queries import Actor
from app.infra.errors import NotFound
from app.infra.models import PolicyVersion
from app.infra.policies import digest_in_use, files_of
from app.negative_list import Policy, Report
from app.screening.models import CheckReport, PolicyActivation, Waiver
from app.screening.policies import errors as _words  # noqa: F401 – the words of the codes below
from app.screening.policies import service as policies

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


def versions(session: Session, *, limit: int = 100) -> tuple[Version, ...]:
    """Return the stored versions, the newest first. Three statements."""
    query = select(PolicyVersion).order_by(col(PolicyVersion.created_at).desc(), col(PolicyVersion.digest))
    return _with_activations(session, session.exec(query.limit(limit)).all())


def version(session: Session, digest: str) -> Version:
    """Return one stored version. Raises `NotFound`."""
    row = session.get(PolicyVersion, digest)
    if row is None:
        raise NotFound("policy_unknown")
    return _with_activations(session, [row])[0]


def _with_activations(session: Session, rows: Iterable[PolicyVersion]) -> tuple[Version, ...]:
    rows = list(rows)
    in_use = digest_in_use(session)
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
        if row.digest == in_use:
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
        PolicyActivation.state == ActivationState.ASKED, PolicyActivation.asked_by != actor.id
    )
    return tuple(session.exec(query.order_by(col(PolicyActivation.id))).all())


def files(session: Session, digest: str) -> dict[str, str]:
    """Return the files of a version, path to text. Raises `NotFound`."""
    found = files_of(session, digest)
    if found is None:
        raise NotFound("policy_unknown")
    return found


def shadowed(activation: PolicyActivation) -> tuple[str, ...]:
    """Return the new blocking rules that an activation only tries."""
    return tuple(json.loads(activation.shadowed))


STALE = (WaiverStanding.EXPIRED, WaiverStanding.FINDING_GONE, WaiverStanding.RULE_GONE)


def waivers(
    session: Session,
    policy: Policy,
    actor: Actor,
    *,
    at: datetime,
    before: UUID | None = None,
    rule: str | None = None,
    limit: int = 100,
) -> tuple[tuple[Waiver, Draft, WaiverStanding], ...]:
    """Return waivers on drafts that the actor may see, the newest first, and where each stands.

    A granted one is stale when it is expired, when the newest report of its draft has no such finding any
    more, or when the policy has no such rule.
    """
    query = (
        select(Waiver, Draft)
        .join(Draft, col(Draft.id) == col(Waiver.draft_id))
        .where(visible_to(actor))
        .order_by(col(Waiver.id).desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(col(Waiver.id) < before)
    if rule is not None:
        query = query.where(Waiver.rule == rule)
    rows = session.exec(query).all()
    granted = {row.draft_id for row, _ in rows if row.state == WaiverState.GRANTED}
    present = _present(session, granted)
    rules = {one.id for one in policy.rules}
    return tuple((row, draft, _standing(row, at, present, rules)) for row, draft in rows)


def _standing(
    row: Waiver, at: datetime, present: dict[UUID, frozenset[str]], rules: set[str]
) -> WaiverStanding:
    if row.state != WaiverState.GRANTED:
        return WaiverStanding.ASKED if row.state == WaiverState.ASKED else WaiverStanding.REFUSED
    if row.expires_at is not None and at >= row.expires_at:
        return WaiverStanding.EXPIRED
    if row.rule not in rules:
        return WaiverStanding.RULE_GONE
    if row.fingerprint not in present.get(row.draft_id, frozenset()):
        return WaiverStanding.FINDING_GONE
    return WaiverStanding.IN_FORCE


def _present(session: Session, draft_ids: set[UUID]) -> dict[UUID, frozenset[str]]:
    """Return the fingerprints in the newest report of each of these drafts. One statement."""
    if not draft_ids:
        return {}
    newest = (
        func.row_number()
        .over(
            partition_by=col(CheckReport.draft_id),
            order_by=(col(CheckReport.created_at).desc(), col(CheckReport.id).desc()),
        )
        .label("newest")
    )
    ranked = select(CheckReport.id, newest).where(col(CheckReport.draft_id).in_(draft_ids)).subquery()
    report = aliased(CheckReport)
    rows = session.exec(
        select(report.draft_id, report.report)
        .join(ranked, ranked.c.id == report.id)
        .where(ranked.c.newest == 1)
    ).all()
    return {
        draft_id: frozenset(finding.fingerprint for finding in Report.from_json(text).findings)
        for draft_id, text in rows
    }
