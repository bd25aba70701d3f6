"""Changing workflows, routing, channels, calendar, quality or the urgent lane in the browser.

What is saved is a version of its kind, if it has no fault; somebody asks for it and another person grants it,
as with files that come from the folder.
"""

import re
from contextlib import suppress
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response
from markupsafe import Markup
from sqlmodel import Session

from app.domain.vocabulary import PolicyKind, PolicySource
from app.domain.workflow import lint
from app.infra.db import ReadSession, database_of
from app.infra.errors import AppError, Invalid, NotFound, Reason
from app.infra.runtime import runtime_of
from app.policies import kinds, proposals
from app.policies import queries as policy_queries
from app.policies import service as policies
from app.web.components.fault_rows import FaultRow, fault_rows
from app.web.components.pictures import loops, picture
from app.web.forms import limits
from app.web.shell.actions import see_other
from app.web.shell.render import page
from app.web.shell.viewer import Form, Reader, Sent, SentForm, Viewer
from app.words.labels import label
from app.words.policy_faults import sentence

router = APIRouter()
#: How a new file may be called; `.yaml` behind it may be left out.
_NAME = re.compile(r"[a-z0-9_]{1,40}(\.yaml)?")


@dataclass(frozen=True, slots=True)
class Edited:
    """A file in a form, of the version `base`; `name` is its path, empty for one that is yet to be named.

    `checked` says that it was looked at and nothing stored; `warnings` are what a second person must accept,
    `drawn` is the picture of a workflow.
    """

    kind: PolicyKind
    base: str
    name: str
    text: str
    typed_name: str = ""
    note: str = ""
    checked: bool = False
    faults: tuple[FaultRow, ...] = ()
    warnings: tuple[str, ...] = ()
    drawn: Markup | None = None


def is_used_as_it_is(session: Session, digest: str) -> bool:
    """Say whether a version is of a kind whose files are in force as they are. Raises `NotFound`."""
    return policy_queries.version(session, digest).row.kind != PolicyKind.NEGATIVE_LIST


def edit_page(request: Request, viewer: Viewer, session: Session, digest: str, name: str) -> Response:
    """Show a file of a version in a form. Raises `NotFound`."""
    kind, files = _version(session, digest)
    if name not in files:
        raise NotFound("policy_unknown")
    return _page(request, viewer, _drawn(request, Edited(kind, digest, name, files[name])))


@router.get("/policies/{digest}/new-file")
def new_file(request: Request, viewer: Reader, session: ReadSession, digest: str) -> Response:
    """Show an empty form for a further file of a kind that has several. Raises `Forbidden`, `NotFound`."""
    policies.admit(viewer.actor, *policies.KEEPERS)
    kind, _ = _version(session, digest)
    if kind not in kinds.FOLDERS:
        raise NotFound("policy_unknown")
    return _page(request, viewer, Edited(kind, digest, "", ""))


@router.post("/policies/{digest}/new-file")
def save_new_file(request: Request, sent: SentForm, digest: str) -> Response:
    """Save a further file as a version, or show what is wrong with it."""
    policies.admit(sent.actor, *policies.KEEPERS)
    return save(request, sent, digest, "")


def save(request: Request, sent: Sent, digest: str, name: str) -> Response:
    """Check what was typed or uploaded and, unless only that was asked, save it as a version.

    Whether the actor may is the caller's business. An emptied file of a kind that has several is taken away.
    Raises `NotFound`.
    """
    form, runtime = sent.form, runtime_of(request)
    with database_of(request).read() as session:
        kind, files = _version(session, digest)
    typed = Edited(kind, digest, name, form.text("content"), form.text("name").strip(), form.word("note"))
    try:
        note = form.within("note", limits.VERSION)
        form.within("name", limits.POLICY_FILE)
        text = _uploaded(form) if form.file is not None and form.file.content else typed.text
        typed = Edited(kind, digest, name, text, typed.typed_name, note)
        path = name or _path(kind, typed.typed_name, files)
        taken_away = bool(name) and not text.strip() and kind in kinds.FOLDERS
        proposal = proposals.Proposal(kind, {path: None if taken_away else text}, digest, note)
        if form.word("verb") == "check":
            proposals.look(runtime, proposal)
            return _page(request, sent.viewer, _drawn(request, typed, checked=True))
        made = proposals.propose(runtime, proposal, source=PolicySource.EDITOR, actor=sent.actor)
    except NotFound:
        raise
    except AppError as error:
        return _page(request, sent.viewer, _drawn(request, typed, error=error), error)
    return see_other(f"/policies/{made.digest}", "policy_stored")


def _version(session: Session, digest: str) -> tuple[PolicyKind, dict[str, str]]:
    kind = PolicyKind(policy_queries.version(session, digest).row.kind)
    return kind, dict(policy_queries.files(session, digest))


def _path(kind: PolicyKind, name: str, files: dict[str, str]) -> str:
    """Return the path of a new file. Raises `Invalid` for a name that is none, or is taken."""
    path, told = f"{kind}/{name.removesuffix('.yaml')}.yaml", ""
    if _NAME.fullmatch(name) is None:
        told = "请填写文件名：小写字母、数字和下划线。"
    elif path in files:
        told = "已经有这个文件，请换一个名字，或者到这个文件里修改。"
    if told:
        raise Invalid("malformed", reasons=[Reason("field", {"message": told}, field="name")])
    return path


def _uploaded(form: Form) -> str:
    assert form.file is not None
    with suppress(UnicodeDecodeError):
        return form.file.content.decode("utf-8-sig").replace("\r\n", "\n")
    message = "这个文件不是 UTF-8 文本；请另存为 UTF-8 的 .yaml 文件再上传。"
    raise Invalid("malformed", reasons=[Reason("field", {"message": message}, field="file")])


def _drawn(
    request: Request, typed: Edited, *, checked: bool = False, error: AppError | None = None
) -> Edited:
    """Return what is shown of a file: its faults by line, its warnings and, of a workflow, its picture."""
    path = typed.name or f"{typed.kind}/{typed.typed_name.removesuffix('.yaml')}.yaml"
    drawn: Markup | None = None
    warnings: tuple[str, ...] = ()
    if typed.kind is PolicyKind.WORKFLOWS and typed.text.strip():
        linted = lint(typed.text)
        warnings = tuple(sentence(one) for one in linted.warnings)
        if linted.workflow is not None and not loops(linted.faults):
            drawn = picture(linted.workflow, runtime_of(request).policies)
    return Edited(
        typed.kind,
        typed.base,
        typed.name,
        typed.text,
        typed.typed_name,
        typed.note,
        checked,
        tuple(fault_rows(error, path, 1, typed.text)),
        warnings,
        drawn,
    )


def _page(request: Request, viewer: Viewer, edited: Edited, error: AppError | None = None) -> Response:
    address = f"files/{edited.name}" if edited.name else "new-file"
    return page(
        request,
        "policy_file_edit.html",
        viewer=viewer,
        section="/rules",
        error=error,
        edited=edited,
        kind_name=label(edited.kind),
        action=f"/policies/{edited.base}/{address}",
        back=f"/policies/{edited.base}",
        may_take_away=bool(edited.name) and edited.kind in kinds.FOLDERS,
    )
