import hashlib
import json
import subprocess
import sys
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from app.domain.document.model import Document
from app.domain.vocabulary import ChannelKind
from app.infra.runtime import Runtime
from app.jobs import service as jobs
from app.proofs.layout import render
from app.proofs.models import Proof
from tests import factories
from tests.api.desk import Desk

pytestmark = pytest.mark.both_databases

BODY = (
    "志愿者逐户登记需求，帮助老人检查取暖设备，并就冬季用火用电的注意事项作了细致的讲解。"
    "老人们认真的听着，不时提出自己关心的问题，志愿者一一作了回答，现场气氛十分热烈。"
    "大家表示，今后要把送温暖的工作做得更细更实，让每一位老人都能安心过冬、温暖过冬。"
)
AT = BODY.index("真的听") + 1


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime).draft(factories.document("志愿者走进社区", BODY))


def de(desk: Desk, login: str = "proofreader", **more: object):
    mark = {
        "kind": "correct",
        "place": "blocks/0",
        "start": AT,
        "end": AT + 1,
        "quote": "的",
        "new_text": "地",
    }
    return desk.mark(login, **{**mark, **more})


def test_a_proof_is_laid_out_for_each_channel(desk: Desk) -> None:
    desk.draft(factories.document("志愿者走进社区", BODY), "wechat", "website", "journal")
    desk.reviews()
    assert desk.case()["proofs"] == {}
    desk.work()
    proofs = desk.case()["proofs"]
    assert set(proofs) == {"wechat", "website", "journal"}
    assert desk.open_stages() == {("first_proof", line) for line in proofs}
    listed = desk.get(f"/cases/{desk.case_id}/proofs").json()["items"]
    assert {one["line"]: one["digest"] for one in listed} == proofs
    assert {one["revision"] for one in listed} == {desk.digest()}
    laid_out = [data for action, _, data in desk.record() if action == "proof.laid_out"]
    assert {data["line"]: data["digest"] for data in laid_out} == proofs
    assert desk.outbox().count("proof.laid_out") == 3


def test_the_content_is_exactly_what_the_digest_names(desk: Desk) -> None:
    desk.reviews().work()
    digest = desk.case()["proofs"]["wechat"]
    path = f"/proofs/{digest}/content"
    assert desk.client.get(f"/api/v1{path}").status_code == 401
    assert desk.get(path, "outsider").status_code == 404
    assert desk.get(f"/proofs/{'0' * 64}/content").status_code == 404
    assert desk.get("/proofs/x/content").status_code == 404
    answer = desk.get(path, "proofreader")
    assert answer.status_code == 200
    assert hashlib.sha256(answer.content).hexdigest() == digest
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "志愿者逐户登记需求" in answer.text
    shown = desk.get(f"/proofs/{digest}", "proofreader").json()
    assert (shown["size"], shown["kind"], shown["line"]) == (len(answer.content), "wechat", "wechat")


def test_laying_out_twice_changes_nothing(desk: Desk) -> None:
    desk.reviews().work()
    before, actions = desk.case(), desk.actions()
    payload = {"case_id": desk.case_id, "line": "wechat", "revision": desk.digest()}
    with desk.runtime.database.write() as session:
        for line in ("wechat", "nowhere"):
            jobs.enqueue(session, "proofs.lay_out", {**payload, "line": line}, at=desk.runtime.clock())
    assert desk.work() >= 2
    assert desk.case() == before
    assert desk.actions() == actions
    with desk.session() as session:
        assert len(session.exec(select(Proof).where(Proof.case_id == UUID(desk.case_id))).all()) == 1


def test_a_text_that_its_channel_does_not_take_goes_back_to_its_author(desk: Desk) -> None:
    long = [BODY[:60]] * 250  # bare words are within the limit, words with their markup are not
    desk.draft(factories.document("志愿者走进社区", *long))
    desk.reviews().work()
    assert desk.case()["state"] == "returned"
    failed = next(data for action, _, data in desk.record() if action == "proof.failed")
    assert failed["limits"] == ["wechat.characters"]
    assert desk.get(f"/drafts/{desk.draft_id}").json()["state"] == "returned"
    assert "proof.failed" in desk.outbox()


def test_mark(desk: Desk) -> None:
    desk.reviews()
    early = de(desk)
    assert (early.status_code, early.json()["code"]) == (409, "not_proofread_now")
    desk.work()
    path = f"/cases/{desk.case_id}/marks"
    assert desk.client.post(f"/api/v1{path}", json={}).status_code == 401
    assert de(desk, "outsider").status_code == 404
    wrong = de(desk, "final_reviewer")
    assert (wrong.status_code, wrong.json()["code"]) == (403, "not_allowed")
    stale = de(desk, digest="0" * 64)
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_digest")
    moved = de(desk, start=AT + 1, end=AT + 2)
    assert (moved.status_code, moved.json()["code"]) == (409, "quote_differs")
    nowhere = de(desk, place="blocks/9")
    assert (nowhere.status_code, nowhere.json()["code"]) == (422, "place_unknown")
    assert de(desk, remark="a\x00").json()["code"] == "text_unusable"
    assert de(desk, start=-1).json()["code"] == "malformed"
    empty = de(desk, new_text="")
    assert (empty.status_code, empty.json()["code"]) == (422, "mark_malformed")
    assert desk.get(path).json()["items"] == []
    good = de(desk)
    assert good.status_code == 201, good.text
    mark = good.json()
    assert (mark["stage"], mark["state"], mark["weight"]) == ("first_proof", "open", 1)
    twice = de(desk)
    assert (twice.status_code, twice.json()["code"]) == (409, "marks_overlap")
    listed = desk.get(path).json()
    assert (listed["open"], listed["weighted_errors"]) == (1, 1)
    assert listed["error_rate"] == round(10_000 / listed["characters"], 2)
    assert desk.case()["open_marks"] == {"wechat": 1}
    assert "mark.added" in desk.actions()
    assert "mark.added" in desk.outbox()
    recorded = next(data for action, _, data in desk.record() if action == "mark.added")
    assert "quote" not in recorded


def test_positions_are_given_in_utf16_too(desk: Desk) -> None:
    desk.draft(factories.document("志愿者走进社区", "😀" + BODY))
    desk.reviews().work()
    mark = de(desk, start=AT + 1, end=AT + 2).json()
    assert (mark["start16"], mark["end16"]) == (AT + 2, AT + 3)


def test_withdraw(desk: Desk) -> None:
    desk.reviews().work()
    path = f"/marks/{de(desk).json()['id']}/withdrawal"
    assert desk.client.post(f"/api/v1{path}").status_code == 401
    assert desk.post(path, "outsider").status_code == 404
    assert desk.post(path, "proofreader2").status_code == 403
    assert desk.post(f"/marks/{uuid4()}/withdrawal", "proofreader").status_code == 404
    assert desk.post(path, "proofreader").json()["state"] == "withdrawn"
    again = desk.post(path, "proofreader")
    assert (again.status_code, again.json()["code"]) == (409, "mark_ended")
    assert desk.case()["open_marks"] == {"wechat": 0}
    assert desk.get(f"/cases/{desk.case_id}/marks").json()["weighted_errors"] == 0


def test_marks_are_carried_out_and_confirmed(desk: Desk) -> None:
    desk.draft(factories.document("志愿者走进社区", BODY), "wechat", "website")
    desk.reviews().work()
    assert de(desk).status_code == 201
    desk.proofs("wechat").proofs("website")
    assert desk.open_stages() == {("confirm_marks", "wechat"), ("confirm_marks", "website")}
    desk.approve("confirm_marks", "proofreader2", "website")
    waits = desk.decide("confirm_marks", "proofreader2", "wechat")
    assert (waits.status_code, waits.json()["code"]) == (409, "marks_open")
    old, path = desk.case(), f"/cases/{desk.case_id}/carry-out"
    assert desk.client.post(f"/api/v1{path}", json={}).status_code == 401
    assert desk.post(path, "outsider").status_code == 404
    assert desk.post(path, "proofreader").status_code == 403
    other = desk.post(path, "editor", {"marks": [str(uuid4())]})
    assert (other.status_code, other.json()["code"]) == (409, "marks_changed")
    good = desk.post(path, "editor", {}, **{"Idempotency-Key": "once"})
    assert good.status_code == 201, good.text
    assert good.json()["marks"] == 1
    assert desk.post(path, "editor", {}, **{"Idempotency-Key": "once"}).json() == good.json()
    none = desk.post(path, "editor")
    assert none.status_code == 409
    new = desk.digest()
    assert (good.json()["revision"], new != old["revision"]) == (new, True)
    record = desk.record()
    voided = [(data["stage"], data["line"]) for action, _, data in record if action == "case.stage_voided"]
    assert voided == [("confirm_marks", "website")]
    kept = {(data["stage"], data["line"]) for action, _, data in record if action == "case.stage_kept"}
    assert ("final_review", "") in kept
    assert ("third_proof", "website") in kept
    assert "marks.carried_out" in desk.outbox()
    desk.work()
    case = desk.case()
    assert case["proofs"]["wechat"] != old["proofs"]["wechat"]
    assert desk.open_stages() == {("confirm_marks", "wechat"), ("confirm_marks", "website")}
    stale = desk.decide("confirm_marks", "proofreader", "wechat", digest=old["proofs"]["wechat"])
    assert stale.json()["code"] == "stale_digest"
    desk.approve("confirm_marks", "proofreader", "wechat")
    assert "marks.confirmed" in desk.actions()
    text_now = desk.get(f"/proofs/{case['proofs']['wechat']}/content", "proofreader").text
    assert "认真地听" in text_now
    marks = desk.get(f"/cases/{desk.case_id}/marks").json()["items"]
    assert [mark["state"] for mark in marks] == ["carried_out"]


def test_what_is_no_small_correction_is_refused_with_every_reason(desk: Desk) -> None:
    desk.reviews().work()
    new = "由局长张明同志在3月5日讲的"
    assert de(desk, new_text=new, error_type="fact").status_code == 201
    desk.proofs()
    answer = desk.post(f"/cases/{desk.case_id}/carry-out", "editor")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_marks_only")
    assert {"touches_date", "touches_number", "touches_name", "touches_post"} <= desk.codes(answer)
    assert desk.case()["open_marks"] == {"wechat": 1}
    assert desk.get(f"/cases/{desk.case_id}/marks").json()["open"] == 1
    back = desk.decide(
        "confirm_marks",
        "proofreader2",
        "wechat",
        verdict="send_back",
        comment="改动较大",
        then="continue_here",
    )
    assert back.json()["state"] == "returned"


def test_a_mark_that_the_author_mended_by_hand_is_overtaken(desk: Desk) -> None:
    desk.reviews().work()
    assert de(desk).status_code == 201
    other = BODY.index("十分热烈")
    kept = de(desk, start=other, end=other + 2, quote="十分", new_text="非常", error_type="grammar")
    assert kept.status_code == 201
    desk.decide(
        "first_proof", "proofreader", "wechat", verdict="send_back", comment="改", then="continue_here"
    )
    desk.revise({"format": "text", "content": f"志愿者走进社区\n\n{BODY.replace('认真的听', '认真地听')}"})
    desk.submit()
    desk.work()
    marks = desk.get(f"/cases/{desk.case_id}/marks").json()
    assert [mark["state"] for mark in marks["items"]] == ["overtaken", "open"]
    assert (marks["open"], marks["weighted_errors"]) == (1, 2)
    assert desk.case()["open_marks"] == {"wechat": 1}
    assert "mark.overtaken" in desk.actions()
    assert desk.open_stages() == {("first_proof", "wechat")}


def test_a_reviewer_who_edits_carries_out_nothing(desk: Desk) -> None:
    from app.domain.vocabulary import Role
    from app.identity import service as identity
    from app.identity.access import SYSTEM

    with desk.runtime.database.write() as session:
        identity.grant_role(
            session,
            user_id=desk.actor("final_reviewer").id,
            role=Role.EDITOR,
            unit_id=desk.bureau.city.id,
            channel=None,
            section=None,
            actor=SYSTEM,
            at=desk.runtime.clock(),
        )
    desk.reviews().work()
    de(desk)
    desk.proofs()
    answer = desk.post(f"/cases/{desk.case_id}/carry-out", "final_reviewer")
    assert (answer.status_code, answer.json()["code"]) == (403, "same_person")
    assert answer.json()["reasons"][0]["data"]["stages"] == ["final_review"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE proof SET renderer = 'x'",
        "DELETE FROM proof",
        "UPDATE proof_mark SET quote = 'x'",
        "DELETE FROM proof_mark",
        "UPDATE proof_mark SET weight = 0",
    ],
)
def test_what_was_laid_out_and_marked_stays(desk: Desk, change: str) -> None:
    desk.reviews().work()
    de(desk)
    with desk.session() as session, pytest.raises(DBAPIError):
        session.connection().execute(text(change))


RICH = Document.model_validate(
    {
        "title": "标题<1>&",
        "subtitle": "副题",
        "summary": "摘要",
        "byline": "王芳",
        "source": "清河日报",
        "source_url": "https://qinghe.gov.cn/1",
        "blocks": [
            {"kind": "heading", "text": "一、总体", "level": 1},
            {
                "kind": "paragraph",
                "text": "你好😀世界<script>alert(1)</script>",
                "spans": [
                    {"kind": "bold", "start": 0, "end": 4},
                    {"kind": "italic", "start": 2, "end": 5},
                    {"kind": "link", "start": 1, "end": 3, "href": "https://a.gov.cn/?a=1&b=2"},
                    {"kind": "underline", "start": 3, "end": 5},
                ],
            },
            {
                "kind": "paragraph",
                "text": "坏链接",
                "spans": [{"kind": "link", "start": 0, "end": 3, "href": "javascript:alert(1)"}],
            },
            {"kind": "list_item", "text": "甲"},
            {"kind": "list_item", "text": "甲一", "depth": 1, "ordered": True},
            {"kind": "list_item", "text": "乙"},
            {"kind": "list_item", "text": "一", "ordered": True},
            {"kind": "table", "rows": [["项目", "标准"], ["低保", "甲"]], "caption": "表一"},
            {"kind": "image", "sha256": "a" * 64, "alt": '图"一"', "caption": "会场", "credit": "李明摄"},
            {"kind": "video", "sha256": "b" * 64, "caption": "片"},
            {"kind": "quote", "text": "引文"},
            {"kind": "divider"},
        ],
        "attachments": ["c" * 64],
    }
)
CONFIG = {"permit": "准印证（X）字第0001号", "imprint": "内部资料，免费交流"}


def laid_out(
    kind: ChannelKind, document: Document = RICH, config: dict[str, str] = CONFIG
) -> tuple[str, tuple[str, ...]]:
    rendered = render(document, kind, channel="《我市民政》", section="理论学习", config=config)
    return rendered.content.decode(), rendered.exceeded


@pytest.mark.parametrize("kind", list(ChannelKind))
def test_every_kind_is_laid_out_safely_and_whole(kind: ChannelKind) -> None:
    page, exceeded = laid_out(kind)
    # No font of the printed page has a face to show.
    assert exceeded == (("journal.glyphs:😀",) if kind is ChannelKind.JOURNAL else ())
    assert "<script" not in page
    assert "javascript:" not in page
    for words in ("一、总体", "甲一", "低保", "会场", "李明摄", "引文", "副题", "表一"):
        assert words in page
    assert 'alt="图&quot;一&quot;"' in page
    assert f"/api/v1/assets/{'a' * 64}" in page
    assert "https://a.gov.cn/?a=1&amp;b=2" in page


def test_wechat_takes_inline_style_only() -> None:
    page, _ = laid_out(ChannelKind.WECHAT)
    body = page.split("<body>")[1]
    assert "<style" not in page
    assert "class=" not in body
    assert '<p style="' in body
    assert "<ol><li>甲一</li></ol>" in body
    title, exceeded = laid_out(ChannelKind.WECHAT, RICH.model_copy(update={"title": "题" * 33}))
    assert exceeded == ("wechat.title",)
    assert "题" * 33 in title
    blocks = tuple(factories.document("x", "文" * 60_000).blocks) * 6
    _, exceeded = laid_out(ChannelKind.WECHAT, RICH.model_copy(update={"blocks": blocks}))
    assert exceeded == ("wechat.characters", "wechat.bytes")


def test_the_website_is_semantic() -> None:
    page, _ = laid_out(ChannelKind.WEBSITE)
    for markup in (
        "<article>",
        "<h1>",
        "<h2>",
        "<figcaption>",
        '<th scope="col">',
        "<caption>表一</caption>",
        'lang="zh-CN"',
    ):
        assert markup in page
    assert f'href="/api/v1/assets/{"c" * 64}"' in page


def test_the_journal_bears_its_permit_and_its_words() -> None:
    page, exceeded = laid_out(ChannelKind.JOURNAL)
    assert exceeded == ("journal.glyphs:😀",)
    for words in (*CONFIG.values(), "@page { size: A4", "理论学习"):
        assert words in page
    _, exceeded = laid_out(ChannelKind.JOURNAL, config={"permit": " "})
    assert exceeded == ("journal.permit", "journal.imprint", "journal.glyphs:😀")


def test_the_same_text_gives_the_same_bytes_in_another_process() -> None:
    script = (
        "import sys, json, hashlib\n"
        "from app.domain.document.model import Document\nfrom app.domain.vocabulary import ChannelKind\n"
        "from app.proofs.layout import render\n"
        "asked = json.load(sys.stdin)\ndocument = Document.model_validate(asked['document'])\n"
        "where = {'channel': '《我市民政》', 'section': '理论学习', 'config': asked['config']}\n"
        "print(json.dumps([render(document, kind, **where).digest for kind in ChannelKind]))\n"
    )
    asked = json.dumps({"document": RICH.model_dump(mode="json"), "config": CONFIG})
    here = [
        render(RICH, kind, channel="《我市民政》", section="理论学习", config=CONFIG).digest
        for kind in ChannelKind
    ]
    for seed in ("1", "2"):
        ran = subprocess.run(
            [sys.executable, "-c", script],
            input=asked,
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin:/bin"},
        )
        assert json.loads(ran.stdout) == here


# --- taken or disputed ------------------------------------------------------------


def two_marks(desk: Desk) -> tuple[str, str]:
    """Mark two misprints of one paragraph on the present proof."""
    at = BODY.index("热烈")
    first = de(desk).json()["id"]
    second = de(desk, start=at, end=at + 2, quote="热烈", new_text="热闹", error_type="grammar").json()["id"]
    return first, second


def test_one_mark_is_taken_and_the_other_goes_where_its_words_went(desk: Desk) -> None:
    desk.reviews().work()
    first, second = two_marks(desk)
    desk.proofs()
    path = f"/cases/{desk.case_id}/carry-out"
    assert desk.post(path, "editor", {"marks": []}).json()["code"] == "marks_changed"
    insertion = "在座的"
    at = BODY.index("老人们")
    kept = desk.mark(
        "proofreader2", kind="insert", place="blocks/0", start=at, end=at, quote="", new_text=insertion
    )
    assert kept.status_code == 201, kept.text
    good = desk.post(path, "editor", {"marks": [kept.json()["id"]]})
    assert good.status_code == 201, good.text
    desk.work()
    marks = desk.get(f"/cases/{desk.case_id}/marks").json()
    assert [mark["state"] for mark in marks["items"]] == ["open", "open", "carried_out"]
    assert desk.case()["open_marks"] == {"wechat": 2}
    # Both stand three characters on now, and are carried out there.
    both = desk.post(path, "editor", {"marks": [first, second]})
    assert both.status_code == 201, both.text
    text_now = desk.get(f"/drafts/{desk.draft_id}").json()["document"]["blocks"][0]["text"]
    changed = BODY.replace("认真的听", "认真地听").replace("热烈", "热闹")
    assert text_now == changed.replace("老人们", f"{insertion}老人们", 1)


def test_a_mark_is_disputed_with_a_reason_and_upheld(desk: Desk) -> None:
    desk.reviews().work()
    first, second = two_marks(desk)
    path = f"/marks/{first}/dispute"
    assert desk.client.post(f"/api/v1{path}", json={}).status_code == 401
    assert desk.post(path, "outsider", {"answer": "不改"}).status_code == 404
    assert desk.post(path, "proofreader", {"answer": "不改"}).status_code == 403
    assert desk.post(path, "editor", {"answer": " "}).json()["code"] == "answer_missing"
    assert desk.post(f"/marks/{first}/upholding", "proofreader").json()["code"] == "mark_not_disputed"
    done = desk.post(path, "editor", {"answer": "口语引文，照录。"})
    assert (done.status_code, done.json()["state"]) == (200, "disputed"), done.text
    assert desk.post(path, "editor", {"answer": "再说"}).json()["code"] == "mark_ended"
    assert desk.case()["open_marks"] == {"wechat": 1}
    marks = desk.get(f"/cases/{desk.case_id}/marks").json()
    # Disputed is not withdrawn: it counts as an error until its maker takes it back.
    assert (marks["open"], marks["weighted_errors"]) == (1, 2)
    assert [mark["answer"] for mark in marks["items"]] == ["口语引文，照录。", ""]
    assert desk.post(f"/marks/{first}/upholding", "final_reviewer").status_code == 403
    upheld = desk.post(f"/marks/{first}/upholding", "proofreader")
    assert (upheld.status_code, upheld.json()["state"]) == (200, "open"), upheld.text
    assert desk.case()["open_marks"] == {"wechat": 2}
    assert {"mark.disputed", "mark.upheld"} <= set(desk.actions())
    private = [data for action, _, data in desk.record() if action == "mark.disputed"]
    assert private
    assert not {"answer", "quote", "marked_by"} & private[0].keys()
    assert desk.post(path, "editor", {"answer": "照录。"}).status_code == 200
    assert desk.post(f"/marks/{first}/withdrawal", "proofreader").json()["state"] == "withdrawn"
    assert desk.case()["open_marks"] == {"wechat": 1}
    assert desk.post(f"/marks/{second}/dispute", "editor", {"answer": "照录。"}).status_code == 200
    # Nothing is left to carry out, so the marks can be confirmed.
    assert desk.post(f"/cases/{desk.case_id}/carry-out", "editor").json()["code"] == "no_marks"
    desk.proofs()
    assert desk.decide("confirm_marks", "proofreader2", "wechat").status_code == 200


def test_a_disputed_mark_whose_words_are_gone_is_not_upheld(desk: Desk) -> None:
    desk.reviews().work()
    first, _ = two_marks(desk)
    desk.post(f"/marks/{first}/dispute", "editor", {"answer": "照录。"})
    desk.decide(
        "first_proof", "proofreader", "wechat", verdict="send_back", comment="改", then="continue_here"
    )
    desk.revise({"format": "text", "content": f"志愿者走进社区\n\n{BODY.replace('认真的听', '认真地听')}"})
    desk.submit()
    desk.work()
    answer = desk.post(f"/marks/{first}/upholding", "proofreader")
    assert (answer.status_code, answer.json()["code"]) == (409, "mark_unfit")
