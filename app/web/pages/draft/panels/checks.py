"""What the rules say about a revision, with what was let through; for reading, so nothing is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.domain.document.model import Document
from app.domain.vocabulary import WITH_AUTHOR, WaiverReason, WaiverState
from app.domain.workflow import AssessedText
from app.drafts import queries as drafts
from app.drafts.models import Draft, Revision
from app.identity import permissions
from app.identity import queries as identity
from app.identity.queries import Actor
from app.infra.runtime import Runtime
from app.negative_list import NotChecked, Policy
from app.policies.in_use import policy_of
from app.screening import queries, service
from app.screening.checks.service import scope_of
from app.screening.ignoring import queries as ignored
from app.screening.ignoring.service import may_ignore
from app.screening.models import Waiver
from app.screening.waivers import eligibility
from app.screening.waivers import queries as waivers
from app.web.components.text_view import Hit, numbered
from app.web.shell.viewer import Viewer
from app.words.labels import label


@dataclass(frozen=True, slots=True)
class Checked:
    """The findings on a revision under the policy in force, numbered; `facts` are for the workflow.

    `at` is when the stored report was made, or now when none is stored under this policy.
    """

    hits: tuple[Hit, ...]
    not_checked: tuple[NotChecked, ...]
    policy: str
    at: datetime
    facts: AssessedText
    waivers: tuple[Waiver, ...]
    truncated: int


@dataclass(frozen=True, slots=True)
class IgnoredView:
    """A finding that somebody left as it is, in words."""

    id: UUID
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class WaiverView:
    """A waiver in words; `decidable` when this viewer may grant or refuse it."""

    id: UUID
    state: str
    reason: str
    asker: str
    explanation: str
    evidence: str
    decider: str
    comment: str
    expires_at: datetime | None
    decidable: bool


def checked(
    session: Session, runtime: Runtime, draft: Draft, revision: Revision, document: Document
) -> Checked:
    """Return what the negative list in force says of a revision: the stored report, else checked afresh."""
    policy, at = policy_of(session, runtime), runtime.clock()
    stored = queries.newest(session, revision.id)
    if stored is not None and stored.policy == policy.digest:
        report, made = queries.report_of(stored), stored.created_at
    else:
        scope = scope_of(drafts.targets(session, draft.id))
        made = at
        report = service.examine(
            session,
            policy=policy,
            key=runtime.secret,
            draft_id=draft.id,
            document=document,
            scope=scope,
            at=at,
        )
    given = waivers.of_draft(session, draft.id)
    waived = waivers.in_force(given, at)
    blocking = queries.blocking(report.findings, waived=waived)
    return Checked(
        hits=numbered(report.findings, document, waived, service.attached_names(session, draft.id, document)),
        not_checked=report.not_checked,
        policy=report.policy,
        at=made,
        facts=AssessedText(
            blockers=tuple(finding.rule for finding in blocking),
            findings=len(report.findings) - len(blocking),
        ),
        waivers=given,
        truncated=report.truncated,
    )


def waiver_views(
    session: Session, listed: Sequence[tuple[Waiver, Draft]], actor: Actor
) -> dict[UUID, WaiverView]:
    """Return these waivers in words, by their ids. Three statements, however many they are."""
    if not listed:
        return {}
    people = {person for row, _ in listed for person in (row.asked_by, row.decided_by) if person}
    names = identity.names(session, people)
    awaited = eligibility.awaited_of(eligibility.requests_of(session, listed).values(), actor)
    return {row.id: _view(row, names, decidable=row.id in awaited) for row, _ in listed}


def newest_views(
    session: Session, draft: Draft, given: Sequence[Waiver], actor: Actor
) -> dict[str, WaiverView]:
    """Return the newest waiver of each finding of a draft by fingerprint; empty when none was asked for."""
    views = waiver_views(session, [(row, draft) for row in given], actor)
    return {row.fingerprint: views[row.id] for row in given}


def ignored_views(session: Session, draft: Draft) -> dict[str, IgnoredView]:
    """Return who left which finding of a draft as it is, by fingerprint; empty when nobody did."""
    rows = ignored.of_draft(session, draft.id)
    if not rows:
        return {}
    names = identity.names(session, {row.said_by for row in rows.values()})
    return {
        fingerprint: IgnoredView(row.id, names.get(row.said_by, ""), row.reason, row.said_at)
        for fingerprint, row in rows.items()
    }


def _view(row: Waiver, names: Mapping[UUID, str], *, decidable: bool) -> WaiverView:
    return WaiverView(
        id=row.id,
        state=label(WaiverState(row.state)),
        reason=label(WaiverReason(row.reason)),
        asker=names.get(row.asked_by, ""),
        explanation=row.explanation,
        evidence=row.evidence,
        decider=names.get(row.decided_by, "") if row.decided_by else "",
        comment=row.comment,
        expires_at=row.expires_at,
        decidable=decidable,
    )


def may_adopt(viewer: Viewer, draft: Draft) -> bool:
    """Say whether the viewer may write suggestions into the draft now: it is in its author's hands."""
    free = draft.state in WITH_AUTHOR and draft.scheduled_at is None
    return free and permissions.may_write(viewer.actor, draft.unit_path)


def may_ask_waiver(viewer: Viewer, draft: Draft) -> bool:
    """Say whether the viewer may ask that findings of the draft be let through."""
    return eligibility.may_ask(viewer.actor, draft)


def may_leave(session: Session, viewer: Viewer, draft: Draft) -> bool:
    """Say whether the viewer may leave findings of the draft as they are, with a reason."""
    return may_ignore(session, draft, viewer.actor)


def waivable(policy: Policy, hits: Sequence[Hit]) -> dict[str, bool]:
    """Return, by rule, whether its blocking findings may be let through."""
    rules = {hit.finding.rule for hit in hits}
    return {name: rule is not None and rule.waivable for name in rules for rule in (policy.rule(name),)}
