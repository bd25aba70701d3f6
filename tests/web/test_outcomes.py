"""A stage with several ways to pass and to ask: each is offered, and what was typed outlives a refusal."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import expect

from tests.api.desk import Desk
from tests.stories.schemes import able, first_approval, handed_in
from tests.web.conftest import Person, Site, accessible


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_each_way_to_pass_and_to_ask_is_clicked(
    people: Callable[..., Person], site: Site, client: TestClient, tmp_path: Path
) -> None:
    desk = Desk(client, site.runtime, site.bureau)
    handed_in(desk, tmp_path / "policies", "drafter_first")
    first = next(one for one in desk.case()["stages"] if one["state"] == "open")
    form = {"outcome": first_approval(first), "checklist": first["checklist"]}
    assert desk.decide(first["stage"], able(desk, first), first["line"], **form).status_code == 200

    second = desk.stage("second_level")
    leader = people(able(desk, second))
    page = leader.go(f"/drafts/{desk.draft_id}")
    page.locator("summary", has_text="更多").click()
    for words in ("通过，但拿不准，签发前须请示", "暂停，请示保密部门", "暂停，请示网信部门", "不予采用"):
        expect(page.locator("summary", has_text=words)).to_be_visible()
    page.locator("summary", has_text="拿不准").click()
    fold = page.locator("details.way[open] details[open]", has_text="拿不准")
    fold.get_by_label("是否涉密").check()
    fold.get_by_label("二审二校意见").fill("数" * 4001)
    accessible(page)
    leader.shot("outcomes")
    fold.get_by_role("button", name="通过，但拿不准").click()
    # Too long: refused, with everything that was typed and ticked.
    expect(page.locator("#problem")).to_contain_text("至多 4000 个字符")
    fold = page.locator("details.way[open] details[open]", has_text="拿不准")
    expect(fold.get_by_label("是否涉密")).to_be_checked()
    expect(fold.get_by_label("二审二校意见")).to_have_value("数" * 4001)
    fold.get_by_label("二审二校意见").fill("第二段的数字没有公开过。")
    fold.get_by_role("button", name="通过，但拿不准").click()
    expect(page.get_by_role("status").first).to_contain_text("已通过")
    decision = desk.case()["decisions"][-1]
    assert (decision["outcome"], decision["comment"]) == (
        "approve_if_answered",
        "是否涉密\n第二段的数字没有公开过。",
    )

    third = people(able(desk, desk.stage("third_level")))
    page = third.go(f"/drafts/{desk.draft_id}")
    page.locator("summary", has_text="更多").click()
    page.locator("summary", has_text="请示网信部门").click()
    fold = page.locator("details.way[open] details[open]", has_text="请示网信部门")
    fold.get_by_label("向谁请示、请示什么").fill("请网信办看第二段。")
    fold.get_by_role("button", name="暂停，请示网信部门").click()
    page.get_by_role("link", name="回到刚才的稿件").click()
    expect(page.locator("#timeline")).to_contain_text("请网信办看第二段")
    assert desk.case()["state"] == "held"
    leader.faults[:] = [fault for fault in leader.faults if "422" not in fault]
