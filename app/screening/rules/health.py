"""How rules do: how often they hit, how much of it is let through, and where they hit lately.

A finding counts once, however often its draft is checked: findings are told apart by their fingerprints. They
are counted when a report is stored (docs/decisions/0024-rule-hits.md).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, cast, func
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from app.domain.vocabulary import WaiverState
from app.drafts.models import Draft
from app.drafts.queries import visible_to
from app.identity.queries import Actor
from app.negative_list import Finding, Policy, Report
from app.screening.models import CheckReport, RuleHit, Waiver

#: A rule of which more than this share of at least so many findings was let through is proposed for shadow.
WAIVED_SHARE = 0.3
ENOUGH = 20


@dataclass(frozen=True, slots=True)
class Health:
    """How one rule does. `waived` of its `hits` were let through; `shadow_hits` are those it only tried."""

    rule: str
    title: str = ""
    hits: int = 0
    shadow_hits: int = 0
    waived: int = 0
    last_found_at: datetime | None = None

    @property
    def waived_share(self) -> float:
        """The share of findings that were let through, 0 to 1; 0 without findings."""
        return self.waived / self.hits if self.hits else 0.0

    @property
    def for_shadow(self) -> bool:
        """Whether so much of it is let through that it should only be tried."""
        return self.hits >= ENOUGH and self.waived_share > WAIVED_SHARE


@dataclass(frozen=True, slots=True)
class Hit:
    """A place where a rule hit, in a draft that the reader may see; masked where the rule masks."""

    draft: Draft
    finding: Finding
    found_at: datetime
    waived: bool


def count(session: Session, report: CheckReport, in_report: Report) -> None:
    """Count the findings of a report that is being stored. One statement; none where nothing was found."""
    rows = {
        finding.fingerprint: {
            "draft_id": report.draft_id,
            "fingerprint": finding.fingerprint,
            "rule": finding.rule,
            "severity": finding.severity.value,
            "shadow": finding.shadow,
            "report_id": report.id,
            "found_at": report.created_at,
        }
        for finding in (*in_report.findings, *in_report.shadow)
    }
    if rows:
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        insert: Any = dialect.insert(RuleHit).on_conflict_do_nothing()
        session.connection().execute(insert, list(rows.values()))


def of_rules(
    session: Session, policy: Policy, actor: Actor | None = None, *, since: datetime | None = None
) -> tuple[Health, ...]:
    """Return the health of every rule of a policy, in its order.

    With an actor only drafts that they may see count. `since` leaves out what was found before. Three
    statements at most, however many rules.
    """
    hits = select(
        RuleHit.rule,
        func.count(),
        func.sum(cast(RuleHit.shadow, Integer)),
        func.max(RuleHit.found_at),
    ).group_by(RuleHit.rule)
    waived = (
        select(RuleHit.rule, func.count(func.distinct(Waiver.fingerprint)))
        .join(
            Waiver,
            (col(Waiver.draft_id) == col(RuleHit.draft_id))
            & (col(Waiver.fingerprint) == col(RuleHit.fingerprint)),
        )
        .where(Waiver.state == WaiverState.GRANTED)
        .group_by(RuleHit.rule)
    )
    if since is not None:
        hits = hits.where(col(RuleHit.found_at) >= since)
        waived = waived.where(col(RuleHit.found_at) >= since)
    if actor is not None:
        seen = select(Draft.id).where(visible_to(actor))
        hits = hits.where(col(RuleHit.draft_id).in_(seen))
        waived = waived.where(col(RuleHit.draft_id).in_(seen))
    counted = {rule: (int(all_), int(shadow or 0), last) for rule, all_, shadow, last in session.exec(hits)}
    through = dict(session.exec(waived).all())
    return tuple(
        Health(rule.id, rule.title, all_ - shadow, shadow, through.get(rule.id, 0), last)
        for rule in policy.rules
        for all_, shadow, last in (counted.get(rule.id, (0, 0, None)),)
    )


def lately(session: Session, rule: str, actor: Actor, *, limit: int = 20) -> tuple[Hit, ...]:
    """Return where a rule hit lately, the newest first, in drafts that the actor may see."""
    rows = session.exec(
        select(RuleHit, Draft, CheckReport)
        .join(Draft, col(Draft.id) == col(RuleHit.draft_id))
        .join(CheckReport, col(CheckReport.id) == col(RuleHit.report_id))
        .where(RuleHit.rule == rule, visible_to(actor))
        .order_by(col(RuleHit.found_at).desc(), col(RuleHit.draft_id).desc())
        .limit(limit)
    ).all()
    waived = _waived(session, [hit.fingerprint for hit, _, _ in rows])
    hits = []
    for hit, draft, report in rows:
        read = Report.from_json(report.report)
        finding = next(
            (
                candidate
                for candidate in (*read.findings, *read.shadow)
                if candidate.fingerprint == hit.fingerprint
            ),
            None,
        )
        if finding is not None:
            hits.append(Hit(draft, finding, hit.found_at, hit.fingerprint in waived))
    return tuple(hits)


def _waived(session: Session, fingerprints: Iterable[str]) -> frozenset[str]:
    return frozenset(
        session.exec(
            select(Waiver.fingerprint).where(
                col(Waiver.fingerprint).in_(list(fingerprints)), Waiver.state == WaiverState.GRANTED
            )
        ).all()
    )
