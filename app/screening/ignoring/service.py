"""Leaving findings that do not block as they are, with a reason, and taking that back."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.annotations.eligibility import may_comment
from app.domain.vocabulary import Event
from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.events.emit import emit
from app.events.payloads.drafts import FindingIgnored
from app.identity import queries as identity
from app.identity.access import person
from app.identity.queries import Actor
from app.infra.errors import Conflict, Forbidden, Invalid, NotFound, Reason
from app.infra.ids import new_id
from app.negative_list import Finding, Policy, Severity
from app.screening import service as screening
from app.screening.checks import service as checks
from app.screening.ignoring import errors as _words  # noqa: F401 – the words of the codes below
from app.screening.ignoring import queries
from app.screening.ignoring.commands import Ignore
from app.screening.models import IgnoredFinding
from app.screening.waivers import queries as waivers


def may_ignore(session: Session, draft: Draft, actor: Actor) -> bool:
    """Say whether somebody may leave findings of a draft as they are: who may comment on it."""
    return may_comment(session, draft, actor)


def ignore(
    session: Session,
    draft_id: UUID,
    command: Ignore,
    *,
    policy: Policy,
    key: bytes,
    actor: Actor,
    at: datetime,
) -> tuple[IgnoredFinding, ...]:
    """Leave findings of the newest text as they are: none that blocks, each once, all of them or none.

    Raises `NotFound`, `Forbidden`, `Invalid` with everything that stands against it.
    """
    draft = _held(session, draft_id, actor)
    report = screening.examine(
        session,
        policy=policy,
        key=key,
        draft_id=draft.id,
        document=drafts.document_of(drafts.head(session, draft)),
        scope=checks.scope_of(drafts.targets(session, draft.id)),
        at=at,
    )
    waived = waivers.in_force(waivers.of_draft(session, draft.id), at)
    found = {one.fingerprint: one for one in report.findings}
    reasons = list(_faults(session, draft, command, found, waived))
    if reasons:
        raise Invalid("not_to_ignore", reasons=reasons)
    return tuple(
        _store(session, draft, found[one], command.reason, actor, at) for one in command.fingerprints
    )


def withdraw(
    session: Session, draft_id: UUID, ignored_id: UUID, *, actor: Actor, at: datetime
) -> IgnoredFinding:
    """Take back that a finding is left as it is. Raises `NotFound`, `Forbidden`, `Conflict` if it was."""
    draft = _held(session, draft_id, actor)
    row = session.get(IgnoredFinding, ignored_id, populate_existing=True)
    if row is None or row.draft_id != draft.id:
        raise NotFound("not_found")
    if row.withdrawn_at is not None:
        raise Conflict("ignored_withdrawn")
    row.withdrawn_by, row.withdrawn_at = actor.id, at
    session.flush()
    _emit(session, Event.FINDING_TAKEN_UP, row, "", actor, at)
    return row


def _held(session: Session, draft_id: UUID, actor: Actor) -> Draft:
    draft = drafts.visible(session, draft_id, actor, lock=True)
    person(actor)
    if not may_ignore(session, draft, actor):
        raise Forbidden("forbidden")
    return draft


def _faults(
    session: Session, draft: Draft, command: Ignore, found: Mapping[str, Finding], waived: frozenset[str]
) -> Iterator[Reason]:
    if not command.reason.strip():
        yield Reason("ignoring_needs_reason", field="reason")
    standing = queries.of_draft(session, draft.id)
    names = identity.names(session, {row.said_by for row in standing.values()})
    for number, fingerprint in enumerate(command.fingerprints, 1):
        finding = found.get(fingerprint)
        if finding is None:
            yield Reason("ignoring_unknown", {"number": number}, field="fingerprints")
        elif finding.severity is Severity.BLOCK and fingerprint not in waived:
            data = {"number": number, "title": finding.title}
            yield Reason("ignoring_blocks", data, field="fingerprints")
        elif row := standing.get(fingerprint):
            data = {"number": number, "by": names.get(row.said_by, "")}
            yield Reason("ignored_already", data, field="fingerprints")


def _store(
    session: Session, draft: Draft, finding: Finding, reason: str, actor: Actor, at: datetime
) -> IgnoredFinding:
    row = IgnoredFinding(
        id=new_id(),
        draft_id=draft.id,
        fingerprint=finding.fingerprint,
        rule=finding.rule,
        reason=reason.strip(),
        said_by=actor.id,
        said_at=at,
    )
    session.add(row)
    session.flush()
    _emit(session, Event.FINDING_IGNORED, row, row.reason, actor, at)
    return row


def _emit(
    session: Session, event: Event, row: IgnoredFinding, reason: str, actor: Actor, at: datetime
) -> None:
    payload = FindingIgnored(
        draft=row.draft_id,
        ignored=row.id,
        fingerprint=row.fingerprint,
        rule=row.rule,
        explanation=reason or None,
    )
    emit(session, event, payload, about=row.draft_id, actor=actor.as_audit(), at=at)
