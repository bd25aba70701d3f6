"""Pages on which people do things with each other: forms on the draft's page, delegations, leaving."""

import re
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import expect

from app.domain.vocabulary import Role
from app.drafts import queries as drafts
from app.infra.runtime import Runtime
from app.reviews.service import submit
from tests import factories
from tests.api.desk import Desk
from tests.factories import PASSWORD
from tests.web.conftest import Person, Site, accessible

HTML = {"Accept": "text/html"}


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    desk = Desk.open(client, runtime).draft()
    client.follow_redirects = False
    return desk


def another(desk: Desk, login: str, *roles: Role) -> str:
    with desk.runtime.database.write() as session:
        unit, over = desk.bureau.office, desk.bureau.city
        user = factories.person(
            session, login, unit=unit, on=over, roles=list(roles), at=desk.runtime.clock()
        )
        return str(user.id)


class Browser:
    """Somebody in a browser without scripts."""

    def __init__(self, desk: Desk, login: str) -> None:
        self.web, self.desk = desk.client, desk
        self.web.cookies.clear()
        data = {"login": login, "password": PASSWORD, "next": "/"}
        assert self.web.post("/sign-in", data=data, headers=HTML).status_code == 303

    def get(self, path: str) -> str:
        answer = self.web.get(path, headers=HTML)
        assert answer.status_code == 200, answer.text
        return answer.text

    def send(self, path: str, **fields: object) -> tuple[int, str]:
        token = re.search(r'name="csrf" value="([0-9a-f]{64})"', self.get("/"))
        assert token is not None
        answer = self.web.post(path, data={"csrf": token[1], **fields}, headers=HTML)
        return answer.status_code, answer.headers.get("location", answer.text)

    def together(self, verb: str, **fields: object) -> tuple[int, str]:
        return self.send(f"/drafts/{self.desk.draft_id}/together", verb=verb, **fields)

    def page(self) -> str:
        return self.get(f"/drafts/{self.desk.draft_id}")


def test_the_page_offers_what_one_may_and_does_it(desk: Desk) -> None:
    other = another(desk, "other", Role.INITIAL_REVIEWER)
    expert = another(desk, "expert")
    digest = desk.submit()["revision"]
    reviewer = Browser(desk, "initial_reviewer")
    shown = reviewer.page()
    for word in ("认领", "催办", "征求意见", "加签", "转办", "抄送", "回避"):
        assert word in shown
    assert "特批越过" not in shown
    stage = {"stage": "initial_review"}
    done = (
        ("consult", {**stage, "to": expert, "comment": "数字对吗", "waits": "yes"}),
        ("add_reviewer", {**stage, "to": expert, "comment": "请看", "place": "after"}),
        ("copy", {"to": expert, "comment": "知悉"}),
        ("remind", stage),
        ("claim", stage),
        ("unclaim", stage),
        ("hand_over", {**stage, "to": other}),
    )
    for verb, fields in done:
        status, where = reviewer.together(verb, **fields)
        assert (status, where) == (303, f"/drafts/{desk.draft_id}?said={verb}"), where
    shown = reviewer.page()
    assert "initial_reviewer先生 把初审转办给other先生" in shown
    assert "就初审征求expert先生的意见，等待反馈" in shown
    assert "在初审之后加签，请expert先生审核" in shown
    asked = Browser(desk, "expert")
    assert "反馈意见" in asked.get("/")
    assert "有人征求您的意见" in asked.page()
    assert asked.together("advise", **stage, digest=digest, comment="对")[0] == 303
    decider = Browser(desk, "other")
    path = f"/drafts/{desk.draft_id}/decisions"
    assert decider.send(path, verb="approve", **stage, digest=digest)[0] == 303
    assert "拿回我的意见" in decider.page()
    assert decider.together("take_back", **stage, comment="再看")[0] == 303
    assert decider.together("recuse", comment="亲属")[0] == 303
    assert desk.case()["recused"] == [other]


def test_refusals_are_told_on_the_page(desk: Desk) -> None:
    desk.submit()
    reviewer = Browser(desk, "initial_reviewer")
    for fields, sentence in (
        ({"verb": "hand_over", "stage": "initial_review", "to": ""}, "请从名单中选择一人"),
        ({"verb": "fly", "stage": "initial_review"}, "没有这种操作"),
        ({"verb": "recuse", "comment": ""}, "请填写意见"),
        ({"verb": "take_back", "stage": "initial_review"}, "没有可以拿回的意见"),
    ):
        status, text = reviewer.send(f"/drafts/{desk.draft_id}/together", **fields)
        assert status in {409, 422}
        assert sentence in text


def test_a_delegation_is_given_used_and_ended(desk: Desk) -> None:
    deputy = another(desk, "deputy")
    desk.submit()
    principal = Browser(desk, "initial_reviewer")
    assert "现在没有代理" in principal.get("/delegations")
    status, text = principal.send("/delegations", delegate="", starts_on="x", ends_on="")
    assert status == 422
    assert "请从名单中选择代理人" in text
    assert "请填写开始日期" in text
    fields = {"delegate": deputy, "starts_on": "2026-03-02", "ends_on": "2026-03-04", "absent": "yes"}
    assert principal.send("/delegations", **fields, role="editor")[0] == 409
    assert principal.send("/delegations", **fields) == (303, "/delegations?said=delegated")
    listed = principal.get("/delegations")
    assert "deputy先生" in listed
    assert "不在岗" in listed
    shown = Browser(desk, "deputy").page()
    assert "您在这里代initial_reviewer先生办理" in shown
    desk.approve("initial_review", "deputy")
    assert "deputy先生（代）" in Browser(desk, "second_reviewer").page()
    office = Browser(desk, "security_admin")
    path = re.search(r'action="(/delegations/[^"]+/revocation)"', office.get("/delegations"))
    assert path is not None
    assert office.send(path[1]) == (303, "/delegations?said=delegation_ended")
    assert "已终止" in office.get("/delegations")


def test_all_work_is_handed_over_on_a_page(desk: Desk) -> None:
    other = another(desk, "other", Role.INITIAL_REVIEWER)
    desk.submit()
    desk.post(f"/cases/{desk.case_id}/claims", "initial_reviewer", {"stage": "initial_review"})
    user = str(desk.bureau.user("initial_reviewer").id)
    assert desk.client.get("/leaving", headers={**HTML, **desk.headers("editor")}).status_code in {
        303,
        401,
        403,
    }
    office = Browser(desk, "system_admin")
    shown = office.get(f"/leaving?user={user}")
    assert "已认领" in shown
    assert factories.document().title not in shown
    assert office.send("/leaving", user=user, to="", reason="x")[0] == 422
    status, text = office.send("/leaving", user=user, to=str(desk.bureau.user("editor").id), reason="调离")
    assert status == 200
    assert "此人不能承担这个环节" in text
    assert office.send("/leaving", user=user, to=other, reason="调离")[0] == 303
    assert "没有会因其离开而无人办理的工作" in office.get(f"/leaving?user={user}")
    assert desk.stage("initial_review")["claimed_by"] == other


@pytest.mark.parametrize("width", [1280, 360])
def test_the_pages_are_for_everybody(
    site: Site, people: Callable[..., Person], width: int, runtime: Runtime
) -> None:
    """By keyboard, on a phone and with a screen reader: folds open, forms have names, nothing hangs over."""
    with runtime.database.write() as session:
        draft = factories.draft(session, site.bureau, at=runtime.clock())
        submit(
            session,
            draft_id=draft.id,
            digest=drafts.head(session, draft).digest,
            actor=site.bureau.actor("editor"),
            runtime=runtime,
            at=runtime.clock(),
        )
    reviewer = people("initial_reviewer", width=width)
    page = reviewer.go(f"/drafts/{draft.id}")
    page.locator("#together > summary").click()
    for fold in page.locator("#together details > summary").all():
        fold.click()
    accessible(page)
    reviewer.shot(f"together-{width}")
    page.locator("#together summary", has_text="抄送").click()
    reviewer.press_on(page.locator("#together summary", has_text="抄送"))
    page.select_option("#f-to-copy", label="proofreader先生")
    reviewer.press_on(page.locator("#together form:has(#f-copy) button"))
    page.wait_for_url("**said=copy")
    page.locator("#together > summary").click()
    expect(page.locator("#together")).to_contain_text("已抄送：proofreader先生")
    accessible(reviewer.go("/delegations"))
    reviewer.shot(f"delegations-{width}")
    office = people("security_admin", width=width)
    accessible(office.go("/delegations"))
    accessible(office.go(f"/leaving?user={site.bureau.user('initial_reviewer').id}"))
    office.shot(f"leaving-{width}")


def test_a_proof_without_faults_is_passed_by_the_word_of_its_button(desk: Desk) -> None:
    desk.reviews()
    desk.work()
    page = Browser(desk, "proofreader").get(f"/drafts/{desk.draft_id}/proofs/wechat")
    assert "没有差错可以直接“校毕”" in page
    assert "直接通过" not in page
