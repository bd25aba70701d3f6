"""A case as the API shows it."""

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.domain.deadlines import is_late
from app.domain.refusals import Refusal
from app.domain.vocabulary import StageState
from app.domain.workflow import AddedStage
from app.identity import queries as identity
from app.infra.errors import Reason
from app.infra.http.problems import sentence
from app.reviews import queries, screening
from app.reviews.cases import Loaded
from app.reviews.models import Decision
from app.reviews.queries import CaseView, Option, StageView
from app.reviews.schemas import (
    CaseBriefOut,
    CaseOut,
    ClassWishOut,
    ConsultOut,
    DecisionOut,
    OpenOut,
    OptionOut,
    OutcomeOut,
    RefusalOut,
    StageOut,
)


def shown(
    session: Session, case_id: UUID, actor: identity.Actor, at: datetime, *, loaded: Loaded | None = None
) -> CaseOut:
    """Return a case as the actor may see it, with what they may do now. Raises `NotFound`.

    `loaded` is the case where the actor's own step has just left it.
    """
    session.flush()
    facts = loaded.known if loaded is not None else None
    facts = facts or screening.known_facts(session, case_id, at=at)
    return case_out(queries.case_view(session, case_id, actor, at=at, facts=facts, loaded=loaded))


def brief(loaded: Loaded) -> CaseBriefOut:
    """Return where a case stands after a step. Asks no database."""
    row, case = loaded.row, loaded.case
    open_now = [run for run in case.current().values() if run.state is StageState.OPEN]
    return CaseBriefOut(
        id=row.id,
        draft_id=row.draft_id,
        state=case.state,
        version=row.version,
        revision=case.revision,
        open=[OpenOut(stage=run.stage, line=run.line, digest=run.digest) for run in open_now],
    )


def case_out(view: CaseView) -> CaseOut:
    """Return a case as the API shows it."""
    row = view.row
    due = {(run.stage, run.line, run.round): run.due_at for run in view.case.runs}
    return CaseOut(
        id=row.id,
        draft_id=row.draft_id,
        draft_number=view.draft.number,
        title=view.draft.title,
        workflow=row.workflow_digest,
        workflow_title=view.workflow.title,
        state=view.case.state,
        version=row.version,
        revision=view.case.revision,
        lines=list(view.case.lines),
        proofs={line: proof for line in view.case.lines if (proof := view.case.proof_of(line)) is not None},
        open_marks=view.marks,
        scheduled=dict(view.case.scheduled),
        embargo_until=view.case.embargo_until,
        grade=view.case.grade,
        class_wish=_wish(view),
        opened_at=row.opened_at,
        updated_at=row.updated_at,
        stages=[_stage(stage, view.names) for stage in view.stages],
        decisions=[
            decision_out(decision, view.names, due.get(_run(decision))) for decision in view.decisions
        ],
        consults=[
            ConsultOut(**asdict(consult), asked_name=view.names.get(UUID(consult.asked), ""))
            for consult in view.case.consults
        ],
        recused=[UUID(one) for one in sorted(view.case.recused)],
        copied=[UUID(one) for one in sorted(view.case.copied)],
        options=[option_out(option) for option in view.options],
    )


def _wish(view: CaseView) -> ClassWishOut | None:
    wish = view.case.class_wish
    if wish is None:
        return None
    return ClassWishOut(grade=wish.grade or "", by=UUID(wish.by), by_name=view.names.get(UUID(wish.by), ""))


def _stage(one: StageView, names: dict[UUID, str]) -> StageOut:
    run = one.run
    claimed = UUID(run.claimed_by) if run is not None and run.claimed_by else None
    return StageOut(
        stage=one.stage.key,
        title=one.stage.title,
        kind=one.stage.kind,
        added_by=one.stage.added_by,
        asked_by=UUID(one.stage.asked_by) if isinstance(one.stage, AddedStage) else None,
        acting_for=one.acting_for,
        line=one.line,
        round=run.round if run else 0,
        state=one.state,
        digest=run.digest if run else None,
        opened_at=run.opened_at if run else None,
        due_at=run.due_at if run else None,
        claimed_by=claimed,
        claimed_by_name=names.get(claimed) if claimed else None,
        outcomes=[
            OutcomeOut(
                key=outcome.key,
                title=outcome.title,
                verb=outcome.verb,
                comment_required=outcome.comment,
                reasons=list(outcome.reasons),
                reason_required=outcome.one_of_reasons,
                basis_required=outcome.basis,
            )
            for outcome in (one.stage.outcomes if one.stage.by_people else ())
        ],
        checklist=list(one.stage.checklist),
        send_back_to=[stage.key for stage in one.send_back_to],
        options=[option_out(option) for option in one.options],
    )


def option_out(option: Option) -> OptionOut:
    """Return what may be done, or why not, as the API shows it."""
    refusals = [refusal_out(refusal) for refusal in option.refusals]
    return OptionOut(verb=option.verb, line=option.line, allowed=option.allowed, refusals=refusals)


def refusal_out(refusal: Refusal) -> RefusalOut:
    """Return a refusal with its sentence."""
    reason = Reason(str(refusal.code), dict(refusal.data))
    return RefusalOut(code=reason.code, message=sentence(reason), data=reason.data)


def _run(decision: Decision) -> tuple[str, str, int]:
    return decision.stage, decision.line, decision.round


def decision_out(decision: Decision, names: dict[UUID, str], due: datetime | None = None) -> DecisionOut:
    """Return a decision as the API shows it; `due` is when its stage was due."""
    return DecisionOut(
        **decision.model_dump(),
        late=None if due is None else is_late(due, decision.decided_at),
        actor=names.get(decision.actor_id, ""),
        on_behalf_of=decision.principal_id,
        principal=names.get(decision.principal_id, "") if decision.principal_id else None,
    )
