"""Several drafts at once: handing over, reminding, taking the list along. Deciding is never among it."""

import io
import re
import zipfile
from html import unescape
from xml.etree import ElementTree as ET

import pytest
from fastapi.testclient import TestClient

from app.drafts.intake.subprocess_reader import read_file
from app.infra.runtime import Runtime
from app.web.components.spreadsheets import as_csv, as_xlsx
from app.web.pages.desk import start_page, tasks
from tests import factories
from tests.factories import Bureau
from tests.web.forms import digest_of, new_draft, send, sign_in, submitted

PICK = re.compile(r'name="pick" value="([^"]+)"')


def handed_in(web: TestClient, runtime: Runtime, bureau: Bureau, count: int) -> list[str]:
    """Hand in so many drafts, and return their titles."""
    titles = [f"第{number}号通知" for number in range(count)]
    sign_in(web, "editor")
    for title in titles:
        draft = new_draft(runtime, bureau, "请各科室做好值班安排。", title=title)
        done = send(web, f"/drafts/{draft.id}/submissions", digest=digest_of(runtime, draft.id))
        assert done.status_code == 303, unescape(done.text)
    return titles


def sheet(content: bytes) -> list[list[str]]:
    """Return the cells of a workbook's first sheet, as attachments are read."""
    return [[cell for cell in row if cell] for row in read_file(content).grids[0].rows]


def test_several_are_handed_over_after_a_look(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    with runtime.database.write() as session:
        factories.person(
            session,
            "colleague",
            unit=bureau.city,
            at=runtime.clock(),
            roles=[factories.Role.INITIAL_REVIEWER],
        )
    first, second, third = handed_in(web, runtime, bureau, 3)
    sign_in(web, "initial_reviewer")
    picks = PICK.findall(web.get("/").text)
    assert len(picks) == 3
    looked = web.get("/together", params={"verb": "hand_over", "pick": picks[:2]})
    assert (first in looked.text, second in looked.text, third in looked.text) == (True, True, False)
    (colleague,) = re.findall(r'<option value="([0-9a-f-]{36})">colleague先生</option>', looked.text)
    nobody = send(web, "/together", verb="hand_over", pick=picks[:2], comment="外出三天")
    assert "请从名单中选择一人" in unescape(nobody.text)
    assert "外出三天" in nobody.text, "what was typed stays"
    done = unescape(send(web, "/together", verb="hand_over", pick=picks[:2], to=colleague).text)
    assert "已转办 2 件" in done
    left = web.get("/").text
    assert (first in left, second in left, third in left) == (False, False, True)
    # A second press, or another page that is behind: each says why, and nothing is lost.
    again = unescape(send(web, "/together", verb="hand_over", pick=picks, to=colleague).text)
    assert "已转办 1 件" in again
    assert "没有办成的 2 件" in again


def test_a_reminder_goes_to_each_and_once_a_day(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    handed_in(web, runtime, bureau, 2)
    away = web.get("/").text.partition('id="waiting-name"')[2]
    picks = PICK.findall(away)
    assert len(picks) == 2
    looked = web.get("/together", params={"verb": "remind", "pick": picks})
    assert looked.text.count('name="pick"') == 2
    assert "已催办 2 件" in send(web, "/together", verb="remind", pick=picks, comment="请尽快").text
    assert "没有办成的 2 件" in send(web, "/together", verb="remind", pick=picks).text


@pytest.mark.parametrize("verb", ["approve", "release", "send_back", "decline", ""])
def test_nothing_is_decided_in_bulk(web: TestClient, runtime: Runtime, bureau: Bureau, verb: str) -> None:
    draft = submitted(web, runtime, bureau)
    sign_in(web, "initial_reviewer")
    picks = PICK.findall(web.get("/").text)
    assert web.get("/together", params={"verb": verb, "pick": picks}).status_code == 422
    assert send(web, "/together", verb=verb, pick=picks).status_code == 404
    assert f"/drafts/{draft.id}" in web.get("/").text


def test_what_one_may_not_know_is_not_there(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    (title,) = handed_in(web, runtime, bureau, 1)
    sign_in(web, "initial_reviewer")
    picks = PICK.findall(web.get("/").text)
    sign_in(web, "outsider")
    strange = [*picks, "nonsense", ":::", picks[0].partition(":")[0]]
    assert title not in web.get("/together", params={"verb": "remind", "pick": strange}).text
    assert "已催办" not in send(web, "/together", verb="remind", pick=strange).text


def test_the_list_is_taken_along(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    titles = handed_in(web, runtime, bureau, 2)
    sign_in(web, "initial_reviewer")
    csv = web.get("/tasks.csv").content.decode("utf-8-sig").splitlines()
    assert csv[0].startswith("稿件编号,标题,要我做")
    assert [title for title in titles if any(title in line for line in csv[1:])] == titles
    rows = sheet(web.get("/tasks.xlsx").content)
    assert [row[1] for row in rows[1:]] == titles
    assert web.get("/tasks.exe").status_code in {404, 422}


def test_no_cell_is_a_formula_and_every_workbook_can_be_read() -> None:
    odd = ["=1+1", "\x00零\x07", "<b>&\"'", "𠮷😀\u202e", "两\n行", ""]
    with zipfile.ZipFile(io.BytesIO(as_xlsx([odd]))) as package:
        for name in package.namelist():
            ET.fromstring(package.read(name))
    assert sheet(as_xlsx([odd]))[0] == ["=1+1", "零", "<b>&\"'", "𠮷😀\u202e", "两\n行"]
    assert as_xlsx([odd]) == as_xlsx([odd])
    assert as_csv([["=1+1"]]).decode("utf-8-sig") == "'=1+1\r\n"


def test_counts_are_true_and_pages_lead_to_the_last_task(
    web: TestClient, runtime: Runtime, bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Small numbers stand for large ones: five tasks where three are looked for at first, two on a page."""
    titles = handed_in(web, runtime, bureau, 5)
    monkeypatch.setattr(tasks, "MOST", 3)
    monkeypatch.setattr(start_page, "MOST", 3)
    monkeypatch.setattr(start_page, "PAGE", 2)
    monkeypatch.setattr(tasks.tasks_of, "__kwdefaults__", {"most": 3})
    sign_in(web, "initial_reviewer")
    seen, address, counts = [], "/", []
    while address:
        page = unescape(web.get(address).text)
        seen += [title for title in titles if f">{title}</a>" in page]
        counts += re.findall(r"共 (\d+) 件(以上)?", page)[:1]
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = following[1] if following else ""
    assert seen == titles
    assert counts == [("3", "以上"), ("5", ""), ("5", "")]
