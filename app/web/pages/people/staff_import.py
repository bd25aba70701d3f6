"""A staff list: chosen, looked at line by line, and carried out as a whole or not at all."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.domain.vocabulary import Role
from app.drafts.file_readings import in_turn
from app.drafts.intake.reading import Grid
from app.drafts.intake.subprocess_reader import read_file
from app.identity import permissions
from app.identity.staff_import import service
from app.identity.staff_import.commands import StaffRow
from app.infra.db import ReadSession, database_of
from app.infra.errors import AppError, Invalid, Reason
from app.infra.runtime import runtime_of
from app.web.forms.sealed_input import closed, unclosed
from app.web.shell.actions import attempt
from app.web.shell.render import page
from app.web.shell.viewer import Reader, SentForm, Viewer
from app.words.labels import choices

router = APIRouter()

#: The columns by the words that people write above them.
COLUMNS = {
    "姓名": "name",
    "登录名": "login",
    "单位": "unit",
    "上级单位": "above",
    "邮箱": "email",
    "职责": "roles",
    "职责单位": "role_unit",
}
_NEEDED = ("姓名", "登录名")
_BETWEEN = str.maketrans("，,；;/", "、、、、、")


@router.get("/accounts/import")
def choose(request: Request, viewer: Reader, session: ReadSession) -> Response:  # noqa: ARG001 – who looks and what they see is one transaction
    """Show how a list looks, and take one. Raises `Forbidden` for who does nothing about accounts."""
    permissions.require_keeping_accounts(viewer.actor)
    return _page(request, viewer)


def _page(
    request: Request,
    viewer: Viewer,
    *,
    plan: service.Plan | None = None,
    error: AppError | None = None,
    parcel: str = "",
) -> Response:
    return page(
        request,
        "accounts_import.html",
        viewer=viewer,
        section="/accounts",
        error=error,
        plan=plan,
        parcel=parcel,
        columns=tuple(COLUMNS),
        roles=[word for _, word in choices(Role)],
    )


@router.post("/accounts/import")
def look(request: Request, sent: SentForm) -> Response:
    """Show what a list would do, line by line; nothing is done yet."""
    permissions.require_keeping_accounts(sent.actor)
    try:
        if sent.form.file is None:
            raise Invalid("staff_unread", reasons=[Reason("staff_no_file", field="file")])
        with in_turn():
            reading = read_file(sent.form.file.content)
        rows = rows_of(reading.grids)
        with database_of(request).read() as session:
            plan = service.plan(session, rows, sent.actor)
    except AppError as refusal:
        return _page(request, sent.viewer, error=refusal)
    if plan.faults:
        return _page(request, sent.viewer, error=Invalid("staff_unfit", reasons=list(plan.faults)))
    held = json.dumps([asdict(row) for row in rows], ensure_ascii=False)
    parcel = closed(runtime_of(request).secret, held.encode())
    return _page(request, sent.viewer, plan=plan, parcel=parcel)


@router.post("/accounts/import/done")
def carry_out(request: Request, sent: SentForm) -> Response:
    """Do what was looked at, and show the first passwords this once."""
    runtime = runtime_of(request)
    raw = unclosed(runtime.secret, sent.form.text("list"))
    if raw is None:
        refusal = Invalid("staff_unread", reasons=[Reason("staff_no_file", field="file")])
        return _page(request, sent.viewer, error=refusal)
    rows = [StaffRow(**{**row, "roles": tuple(row["roles"])}) for row in json.loads(raw)]

    def verb(session: Session) -> tuple[tuple[service.Made, ...], int]:
        return service.carry_out(session, rows, actor=sent.actor, at=runtime.clock())

    done = attempt(request, verb)
    if isinstance(done, AppError):
        return _page(request, sent.viewer, error=done)
    made, given = done
    return page(
        request, "accounts_imported.html", viewer=sent.viewer, section="/accounts", made=made, given=given
    )


def rows_of(grids: Sequence[Grid]) -> tuple[StaffRow, ...]:
    """Return the people of the first table whose first row names the columns; other columns are left out.

    Raises `Invalid` for none.
    """
    for grid in grids:
        if not grid.rows:
            continue
        heads = [cell.strip() for cell in grid.rows[0]]
        if set(_NEEDED) <= set(heads):
            lines = zip(grid.rows[1:], grid.row_numbers[1:], strict=True)
            found = [_row(dict(zip(heads, cells, strict=True)), number + 1) for cells, number in lines]
            return tuple(row for row in found if row.name or row.login)
    raise Invalid("staff_unread", reasons=[Reason("staff_no_head", field="file")])


def _row(cells: dict[str, str], number: int) -> StaffRow:
    said = {key: cells.get(head, "").strip() for head, key in COLUMNS.items()}
    roles = [one.strip() for one in said.pop("roles").translate(_BETWEEN).split("、")]
    return StaffRow(
        number=number,
        roles=tuple(one for one in roles if one),
        **{**said, "login": said["login"].casefold()},
    )
