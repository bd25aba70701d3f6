"""What the rules say of the text of a case, under the newest active policy."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.domain.workflow import AssessedText, Case
from app.drafts.models import Draft, Revision
from app.infra.runtime import Runtime
from app.negative_list import Finding, Scope
from app.policies.in_use import policy_of
from app.reviews.cases import Loaded
from app.reviews.models import ReviewCase
from app.screening import queries as screening
from app.screening import service as screening_service
from app.screening.models import CheckReport


@dataclass(frozen=True, slots=True)
class Checked:
    """A report, and its blocking findings that no waiver lets through."""

    report: CheckReport
    open: tuple[Finding, ...]

    @property
    def blockers(self) -> tuple[str, ...]:
        """The rules of the blocking findings that are open; empty when nothing blocks."""
        return tuple(finding.rule for finding in self.open)

    @property
    def findings(self) -> int:
        """How many findings ask for attention without blocking."""
        return self.report.warnings

    @property
    def known(self) -> AssessedText:
        """What is known of the text by this report, for showing."""
        return AssessedText(blockers=self.blockers, findings=self.findings)

    @property
    def rules(self) -> frozenset[str]:
        """The rules that found something."""
        if not (self.report.blocks or self.report.warnings or self.report.infos):
            return frozenset()
        return frozenset(finding.rule for finding in screening.report_of(self.report).findings)

    def more_than(self, earlier: "Checked") -> tuple[str, ...]:
        """Return the rules that found more here than in an earlier text, each as often as it found more."""
        now, was = (
            Counter(finding.rule for finding in screening.report_of(checked.report).findings)
            for checked in (self, earlier)
        )
        return tuple(sorted((now - was).elements()))


def scope_of(case: Case) -> Scope:
    """Return where the text of a case is bound for: kinds of channels, and sections."""
    return Scope(
        frozenset(target.kind for target in case.targets),
        frozenset(target.section for target in case.targets),
        "",
    )


def check(session: Session, loaded: Loaded, *, runtime: Runtime, at: datetime) -> Checked:
    """Return what the newest active policy finds in the present text of a locked case.

    The rules are run only where they have not been yet. One statement where nothing blocks.
    """
    return check_text(session, loaded.draft, loaded.revision, loaded.case, runtime=runtime, at=at)


def check_text(
    session: Session, draft: Draft, revision: Revision, case: Case, *, runtime: Runtime, at: datetime
) -> Checked:
    """Return what the newest active policy finds in a revision of a draft; `case` says where it is bound."""
    report = screening_service.ensure_report(
        session,
        policy=policy_of(session, runtime),
        key=runtime.secret,
        draft=draft,
        revision=revision,
        scope=scope_of(case),
        at=at,
    )
    return Checked(report, screening_service.open_blockers(session, report=report, at=at))


def known_facts(session: Session, case_id: UUID, *, at: datetime) -> AssessedText:
    """Return what the newest stored report says of the text of a case, for showing; it runs no rules."""
    row = session.get(ReviewCase, case_id)
    report = None if row is None else screening.newest(session, row.revision_id)
    if report is None:
        return AssessedText()
    return Checked(report, screening_service.open_blockers(session, report=report, at=at)).known
