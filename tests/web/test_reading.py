"""The reviewer's page in a real browser: findings in their places, keys, filters, phones, no scripts."""

import base64
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import Session

from app.domain.document.model import (
    Document,
    Heading,
    Image,
    ListItem,
    Paragraph,
    Quote,
    Span,
    SpanKind,
    Table,
)
from app.domain.vocabulary import DraftState
from app.domain.workflow.commands import Approve
from app.drafts import assets, queries
from app.drafts.models import AssetRole, Draft
from app.drafts.service import revise
from app.reviews import service as reviews
from app.reviews.commands import perform
from tests import factories
from tests.web.conftest import Person, Site, accessible, settled

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

People = Callable[..., Person]
PHONE = 375
#: The smallest picture there is.
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

FAULTY = Document(
    title="寒潮来临前，社区网格员敲开了每一扇独居老人的门",
    subtitle="——冬季关爱行动纪实",
    byline="通讯员 林小满",
    summary="全市开展冬季探访关爱行动。",
    blocks=(
        Paragraph(
            text="👨‍👩‍👧😀联系人的身份证号是110101199003078371，请勿外传。",
            spans=(Span(kind=SpanKind.BOLD, start=6, end=12),),
        ),
        Heading(text="三张清单"),
        Paragraph(text="截至20日，共登记需求126件,其余7件已明确责任人。"),
        ListItem(text="需求清单", ordered=True),
        ListItem(text="责任清单", ordered=True),
        Quote(text="展板上照录了“残废人”这样的旧称。"),
        Table(rows=(("区", "登记"), ("清河区", "80"))),
        Paragraph(text="下一步把冬季探访与居家适老化改造结合起来。" * 12),
    ),
)


@pytest.fixture
def draft(site: Site):
    """A draft with faults, handed in and blocked by them."""
    with site.runtime.database.write() as session:
        return factories.draft(session, site.bureau, at=site.runtime.clock(), content=FAULTY)


def marked(page: Page) -> dict[str, str]:
    """Return what is marked in the text: the marked words by their colour's class."""
    found = page.locator("#article .hit").evaluate_all(
        "marks => marks.map(mark => [mark.textContent, mark.className])"
    )
    return dict(found)


def test_findings_stand_on_their_own_characters(people: People, draft) -> None:
    editor = people("editor")
    page = editor.go(f"/drafts/{draft.id}")
    accessible(page)
    editor.shot("30-findings")
    found = marked(page)
    assert "hit-block" in found["110101199003078371"]
    assert "hit-block" in found["残废人"]
    words = page.locator('[data-ref="blocks/0"]').evaluate("element => element.textContent")
    assert words == FAULTY.blocks[0].text
    assert (
        page.locator('[data-ref="blocks/2"]').evaluate("element => element.textContent")
        == FAULTY.blocks[2].text
    )


def test_findings_differ_by_line_as_well_as_colour(people: People, draft) -> None:
    page = people("editor").go(f"/drafts/{draft.id}")
    styles = {
        kind: page.locator(f"#article .hit-{kind}").first.evaluate(
            "mark => getComputedStyle(mark).borderBottomStyle"
        )
        for kind in ("block", "warn", "info")
        if page.locator(f"#article .hit-{kind}").count()
    }
    assert len(styles) >= 2
    assert len(set(styles.values())) == len(styles)


def test_keys_walk_through_the_findings_while_the_article_has_the_focus(people: People, draft) -> None:
    page = people("editor").go(f"/drafts/{draft.id}")
    count = page.locator("[data-finding]").count()
    assert count >= 2
    page.keyboard.press("j")
    expect(page.locator(".findings .current")).to_have_count(0)
    page.locator("#article").focus()
    page.keyboard.press("j")
    expect(page.locator(".findings .current")).to_have_attribute("data-finding", "1")
    expect(page.locator("#live")).to_contain_text(f"第1处，共{count}处")
    page.keyboard.press("n")
    expect(page.locator(".findings .current")).to_have_attribute("data-finding", "2")
    page.keyboard.press("k")
    page.keyboard.press("p")
    expect(page.locator(".findings .current")).to_have_attribute("data-finding", str(count))
    page.keyboard.press("?")
    expect(page.locator("#keys-help")).to_be_visible()
    page.evaluate(
        """() => document.activeElement.dispatchEvent(
            new KeyboardEvent("keydown", {key: "j", isComposing: true, bubbles: true}))"""
    )
    expect(page.locator(".findings .current")).to_have_attribute("data-finding", str(count))


def test_findings_are_one_tab_stop_in_the_text_and_one_in_the_list(people: People, draft) -> None:
    page = people("editor").go(f"/drafts/{draft.id}")
    stops = page.evaluate(
        """() => ["#article .hit", ".findings [data-finding] > details > summary"].map(chosen =>
            [...document.querySelectorAll(chosen)].filter(one => one.tabIndex === 0).length)"""
    )
    assert stops == [1, 1]
    page.locator(".findings [data-finding] > details > summary").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.closest('li').dataset.finding") == "2"


def test_keys_can_be_turned_off_and_buttons_stay(people: People, draft) -> None:
    page = people("editor").go(f"/drafts/{draft.id}")
    page.get_by_role("button", name="快捷键", exact=True).click()
    page.get_by_role("button", name="关闭快捷键").click()
    page.wait_for_load_state()
    page.locator("#article").focus()
    page.keyboard.press("j")
    expect(page.locator(".findings .current")).to_have_count(0)
    page.get_by_role("button", name="下一处").click()
    expect(page.locator(".findings .current")).to_have_attribute("data-finding", "1")


def test_a_filter_stands_in_the_address_and_spares_the_text(people: People, draft) -> None:
    page = people("editor").go(f"/drafts/{draft.id}")
    page.evaluate("document.getElementById('article').dataset.kept = 'yes'")
    page.locator(".counts").get_by_role("link", name="阻断").click()
    page.wait_for_url("**?severity=block")
    expect(page.locator(".findings .badge-warn")).to_have_count(0)
    assert page.locator("#article").get_attribute("data-kept") == "yes"
    page.get_by_role("button", name="下一处").click()
    expect(page.locator(".findings .current")).to_have_count(1)
    accessible(page)
    page.reload()
    expect(page.locator(".findings .badge-warn")).to_have_count(0)


def test_a_mark_in_the_text_opens_its_finding(people: People, draft) -> None:
    page = people("editor").go(f"/drafts/{draft.id}")
    page.locator("#article .hit", has_text="残废人").click()
    current = page.locator(".findings .current")
    expect(current).to_contain_text("残疾人")
    expect(current).to_contain_text("依据")


def test_blocking_findings_disable_passing_and_say_why(people: People, site: Site) -> None:
    clean = factories.document("清河市开展冬季送温暖活动", "今年登记需求若干。")
    with site.runtime.database.write() as session:
        made = factories.draft(session, site.bureau, at=site.runtime.clock(), content=clean)
    editor = people("editor")
    page = editor.go(f"/drafts/{made.id}")
    page.get_by_role("button", name="提交审校").click()
    expect(page.get_by_role("status").first).to_contain_text("稿件已提交")
    reviewer = people("initial_reviewer")
    expect(reviewer.go(f"/drafts/{made.id}").get_by_role("button", name="通过", exact=True)).to_be_enabled()


@pytest.mark.parametrize(
    "path", ["/", "/drafts", "/drafts/new", "/drafts/{id}", "/drafts/{id}/edit", "/docs", "/none"]
)
def test_nothing_hangs_over_the_side_of_a_phone(people: People, draft, path: str) -> None:
    editor = people("editor", width=PHONE)
    page = editor.go(path.format(id=draft.id))
    accessible(page)
    editor.shot("phone" + path.replace("/", "-").replace("{id}", "id"))
    if path == "/none":
        editor.faults.clear()


def test_hostile_and_endless_text_is_inert_and_fits(people: People, site: Site) -> None:
    harm = '<script>window.hurt=1</script><img src=x onerror="window.hurt=1">'
    content = Document(
        title=f"\u202e{harm}"[:180],
        blocks=(Paragraph(text=harm), Paragraph(text="W" * 20_000), Paragraph(text="长" * 20_000)),
    )
    with site.runtime.database.write() as session:
        made = factories.draft(session, site.bureau, at=site.runtime.clock(), content=content)
    for width in (PHONE, 1280):
        editor = people("editor", width=width)
        for path in (f"/drafts/{made.id}", "/drafts", f"/drafts/{made.id}/edit"):
            page = editor.go(path)
            accessible(page)
            assert page.evaluate("window.hurt === undefined")


def test_everything_is_done_without_scripts_too(chromium, site: Site) -> None:
    clean = factories.document("清河市开展冬季送温暖活动", "今年登记需求若干。")
    with site.runtime.database.write() as session:
        made = factories.draft(session, site.bureau, at=site.runtime.clock(), content=clean)
    context = chromium.new_context(java_script_enabled=False)
    person = Person(site, context, context.new_page(), "editor").sign_in()
    page = person.go(f"/drafts/{made.id}")
    page.get_by_role("button", name="提交审校").click()
    page.get_by_text("稿件已提交").first.wait_for()
    page.get_by_role("button", name="退出").click()
    person.login = "initial_reviewer"
    person.sign_in()
    page.get_by_role("link", name="清河市开展冬季送温暖活动").first.click()
    page.get_by_role("button", name="通过", exact=True).click()
    page.get_by_text("已通过").first.wait_for()
    context.close()


def test_a_page_with_many_findings_is_quick_and_whole(people: People, site: Site) -> None:
    text = "残废人,"
    content = Document(
        title="许多问题的稿件", blocks=tuple(Paragraph(text=f"第{n}段里有{text}请改。") for n in range(130))
    )
    with site.runtime.database.write() as session:
        made = factories.draft(session, site.bureau, at=site.runtime.clock(), content=content)
        reviews.submit(
            session,
            draft_id=made.id,
            digest=head_digest(session, made),
            actor=site.bureau.actor("editor"),
            runtime=site.runtime,
            at=site.runtime.clock(),
        )
        assert made.state == DraftState.RETURNED
    editor = people("editor")
    page = editor.go(f"/drafts/{made.id}")
    assert page.locator("[data-finding]").count() >= 130
    accessible(page)
    editor.shot("31-many-findings")


def head_digest(session: Session, draft: Draft) -> str:
    return queries.head(session, draft).digest


def proofread(session: Session, site: Site, draft: Draft) -> None:
    """Bring a draft through the three reviews to its proofs."""
    bureau, at = site.bureau, site.runtime.clock()
    session.flush()
    loaded = reviews.submit(
        session,
        draft_id=draft.id,
        digest=head_digest(session, draft),
        actor=bureau.actor("editor"),
        runtime=site.runtime,
        at=at,
    )
    for stage in ("initial_review", "second_review", "final_review"):
        perform(
            session,
            loaded.row.id,
            Approve(stage, "", loaded.case.revision),
            actor=bureau.actor(stage.replace("review", "reviewer")),
            runtime=site.runtime,
            at=at,
        )


def test_words_selected_on_a_proof_fill_the_mark(people: People, site: Site) -> None:
    content = Document(title="冬季送温暖", blocks=(Paragraph(text="😀按排好，再按排一次。"),))
    bureau, at = site.bureau, site.runtime.clock()
    with site.runtime.database.write() as session:
        made = factories.draft(session, bureau, at=at, content=content)
        proofread(session, site, made)
    reader = people("proofreader")
    page = reader.go("/")
    settled(page, lambda: page.get_by_role("link", name="冬季送温暖").count() > 0)
    page.get_by_role("link", name="冬季送温暖").first.click()
    page.wait_for_url("**/proofs/wechat", wait_until="load")
    page.evaluate("document.querySelector('iframe').dataset.kept = 'yes'")
    page.evaluate(
        """() => {
            const text = document.querySelector('#lines [data-place="blocks/0"]').firstChild;
            const range = document.createRange();
            const start = text.data.lastIndexOf("按排");
            range.setStart(text, start);
            range.setEnd(text, start + 2);
            getSelection().removeAllRanges();
            getSelection().addRange(range);
            document.getElementById("lines").dispatchEvent(new Event("mouseup"));
        }"""
    )
    assert page.get_by_label("位置").input_value() == "blocks/0"
    assert page.get_by_label("原文").input_value() == "按排"
    assert page.get_by_label("第几处").input_value() == "2"
    page.get_by_label("改为").fill("安排")
    page.get_by_role("button", name="加上标记").click()
    expect(page.locator("#marks")).to_contain_text("安排")
    # Reading goes on where it was.
    expect(page.locator("#proof-sheet iframe")).to_be_focused()
    assert page.locator("iframe").get_attribute("data-kept") == "yes"
    page.get_by_label("原文").fill("没有的话")
    page.get_by_label("改为").fill("改")
    page.get_by_role("button", name="加上标记").click()
    expect(page.get_by_role("alert")).to_contain_text("没有“没有的话”")
    expect(page.get_by_role("alert")).to_be_focused()
    reader.faults[:] = [fault for fault in reader.faults if "422" not in fault]
    page.get_by_role("button", name="撤销").click()
    expect(page.get_by_role("status").first).to_contain_text("标记已撤销")
    accessible(page)


def test_pictures_are_seen_in_the_text_and_on_the_proof(people: People, site: Site) -> None:
    bureau, at = site.bureau, site.runtime.clock()
    with site.runtime.database.write() as session:
        made = factories.draft(session, bureau, at=at, content=factories.document("有图的稿件", "看图。"))
        held = assets.add(
            session,
            draft_id=made.id,
            content=PIXEL,
            filename="活动.png",
            role=AssetRole.IMAGE,
            actor=bureau.actor("editor"),
            at=at,
        )[1]
        content = Document(
            title="有图的稿件",
            blocks=(Paragraph(text="看图。"), Image(sha256=held.sha256, alt="活动现场", credit="林小满摄")),
        )
        revise(
            session,
            draft_id=made.id,
            document=content,
            seen=frozenset({made.version}),
            actor=bureau.actor("editor"),
            at=at,
        )
        proofread(session, site, made)
    reader = people("proofreader")
    page = reader.go("/")
    settled(page, lambda: page.get_by_role("link", name="有图的稿件").count() > 0)
    with page.expect_response(lambda answer: held.sha256 in answer.url) as shown:
        page.get_by_role("link", name="有图的稿件").first.click()
    assert shown.value.status == 200
    assert shown.value.headers["content-type"] == "image/png"
    page.wait_for_load_state()
    page.goto(page.url.split("/proofs/")[0])
    image = page.locator("#article img")
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1
    accessible(page)
