"""What the linter warns of a workflow: accepted by who grants it, each warning with a reason of its own.

What was accepted is named by fingerprints, so that it lapses with whatever the warning hangs on. Source:
decision 47; domain.workflow.risks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from app.domain.files.faults import Fault
from app.domain.files.policy_files import PolicyFiles
from app.domain.routing import lint as routing_lint
from app.domain.routing.rules import extended
from app.domain.vocabulary import Event, MigrationState, PolicyKind, Role
from app.domain.workflow import Workflow
from app.domain.workflow.risks import fingerprint, risks
from app.events.emit import emit
from app.events.payloads.policies import OfRisk
from app.identity.queries import Actor
from app.infra.errors import Invalid, Reason
from app.infra.ids import new_id
from app.policies import errors as _words  # noqa: F401 – the words of the codes below
from app.policies.files import checks
from app.policies.models import PolicyActivation, WorkflowRisk

#: The kinds of files that make what is walked: workflows, and the stages that routing adds to them.
KINDS = frozenset({PolicyKind.WORKFLOWS, PolicyKind.ROUTING})

#: What the field of a warning is called, before its fingerprint.
RISK = "risk_"
#: The warnings of versions, by digest; a version never changes.
_known: dict[str, tuple[tuple[Fault, str], ...]] = {}


@dataclass(frozen=True, slots=True)
class Standing:
    """A warning of a workflow, its fingerprint, and the wish by which it was accepted, if it was."""

    workflow: Workflow
    risk: Fault
    fingerprint: str
    accepted: WorkflowRisk | None


def named(workflow: Workflow) -> tuple[tuple[Fault, str], ...]:
    """Return the warnings of a workflow, each with its fingerprint; empty for a safe one."""
    digest = workflow.digest
    if digest not in _known:
        _known[digest] = tuple((risk, fingerprint(workflow, risk)) for risk in risks(workflow))
    return _known[digest]


def standing(session: Session, *workflows: Workflow) -> tuple[Standing, ...]:
    """Return every warning of workflows and whether it was accepted; empty for safe ones, without asking."""
    risky = [workflow for workflow in workflows if named(workflow)]
    if not risky:
        return ()
    query = (
        select(WorkflowRisk)
        .where(
            col(WorkflowRisk.key).in_([workflow.key for workflow in risky]),
            WorkflowRisk.state == MigrationState.GRANTED,
        )
        .order_by(col(WorkflowRisk.id))
    )
    accepted = {
        (row.key, warning["fingerprint"]): row
        for row in session.exec(query).all()
        for warning in row.warnings
    }
    return tuple(
        Standing(workflow, risk, name, accepted.get((workflow.key, name)))
        for workflow in risky
        for risk, name in named(workflow)
    )


def walked(files: PolicyFiles) -> tuple[Workflow, ...]:
    """Return the workflows of these files as cases walk them: with the stages that routing may add."""
    workflows = checks.workflows_of(files)
    routing = routing_lint.lint(files.texts.get(checks.ROUTING, ""), workflows).routing
    if routing is None:
        return tuple(workflows.values())
    return tuple(extended(workflow, routing) for workflow in workflows.values())


def of_files(session: Session, kind: PolicyKind, files: PolicyFiles) -> tuple[Standing, ...]:
    """Return the warnings of all that is walked with these files; empty where `kind` has no part in it."""
    return standing(session, *walked(files)) if kind in KINDS else ()


def accept(
    session: Session,
    activation: PolicyActivation,
    risks: tuple[Standing, ...],
    reasons: Mapping[str, str],
    *,
    actor: Actor,
    role: Role,
    at: datetime,
) -> None:
    """Accept every warning that nobody has accepted yet, each for its reason, by fingerprint.

    Raises `Invalid` with each warning that has no reason, and each reason for what is no open warning.
    """
    left = {(one.workflow.key, one.fingerprint): one for one in risks if one.accepted is None}
    names = {name for _, name in left}
    given = {name: reason.strip() for name, reason in reasons.items()}
    refused = [
        Reason(
            "risk_without_reason",
            {
                "workflow": one.workflow.title,
                "fingerprint": one.fingerprint,
                "fault": one.risk.code,
                "of": dict(one.risk.data),
            },
            field=f"{RISK}{one.fingerprint}",
        )
        for one in left.values()
        if not given.get(one.fingerprint)
    ]
    refused += [Reason("risk_not_open", {"fingerprint": name}) for name in sorted(given.keys() - names)]
    if refused:
        raise Invalid("policy_risks_open", reasons=refused)
    assert activation.asked_by is not None
    for one in left.values():
        warning = {"fingerprint": one.fingerprint, "code": one.risk.code, "data": dict(one.risk.data)}
        row = WorkflowRisk(
            id=new_id(),
            key=one.workflow.key,
            warnings=[warning],
            reason=given[one.fingerprint],
            state=MigrationState.GRANTED,
            asked_by=activation.asked_by,
            asked_at=activation.asked_at,
            decided_by=actor.id,
            decided_at=at,
        )
        session.add(row)
        session.flush()
        payload = OfRisk(wish=row.id, asked_by=row.asked_by, warnings=row.warnings, comment=row.reason)
        emit(session, Event.WORKFLOW_RISK_ACCEPTED, payload, about=row.key, actor=actor.as_audit(role), at=at)
