"""The unit's board as a table for spreadsheets: CSV that Excel opens, with the filters of the page."""

import csv
import io
from collections.abc import Iterable
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
from app.web.pages.desk.board import Row, every_row, units_of, wished
from app.web.shell.viewer import Reader

router = APIRouter()
api = ApiRouter(tags=["reviews"])

#: Rows of one table; who needs more narrows it by the filters.
MOST = 20_000
HEADINGS = ("稿件编号", "标题", "单位", "环节", "阵地", "状态", "认领人", "进入环节", "期限", "逾期")
#: What spreadsheets take for the beginning of a formula. Source: OWASP, CSV Injection.
_FORMULA = frozenset("=+-@＝＋－＠\t\r\n")


@router.get("/board.csv")
def download(
    request: Request,
    viewer: Reader,
    session: ReadSession,
    unit: str = "",
    stage: Annotated[str, Query(max_length=40)] = "",
    state: str = "",
    claimed: str = "",
    overdue: bool = False,
) -> Response:
    """Give the board as a table, with the filters of the page in the address."""
    units = units_of(session, viewer.actor)
    wanted = wished(units, unit, stage, state, claimed, overdue=overdue)
    return _answer(session, viewer.actor, runtime_of(request).clock(), wanted)


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
    return _answer(session, actor, runtime_of(request).clock(), wanted)


def written(rows: Iterable[Iterable[str]]) -> bytes:
    """Return rows as CSV (RFC 4180) in UTF-8 with the mark by which Excel knows it.

    A cell that a spreadsheet would take for a formula begins with an apostrophe.
    """
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows([_safe(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _safe(cell: str) -> str:
    begins = cell[:1] in _FORMULA or cell.lstrip()[:1] in _FORMULA
    return f"'{cell}" if cell and begins else cell


def _answer(session: Session, actor: Actor, at: datetime, wanted: Wanted) -> Response:
    found = every_row(session, actor, at, wanted, most=MOST + 1)
    rows: list[tuple[str, ...]] = [HEADINGS, *(_cells(row) for row in found[:MOST])]
    if len(found) > MOST:
        rows.append((f"只列出前 {MOST} 件，请用筛选条件缩小范围后再下载。",))
    name = f"board-{beijing(at):%Y%m%d-%H%M}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return Response(written(rows), media_type="text/csv; charset=utf-8", headers=headers)


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
