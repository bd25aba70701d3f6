"""Before somebody leaves: what waits for them, and handing all of it to one person."""

from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.identity import queries
from app.infra.db import database_of
from app.infra.errors import AppError, Forbidden, Invalid, Reason
from app.infra.runtime import runtime_of
from app.reviews.handover import service as leaving
from app.reviews.handover.service import Item, Left
from app.web.forms import limits
from app.web.pages.draft.panels.deciding import sentences
from app.web.shell.actions import attempt, see_other
from app.web.shell.render import page
from app.web.shell.viewer import Form, SentForm, Viewer, Visitor

router = APIRouter()

_WHY = {
    "claimed": "已认领",
    "added": "指定其加签",
    "named": "流程指定由其办理",
    "only_one": "只有其一人能办理",
    "opinion": "等其反馈意见",
    "draft": "其手中的稿件",
}
_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Row:
    """Something that waits for somebody, in words; `reasons` say why it could not be handed over."""

    number: str
    stage: str
    why: str
    reasons: tuple[str, ...] = ()


@router.get("/leaving")
def show(request: Request, viewer: Visitor, user: UUID | None = None) -> Response:
    """Show what would be stranded without one of the people whom the viewer administers."""
    return _page(request, viewer, user)


@router.post("/leaving")
def hand_over(request: Request, sent: SentForm) -> Response:
    """Hand all that waits for somebody to one person."""
    at, form = runtime_of(request).clock(), sent.form
    user = _uuid(form, "user")

    def verb(session: Session) -> tuple[Left, ...]:
        to = _uuid(form, "to")
        if user is None or to is None:
            raise Invalid("malformed", reasons=[Reason("field", {"message": "请选择一人。"}, field="to")])
        reason = form.within("reason", limits.HANDOVER)
        if not reason:
            raise Invalid("malformed", reasons=[Reason("field", {"message": "请写明原因。"}, field="reason")])
        done = leaving.hand_over_all(session, user_id=user, to=to, reason=reason, actor=sent.actor, at=at)
        return done.left

    left = attempt(request, verb)
    if isinstance(left, AppError):
        return _page(request, sent.viewer, user, error=left, form=form)
    if left:
        return _page(request, sent.viewer, user, left=left)
    return see_other(f"/leaving?user={user}", "work_handed_over")


def _uuid(form: Form, name: str) -> UUID | None:
    try:
        return UUID(form.word(name))
    except ValueError:
        return None


def _page(
    request: Request,
    viewer: Viewer,
    user_id: UUID | None,
    *,
    error: AppError | None = None,
    form: Form | None = None,
    left: tuple[Left, ...] = (),
) -> Response:
    if not viewer.administers:
        raise Forbidden("forbidden")
    why_not = {_key(one.item): sentences(one.refusals) for one in left}
    with database_of(request).read() as session:
        accounts = queries.accounts(session, viewer.actor, after=None, limit=_SHOWN)
        waiting = leaving.work_of(session, user_id=user_id, actor=viewer.actor) if user_id else None
        people = queries.colleagues(session, viewer.actor.unit_path)
    items = waiting.items if waiting else ()
    return page(
        request,
        "leaving.html",
        viewer=viewer,
        section="/leaving",
        error=error,
        form=form or Form(),
        accounts=tuple(
            (str(account.id), account.name + ("" if account.active else "（已停用）")) for account in accounts
        ),
        chosen=str(user_id or ""),
        name=waiting.user.name if waiting else "",
        items=tuple(_row(item, why_not.get(_key(item), ())) for item in items),
        people=tuple((str(person.id), person.name) for person in people if person.id != user_id),
    )


def _key(item: Item) -> tuple[object, ...]:
    return item.draft.id, item.case_id, item.stage, item.line, item.why


def _row(item: Item, reasons: tuple[str, ...]) -> Row:
    return Row(item.draft.number, item.stage_title, _WHY[item.why], reasons)
