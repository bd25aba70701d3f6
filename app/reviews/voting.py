"""Votes of committees whose time is up are closed, one transaction each."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.refusals import Refused
from app.domain.vocabulary import CaseState, StageState
from app.domain.workflow import SERVICE
from app.domain.workflow.commands import CloseVote
from app.identity.queries import SYSTEM
from app.infra.runtime import Runtime
from app.reviews import eligibility, screening, workflows
from app.reviews.apply import assessed, attempt
from app.reviews.cases import load
from app.reviews.models import ReviewCase, StageRun


def close_due(runtime: Runtime, *, at: datetime) -> int:
    """Close every vote that ends at its stage's time where that is past; return how many were closed."""
    with runtime.database.read() as session:
        due = _due(session, at)
    closed = 0
    for case_id, stage, line in due:
        with runtime.database.write() as session:
            closed += _close(session, case_id, CloseVote(stage, line), runtime=runtime, at=at)
    return closed


def _due(session: Session, at: datetime) -> list[tuple[UUID, str, str]]:
    query = (
        select(StageRun, ReviewCase.workflow_digest)
        .join(ReviewCase, col(ReviewCase.id) == col(StageRun.case_id))
        .where(
            StageRun.state == StageState.OPEN,
            col(StageRun.due_at) <= at,
            ReviewCase.state == CaseState.RUNNING,
        )
        .order_by(col(StageRun.id))
    )
    found = []
    for run, digest in session.exec(query).all():
        stage = workflows.version(session, digest).by_key.get(run.stage)
        if stage is not None and stage.committee is not None and stage.committee.closes == "at_time":
            found.append((run.case_id, run.stage, run.line))
    return found


def _close(session: Session, case_id: UUID, command: CloseVote, *, runtime: Runtime, at: datetime) -> bool:
    loaded = load(session, case_id, SYSTEM)
    stage = loaded.workflow.by_key[command.stage]
    checked = screening.check(session, loaded, runtime=runtime, at=at)
    everybody = eligibility.body_of(session, loaded, stage, command.line)
    facts = replace(assessed(checked, runtime), candidates=everybody)
    # Refused where somebody ended it meanwhile: then there is nothing to close.
    return not isinstance(attempt(session, loaded, command, SERVICE, facts, by=SYSTEM, at=at), Refused)
