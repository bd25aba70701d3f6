"""First steps: what an empty installation needs before its first draft can go out, and where it is done."""

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.channels import queries as channels
from app.domain.files.policy_files import PolicyFiles
from app.domain.workflow import Workflow
from app.domain.workflow.case import Participant
from app.domain.workflow.staffing import shortages, somebody_writes, vacant
from app.drafts import queries as drafts
from app.identity import permissions
from app.infra.db import ReadSession
from app.infra.errors import Unavailable
from app.infra.runtime import runtime_of
from app.reviews import routing
from app.reviews.migration.plan import everybody_of
from app.web.shell.render import page
from app.web.shell.viewer import Reader, Viewer

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: whether it is done, what is missing, who does it; `address` where the viewer may."""

    title: str
    done: bool
    missing: tuple[str, ...]
    by: str
    address: str
    where: str


@router.get("/first-steps")
def show(request: Request, viewer: Reader, session: ReadSession) -> Response:
    """Show what is done and what is missing, in the viewer's own bureau, in the order in which it is done."""
    steps = tuple(_steps(session, viewer, runtime_of(request).policies))
    return page(
        request,
        "first_steps.html",
        viewer=viewer,
        section="/help",
        steps=steps,
        following=next((step for step in steps if not step.done), None),
    )


def _steps(session: Session, viewer: Viewer, policies: PolicyFiles) -> Iterator[Step]:
    people = everybody_of(session, viewer.actor.unit_path)
    administers = permissions.administers(viewer.actor)
    yield Step(
        "建立单位和人员的账号",
        len(people) > 1,
        () if len(people) > 1 else ("还没有人可以写稿、审校。",),
        "系统管理员",
        "/accounts/import" if administers else "",
        "导入人员名单（CSV、XLSX），或者在“人员”里逐个建立",
    )
    lacking: tuple[str, ...] = () if somebody_writes(people) else ("还没有人担任编辑，没有人能写稿。",)
    lacking += tuple(_unstaffed(policies, people))
    gives = permissions.gives_roles(viewer.actor)
    yield Step(
        "授予职责：谁写稿，谁审，谁校，谁签发",
        not lacking,
        lacking,
        "安全管理员",
        "/accounts" if gives else "",
        "在“人员”里授予，或者由安全管理员把同一份名单再导入一次",
    )
    open_to = channels.open_to(session, viewer.actor.unit_path)
    keeps = permissions.keeps_workflows(viewer.actor)
    yield Step(
        "登记阵地和栏目",
        bool(open_to),
        () if open_to else ("还没有本单位可以发往的阵地。",),
        "负面清单管理员",
        "/policies?kind=channels" if keeps else "",
        "打开正在使用的版本，按“修改”；由另一人批准后启用",
    )
    written = drafts.listing(session, viewer.actor, limit=1)
    yield Step(
        "写第一篇稿件，提交审校",
        bool(written),
        () if written else ("您还看不到任何稿件。",),
        "编辑",
        "/drafts/new" if viewer.writes else "",
        "写新稿",
    )


def _unstaffed(policies: PolicyFiles, people: tuple[Participant, ...]) -> Iterator[str]:
    """Yield what keeps a draft from walking to its end for want of people, a sentence each."""
    try:
        keys = dict.fromkeys(choice.workflow for choice in routing.routing_in_force(policies).choose)
        workflows = [routing.laid_out(policies, key) for key in keys]
    except Unavailable:
        yield "审校流程或者分流规则有误，见“流程”。"
        return
    for workflow in workflows:
        yield from _lacking(workflow, people)


def _lacking(workflow: Workflow, people: tuple[Participant, ...]) -> Iterator[str]:
    nobody = [workflow.by_key[key].title for key in vacant(workflow, people)]
    if nobody:
        yield f"“{workflow.title}”的{'、'.join(nobody)}没有人可以办理。"
    elif shortages(workflow, people):
        yield f"“{workflow.title}”要求由不同的人办理的环节，现有人员凑不齐。"
