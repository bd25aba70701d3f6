"""Using a workflow in spite of a warning: one person asks with a reason, another accepts.

Until then nobody walks it. What was accepted is named by fingerprints, so that it lapses with whatever the
warning hangs on. Source: decision 47; domain.workflow.risks.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.vocabulary import Event, MigrationState, Role
from app.domain.workflow import Workflow
from app.events.emit import emit
from app.events.payloads.policies import OfRisk
from app.identity.access import authorize
from app.identity.queries import Actor
from app.infra.errors import Conflict, Forbidden, Invalid, NotFound, Reason, Unavailable
from app.infra.ids import new_id
from app.infra.runtime import Runtime
from app.policies.models import WorkflowRisk
from app.policies.risks import named, standing
from app.reviews import routing
from app.reviews.risks import errors as _words  # noqa: F401 – the words of the codes below

#: Who may accept what a policy keeper asks for: another keeper, or who answers for what is published.
ACCEPTING = (Role.POLICY_KEEPER, Role.FINAL_REVIEWER)


def must_be_accepted(session: Session, workflow: Workflow) -> list[dict[str, Any]]:
    """Return what was accepted about this workflow, for the record: codes and persons; empty for a safe one.

    Raises `Unavailable` with every warning that nobody has accepted.
    """
    found = standing(session, workflow)
    open_ones = [
        Reason(
            "workflow_risk",
            {"workflow": workflow.title, "fault": one.risk.code, "of": dict(one.risk.data)},
        )
        for one in found
        if one.accepted is None
    ]
    if open_ones:
        raise Unavailable("workflow_unusable", reasons=open_ones)
    return [
        {
            "code": one.risk.code,
            **one.risk.data,
            "wish": str(one.accepted.id),
            "asked_by": str(one.accepted.asked_by),
            "accepted_by": str(one.accepted.decided_by),
        }
        for one in found
        if one.accepted is not None
    ]


def wishes(session: Session, key: str = "", *, limit: int = 20) -> tuple[WorkflowRisk, ...]:
    """Return what was asked for, of one workflow or of all, the newest first; perhaps nothing."""
    query = select(WorkflowRisk).order_by(col(WorkflowRisk.id).desc()).limit(limit)
    if key:
        query = query.where(WorkflowRisk.key == key)
    return tuple(session.exec(query).all())


def ask(
    session: Session, *, key: str, reason: str, actor: Actor, runtime: Runtime, at: datetime
) -> WorkflowRisk:
    """Ask that every warning of a workflow that nobody has accepted yet be accepted.

    Raises `Forbidden` for who keeps no policy, `NotFound` for an unknown workflow, `Unavailable` for a bad
    file, `Invalid` without a reason, `Conflict` when there is nothing to accept or it was asked already.
    """
    authorize(actor, Role.POLICY_KEEPER)
    workflow = _in_force(runtime, key)
    if not reason.strip():
        message = "请写明为什么要这样用，以及怎样防范。"
        raise Invalid("malformed", reasons=[Reason("field", {"message": message}, field="reason")])
    left = [one for one in standing(session, workflow) if one.accepted is None]
    if not left:
        raise Conflict("risk_nothing")
    names = {one.fingerprint for one in left}
    for row in wishes(session, key):
        if row.state == MigrationState.ASKED and names <= {one["fingerprint"] for one in row.warnings}:
            raise Conflict("risk_asked")
    row = WorkflowRisk(
        id=new_id(),
        key=key,
        warnings=[
            {"fingerprint": one.fingerprint, "code": one.risk.code, "data": dict(one.risk.data)}
            for one in left
        ],
        reason=reason.strip(),
        state=MigrationState.ASKED,
        asked_by=actor.id,
        asked_at=at,
    )
    session.add(row)
    session.flush()
    _record(session, Event.WORKFLOW_RISK_ASKED, row, actor, Role.POLICY_KEEPER, at, reason)
    return row


def sees_wishes(actor: Actor) -> bool:
    """Say whether somebody may know of what was asked to be accepted."""
    return bool(actor.roles() & set(ACCEPTING))


def may_decide(row: WorkflowRisk, actor: Actor) -> bool:
    """Say whether somebody may accept or decline a wish that nobody has decided yet: another than asked."""
    return row.state == MigrationState.ASKED and not actor.is_one_of(row.asked_by) and sees_wishes(actor)


def decide(
    session: Session,
    *,
    wish_id: UUID,
    accept: bool,
    comment: str = "",
    actor: Actor,
    runtime: Runtime,
    at: datetime,
) -> WorkflowRisk:
    """Accept what another person asked for, or decline it.

    Raises `NotFound`, `Forbidden` for the asker, `Conflict` when it was decided or the file's warnings are
    others by now.
    """
    query = select(WorkflowRisk).where(WorkflowRisk.id == wish_id).with_for_update()
    row = session.exec(query).one_or_none()
    if row is None or not sees_wishes(actor):
        raise NotFound("not_found")
    if actor.is_one_of(row.asked_by):
        raise Forbidden("forbidden", reasons=[Reason("own_risk")])
    if row.state != MigrationState.ASKED:
        raise Conflict("risk_decided")
    if accept:
        now = {name for _, name in named(_in_force(runtime, row.key))}
        if not {one["fingerprint"] for one in row.warnings} <= now:
            raise Conflict("risk_outdated")
    row.state = MigrationState.GRANTED if accept else MigrationState.DECLINED
    row.decided_by, row.decided_at, row.comment = actor.id, at, comment.strip()
    session.add(row)
    event = Event.WORKFLOW_RISK_ACCEPTED if accept else Event.WORKFLOW_RISK_DECLINED
    role = next(role for role in ACCEPTING if role in actor.roles())
    _record(session, event, row, actor, role, at, comment)
    return row


def _in_force(runtime: Runtime, key: str) -> Workflow:
    policies = runtime.policies
    if key not in routing.keys(policies):
        raise NotFound("not_found")
    return routing.laid_out(policies, key)


def _record(
    session: Session, event: Event, row: WorkflowRisk, actor: Actor, role: Role, at: datetime, words: str
) -> None:
    payload = OfRisk(wish=row.id, asked_by=row.asked_by, warnings=row.warnings, comment=words.strip() or None)
    emit(session, event, payload, about=row.key, actor=actor.as_audit(role), at=at)
