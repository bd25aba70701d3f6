"""The start page: everything that awaits the viewer, counted truly, at a price that does not grow."""

import re

import pytest
from fastapi.testclient import TestClient
from sqlmodel import col, update

from app.domain.vocabulary import DraftState
from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.infra.db import statements
from app.infra.runtime import Runtime
from app.reviews import service as reviews
from app.web.pages.desk.start_page import PAGE
from tests.factories import Bureau
from tests.web.forms import new_draft, sign_in, submitted

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def came_back(runtime: Runtime, *back: Draft) -> None:
    with runtime.database.write() as session:
        ids = [draft.id for draft in back]
        session.exec(update(Draft).where(col(Draft.id).in_(ids)).values(state=DraftState.RETURNED))


def listed(page: str) -> list[str]:
    """Return the numbers of the drafts among the tasks of a page, in order."""
    return re.findall(r'<span class="muted small">(\d{4}-\d{6}) · ', page)


def test_an_old_draft_that_came_back_is_listed_however_many_are_newer(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    old = new_draft(runtime, bureau, "志愿者走访独居老人。")
    for _ in range(25):
        new_draft(runtime, bureau, "志愿者走访独居老人。")
    came_back(runtime, old)
    sign_in(web, "editor")
    page = web.get("/").text
    assert listed(page) == [old.number]
    assert "共 1 件" in page
    # What is being written is not forgotten either: the newest, and how many there are.
    assert re.search(r"我正在写的<span[^>]*> · 共 25 件", page)
    assert 'href="/drafts?mine=1&amp;state=editing"' in page


def test_tasks_are_counted_and_paged(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    made = [new_draft(runtime, bureau, "志愿者走访独居老人。") for _ in range(PAGE + 2)]
    came_back(runtime, *made)
    sign_in(web, "editor")
    first, second = web.get("/").text, web.get("/?page=2").text
    assert f"共 {PAGE + 2} 件" in first
    assert (len(listed(first)), len(listed(second))) == (PAGE, 2)
    assert {*listed(first), *listed(second)} == {draft.number for draft in made}
    assert 'href="/?page=2"' in first
    assert f"第 {PAGE + 1}–{PAGE + 2} 件" in second
    # What is asked for again each minute is the page that is read.
    assert 'hx-get="/?page=2"' in second
    # A page that is no more is the last there is.
    assert listed(web.get("/?page=9").text) == listed(second)


def test_the_page_costs_the_same_for_few_drafts_and_for_many(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    def handed_in() -> None:
        draft = new_draft(runtime, bureau, "志愿者走访独居老人。")
        with runtime.database.write() as session:
            reviews.submit(
                session,
                draft_id=draft.id,
                digest=drafts.head(session, draft).digest,
                actor=bureau.actor("editor"),
                runtime=runtime,
                at=runtime.clock(),
            )

    def cost(login: str) -> int:
        sign_in(web, login)
        web.get("/")
        seen: list[str] = []
        token = statements.set(seen)
        assert web.get("/").status_code == 200
        statements.reset(token)
        return len([one for one in seen if not one.startswith("BEGIN")])

    handed_in()
    few = {login: cost(login) for login in ("editor", "initial_reviewer")}
    for _ in range(22):
        handed_in()
    many = {login: cost(login) for login in ("editor", "initial_reviewer")}
    # The editor's drafts are more than are listed by now: one statement counts them.
    assert many == {"editor": few["editor"] + 1, "initial_reviewer": few["initial_reviewer"]}
    assert max(many.values()) <= 20, many


def test_with_whom_a_draft_is_stands_below(web: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    draft = submitted(web, runtime, bureau, "志愿者走访独居老人。")
    below = web.get("/").text.partition("我交出去的")[2]
    assert draft.number in below
    assert "初审" in below
    assert "initial_reviewer先生" in below


@pytest.mark.parametrize(
    ("login", "words"),
    [
        ("editor", "写一篇新稿"),
        ("final_reviewer", "有稿件等您审校时会自动列在这里"),
        ("policy_keeper", "有稿件等您审校时会自动列在这里"),
        ("audit_admin", "管理员不写稿、不审校"),
        ("system_admin", "管理员不写稿、不审校"),
    ],
)
def test_an_empty_list_says_what_is_true_for_its_reader(
    web: TestClient, bureau: Bureau, login: str, words: str
) -> None:
    assert bureau
    sign_in(web, login)
    assert words in web.get("/").text


@pytest.mark.parametrize(
    ("login", "words"),
    [
        ("editor", "稿件建立后会列在这里"),
        ("outsider", "稿件建立后会列在这里"),
        ("audit_admin", "审计管理员不看内容，只查留痕"),
        ("system_admin", "系统管理员和安全管理员不看内容"),
        ("security_admin", "系统管理员和安全管理员不看内容"),
    ],
)
def test_an_empty_list_of_drafts_says_why_it_is_empty(
    web: TestClient, bureau: Bureau, login: str, words: str
) -> None:
    assert bureau
    sign_in(web, login)
    page = web.get("/drafts").text
    assert words in page
    assert ("不是没有稿件" in page) == login.endswith("_admin")
