"""What of a document the rules read: every text with the kind of its part, links, and what it is made of."""

from app.domain.document.model import Document
from app.negative_list import PartKind
from app.negative_list.text.content import parts_of, structure_of

DOCUMENT = Document.model_validate(
    {
        "title": "题",
        "source_url": "https://example.cn/",
        "blocks": [
            {
                "kind": "paragraph",
                "text": "见这里。",
                "spans": [
                    {"start": 1, "end": 3, "kind": "link", "href": "https://example.cn/a"},
                    {"start": 0, "end": 1, "kind": "bold"},
                ],
            },
            {
                "kind": "table",
                "rows": [["甲", "乙丙"]],
                "caption": "表",
                "spans": [
                    {"row": 0, "column": 1, "start": 0, "end": 1, "kind": "link", "href": "https://b.cn/"}
                ],
            },
            {"kind": "image", "sha256": "0" * 64, "alt": "图", "caption": "注"},
            {"kind": "video", "sha256": "1" * 64, "caption": "片"},
            {"kind": "divider"},
        ],
    }
)


def test_every_text_is_read_with_its_kind_and_links_come_last() -> None:
    parts = [(part.kind, part.ref, part.text) for part in parts_of(DOCUMENT)]
    assert parts[0] == (PartKind.TITLE, "title", "题")
    assert (PartKind.LINK, "source_url", "https://example.cn/") in parts
    assert (PartKind.BODY, "blocks/0", "见这里。") in parts
    assert {(kind, text) for kind, _, text in parts} >= {
        (PartKind.TABLE, "乙丙"),
        (PartKind.CAPTION, "表"),
        (PartKind.ALT, "图"),
        (PartKind.CAPTION, "注"),
        (PartKind.CAPTION, "片"),
    }
    assert parts[-2:] == [
        (PartKind.LINK, "blocks/0/spans/0/href", "https://example.cn/a"),
        (PartKind.LINK, "blocks/1/spans/0/href", "https://b.cn/"),
    ]


def test_structure_rules_see_what_a_document_is_made_of() -> None:
    structure = structure_of(DOCUMENT)
    assert [(image.ref, image.alt, image.caption) for image in structure.images] == [("blocks/2", "图", "注")]
    assert [table.caption for table in structure.tables] == ["表"]
    assert [video.caption for video in structure.videos] == ["片"]
    assert [(link.text, link.href) for link in structure.links] == [
        ("这里", "https://example.cn/a"),
        ("乙", "https://b.cn/"),
    ]
    assert structure.fields["title"] == "题"
