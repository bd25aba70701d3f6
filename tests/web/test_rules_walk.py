"""Rules in a real browser: tried while typing, edited, back-tested, granted; by keyboard, on a phone too."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from app.infra.db import Database
from app.policies.negative_list.following import FollowedPolicies
from app.policies.versions import digest_in_use
from tests import factories, keepers
from tests.web.conftest import Person, Site, accessible, settled


@pytest.fixture
def negative_list(tmp_path: Path, database: Database) -> FollowedPolicies:
    return keepers.followed(tmp_path / "negative_list", database)


def in_force(site: Site) -> str:
    with site.runtime.database.read() as session:
        return digest_in_use(session) or ""


def test_a_rule_from_its_change_to_its_activation(site: Site, people: Callable[..., Person]) -> None:
    with site.runtime.database.write() as session:
        content = factories.document("帮扶", "一个瘸子和残废军人再接再励。")
        factories.draft(session, site.bureau, at=site.runtime.clock(), content=content)
    keeper = people("policy_keeper")
    page = keeper.go("/rules")
    accessible(page)
    keeper.shot("rules")
    page.get_by_role("link", name="禁用“残废”").click()
    accessible(page)
    keeper.shot("rules-one")
    keeper.press_on(page.get_by_role("link", name="修改这条规则"))
    page.wait_for_url("**/edit?*")
    field = page.locator("#f-content")
    text = field.input_value()
    field.fill(text.replace("overlap: longest", "overlap: widest"))
    page.keyboard.press("Control+Enter")
    page.get_by_role("heading", name="共 1 处错误").wait_for()
    accessible(page)
    keeper.shot("rules-edit-fault")
    expect(page.locator("[aria-labelledby=faults-name]")).to_contain_text("第 6 行")
    keeper.faults[:] = [fault for fault in keeper.faults if "422" not in fault]
    field = page.locator("#f-content")
    field.fill(text.replace("残废: 残疾}", "残废: 残疾, 瘸子: 肢体残疾人}"))
    page.fill("#f-note", "补充一个词")
    keeper.press_on(page.get_by_role("button", name="检查并保存"))
    page.get_by_text("已保存为新的候选版本").wait_for()
    address = page.url.partition("?")[0]
    accessible(page)
    page.get_by_role("button", name="开始回测").click()
    page.wait_for_url("**/back-tests/*")
    settled(page, lambda: page.locator("#figures-name").count() == 1)
    accessible(page)
    keeper.shot("rules-back-test")
    keeper.go(address.removeprefix(site.url))
    page.fill("#f-note", "请批准")
    page.get_by_role("button", name="申请启用").click()
    page.get_by_text("已申请启用").wait_for()
    keeper.shot("rules-policy-asked")

    chief = people("final_reviewer", width=375)
    page = chief.go(address.removeprefix(site.url))
    accessible(page)
    chief.shot("rules-policy-375")
    expect(page.locator("label[for=f-back_test]")).to_contain_text("1 篇稿件，新增命中 1 处，不再命中 0 处")
    page.get_by_role("link", name="回测结果").click()
    page.get_by_role("heading", name="抽样").wait_for()
    accessible(page)
    chief.shot("rules-back-test-375")
    page.go_back()
    chief.tab_to(page.locator("#f-back_test"))
    page.keyboard.press("Space")
    chief.press_on(page.get_by_role("button", name="同意启用"))
    page.get_by_text("新的负面清单开始使用").wait_for()
    assert address.endswith(in_force(site))
    for path, name in (("/policies", "policies"), ("/rules", "list"), ("/waivers", "waivers")):
        accessible(chief.go(path))
        chief.shot(f"rules-{name}-375")


def test_a_text_is_checked_while_it_is_typed(site: Site, people: Callable[..., Person]) -> None:
    editor = people("editor", width=375)
    page = editor.go("/rules/try")
    editor.tab_to(page.locator("#f-content"))
    page.keyboard.type("为残废人服务")
    page.locator("#result .hit").wait_for()
    expect(page.locator("#result .hit")).to_have_text("残废")
    accessible(page)
    editor.shot("rules-try-375")
    page.keyboard.press("Control+A")
    page.keyboard.type("为残疾人服务")
    page.get_by_text("规则没有发现问题").wait_for()
    assert page.url == site.url + "/rules/try"


def test_words_are_edited(site: Site, people: Callable[..., Person]) -> None:
    keeper = people("policy_keeper", width=375)
    for path in ("/rules/wording.canfei", "/rules/wording.canfei/edit", "/rules/privacy.idcard"):
        accessible(keeper.go(path))
    page = keeper.go(f"/policies/{in_force(site)}/files/lexicons/typos.tsv")
    accessible(page)
    keeper.shot("rules-lexicon")
    page.get_by_label("新增第 1 行第 1 列").fill("布署")
    page.get_by_label("新增第 1 行第 2 列").fill("部署")
    page.get_by_role("button", name="检查并保存").click()
    page.get_by_text("已保存为新的候选版本").wait_for()
    page.get_by_text("新增 1 行，删去 0 行").click()
    accessible(page)
    keeper.shot("rules-lexicon-saved")
