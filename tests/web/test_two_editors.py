"""Two editors at one text: the second save overwrites nothing, shows what the first did, and keeps both."""

import re
from html import unescape

import pytest
from fastapi.testclient import TestClient

from app.drafts import queries as drafts
from app.drafts.models import DraftReader
from app.infra.runtime import Runtime
from tests.factories import PASSWORD, Bureau
from tests.web.forms import new_draft, sign_in
from tests.web.posted import form_at

pytestmark = pytest.mark.both_databases

A, B, C = "第一段原文。", "第二段原文，写明了办理的时间。", "第三段原文，写明了办理的地点。"


def texts(runtime: Runtime, draft_id) -> list[str]:
    with runtime.database.read() as session:
        newest = drafts.document_of(drafts.revisions(session, draft_id)[-1])
    return [text for place, text in newest.texts() if place != "title"]


def titled(runtime: Runtime, draft_id) -> str:
    with runtime.database.read() as session:
        return drafts.document_of(drafts.revisions(session, draft_id)[-1]).title


@pytest.fixture
def opened(web: TestClient, runtime: Runtime, bureau: Bureau):
    """A draft that `editor` has open while `editor2` saves a change of the first paragraph."""
    draft = new_draft(runtime, bureau, A, B, C)
    with runtime.database.write() as session:
        session.add(
            DraftReader(
                draft_id=draft.id,
                user_id=bureau.user("editor2").id,
                why="left",
                by=bureau.user("editor").id,
                at=runtime.clock(),
            )
        )
    path = f"/drafts/{draft.id}/edit"
    sign_in(web, "editor")
    mine = form_at(web.get(path), path)
    sign_in(web, "editor2")
    theirs = form_at(web.get(path), path)
    saved = web.post(path, data={**theirs, "text:blocks/0": A + "另一位补充。", "then": "keep"})
    assert saved.headers["location"].endswith("said=revised"), unescape(saved.text)
    sign_in(web, "editor")
    return draft.id, path, {**mine, "csrf": form_at(web.get(path), path)["csrf"], "then": "keep"}


def test_changes_apart_are_brought_together_and_saved_after_they_were_seen(
    web: TestClient, runtime: Runtime, opened
) -> None:
    draft_id, path, mine = opened
    refused = web.post(path, data={**mine, "text:blocks/2": C + "我的补充。"})

    assert refused.status_code == 412
    page = unescape(refused.text)
    assert "editor2先生也改了这篇稿件" in page
    assert "<ins>另一位补充。</ins>" in page
    assert texts(runtime, draft_id)[0] == A + "另一位补充。"
    again = form_at(refused, path)
    assert (again["version"], again["revision"]) == (mine["version"], mine["revision"])
    # Pressing the button a second time is what lost the other's change.
    saved = web.post(path, data={**again, "then": "keep"})
    assert saved.headers["location"].endswith("said=revised"), unescape(saved.text)
    assert texts(runtime, draft_id) == [A + "另一位补充。", B, C + "我的补充。"]


def test_who_sends_the_old_form_again_and_again_overwrites_nothing(
    web: TestClient, runtime: Runtime, opened
) -> None:
    draft_id, path, mine = opened
    for _ in range(3):
        answer = web.post(path, data={**mine, "text:blocks/2": C + "我的补充。"})
        assert answer.status_code == 412
        mine["version"] = form_at(answer, path)["version"]
    assert texts(runtime, draft_id) == [A + "另一位补充。", B, C]
    # Nor does a form that says nothing of what was read.
    bare = {key: value for key, value in mine.items() if key not in {"revision", "version"}}
    answer = web.post(path, data={**bare, "text:blocks/2": "只有我的。"})
    assert answer.status_code == 412
    assert "只有我的。" in unescape(answer.text)
    assert texts(runtime, draft_id) == [A + "另一位补充。", B, C]


@pytest.mark.parametrize(
    ("choice", "first"),
    [
        ({"choice:blocks/0": "mine"}, ["我整段重写。"]),
        ({"choice:blocks/0": "theirs"}, [A + "另一位补充。"]),
        (
            {"choice:blocks/0": "edit", "edit:blocks/0": "两人商量的。\n并成两段。"},
            ["两人商量的。", "并成两段。"],
        ),
    ],
    ids=["mine", "theirs", "edited"],
)
def test_of_changes_of_one_place_people_choose(
    web: TestClient, runtime: Runtime, opened, choice: dict[str, str], first: list[str]
) -> None:
    draft_id, path, mine = opened
    refused = web.post(path, data={**mine, "text:blocks/0": "我整段重写。", "text:blocks/1": B + "改。"})
    assert refused.status_code == 412
    again = form_at(refused, path)
    # Without a choice it stays refused, with all that was typed since.
    open_still = web.post(path, data={**again, "text:blocks/2": "后来又改的第三段。", "then": "keep"})
    assert open_still.status_code == 422
    assert "第1段两边都改了：请选择用哪一种。" in unescape(open_still.text)
    # Who it was, and what they changed, is told as long as it is to be chosen.
    for page in (refused, open_still, web.post(path, data={**form_at(open_still, path), "then": "keep"})):
        told = unescape(page.text)
        assert "您打开以后，editor2先生也改了这篇稿件" in told
        assert "用editor2先生的：" in told
        assert "另一位补充" in told.partition('id="meanwhile"')[2].partition("<fieldset")[0]
    again = form_at(open_still, path)
    assert again["text:blocks/2"] == "后来又改的第三段。"
    saved = web.post(path, data={**again, **choice, "then": "keep"})
    assert saved.headers["location"].endswith("said=revised"), unescape(saved.text)
    assert texts(runtime, draft_id) == [*first, B + "改。", "后来又改的第三段。"]


def test_a_third_save_meanwhile_is_brought_together_too(web: TestClient, runtime: Runtime, opened) -> None:
    draft_id, path, mine = opened
    refused = form_at(web.post(path, data={**mine, "title": "我改的标题"}), path)
    sign_in(web, "editor2")
    theirs = form_at(web.get(path), path)
    web.post(path, data={**theirs, "text:blocks/1": B + "第三次。", "then": "keep"})
    sign_in(web, "editor")
    refused["csrf"] = form_at(web.get(path), path)["csrf"]
    second = web.post(path, data={**refused, "then": "keep"})
    assert second.status_code == 412
    saved = web.post(path, data={**form_at(second, path), "then": "keep"})
    assert saved.status_code == 303
    assert texts(runtime, draft_id) == [A + "另一位补充。", B + "第三次。", C]
    assert titled(runtime, draft_id) == "我改的标题"


def test_who_signs_in_again_goes_on_with_the_text_that_they_had_read(
    web: TestClient, runtime: Runtime, opened
) -> None:
    draft_id, path, mine = opened
    web.cookies.clear()
    ended = web.post(path, data={**mine, "text:blocks/2": C + "我的补充。"})
    carried = re.search(r'name="carried" value="([^"]+)"', ended.text)
    assert carried is not None
    back = web.post("/sign-in", data={"login": "editor", "password": PASSWORD, "carried": carried[1]})
    form = form_at(back, path)
    assert (form["version"], form["text:blocks/0"], form["text:blocks/2"]) == (
        mine["version"],
        A,
        C + "我的补充。",
    )
    assert web.post(path, data={**form, "then": "keep"}).status_code == 412
    assert texts(runtime, draft_id)[0] == A + "另一位补充。"
