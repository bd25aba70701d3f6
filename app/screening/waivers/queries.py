"""Reading waivers: of one draft, those that await somebody, and all with where they stand."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.domain.vocabulary import WaiverStanding, WaiverState
from app.drafts.models import Draft
from app.drafts.queries import may_see, visible_to
from app.identity.queries import Actor
from app.infra.errors import NotFound
from app.negative_list import Policy, Report
from app.screening.models import CheckReport, Waiver

#: Granted, and letting nothing through any more.
STALE = (WaiverStanding.EXPIRED, WaiverStanding.FINDING_GONE, WaiverStanding.RULE_GONE)


class OnDraft(NamedTuple):
    """A waiver and its draft."""

    waiver: Waiver
    draft: Draft


class Listed(NamedTuple):
    """A waiver, its draft, and where it stands."""

    waiver: Waiver
    draft: Draft
    standing: WaiverStanding


def of_draft(session: Session, draft_id: UUID) -> tuple[Waiver, ...]:
    """Return every waiver asked for on a draft, the oldest first; perhaps none."""
    query = select(Waiver).where(Waiver.draft_id == draft_id).order_by(col(Waiver.id))
    return tuple(session.exec(query).all())


def asked(session: Session, actor: Actor, *, limit: int = 50) -> tuple[OnDraft, ...]:
    """Return the waivers that nobody has decided yet, on drafts that the actor may see, the oldest first."""
    query = (
        select(Waiver, Draft)
        .join(Draft, col(Draft.id) == col(Waiver.draft_id))
        .where(Waiver.state == WaiverState.ASKED, visible_to(actor))
        .order_by(col(Waiver.id))
        .limit(limit)
    )
    return tuple(OnDraft(waiver, draft) for waiver, draft in session.exec(query).all())


def visible(session: Session, waiver_id: UUID, actor: Actor) -> OnDraft:
    """Return a waiver and its draft. Raises `NotFound` unless the actor may see the draft."""
    row = session.exec(
        select(Waiver, Draft).join(Draft, col(Draft.id) == col(Waiver.draft_id)).where(Waiver.id == waiver_id)
    ).one_or_none()
    if row is None or not may_see(session, row[1], actor):
        raise NotFound("not_found")
    return OnDraft(*row)


def in_force(given: Iterable[Waiver], at: datetime) -> frozenset[str]:
    """Return the fingerprints that granted and unexpired waivers let through."""
    return frozenset(
        waiver.fingerprint
        for waiver in given
        if waiver.state == WaiverState.GRANTED and waiver.expires_at is not None and at < waiver.expires_at
    )


def listing(
    session: Session,
    policy: Policy,
    actor: Actor,
    *,
    at: datetime,
    before: UUID | None = None,
    rule: str | None = None,
    limit: int = 100,
) -> tuple[Listed, ...]:
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
    rules = {rule_in_force.id for rule_in_force in policy.rules}
    return tuple(Listed(row, draft, _standing(row, at, present, rules)) for row, draft in rows)


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
