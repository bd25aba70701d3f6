"""Footnotes typed while a text is edited are numbered on, cite what they name, and never stay raw unsaid."""

import json
from html import unescape

import pytest
from fastapi.testclient import TestClient

from app.domain.document.model import Document, Paragraph, Span, SpanKind, Table
from app.drafts import queries as drafts
from app.drafts.intake.service import Format, take_in
from app.infra.runtime import Runtime
from app.web.pages.draft.editing import rewritten
from app.web.pages.draft.footnotes import undefined
from tests.api.test_intake_meaning import shown_lines
from tests.factories import Bureau
from tests.web.forms import new_draft, send, sign_in
from tests.web.posted import form_at

DOCUMENT = take_in(Format.MARKDOWN, "甲文[^a]。\n\n乙文。\n\n[^a]: 老注", {"title": "题"}).document


def edited(texts: dict[str, str], added: str = "", document: Document = DOCUMENT) -> list[str]:
    changed = rewritten(document, texts, added)
    assert isinstance(changed, Document)
    return shown_lines(changed.blocks)


@pytest.mark.parametrize(
    ("texts", "added", "shown"),
    [
        # Added at the end, with its own note.
        ({}, "新段[^1]。\n\n[^1]: 新注", ["甲文^[1]^。", "乙文。", "[1] 老注", "新段^[2]^。", "[2] 新注"]),
        # Typed into an old paragraph, its note below in the same field or at the end.
        ({"blocks/1": "乙文[^n]。\n[^n]: 注"}, "", ["甲文^[1]^。", "乙文^[2]^。", "[1] 老注", "[2] 注"]),
        (
            {"blocks/1": "乙**文**[^n]。"},
            "[^n]: **法**",
            ["甲文^[1]^。", "乙*文*^[2]^。", "[1] 老注", "[2] *法*"],
        ),
        # Another place that cites the old note.
        ({"blocks/1": "乙文[^1]。"}, "", ["甲文^[1]^。", "乙文^[1]^。", "[1] 老注"]),
        # In the order in which they are cited, one within another, and one that nobody cites.
        (
            {"blocks/1": "乙[^y]文[^x]。"},
            "[^x]: 注x[^z]\n[^y]: 注y\n[^w]: 余\n[^z]: 注z",
            ["甲文^[1]^。", "乙^[2]^文^[3]^。", "[1] 老注", "[2] 注y", "[3] 注x^[4]^", "[4] 注z", "[5] 余"],
        ),
        ({}, "[^x]: 只有注\n    又一行", ["甲文^[1]^。", "乙文。", "[1] 老注", "[2] 只有注又一行"]),
        # Nothing that it could cite: as it was typed.
        ({"blocks/1": "乙文[^9]。"}, "", ["甲文^[1]^。", "乙文[^9]。", "[1] 老注"]),
    ],
)  # fmt: skip
def test_typed_footnotes_are_numbered_on(texts: dict[str, str], added: str, shown: list[str]) -> None:
    assert edited(texts, added) == shown


def test_markup_and_cells_keep_to_their_words() -> None:
    spans = (Span(kind=SpanKind.BOLD, start=1, end=4),)
    document = Document(
        title="题", blocks=(Paragraph(text="一二三四", spans=spans), Table(rows=(("甲", "乙"),)))
    )
    changed = rewritten(
        document, {"blocks/0": "一二[^a]三四", "blocks/1/rows/0/1": "乙[^b]"}, "[^a]: 注\n[^b]: 注二"
    )
    assert isinstance(changed, Document)
    assert shown_lines(changed.blocks)[1:] == ["甲|乙[2]", "[1] 注", "[2] 注二"]
    first = changed.blocks[0]
    assert isinstance(first, Paragraph)
    assert first.text == "一二[1]三四"
    assert [(one.kind, one.start, one.end) for one in first.spans] == [("bold", 1, 7), ("superscript", 2, 5)]
    (cell,) = changed.blocks[1].spans  # type: ignore[union-attr]
    assert (cell.kind, cell.row, cell.column, cell.start, cell.end) == ("superscript", 0, 1, 1, 4)


def test_old_words_that_look_like_footnotes_stay() -> None:
    old = Document(
        title="题", blocks=(Paragraph(text="旧[^q]"), Paragraph(text="[^q]: 旧行"), Paragraph(text="尾"))
    )
    assert edited({"blocks/2": "改尾", "blocks/1": "[^q]: 改行"}, document=old) == [
        "旧[^q]",
        "[^q]: 改行",
        "改尾",
    ]
    assert undefined(old, old) == ()


def test_a_reference_without_a_note_is_told_on_the_page(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    draft = new_draft(runtime, bureau, "正文。")
    sign_in(web, "editor")
    path = f"/drafts/{draft.id}/edit"
    fields = form_at(web.get(path), path)
    saved = send(web, path, **fields | {"text:blocks/0": "正文[^1]。", "then": "keep"})
    assert saved.headers["location"].endswith("said=revised"), unescape(saved.text)
    page = unescape(web.get(f"/drafts/{draft.id}").text)
    assert "没有找到它的内容" in page
    with runtime.database.read() as session:
        kept = json.loads(drafts.revisions(session, draft.id)[-1].left_out)
    assert kept == [{"kind": "footnote", "what": "[^1]"}]


def test_what_the_first_text_lacked_stays_told_beside_what_a_mended_one_lacks(web: TestClient) -> None:
    sign_in(web, "editor")
    handed = form_at(web.get("/drafts/new"), "/drafts/new") | {"target": "wechat/news", "title": "清河"}
    made = send(web, "/drafts/new", **handed | {"content": "正文。\n\n![河堤](a.png)", "then": "keep"})
    draft = made.headers["location"].split("?")[0]
    fields = form_at(web.get(f"{draft}/edit"), f"{draft}/edit")
    send(web, f"{draft}/edit", **fields | {"text:blocks/0": "正文[^1]。", "then": "keep"})
    page = unescape(web.get(draft).text)
    assert "没有找到它的内容" in page
    assert "河堤 a.png" in page
    assert "修订 1 收稿时" in page


@pytest.mark.parametrize(("field", "limit"), [("login", 64), ("password", 200)])
def test_a_sign_in_that_is_too_long_is_told_its_limit(web: TestClient, field: str, limit: int) -> None:
    sent = {"login": "editor", "password": "x", "next": "/"} | {field: "长" * (limit + 1)}
    answer = web.post("/sign-in", data=sent)
    assert answer.status_code == 422
    assert f"{limit} " in unescape(answer.text)
    assert ("长" * (limit + 1) in answer.text) == (field == "login")
