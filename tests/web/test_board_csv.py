"""The board as a table: what is in it, that it filters as the page does, and that no cell is a formula."""

import csv
import io
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.infra.runtime import Runtime
from app.reviews.models import StageRun
from app.web.components.spreadsheets import as_csv
from app.web.pages.desk import board_csv
from app.web.pages.desk.board_csv import HEADINGS
from tests import factories
from tests.factories import Bureau
from tests.web.forms import digest_of, new_draft, send, sign_in


def submitted(web: TestClient, runtime: Runtime, bureau: Bureau, title: str, by: str = "editor") -> Any:
    draft = new_draft(runtime, bureau, "志愿者逐户登记需求。", title=title, by=by)
    sign_in(web, by)
    assert (
        send(web, f"/drafts/{draft.id}/submissions", digest=digest_of(runtime, draft.id)).status_code == 303
    )
    return draft


def table(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def test_only_who_has_a_board_gets_it(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    submitted(web, runtime, bureau, "走访")
    assert web.get("/board.csv").status_code == 403  # the author
    web.cookies.clear()
    assert web.get("/board.csv").status_code == 303
    assert web.get("/api/v1/board.csv").status_code == 401
    sign_in(web, "outsider")
    assert table(web.get("/board.csv")) == [list(HEADINGS)]


def test_it_holds_the_whole_board_with_the_filters_of_the_page(
    web: TestClient, runtime: Runtime, bureau: Bureau, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.pages.desk.board._AT_ONCE", 2)
    for number in range(4):
        submitted(web, runtime, bureau, f"走访，第{number}篇")
    submitted(web, runtime, bureau, "区里的走访", by="district_editor")
    sign_in(web, "second_reviewer")
    page = web.get("/board").text
    assert 'href="/board.csv?"' in page
    heading, *rows = table(web.get("/board.csv"))
    assert heading == list(HEADINGS)
    assert [row[1] for row in rows] == [*(f"走访，第{number}篇" for number in range(4)), "区里的走访"]
    assert rows[0][2:] == [
        "办公室",
        "初审",
        "公众号",
        "审校中",
        "",
        "2026-03-02 09:00",
        "2026-03-04 18:00",
        "",
    ]
    answer = web.get(f"/board.csv?unit={bureau.district.id}")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="board-20260302-0900.csv"' in answer.headers["content-disposition"]
    assert [row[1] for row in table(answer)[1:]] == ["区里的走访"]
    with runtime.database.write() as session:
        run = session.exec(select(StageRun).where(StageRun.state == "open").order_by(StageRun.id)).first()
        assert run is not None
        run.due_at = clock()
        session.add(run)
    clock.advance(minutes=1)
    assert 'href="/board.csv?overdue=1"' in web.get("/board?overdue=1").text
    (_, late) = table(web.get("/board.csv?overdue=1"))
    assert (late[1], late[-1]) == ("走访，第0篇", "是")
    assert len(table(web.get("/board.csv?stage=final_review"))) == 1
    assert len(table(web.get("/board.csv?claimed=somebody&state=running&unit=nonsense"))) == 1
    monkeypatch.setattr(board_csv, "MOST", 2)
    rows = table(web.get("/board.csv"))
    assert len(rows) == 4
    assert "只列出前 2 件" in rows[-1][0]


def test_the_api_gives_the_same(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    submitted(web, runtime, bureau, "走访")
    sign_in(web, "second_reviewer")
    page = web.get("/board.csv").content
    web.cookies.clear()
    headers = factories.signed_in(web, "second_reviewer") | {"Accept": "text/csv, application/problem+json"}
    assert web.get("/api/v1/board.csv", headers=headers).content == page
    assert len(table(web.get("/api/v1/board.csv?stage=initial_review", headers=headers))) == 2
    assert web.get("/api/v1/board.csv?state=nonsense", headers=headers).status_code == 422


@pytest.mark.parametrize("title", ['=HYPERLINK("http://x","看")', "+1", "-1", "@SUM(A1)", "＝1+1", "  =1"])
def test_no_title_becomes_a_formula(title: str) -> None:
    ((cell,),) = csv.reader(io.StringIO(as_csv([[title]]).decode("utf-8-sig"), newline=""))
    assert cell == f"'{title}"


def test_what_is_no_formula_stays_as_it_is() -> None:
    row = ["2026-000001", '他说“好”，"真好"', "一\n二", "", "3月=春天"]
    (read,) = csv.reader(io.StringIO(as_csv([row]).decode("utf-8-sig"), newline=""))
    assert read == row
