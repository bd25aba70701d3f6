"""Workflows for reading: what is in force, its picture and versions, the cases that differ, a file check."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from markupsafe import Markup
from sqlmodel import Session

from app.domain.files.faults import Fault
from app.domain.files.policy_files import PolicyFiles
from app.domain.vocabulary import MigrationState
from app.domain.workflow import Workflow, lint
from app.domain.workflow.diagram import text_picture
from app.domain.workflow.svg import svg
from app.drafts import queries as drafts
from app.identity import permissions
from app.identity import queries as identity
from app.identity.access import CurrentActor
from app.infra.db import ReadSession, database_of
from app.infra.errors import AppError, Conflict, Invalid, NotFound, Reason, TooLarge, Unavailable
from app.infra.http.problems import sentence as reason_sentence
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of
from app.reviews import queries as reviews
from app.reviews import routing as choosing
from app.reviews.migration import plan as versions
from app.reviews.migration import service as migrating
from app.reviews.migration.plan import Planned
from app.reviews.models import WorkflowMigration
from app.reviews.risks import service as accepting
from app.web.components.pictures import loops, picture, words
from app.web.components.risk_rows import risk_rows, risk_wishes
from app.web.forms import limits
from app.web.pages.draft.panels.tracks import lanes
from app.web.shell.actions import attempt, see_other
from app.web.shell.render import page
from app.web.shell.viewer import Form, Reader, SentForm, Viewer, Visitor
from app.words.labels import label
from app.words.policy_faults import sentence

router = APIRouter()
#: What programs ask for; it stands here because words for enums do.
api = ApiRouter(tags=["workflows"])

Key = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
#: A workflow file is some hundred lines.
MAX_FILE = 200_000
#: What a key of a stage is called.
KEYS = {
    "title": "名称",
    "kind": "种类",
    "also": "兼作",
    "levels": "审级",
    "duty": "职责",
    "who": "办理人",
    "need": "人数要求",
    "after": "先后次序",
    "per": "按稿件或阵地",
    "subject": "看文稿或校样",
    "applies_if": "适用条件",
    "author_may_act": "作者可否办理",
    "watches": "关注的内容",
    "on_edit": "改动后结论去留",
    "outcomes": "处理结果",
    "checklist": "检查清单",
    "send_back_to": "可退到的环节",
    "rounds": "退回次数上限",
    "errors_left": "可遗留问题数",
    "requires": "通过前须做完",
    "within": "期限",
    "late": "逾期处理",
    "added_by": "增加的规则",
}


@dataclass(frozen=True, slots=True)
class FaultRow:
    """One fault of a file, in words."""

    line: int
    key: str
    text: str


@dataclass(frozen=True, slots=True)
class PlanRow:
    """What a migration would do to one case, in words."""

    case_id: UUID
    number: str
    title: str
    differs: tuple[str, ...]
    allowed: bool
    opens: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """A migration that was asked for."""

    id: UUID
    reason: str
    cases: int
    state: str
    open: bool
    by: str
    at: datetime
    decided_by: str
    comment: str
    decidable: bool


@router.get("/workflows")
def listing(request: Request, viewer: Reader, session: ReadSession) -> Response:
    """Show the workflow files, and how many open cases walk another version of each."""
    found = versions.overview(session, runtime_of(request).policies, viewer.actor)
    return page(
        request,
        "workflows.html",
        viewer=viewer,
        section="/workflows",
        workflows=found,
        follows=runtime_of(request).granted is None,
        keeps=permissions.keeps_workflows(viewer.actor),
    )


@router.get("/workflows/check")
def ask_check(request: Request, viewer: Visitor) -> Response:
    """Show the form into which a policy keeper pastes a workflow file. Raises `Forbidden` for others."""
    permissions.require_workflow_keeper(viewer.actor)
    return _check_page(request, viewer)


@router.post("/workflows/check")
def check(request: Request, sent: SentForm) -> Response:
    """Say all that is wrong with a pasted file, and draw it when it has the right form. Stores nothing."""
    permissions.require_workflow_keeper(sent.actor)
    text = sent.form.text("file")
    if len(text) > MAX_FILE:
        raise TooLarge("too_large")
    people = None
    if sent.form.word("people") == "yes":
        with database_of(request).read() as session:
            people = versions.everybody_of(session, sent.actor.unit_path)
    linted = lint(text, people=people)
    policies = runtime_of(request).policies
    shown = picture(linted.workflow, policies) if linted.workflow and not loops(linted.faults) else None
    faults = _faults((*linted.faults, *linted.warnings))
    return _check_page(request, sent.viewer, text, faults, shown, people=people is not None)


@router.get("/workflows/{key}")
def show(request: Request, viewer: Visitor, key: Key) -> Response:
    """Show a workflow in force: its picture, its versions, and the open cases that differ."""
    return _show(request, viewer, key)


@router.post("/workflows/{key}/migration")
def ask(request: Request, sent: SentForm, key: Key) -> Response:
    """Ask that open cases be moved to the version in force."""
    runtime = runtime_of(request)

    def verb(session: Session) -> None:
        cases = _ids(sent.form.all("case"))
        if not cases:
            raise Invalid(
                "malformed", reasons=[Reason("field", {"message": "请选择要迁移的审签案。"}, field="case")]
            )
        migrating.ask(
            session,
            key=key,
            cases=cases,
            reason=sent.form.within("reason", limits.MIGRATION),
            actor=sent.actor,
            runtime=runtime,
            at=runtime.clock(),
        )

    return _answered(request, sent, key, verb, "wishes", "migration_asked")


@router.post("/workflows/{key}/migrations/{migration_id}")
def decide(request: Request, sent: SentForm, key: Key, migration_id: UUID) -> Response:
    """Grant or decline a migration that another person asked for."""
    runtime, grant = runtime_of(request), sent.form.word("verdict") == "grant"

    def verb(session: Session) -> None:
        migrating.decide(
            session,
            migration_id=migration_id,
            grant=grant,
            comment=sent.form.within("comment", limits.MIGRATION_DECISION),
            actor=sent.actor,
            runtime=runtime,
            at=runtime.clock(),
        )

    return _answered(
        request, sent, key, verb, "wishes", "migration_granted" if grant else "migration_declined"
    )


@router.post("/workflows/{key}/risks")
def ask_to_accept(request: Request, sent: SentForm, key: Key) -> Response:
    """Ask that what the linter warns of be accepted by another person."""
    runtime = runtime_of(request)

    def verb(session: Session) -> None:
        reason = sent.form.within("reason", limits.RISK)
        accepting.ask(session, key=key, reason=reason, actor=sent.actor, runtime=runtime, at=runtime.clock())

    return _answered(request, sent, key, verb, "risks", "risk_asked")


@router.post("/workflows/{key}/risks/{wish_id}")
def accept(request: Request, sent: SentForm, key: Key, wish_id: UUID) -> Response:
    """Accept or decline what another person asked for."""
    runtime, yes = runtime_of(request), sent.form.word("verdict") == "accept"

    def verb(session: Session) -> None:
        accepting.decide(
            session,
            wish_id=wish_id,
            accept=yes,
            comment=sent.form.within("comment", limits.RISK_DECISION),
            actor=sent.actor,
            runtime=runtime,
            at=runtime.clock(),
        )

    return _answered(request, sent, key, verb, "risks", "risk_accepted" if yes else "risk_declined")


@router.get("/drafts/{draft_id}/workflow")
def standing(request: Request, viewer: Reader, session: ReadSession, draft_id: UUID) -> Response:
    """Show where a draft's case stands in the picture of its workflow. Raises `NotFound`."""
    draft = drafts.visible(session, draft_id, viewer.actor)
    row = reviews.case_of_draft(session, draft.id)
    if row is None:
        raise Conflict("not_submitted")
    runtime = runtime_of(request)
    view = reviews.case_view(session, row.id, viewer.actor, at=runtime.clock())
    channels = drafts.channel_names(session, draft.id)
    return page(
        request,
        "draft_workflow.html",
        viewer=viewer,
        section="/drafts",
        draft=draft,
        workflow=view.workflow,
        digest=row.workflow_digest,
        lanes=lanes(view, channels),
        picture=picture(view.workflow, runtime.policies, case=view.case, channels=channels),
    )


@api.get("/cases/{case_id}/picture")
def show_case_picture(
    case_id: UUID, request: Request, session: ReadSession, actor: CurrentActor
) -> dict[str, str]:
    """Show where a case stands in its workflow: as text for terminals and readers, and as SVG."""
    runtime = runtime_of(request)
    view = reviews.case_view(session, case_id, actor, at=runtime.clock())
    channels = drafts.channel_names(session, view.draft.id)
    names = {**words(runtime.policies), **channels}
    return {
        "text": text_picture(view.workflow, label, case=view.case, names=names),
        "svg": svg(view.workflow, label, case=view.case, names=names),
    }


def _answered(
    request: Request, sent: SentForm, key: str, verb: Callable[[Session], object], place: str, said: str
) -> Response:
    """Do something about a workflow; go back to its page, or show it with the refusal and what was typed."""
    error = attempt(request, verb)
    if isinstance(error, AppError):
        return _show(request, sent.viewer, key, error=error, form=sent.form)
    return see_other(f"/workflows/{key}#{place}", said)


def _show(
    request: Request, viewer: Viewer, key: str, *, error: AppError | None = None, form: Form | None = None
) -> Response:
    runtime = runtime_of(request)
    policies, at = runtime.policies, runtime.clock()
    file = f"workflows/{key}.yaml" if key in choosing.keys(policies) else None
    with database_of(request).read() as session:
        known = versions.versions(session, key)
        if file is None and not known:
            raise NotFound("not_found")
        workflow, faults = _in_force(policies, key, file)
        keeps = permissions.keeps_workflows(viewer.actor)
        planned: tuple[Planned, ...] = ()
        if keeps and workflow is not None:
            _, planned = versions.dry_run(session, key=key, actor=viewer.actor, runtime=runtime, at=at)
        grants = migrating.sees_wishes(viewer.actor)
        wishes = _wishes(session, versions.wishes(session, key), viewer) if grants else ()
        risks = risk_rows(session, workflow) if workflow is not None else ()
        asked = risk_wishes(session, key, viewer.actor) if grants else ()
    return page(
        request,
        "workflow.html",
        viewer=viewer,
        section="/workflows",
        error=error,
        form=form or Form(),
        key=key,
        workflow=workflow,
        faults=faults,
        picture=picture(workflow, policies) if workflow else None,
        versions=known,
        keeps=keeps,
        planned=tuple(_plan(one) for one in planned),
        wishes=wishes,
        risks=risks,
        risk_wishes=asked,
        may_ask=keeps and any(not one.accepted for one in risks) and not any(one.open for one in asked),
    )


def _in_force(
    policies: PolicyFiles, key: str, file: str | None
) -> tuple[Workflow | None, tuple[FaultRow, ...]]:
    if file is None:
        return None, (FaultRow(0, "", "流程文件已不在，不能再用来提交新稿。"),)
    try:
        return choosing.laid_out(policies, key), ()
    except Unavailable as error:
        faults = lint(policies.texts.get(file, "")).faults
        told = tuple(FaultRow(0, "", reason_sentence(why)) for why in error.reasons)
        return None, _faults(faults) or told


def _faults(faults: tuple[Fault, ...]) -> tuple[FaultRow, ...]:
    return tuple(FaultRow(one.line, one.key, sentence(one)) for one in faults)


def _check_page(
    request: Request,
    viewer: Viewer,
    file: str | None = None,
    faults: tuple[FaultRow, ...] = (),
    picture: Markup | None = None,
    *,
    people: bool = True,
) -> Response:
    return page(
        request,
        "workflow_check.html",
        viewer=viewer,
        section="/workflows",
        file=file or "",
        people=people,
        checked=file is not None,
        faults=faults,
        picture=picture,
    )


def _ids(given: tuple[str, ...]) -> list[UUID]:
    try:
        return [UUID(one) for one in given]
    except ValueError as error:
        raise Invalid("malformed", reasons=[Reason("field", {"message": "编号有误。"}, "case")]) from error


def _plan(one: Planned) -> PlanRow:
    differs = [f"新增环节“{stage.title}”" for stage in one.differs.added]
    differs += [f"删去环节“{stage.title}”" for stage in one.differs.removed]
    for changed in one.differs.changed:
        keys = "、".join(KEYS.get(field, field) for field in changed.fields)
        differs.append(f"“{changed.stage.title}”的{keys}有改动")
    differs += [f"“{name}”有改动" for name in one.differs.sets]
    if one.differs.limits:
        differs.append("核红的小改限度有改动")
    told = tuple(
        dict.fromkeys(
            reason_sentence(Reason(str(refusal.code), dict(refusal.data))) for refusal in one.refusals
        )
    )
    opened = one.effects.opened if one.effects else ()
    titles = {stage.key: stage.title for stage in one.differs.added}
    opens = "、".join(titles.get(run.stage, run.stage) for run in opened)
    return PlanRow(one.case_id, one.number, one.title, tuple(differs), one.effects is not None, opens, told)


def _wishes(session: Session, found: tuple[WorkflowMigration, ...], viewer: Viewer) -> tuple[Wish, ...]:
    people = {one for row in found for one in (row.asked_by, row.decided_by) if one}
    names = identity.names(session, people)
    decidable = migrating.grantable(session, found, viewer.actor)
    return tuple(
        Wish(
            row.id,
            row.reason,
            len(row.cases),
            label(MigrationState(row.state)),
            row.state == MigrationState.ASKED,
            names.get(row.asked_by, ""),
            row.asked_at,
            names.get(row.decided_by, "") if row.decided_by else "",
            row.comment,
            row.id in decidable,
        )
        for row in found
    )
