"""When something goes out, on pages: signing for later, taking back, embargoes; also without scripts."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import expect

from app.infra.errors import Invalid
from app.infra.runtime import Runtime
from app.web.pages.draft.verbs.scheduling import instant
from app.web.shell.viewer import Form
from tests.api.desk import PROOFREADERS, REVIEWERS, Desk
from tests.api.press import ready
from tests.conftest import SetClock
from tests.web.conftest import Person, Site, accessible, settled
from tests.web.test_together import Browser

SOON_UTC = datetime(2026, 3, 3, 0, 0, tzinfo=UTC)
#: As a `datetime-local` field sends it, in Beijing's time.
SOON = "2026-03-03T08:00"


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    desk = ready(Desk.open(client, runtime))
    client.follow_redirects = False
    return desk


def sign(browser: Browser, desk: Desk, **fields: str) -> tuple[int, str]:
    digest = desk.case()["proofs"]["wechat"]
    path = f"/drafts/{desk.draft_id}/proofs/wechat/decisions"
    stage = {"verb": "release", "stage": "sign_off", "line": "wechat", "digest": digest}
    return browser.send(path, **stage, **fields)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", None),
        ("2026-03-03T08:00", SOON_UTC),
        (" 2026-03-03 08:00 ", SOON_UTC),
        ("2026-03-03T08:00:00", SOON_UTC),
        # Midnight in Beijing is the afternoon before in UTC.
        ("2026-03-03T00:00", datetime(2026, 3, 2, 16, 0, tzinfo=UTC)),
        ("2027-01-01T07:59", datetime(2026, 12, 31, 23, 59, tzinfo=UTC)),
        # China had summer time until 1991; nobody may sign for then, but it is read as it was.
        ("1990-07-01T09:00", datetime(1990, 7, 1, 0, 0, tzinfo=UTC)),
    ],
)
def test_a_typed_time_is_beijing_time(typed: str, expected: datetime | None) -> None:
    assert instant(Form((("release_at", typed),)), "release_at") == expected


@pytest.mark.parametrize("typed", ["morgen", "2026-03-03", "2026-13-01T08:00", "2026-03-03T08:00+08:00"])
def test_what_is_no_time_is_refused_at_its_field(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        instant(Form((("until", typed),)), "until")
    assert refused.value.reasons[0].field == "until"


def test_signed_for_later_shown_everywhere_and_taken_back(desk: Desk, clock: SetClock) -> None:
    publisher = Browser(desk, "publisher")
    proof = publisher.get(f"/drafts/{desk.draft_id}/proofs/wechat")
    assert 'type="datetime-local" id="f-release_at"' in proof
    status, shown = sign(publisher, desk, release_at="bald")
    assert (status, "请填写北京时间" in shown, 'value="bald"' in shown) == (422, True, True)
    status, shown = sign(publisher, desk, release_at="2026-03-02T08:59")
    assert (status, "请填写将来的时间" in shown) == (422, True)
    status, where = sign(publisher, desk, release_at=SOON, comment="节后发布")
    assert (status, where) == (303, f"/?said=scheduled&done={desk.draft_id}")
    assert f'<a href="/drafts/{desk.draft_id}">回到刚才的稿件</a>' in publisher.get(where)
    page = publisher.get(f"/drafts/{desk.draft_id}")
    assert "到时再核对一遍" in page
    for words in ("2026年3月3日 08:00", "签发生效", "取消定时", "定不早于的时间"):
        assert words in page
    assert "定于2026年3月3日 08:00发布" in page  # the record
    for path in ("/", "/board"):
        listed = publisher.get(path)
        assert f"/drafts/{desk.draft_id}#timing" in listed, path
        assert "2026年3月3日 08:00" in listed, path
    assert "已签发并定时" in publisher.get(f"/drafts/{desk.draft_id}/proofs/wechat")
    # A reader who may not stop it sees when, and no form.
    reader = Browser(desk, "final_reviewer")
    shown = reader.page()
    assert "签发生效" in shown
    assert "/unschedule" not in shown
    assert "#timing" not in reader.get("/")
    author = Browser(desk, "editor")
    assert "修改稿件" not in author.page()
    path = f"/drafts/{desk.draft_id}/unschedule"
    status, shown = author.send(path, line="wechat", comment=" ")
    assert (status, "请填写意见" in shown) == (422, True)
    assert author.send(path, line="wechat", comment="活动改期")[0] == 303
    page = author.page()
    assert "取消公众号的定时发布（原定2026年3月3日 08:00）" in page
    assert "结论作废（取消定时）" in page
    assert "#timing" not in author.get("/")


def test_what_was_withheld_says_why_until_it_is_signed_anew(
    client: TestClient, runtime: Runtime, clock: SetClock
) -> None:
    desk = ready(Desk.open(client, runtime), "wechat", "website")
    client.follow_redirects = False
    sign(Browser(desk, "publisher"), desk, release_at=SOON)
    held = {"stage": "sign_off", "line": "website", "digest": desk.case()["proofs"]["website"]}
    answer = desk.post(f"/cases/{desk.case_id}/holds", "publisher", {**held, "comment": "请示"})
    assert answer.status_code == 200, answer.text
    clock.now = SOON_UTC
    desk._headers.clear()
    desk.work()
    author = Browser(desk, "editor")
    page = author.page()
    assert "公众号到了定时没有发布" in page
    assert "审签案目前的状态（held）不能签发或发布" in page
    notice = author.get("/notices")
    assert "公众号到了定时（3月3日 08:00）却不能发布" in notice
    assert desk.post(f"/cases/{desk.case_id}/answers", "publisher", {"comment": "同意"}).status_code == 200
    status, where = sign(Browser(desk, "publisher"), desk)
    assert (status, where) == (
        303,
        f"/drafts/{desk.draft_id}/proofs/website?said=signed&done={desk.draft_id}",
    )
    assert "到了定时没有发布" not in author.page()


def test_an_embargo_is_set_moved_and_lifted_in_forms(desk: Desk) -> None:
    author, path = Browser(desk, "editor"), f"/drafts/{desk.draft_id}/embargo"
    status, shown = author.send(path, verb="embargo", until="")
    assert (status, "请填写北京时间" in shown) == (422, True)
    assert author.send(path, verb="embargo", until=SOON) == (303, f"/drafts/{desk.draft_id}?said=embargoed")
    page = author.page()
    assert re.search(r"不早于 <time[^>]*>2026年3月3日 08:00</time> 发布", page)
    assert f'value="{SOON}"' in page
    assert "解除不早于" not in page  # an author may not
    status, shown = author.send(path, verb="embargo", until="2026-03-03T07:00", comment="早点")
    assert (status, 'value="2026-03-03T07:00"' in shown) == (403, True)
    publisher = Browser(desk, "publisher")
    status, shown = sign(publisher, desk)
    assert (status, "稿件不早于 2026年3月3日 08:00 发布" in shown) == (409, True)
    assert "不早于 2026年3月3日 08:00 发布" in publisher.get(f"/drafts/{desk.draft_id}/proofs/wechat")
    assert "解除不早于" in publisher.page()
    where = f"/drafts/{desk.draft_id}?said=embargo_lifted"
    assert publisher.send(path, verb="lift", comment="已可发布") == (303, where)
    assert "解除不早于2026年3月3日 08:00发布的限制" in publisher.page()
    assert "不早于的时间" in publisher.page()


def test_without_a_seat_there_is_no_form(desk: Desk) -> None:
    assert 'id="timing"' not in Browser(desk, "second_reviewer").page()


@pytest.mark.browser
@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_by_keyboard_in_a_real_browser(
    people: Callable[..., Person], site: Site, client: TestClient, clock: SetClock
) -> None:
    desk = Desk(client, site.runtime, site.bureau)
    desk.draft().submit()
    for stage, login in REVIEWERS:
        desk.approve(stage, login)
    publisher = people("publisher", width=1000)
    settled(publisher.go("/board"), lambda: bool(desk.case()["proofs"]))
    for stage, login in PROOFREADERS:
        desk.approve(stage, login, "wechat")
    desk.approve("confirm_marks", "initial_reviewer", "wechat")

    editor = people("editor")
    page = editor.go(f"/drafts/{desk.draft_id}")
    editor.press_on(page.locator("#timing > summary"))
    editor.press_on(page.locator("summary", has_text="定不早于的时间"))
    field = editor.tab_to(page.get_by_label("不早于（北京时间）"))
    field.fill(SOON)
    accessible(page)
    editor.shot("timing-embargo")
    editor.press_on(page.get_by_role("button", name="设定"))
    expect(page.get_by_role("status").first).to_contain_text("不早于的时间已设定")
    accessible(page)

    page = publisher.go(f"/drafts/{desk.draft_id}/proofs/wechat")
    publisher.press_on(page.locator("summary", has_text="定时…"))
    field = publisher.tab_to(page.get_by_label("定时发布"))
    field.fill("2026-03-03T08:30")
    accessible(page)
    publisher.shot("timing-sign")
    publisher.press_on(page.get_by_role("button", name="签发", exact=True))
    expect(page.get_by_role("status").first).to_contain_text("已签发并定时")
    accessible(page)
    publisher.shot("timing-scheduled")
    for path, name in (("/", "timing-work"), ("/board", "timing-board")):
        page = publisher.go(path)
        expect(page.locator("#scheduled")).to_contain_text("2026年3月3日 08:30")
        accessible(page)
        publisher.shot(name)

    page = editor.go(f"/drafts/{desk.draft_id}")
    editor.press_on(page.locator("#timing summary", has_text="取消定时"))
    editor.tab_to(page.get_by_label("取消的原因")).fill("活动改期")
    editor.shot("timing-take-back")
    editor.press_on(page.get_by_role("button", name="取消定时"))
    expect(page.get_by_role("status").first).to_contain_text("定时已取消")
    accessible(page)

    # Signed anew, and out at its time, on a telephone too.
    page = publisher.go(f"/drafts/{desk.draft_id}/proofs/wechat")
    page.locator("summary", has_text="定时…").click()
    page.get_by_label("定时发布").fill("2026-03-03T08:30")
    page.get_by_role("button", name="签发", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("已签发并定时")
    clock.now = SOON_UTC + timedelta(minutes=30)
    phone = people("publisher", width=390)
    settled(
        phone.go(f"/drafts/{desk.draft_id}"),
        lambda: phone.page.get_by_text("发稿凭证有效至").count() > 0,
        seconds=20,
    )
    accessible(phone.page)
    phone.shot("timing-released-phone")
