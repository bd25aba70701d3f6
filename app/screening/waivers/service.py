"""Letting single findings through: asked by one person, granted or refused by another."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, select

from app.domain.vocabulary import Event, WaiverReason, WaiverState
from app.drafts import queries as drafts
from app.events.emit import emit
from app.events.payloads.drafts import WaiverAsked, WaiverDecided
from app.identity.access import authorize, person
from app.identity.queries import Actor
from app.infra.errors import Conflict, Invalid, Reason
from app.infra.ids import new_id
from app.jobs import service as jobs
from app.jobs.kinds import JobKind
from app.negative_list import Finding, Policy, Severity
from app.screening import queries as reports
from app.screening import service as screening
from app.screening.checks import service as checks
from app.screening.models import Waiver
from app.screening.waivers import eligibility, queries
from app.screening.waivers import errors as _words  # noqa: F401 – the words of the codes below

#: No waiver lasts longer.
LONGEST_DAYS = 90


def ask(
    session: Session,
    *,
    policy: Policy,
    key: bytes,
    draft_id: UUID,
    fingerprint: str,
    reason: WaiverReason,
    explanation: str,
    evidence: str = "",
    actor: Actor,
    at: datetime,
) -> Waiver:
    """Ask that one blocking finding of a draft's newest content be let through.

    Raises `NotFound`, `Forbidden`, `Conflict` when the newest report has no such finding, when it does not
    block, when its rule takes no waivers, when there is one already; `Invalid` when its rule needs evidence.
    """
    draft = drafts.visible(session, draft_id, actor, lock=True)
    person(actor)
    authorize(actor, *eligibility.ASKERS, unit_path=draft.unit_path)
    scope = checks.scope_of(drafts.targets(session, draft.id))
    report = screening.ensure_report(
        session, policy=policy, key=key, draft=draft, revision=drafts.head(session, draft), scope=scope, at=at
    )
    findings = reports.report_of(report).findings
    finding = next((finding for finding in findings if finding.fingerprint == fingerprint), None)
    if finding is None:
        raise Conflict("finding_unknown")
    _may_be_waived(policy, finding, evidence)
    earlier = [row for row in queries.of_draft(session, draft.id) if row.fingerprint == fingerprint]
    if any(row.state == WaiverState.ASKED for row in earlier) or queries.in_force(earlier, at):
        raise Conflict("waiver_exists")
    waiver = Waiver(
        id=new_id(),
        draft_id=draft.id,
        report_id=report.id,
        fingerprint=fingerprint,
        rule=finding.rule,
        reason=reason,
        explanation=explanation,
        evidence=evidence,
        state=WaiverState.ASKED,
        asked_by=actor.id,
        asked_at=at,
    )
    session.add(waiver)
    session.flush()
    words = {"explanation": explanation, "evidence": evidence}
    payload = WaiverAsked.of({**_known(waiver), "policy": report.policy, "digest": report.digest, **words})
    emit(session, Event.FINDING_WAIVER_ASKED, payload, about=draft.id, actor=actor.as_audit(), at=at)
    return waiver


def decide(
    session: Session,
    *,
    waiver_id: UUID,
    grant: bool,
    comment: str = "",
    expires_at: datetime | None = None,
    actor: Actor,
    at: datetime,
) -> Waiver:
    """Grant or refuse a waiver; a granted one lets its finding through until `expires_at` (else 90 days).

    Privacy and secrecy are for the final reviewer, the rest for the second reviewer and above. Whoever asked,
    and whoever wrote any of the draft, may not decide. A grant has the draft's case considered again. Raises
    `NotFound`, `Forbidden`, `Conflict` when it was decided already, `Invalid` for an expiry out of range.
    """
    draft = queries.visible(session, waiver_id, actor).draft
    drafts.visible(session, draft.id, actor, lock=True)
    waiver = session.exec(
        select(Waiver)
        .where(Waiver.id == waiver_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    role = eligibility.require(eligibility.request_of(session, waiver, draft), actor)
    if waiver.state != WaiverState.ASKED:
        raise Conflict("waiver_decided", data={"state": waiver.state})
    longest = at + timedelta(days=LONGEST_DAYS)
    if expires_at is not None and not at < expires_at <= longest:
        raise Invalid(
            "malformed", reasons=[Reason("expiry_out_of_range", {"days": LONGEST_DAYS}, "expires_at")]
        )
    waiver.state = WaiverState.GRANTED if grant else WaiverState.REFUSED
    waiver.decided_by, waiver.decided_at, waiver.comment = actor.id, at, comment
    waiver.expires_at = (expires_at or longest) if grant else None
    session.flush()
    event = Event.FINDING_WAIVED if grant else Event.FINDING_WAIVER_REFUSED
    until = {"expires_at": waiver.expires_at, "comment": comment, "asked_by": waiver.asked_by}
    payload = WaiverDecided.of({**_known(waiver), **until})
    emit(session, event, payload, about=draft.id, actor=actor.as_audit(role), at=at)
    if grant:
        jobs.enqueue(session, JobKind.RECONSIDER, {"draft_id": str(draft.id)}, at=at, key=f"draft:{draft.id}")
    return waiver


def _may_be_waived(policy: Policy, finding: Finding, evidence: str) -> None:
    if finding.severity is not Severity.BLOCK:
        raise Conflict("waiver_not_needed")
    rule = policy.rule(finding.rule)
    if rule is None or not rule.waivable:
        raise Conflict("not_waivable", data={"rule": finding.rule})
    if eligibility.sensitive(finding.rule) and not evidence.strip():
        raise Invalid("malformed", reasons=[Reason("evidence_needed", field="evidence")])


def _known(waiver: Waiver) -> dict[str, object]:
    return {
        "draft": waiver.draft_id,
        "waiver": waiver.id,
        "report": waiver.report_id,
        "fingerprint": waiver.fingerprint,
        "rule": waiver.rule,
        "reason": waiver.reason,
    }
