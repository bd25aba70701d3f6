"""The unit's board as a table for spreadsheets, with the filters of the page."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.domain.vocabulary import CaseState
from app.identity.access import CurrentActor
from app.identity.queries import Actor
from app.infra.clock import beijing
from app.infra.db import ReadSession
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of
from app.reviews.board.queries import Claimed, Wanted
from app.web.components.spreadsheets import Format, answer
from app.web.pages.desk.board import Row, every_row, units_of, wished
from app.web.shell.viewer import Reader

router = APIRouter()
api = ApiRouter(tags=["reviews"])

#: Rows of one table; who needs more narrows it by the filters.
MOST = 20_000
HEADINGS = ("稿件编号", "标题", "单位", "环节", "阵地", "状态", "认领人", "进入环节", "期限", "逾期")


@router.get("/board.{form}")
def download(
    request: Request,
    viewer: Reader,
    session: ReadSession,
    form: Format,
    unit: str = "",
    stage: Annotated[str, Query(max_length=40)] = "",
    state: str = "",
    claimed: str = "",
    overdue: bool = False,
) -> Response:
    """Give the board as a table, with the filters of the page in the address."""
    units = units_of(session, viewer.actor)
    wanted = wished(units, unit, stage, state, claimed, overdue=overdue)
    return _answer(session, viewer.actor, runtime_of(request).clock(), wanted, form)


@api.get(
    "/board.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
def export_board(
    request: Request,
    session: ReadSession,
    actor: CurrentActor,
    unit: UUID | None = None,
    stage: Annotated[str, Query(max_length=40)] = "",
    state: CaseState | None = None,
    claimed: Claimed | None = None,
    overdue: bool = False,
) -> Response:
    """Give the whole board as CSV for spreadsheets: UTF-8 with BOM, Beijing time, at most 20 000 rows."""
    wanted = Wanted(unit, stage, state, claimed, overdue)
    return _answer(session, actor, runtime_of(request).clock(), wanted, "csv")


def _answer(session: Session, actor: Actor, at: datetime, wanted: Wanted, form: Format) -> Response:
    found = every_row(session, actor, at, wanted, most=MOST + 1)
    rows: list[tuple[str, ...]] = [HEADINGS, *(_cells(row) for row in found[:MOST])]
    if len(found) > MOST:
        rows.append((f"只列出前 {MOST} 件，请用筛选条件缩小范围后再下载。",))
    return answer(rows, "board", at, form)


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.number,
        row.title,
        row.unit,
        row.stage,
        row.where,
        row.state,
        row.claimed_by,
        f"{beijing(row.since):%Y-%m-%d %H:%M}",
        f"{beijing(row.due_at):%Y-%m-%d %H:%M}" if row.due_at else "",
        "是" if row.overdue else "",
    )
