"""Reading reports and waivers."""

from collections.abc import Iterable
from functools import cache
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.negative_list import Finding, Report, Severity
from app.screening import errors as _words  # noqa: F401 – the words of the codes below
from app.screening.models import CheckReport


def report_of(row: CheckReport) -> Report:
    """Return the engine's report of a stored one."""
    return Report.from_json(row.report)


def stored(session: Session, revision_id: UUID, policy: str, scope: str) -> CheckReport | None:
    """Return the report on a revision under a policy (its digest) within a scope (its name), if made."""
    asked = {"revision_id": revision_id, "policy": policy, "scope": scope}
    return session.exec(_stored(), params=asked).first()


@cache
def _stored() -> SelectOfScalar[CheckReport]:
    # Every decision asks this: it is put together once.
    return select(CheckReport).where(
        CheckReport.revision_id == bindparam("revision_id"),
        CheckReport.policy == bindparam("policy"),
        CheckReport.scope == bindparam("scope"),
    )


def newest(session: Session, revision_id: UUID) -> CheckReport | None:
    """Return the newest stored report on a revision; None when it was never checked."""
    return session.exec(_newest(), params={"revision_id": revision_id}).first()


@cache
def _newest() -> SelectOfScalar[CheckReport]:
    # Every page of a case asks this: it is put together once.
    return (
        select(CheckReport)
        .where(CheckReport.revision_id == bindparam("revision_id"))
        .order_by(col(CheckReport.created_at).desc(), col(CheckReport.id).desc())
        .limit(1)
    )


def reports(session: Session, draft_id: UUID) -> tuple[CheckReport, ...]:
    """Return every report on a draft, the oldest first; perhaps none."""
    query = select(CheckReport).where(CheckReport.draft_id == draft_id).order_by(col(CheckReport.id))
    return tuple(session.exec(query).all())


def blocking(findings: Iterable[Finding], *, waived: frozenset[str]) -> tuple[Finding, ...]:
    """Return the findings that stop a stage from opening."""
    return tuple(
        finding
        for finding in findings
        if finding.severity is Severity.BLOCK and finding.fingerprint not in waived
    )
