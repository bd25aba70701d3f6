"""What a document can hold, and that what older ones held is still named by the same digests."""

from typing import Any

import pytest
from pydantic import ValidationError

from app.domain.document.model import (
    Document,
    digest,
    document_bytes,
    field_digests,
    leads_out,
)
from app.domain.document.signs import Sign, signs, text_and_media_digest

#: Every kind of block with everything that the first documents could hold.
FIRST: dict[str, Any] = {
    "title": "标题",
    "subtitle": "副",
    "byline": "甲",
    "blocks": [
        {"kind": "heading", "text": "节", "level": 2},
        {
            "kind": "paragraph",
            "text": "粗体字",
            "spans": [
                {"kind": "bold", "start": 0, "end": 1},
                {"kind": "link", "start": 1, "end": 2, "href": "https://a.cn"},
            ],
        },
        {"kind": "list_item", "text": "x", "ordered": True, "depth": 1},
        {"kind": "list_item", "text": "y"},
        {"kind": "quote", "text": "引"},
        {"kind": "table", "rows": [["a", "b"], ["", "c"]], "caption": "表"},
        {"kind": "image", "sha256": "a" * 64, "alt": "图", "caption": "说", "credit": "摄"},
        {"kind": "video", "sha256": "b" * 64},
        {"kind": "divider"},
    ],
    "attachments": ["c" * 64],
}


def test_documents_that_use_nothing_new_keep_their_names() -> None:
    document = Document.model_validate(FIRST)

    assert digest(document) == "1cea748b0345eac76f1cf4f25c376cd8352e88cc3220f3723556edb02cefbeca"
    assert (
        text_and_media_digest(document) == "668a7140231c50c01d01f9a4d79b20600b26f91ec03f65b0bbcb63a59f39655a"
    )
    assert (
        field_digests(document)["blocks"]
        == "2169882633c053b869b974995be3079642dfa7e35a0be9c89634ed135c90d6a3"
    )


def test_what_is_new_is_written_only_where_it_is_used() -> None:
    plain = document_bytes(Document.model_validate(FIRST))
    for name in (b"align", b"number", b"continues", b"head_rows", b"merges"):
        assert name not in plain
    used = Document.model_validate(
        {
            "title": "标题",
            "blocks": [
                {"kind": "list_item", "text": "x", "ordered": True, "number": 5, "numbering": "chinese"},
                {"kind": "list_item", "text": "y", "continues": True},
                {"kind": "paragraph", "text": "市民政局", "align": "right"},
            ],
        }
    )

    assert Document.model_validate_json(document_bytes(used)) == used
    assert b'"number":5,"numbering":"chinese"' in document_bytes(used)
    assert b'"continues":true' in document_bytes(used)
    assert b'"align":"right"' in document_bytes(used)


def _table(**more: Any) -> Document:
    rows = [["县区", "人数", ""], ["", "男", "女"], ["柳林", "5", "6"]]
    return Document.model_validate({"title": "t", "blocks": [{"kind": "table", "rows": rows, **more}]})


MERGES = [{"row": 0, "column": 0, "rows": 2}, {"row": 0, "column": 1, "columns": 2}]


def test_merged_cells_are_part_of_what_a_table_says() -> None:
    merged = _table(merges=MERGES, head_rows=2)

    assert signs(merged) == (
        Sign("0 0/0 2x1", "merge", "2x1"),
        Sign("2 0/1 1x2", "merge", "1x2"),
    )
    assert text_and_media_digest(merged) != text_and_media_digest(_table())


@pytest.mark.parametrize(
    "more",
    [
        {"merges": [{"row": 0, "column": 1, "columns": 3}]},
        {"merges": [{"row": 2, "column": 0, "rows": 2}]},
        {"merges": [*MERGES, {"row": 1, "column": 0}]},
        {"merges": [{"row": 1, "column": 1, "columns": 2}]},
        {"head_rows": 4},
        {"spans": [{"kind": "bold", "row": 3, "column": 0, "start": 0, "end": 1}]},
        {"spans": [{"kind": "bold", "row": 0, "column": 0, "start": 0, "end": 3}]},
    ],
    ids=["too wide", "too high", "over each other", "over words", "heads", "no cell", "no text"],
)
def test_a_table_that_cannot_be_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _table(**more)


def test_superscripts_and_struck_words_are_no_layout() -> None:
    def with_span(**span: Any) -> Document:
        spans = [{"start": 3, "end": 4, **span}] if span else []
        return Document.model_validate(
            {"title": "t", "blocks": [{"kind": "paragraph", "text": "共10a元", "spans": spans}]}
        )

    plain = text_and_media_digest(with_span())
    assert text_and_media_digest(with_span(kind="bold")) == plain
    assert len({text_and_media_digest(with_span(kind=kind)) for kind in ("superscript", "strike")}) == 2
    assert text_and_media_digest(with_span(kind="superscript")) != plain


@pytest.mark.parametrize(
    ("href", "kept"),
    [
        ("https://www.mca.gov.cn/n1?a=1#b", True),
        ("HTTP://a", True),
        ("tel:12345", True),
        ("mailto:a@b.cn", True),
        ("/files/1.pdf", False),
        ("#x", False),
        ("//a.cn/x", False),
        ("http:///x", False),
        ("javascript:alert(1)", False),
        ("https://a b", False),
        ("", False),
    ],
)
def test_links_that_every_layout_keeps(href: str, kept: bool) -> None:
    assert leads_out(href) is kept
