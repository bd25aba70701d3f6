"""The next thing that awaits somebody: where one goes on after deciding, without a list in between."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.infra.db import ReadSession, database_of
from app.infra.runtime import runtime_of
from app.web.pages.desk.tasks import Task, tasks_of
from app.web.shell.actions import see_other
from app.web.shell.viewer import Reader, Viewer

router = APIRouter()


@router.get("/next")
def go_on(request: Request, viewer: Reader, session: ReadSession, after: UUID | None = None) -> Response:
    """Lead to the task after those on the draft `after`, in the order of the list; from its end to the first.

    To the list, which says so, when there is no other.
    """
    tasks = tasks_of(session, viewer, runtime_of(request).clock()).found
    following = _after(tasks, after)
    return see_other(following.address) if following else see_other("/", "nothing_next")


def _after(tasks: tuple[Task, ...], draft_id: UUID | None) -> Task | None:
    own = [index for index, task in enumerate(tasks) if task.is_on(draft_id)]
    start = own[-1] + 1 if own else 0
    return next((task for task in (*tasks[start:], *tasks[:start]) if not task.is_on(draft_id)), None)


def done(request: Request, viewer: Viewer, draft_id: UUID, said: str) -> Response:
    """Answer a decision that was taken: lead to the viewer's next task, on the same draft if there is one.

    There the page says what was done, and links back to that draft. To the list when nothing is left.
    """
    with database_of(request).read() as session:
        following = _next(session, viewer, draft_id, request)
    return see_other(following.address if following else "/", said, done=draft_id)


def _next(session: Session, viewer: Viewer, draft_id: UUID, request: Request) -> Task | None:
    tasks = tasks_of(session, viewer, runtime_of(request).clock()).found
    here = (task for task in tasks if task.is_on(draft_id))
    return next(here, None) or next(iter(tasks), None)
