"""The urgent lane on the draft's page: what it would take for whoever may use it, and what is owed since."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.domain.owed_reviews import UrgentCode
from app.domain.vocabulary import CaseState, ReleaseState
from app.drafts.models import Draft
from app.infra.errors import Reason
from app.infra.http.problems import sentence
from app.infra.runtime import Runtime
from app.publication import queries as publication
from app.publication.debts import service as debts
from app.publication.urgent import preview
from app.publication.urgent import service as urgent
from app.publication.urgent.preview import Outlook
from app.reviews.queries import CaseView
from app.web.shell.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Lane:
    """One line that could go out at once; `against` says what blocks it, `lay_out` that it has no proof."""

    line: str
    channel: str
    proof: str
    owed: tuple[str, ...]
    due_at: datetime | None
    against: tuple[str, ...]
    lay_out: bool


@dataclass(frozen=True, slots=True)
class Debt:
    """A stage that is owed or was."""

    title: str
    channel: str
    due_at: datetime
    settled: bool
    overdue: bool


def lanes(
    session: Session, runtime: Runtime, view: CaseView, viewer: Viewer, channels: Mapping[str, str]
) -> tuple[Lane, ...]:
    """Return the lines that this viewer might let go out at once; none for who may not, or when none could.

    A line that was published, or has a ticket that is still good, is left out.
    """
    at = runtime.clock()
    if view.case.state is not CaseState.RUNNING or not urgent.may_ask(runtime.policies, viewer.actor):
        return ()
    out = {one.channel for one in publication.publications_of(session, view.draft.id)} | {
        one.channel
        for one in publication.releases_of(session, view.draft.id)
        if one.state == ReleaseState.SIGNED and one.expires_at > at
    }
    found = preview.outlooks(session, case_id=view.row.id, actor=viewer.actor, runtime=runtime, at=at)
    never = {UrgentCode.ROLE, UrgentCode.NOTHING_OWED}
    return tuple(_lane(one, channels) for one in found if one.line not in out and not one.codes & never)


def _lane(one: Outlook, channels: Mapping[str, str]) -> Lane:
    told = (
        sentence(Reason(str(reason.code), dict(reason.data)))
        for reason in one.against
        if reason.code is not UrgentCode.NO_PROOF
    )
    return Lane(
        one.line,
        channels.get(one.line, one.line),
        one.proof,
        tuple(debt.title for debt in one.owed),
        one.due_at,
        tuple(told),
        UrgentCode.NO_PROOF in one.codes and UrgentCode.OWN_DRAFT not in one.codes,
    )


def owed(session: Session, draft: Draft, channels: Mapping[str, str], at: datetime) -> tuple[Debt, ...]:
    """Return what is owed for a draft, or was; empty unless it went out by the urgent lane."""
    rows = debts.of_draft(session, draft.id)
    left = {row.id for row in debts.undone(session, rows)}
    return tuple(
        Debt(
            row.title,
            channels.get(row.channel, row.channel),
            row.due_at,
            row.id not in left,
            row.id in left and row.due_at < at,
        )
        for row in rows
    )
