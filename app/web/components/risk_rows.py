"""What a second person accepts about a workflow, as its page shows it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.domain.files.faults import Fault
from app.domain.vocabulary import MigrationState
from app.domain.workflow import Workflow
from app.identity import queries as identity
from app.identity.queries import Actor
from app.policies.risks import standing
from app.reviews.risks import service as accepting
from app.words.policy_faults import sentence

#: What became of a wish that warnings be accepted.
_RISK_STATES = {
    MigrationState.ASKED: "等待答复",
    MigrationState.GRANTED: "已接受",
    MigrationState.DECLINED: "不接受",
}


@dataclass(frozen=True, slots=True)
class RiskRow:
    """A warning of a workflow, in words, and who accepted it; empty while nobody has."""

    text: str
    accepted: str


@dataclass(frozen=True, slots=True)
class RiskWish:
    """What somebody asked to be accepted."""

    id: UUID
    texts: tuple[str, ...]
    reason: str
    state: str
    open: bool
    by: str
    at: datetime
    decided_by: str
    comment: str
    decidable: bool


def risk_rows(session: Session, workflow: Workflow) -> tuple[RiskRow, ...]:
    """Return every warning of a workflow in words; empty for a safe one."""
    found = standing(session, workflow)
    rows = [one.accepted for one in found if one.accepted is not None]
    names = identity.names(session, {who for row in rows for who in (row.asked_by, row.decided_by) if who})
    return tuple(
        RiskRow(
            sentence(one.risk),
            ""
            if one.accepted is None or one.accepted.decided_by is None
            else f"{names.get(one.accepted.asked_by, '')}申请，{names.get(one.accepted.decided_by, '')}接受："
            f"“{one.accepted.reason}”",
        )
        for one in found
    )


def risk_wishes(session: Session, key: str, reader: Actor) -> tuple[RiskWish, ...]:
    """Return what was asked to be accepted about a workflow, the newest first, for one who may decide."""
    found = accepting.wishes(session, key)
    names = identity.names(session, {one for row in found for one in (row.asked_by, row.decided_by) if one})
    return tuple(
        RiskWish(
            row.id,
            tuple(sentence(Fault(0, "", one["code"], one["data"])) for one in row.warnings),
            row.reason,
            _RISK_STATES[MigrationState(row.state)],
            row.state == MigrationState.ASKED,
            names.get(row.asked_by, ""),
            row.asked_at,
            names.get(row.decided_by, "") if row.decided_by else "",
            row.comment,
            accepting.may_decide(row, reader),
        )
        for row in found
    )
