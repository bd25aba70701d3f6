"""Checking drafts against the negative list."""

from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import event
from sqlmodel import Session, col, select

from app.domain.document.model import Document, sha256
from app.domain.vocabulary import Event
from app.drafts import file_readings
from app.drafts import queries as drafts
from app.drafts.models import Draft, DraftAsset, Revision
from app.events.emit import SYSTEM, emit
from app.events.payloads.drafts import CheckRun
from app.infra.ids import new_id
from app.negative_list import Finding, Policy, Report, Scope, Severity
from app.screening import queries
from app.screening.checks import service as checks
from app.screening.checks.files import HeldFile
from app.screening.models import CheckReport
from app.screening.rules import health
from app.screening.waivers import queries as waivers

#: How many reports a process keeps of each database: a few kilobytes each, asked for at every step of a case.
_MOST_REMEMBERED = 500
_REMEMBERED: WeakKeyDictionary[Any, OrderedDict[tuple[UUID, str, str], CheckReport]] = WeakKeyDictionary()


def examine(
    session: Session,
    *,
    policy: Policy,
    key: bytes,
    draft_id: UUID,
    document: Document,
    scope: Scope,
    at: datetime,
    typed: Mapping[str, str] | None = None,
) -> Report:
    """Return the report on a document of a draft, and store nothing.

    `typed` gives by place what is being written in place of its texts.
    """
    files = attached(session, draft_id, document)
    return checks.run(
        policy,
        document,
        scope=scope,
        at=at,
        key=key,
        document_id=str(draft_id),
        files=files,
        typed=typed,
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

    `key` is the installation's secret. The caller holds the draft's row. What this process has read before is
    not asked for again: a report never changes. Such a report belongs to no session.
    """
    named = checks.scope_key(policy, scope, at=at)
    asked = revision.id, policy.digest, named
    remembered = _REMEMBERED.setdefault(session.get_bind(), OrderedDict())
    if (known := remembered.get(asked)) is not None:
        return known
    stored = queries.stored(session, *asked)
    if stored is not None:
        if stored.created_at < at:  # not by this very transaction, which may still come to nothing
            _remember(remembered, asked, CheckReport(**stored.model_dump()))
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
    copy = CheckReport(**row.model_dump())
    event.listen(session, "after_commit", lambda _: _remember(remembered, asked, copy), once=True)
    health.count(session, row, report)
    payload = CheckRun(
        draft=draft.id,
        report=row.id,
        revision=revision.number,
        digest=revision.digest,
        policy=policy.digest,
        scope=named,
        blocks=row.blocks,
        warnings=row.warnings,
        infos=row.infos,
        not_checked=len(report.not_checked),
        report_digest=sha256(row.report.encode()),
    )
    emit(session, Event.CHECK_RUN, payload, about=draft.id, actor=SYSTEM, at=at)
    return row


def _remember(
    remembered: OrderedDict[tuple[UUID, str, str], CheckReport],
    asked: tuple[UUID, str, str],
    report: CheckReport,
) -> None:
    remembered[asked] = report
    while len(remembered) > _MOST_REMEMBERED:
        with suppress(KeyError):  # another thread was faster
            remembered.popitem(last=False)


def open_blockers(session: Session, *, report: CheckReport, at: datetime) -> tuple[Finding, ...]:
    """Return the blocking findings of a report that no granted and unexpired waiver lets through.

    Empty when nothing blocks; then nothing is asked of the database.
    """
    if not report.blocks:
        return ()
    waived = waivers.in_force(waivers.of_draft(session, report.draft_id), at)
    return queries.blocking(queries.report_of(report).findings, waived=waived)


def attached_names(session: Session, draft_id: UUID, document: Document) -> dict[str, str]:
    """Return the file name of each attachment of a document by its place, `attachments/0`; perhaps none."""
    if not document.attachments:
        return {}
    held = session.exec(
        select(DraftAsset.sha256, DraftAsset.filename).where(
            DraftAsset.draft_id == draft_id, col(DraftAsset.sha256).in_(document.attachments)
        )
    ).all()
    names = dict(held)
    return {
        f"attachments/{index}": names[name]
        for index, name in enumerate(document.attachments)
        if name in names
    }


def attached(session: Session, draft_id: UUID, document: Document) -> dict[str, HeldFile]:
    """Return by SHA-256 the attachments and pictures of a document that its draft holds, read."""
    wanted = document.assets()
    if not wanted:
        return {}
    held = session.exec(
        select(DraftAsset.sha256, DraftAsset.filename).where(
            DraftAsset.draft_id == draft_id, col(DraftAsset.sha256).in_(wanted)
        )
    ).all()
    names = dict(held)
    said = file_readings.of_assets(session, list(names))
    return {name: HeldFile(filename, said[name]) for name, filename in names.items() if name in said}
