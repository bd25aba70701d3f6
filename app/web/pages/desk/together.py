"""Handing over or reminding of several drafts at once, after a look at each. Nothing is decided so."""

from dataclasses import dataclass, replace
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.domain.workflow import Command, commands
from app.drafts import queries as drafts
from app.identity import queries as identity
from app.infra.db import ReadSession, database_of
from app.infra.errors import AppError, Invalid, NotFound, Reason
from app.infra.http.problems import problem_body
from app.infra.runtime import runtime_of
from app.reviews import progress
from app.reviews.commands import perform
from app.web.forms import limits
from app.web.pages.desk.start_page import PAGE
from app.web.shell.actions import attempt
from app.web.shell.render import page
from app.web.shell.viewer import Form, Reader, SentForm, Viewer

router = APIRouter()

Verb = Literal["hand_over", "remind"]
_VERBS = {"hand_over": "转办", "remind": "催办"}


@dataclass(frozen=True, slots=True)
class Pick:
    """An open stage that something is to be done at, in words; `why` says why it was not done, if so."""

    key: str
    case_id: UUID
    stage: str
    line: str
    draft_id: UUID
    title: str
    number: str
    where: str
    why: tuple[str, ...] = ()


@router.get("/together")
def look(
    request: Request,
    viewer: Reader,
    session: ReadSession,
    verb: Verb = "hand_over",
    pick: Annotated[list[str] | None, Query(max_length=PAGE)] = None,
) -> Response:
    """Show what was picked, and what is to be said with it."""
    return _page(request, viewer, session, verb, _picked(session, viewer, pick or ()))


@router.post("/together")
def do(request: Request, sent: SentForm) -> Response:
    """Do it to each, in a transaction of its own; what was refused is shown with the reason, and stays."""
    form, verb, runtime = sent.form, sent.form.word("verb"), runtime_of(request)
    if verb not in _VERBS:
        raise NotFound("not_found")
    with database_of(request).read() as session:
        picks = _picked(session, sent.viewer, form.all("pick"))
    try:
        _asked(form, verb, picks)
    except AppError as error:
        with database_of(request).read() as session:
            return _page(request, sent.viewer, session, verb, picks, form=form, error=error)
    done, left = [], []
    for one in picks:
        command = _command(form, verb, one)

        def act(session: Session, case_id: UUID = one.case_id, command: Command = command) -> None:
            perform(session, case_id, command, actor=sent.actor, runtime=runtime, at=runtime.clock())

        why = attempt(request, act)
        if isinstance(why, AppError):
            told = problem_body(why, "")
            said = dict.fromkeys([told["title"], *(reason["message"] for reason in told["reasons"])])
            left.append(replace(one, why=tuple(said)))
        else:
            done.append(one)
    with database_of(request).read() as session:
        return _page(request, sent.viewer, session, verb, tuple(left), done=tuple(done), form=form)


def _asked(form: Form, verb: str, picks: tuple[Pick, ...]) -> None:
    """Raise `Invalid` with everything that is missing in a form."""
    told = []
    form.within("comment", limits.AT_STAGE)
    if len(picks) > PAGE:
        told.append(Reason("field", {"message": f"一次至多 {PAGE} 件，请去掉一些。"}, field="pick"))
    if not picks:
        told.append(Reason("field", {"message": "请至少选一件。"}, field="pick"))
    if verb == "hand_over" and not _is_id(form.word("to")):
        told.append(Reason("field", {"message": "请从名单中选择一人。"}, field="to"))
    if told:
        raise Invalid("malformed", reasons=told)


def _command(form: Form, verb: str, one: Pick) -> Command:
    comment = form.word("comment")
    if verb == "remind":
        return commands.Remind(one.stage, one.line, comment)
    return commands.HandOver(one.stage, one.line, str(UUID(form.word("to"))), comment)


def _picked(session: Session, viewer: Viewer, picks: list[str] | tuple[str, ...]) -> tuple[Pick, ...]:
    """Return the open stages that were picked, each once: by case, stage and line, or all of a case.

    What is open no more, or out of the viewer's sight, is left out.
    """
    asked = [[*one.split(":", 2), "", ""][:3] for one in dict.fromkeys(picks)]
    known = [(UUID(case_id), stage, line) for case_id, stage, line in asked if _is_id(case_id)]
    cases = progress.visible_cases(session, viewer.actor, [case_id for case_id, _, _ in known])
    places = drafts.targets_of(session, [one.draft.id for one in cases.values()])
    found: dict[str, Pick] = {}
    for case_id, wanted, line in known:
        if (case := cases.get(case_id)) is None:
            continue
        channels = drafts.names_of(places.get(case.draft.id, ()))
        for stage, run in case.open_runs:
            if wanted and (stage.key, run.line) != (wanted, line):
                continue
            where = f"{stage.title}{f'（{channels.get(run.line, run.line)}）' if run.line else ''}"
            key = f"{case_id}:{stage.key}:{run.line}"
            found[key] = Pick(
                key, case_id, stage.key, run.line, case.draft.id, case.draft.title, case.draft.number, where
            )
    return tuple(found.values())


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _page(
    request: Request,
    viewer: Viewer,
    session: Session,
    verb: str,
    picks: tuple[Pick, ...],
    *,
    done: tuple[Pick, ...] = (),
    form: Form | None = None,
    error: AppError | None = None,
) -> Response:
    people = identity.colleagues(session, viewer.actor.unit_path) if verb == "hand_over" else ()
    return page(
        request,
        "together.html",
        viewer=viewer,
        section="/",
        error=error,
        verb=verb,
        word=_VERBS[verb],
        picks=picks,
        done=done,
        people=[(str(one.id), one.name) for one in people if one.id != viewer.actor.id],
        form=form or Form(),
    )
