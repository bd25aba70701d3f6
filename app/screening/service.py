"""Checking drafts against the negative list, and letting single findings through by a second person."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from app.audit import service as audit
from app.domain.document.model import Document, sha256
from app.domain.roles import at_least
from app.domain.vocabulary import Event, Role, WaiverReason, WaiverState
from app.drafts import queries as drafts
from app.drafts.models import Asset, Draft, DraftAsset, Revision
from app.identity.access import authorize, person
from app.identity.queries import Actor
from app.infra.errors import Conflict, Forbidden, Invalid, Reason
from app.infra.ids import new_id
from app.jobs import service as jobs
from app.negative_list import Finding, Policy, Report, Scope, Severity
from app.screening import errors as _words  # noqa: F401 – the words of the codes below
from app.screening import queries
from app.screening.checks import service as checks
from app.screening.models import CheckReport, Waiver
from app.screening.rules import health

#: No waiver lasts longer.
LONGEST_DAYS = 90
#: Rules of these groups protect people and secrets.
_SENSITIVE = ("privacy.", "secrecy.")
#: Who may ask for a waiver.
ASKERS = (Role.EDITOR, Role.INITIAL_REVIEWER, Role.SECOND_REVIEWER, Role.FINAL_REVIEWER)


def examine(
    session: Session,
    *,
    policy: Policy,
    key: bytes,
    draft_id: UUID,
    document: Document,
    scope: Scope,
    at: datetime,
) -> Report:
    """Return the report on a document of a draft, and store nothing."""
    files, texts = attached(session, draft_id, document)
    return checks.run(
        policy, document, scope=scope, at=at, key=key, document_id=str(draft_id), files=files, texts=texts
    )


def ensure_report(
    session: Session,
    *,
    policy: Policy,
    key: bytes,
    draft: Draft,
    revision: Revision,
    scope: Scope,
    at: datetime,
) -> CheckReport:
    """Return the report on a revision under `policy` within `scope`; check and store it if there is none yet.

    `key` is the installation's secret. The caller holds the draft's row.
    """
    named = checks.scope_key(policy, scope, at=at)
    stored = queries.stored(session, revision.id, policy.digest, named)
    if stored is not None:
        return stored
    report = examine(
        session,
        policy=policy,
        key=key,
        draft_id=draft.id,
        document=drafts.document_of(revision),
        scope=scope,
        at=at,
    )
    row = CheckReport(
        id=new_id(),
        draft_id=draft.id,
        revision_id=revision.id,
        digest=revision.digest,
        policy=policy.digest,
        scope=named,
        blocks=report.counts[Severity.BLOCK],
        warnings=report.counts[Severity.WARN],
        infos=report.counts[Severity.INFO],
        report=report.to_json(),
        created_at=at,
    )
    session.add(row)
    session.flush()
    health.count(session, row, report)
    audit.record(
        session,
        Event.CHECK_RUN,
        stream=f"draft:{draft.id}",
        actor=audit.SYSTEM,
        at=at,
        data={
            "draft": str(draft.id),
            "report": str(row.id),
            "revision": revision.number,
            "digest": revision.digest,
            "policy": policy.digest,
            "scope": named,
            "blocks": row.blocks,
            "warnings": row.warnings,
            "infos": row.infos,
            "not_checked": len(report.not_checked),
            "report_digest": sha256(row.report.encode()),
        },
    )
    return row


def open_blockers(session: Session, *, report: CheckReport, at: datetime) -> tuple[Finding, ...]:
    """Return the blocking findings of a report that no granted and unexpired waiver lets through.

    Empty when nothing blocks; then nothing is asked of the database.
    """
    if not report.blocks:
        return ()
    waived = queries.in_force(queries.waivers(session, report.draft_id), at)
    return queries.blocking(queries.report_of(report).findings, waived=waived)


def ask_waiver(
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
    authorize(actor, *ASKERS, unit_path=draft.unit_path)
    scope = checks.scope_of(drafts.targets(session, draft.id))
    report = ensure_report(
        session, policy=policy, key=key, draft=draft, revision=drafts.head(session, draft), scope=scope, at=at
    )
    finding = next(
        (one for one in queries.report_of(report).findings if one.fingerprint == fingerprint), None
    )
    if finding is None:
        raise Conflict("finding_unknown")
    _may_be_waived(policy, finding, evidence)
    earlier = [one for one in queries.waivers(session, draft.id) if one.fingerprint == fingerprint]
    if any(one.state == WaiverState.ASKED for one in earlier) or queries.in_force(earlier, at):
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
    receipt = audit.record(
        session,
        Event.FINDING_WAIVER_ASKED,
        stream=f"draft:{draft.id}",
        actor=actor.as_audit(),
        at=at,
        data={**_data(waiver), "policy": report.policy, "digest": report.digest},
        private={"explanation": explanation, "evidence": evidence},
    )
    happened = (Event.FINDING_WAIVER_ASKED, _data(waiver), receipt.seq)
    jobs.notify(session, [happened], at=at, draft_id=draft.id, by=actor.id)
    return waiver


def decide_waiver(
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
    _, draft = queries.waiver(session, waiver_id, actor)
    drafts.visible(session, draft.id, actor, lock=True)
    person(actor)
    waiver = session.exec(
        select(Waiver)
        .where(Waiver.id == waiver_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    role = _deciding_role(session, waiver, draft, actor)
    _separated(session, waiver, draft, actor)
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
    subject = f"draft:{draft.id}"
    data = {**_data(waiver), "expires_at": waiver.expires_at.isoformat() if waiver.expires_at else None}
    receipt = audit.record(
        session,
        event,
        stream=subject,
        actor=actor.as_audit(role),
        at=at,
        data=data,
        private={"comment": comment},
    )
    asked_by = {**data, "asked_by": str(waiver.asked_by)}
    jobs.notify(session, [(event, asked_by, receipt.seq)], at=at, draft_id=draft.id, by=actor.id)
    if grant:
        jobs.announce(
            session, event, subject=subject, data=data, at=at, draft_id=draft.id, sequence=receipt.seq
        )
        jobs.enqueue(
            session, "reviews.reconsider", {"draft_id": str(draft.id)}, at=at, key=f"draft:{draft.id}"
        )
    return waiver


def sensitive(rule: str) -> bool:
    """Say whether a rule protects people or secrets: then a waiver needs evidence, and the final reviewer."""
    return rule.startswith(_SENSITIVE)


def _may_be_waived(policy: Policy, finding: Finding, evidence: str) -> None:
    if finding.severity is not Severity.BLOCK:
        raise Conflict("waiver_not_needed")
    rule = policy.rule(finding.rule)
    if rule is None or not rule.waivable:
        raise Conflict("not_waivable", data={"rule": finding.rule})
    if sensitive(finding.rule) and not evidence.strip():
        raise Invalid("malformed", reasons=[Reason("evidence_needed", field="evidence")])


def _deciding_role(session: Session, waiver: Waiver, draft: Draft, actor: Actor) -> Role:
    """Return the role in which the actor decides: over the draft's unit, and all of its channels."""
    roles = at_least(Role.FINAL_REVIEWER if sensitive(waiver.rule) else Role.SECOND_REVIEWER)
    places = drafts.targets(session, draft.id)
    for role in roles:
        if all(
            actor.has(role, unit_path=draft.unit_path, channel=one.channel, section=one.section)
            for one in places
        ):
            return role
    raise Forbidden("forbidden", reasons=[Reason("role_needed", {"roles": [str(role) for role in roles]})])


def _separated(session: Session, waiver: Waiver, draft: Draft, actor: Actor) -> None:
    reasons = []
    if waiver.asked_by == actor.id:
        reasons.append(Reason("own_request"))
    if actor.id in drafts.authors(session, draft.id):
        reasons.append(Reason("author_of_draft"))
    if reasons:
        raise Forbidden("waiver_refused_by_rule", reasons=reasons)


def attached(
    session: Session, draft_id: UUID, document: Document
) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """Return name and media type of a draft's attachments, and the words of those that are plain text."""
    if not document.attachments:
        return {}, {}
    held = session.exec(
        select(DraftAsset.sha256, DraftAsset.filename, Asset.media_type)
        .join(Asset, col(Asset.sha256) == col(DraftAsset.sha256))
        .where(DraftAsset.draft_id == draft_id, col(DraftAsset.sha256).in_(document.attachments))
    ).all()
    files = {name: (filename, kind) for name, filename, kind in held}
    plain = [name for name, (_, kind) in files.items() if kind == checks.PLAIN_TEXT]
    contents = (
        session.exec(select(Asset.sha256, Asset.content).where(col(Asset.sha256).in_(plain))).all()
        if plain
        else []
    )
    return files, {name: content.decode("utf-8") for name, content in contents}


def _data(waiver: Waiver) -> dict[str, str]:
    return {
        "draft": str(waiver.draft_id),
        "waiver": str(waiver.id),
        "report": str(waiver.report_id),
        "fingerprint": waiver.fingerprint,
        "rule": waiver.rule,
        "reason": str(waiver.reason),
    }


__all__ = [
    "ASKERS",
    "LONGEST_DAYS",
    "ask_waiver",
    "attached",
    "decide_waiver",
    "ensure_report",
    "examine",
    "open_blockers",
    "sensitive",
]
