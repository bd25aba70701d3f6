"""Pictures that lie within what is handed in: in a Word file, in an address of data. They come with the text."""

# ruff: noqa: E501 – markup is read best in the lines in which it is written.

from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image as Picture

from app.domain.document.model import Image
from app.drafts.intake.builder import Builder
from app.drafts.intake.docx.service import read_docx
from app.drafts.intake.service import Format, Intake, take_in
from app.drafts.intake.source_pictures import MOST_PICTURES, SourcePictures
from app.drafts.intake.subprocess_reader import Source
from tests.api.word import cell, p, r, root, table, word
from tests.factories import Bureau
from tests.intake.pictures import with_code, with_position

Headers = Callable[[str], dict[str, str]]

RED, BLUE = (200, 30, 30), (20, 40, 200)


def picture(colour: tuple[int, int, int] = RED, size: tuple[int, int] = (60, 40), kind: str = "PNG") -> bytes:
    made = BytesIO()
    Picture.new("RGB", size, colour).save(made, kind)
    return made.getvalue()


def drawn(name: str, alt: str = "", cut: str = "") -> str:
    """Return a run with a picture of the package."""
    return (
        f'<w:r><w:drawing><wp:inline><wp:docPr id="1" name="图片 1" descr="{alt}"/>'
        f'<a:graphic><a:blipFill><a:blip r:embed="{name}"/>{cut}</a:blipFill></a:graphic></wp:inline></w:drawing></w:r>'
    )


def taken(body: str, **pictures: bytes) -> Intake:
    parts = {name.replace("_", "."): ("image", content) for name, content in pictures.items()}
    return take_in(Format.DOCX, b64encode(word(p("公示照片说明") + body, parts)).decode(), {})


def shown(intake: Intake) -> list[str]:
    return [
        block.alt or "图" if isinstance(block, Image) else getattr(block, "text", block.kind)
        for block in intake.document.blocks
    ]


def test_a_picture_of_a_word_file_stands_where_it_stood() -> None:
    intake = taken(p("第一段。") + p(drawn("a.png", "志愿者走访")) + p("第二段。"), a_png=picture())
    assert shown(intake) == ["第一段。", "志愿者走访", "第二段。"]
    (kept,) = intake.pictures
    assert (kept.content, kept.name) == (picture(), "a.png")
    assert intake.brings() == {sha256(picture()).hexdigest()} == intake.document.assets()
    assert "image" not in [entry.kind for entry in intake.left_out]


def test_pictures_within_words_in_cells_and_text_boxes_come_too() -> None:
    box = f"<w:r><w:pict><v:shape><v:textbox><w:txbxContent>{p('框里的话', drawn('c.png', '丙'))}</w:txbxContent></v:textbox></v:shape></w:pict></w:r>"
    old = '<w:r><w:pict><v:shape alt="丁"><v:imagedata r:id="d.png"/></v:shape></w:pict></w:r>'
    intake = taken(
        p("前", drawn("a.png", "甲"), "后")
        + table(cell("格子", p(drawn("b.png", "乙"))) + cell("邻格"))
        + p(box)
        + p(old),
        a_png=picture(),
        b_png=picture(BLUE),
        c_png=picture((1, 2, 3)),
        d_png=picture((9, 9, 9)),
    )
    assert shown(intake) == ["前后", "甲", "table", "乙", "框里的话", "丙", "丁"]
    assert len(intake.pictures) == 4


def test_what_nobody_sees_in_word_is_not_shown() -> None:
    deleted = f'<w:del w:author="王">{drawn("a.png", "删去的")}</w:del>'
    hidden = drawn("b.png", "藏起的").replace("<w:r>", "<w:r><w:rPr><w:vanish/></w:rPr>", 1)
    accepted = take_in(
        Format.DOCX,
        b64encode(
            word(
                p("标题") + p("正文", deleted, hidden),
                {"a.png": ("image", picture()), "b.png": ("image", picture(BLUE))},
            )
        ).decode(),
        {},
        changes="accepted",  # type: ignore[arg-type]
    )
    assert shown(accepted) == ["正文"]
    assert accepted.pictures == ()
    assert {"删去的 a.png", "藏起的 b.png"} <= {entry.what for entry in accepted.left_out}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_what_was_cropped_away_does_not_come_along(kind: str) -> None:
    both = Picture.new("RGB", (100, 50), RED)
    both.paste(BLUE, (50, 0, 100, 50))
    made = BytesIO()
    both.save(made, kind)
    intake = taken(p("文") + p(drawn("a.png", "甲", '<a:srcRect r="50000"/>')), a_png=made.getvalue())
    with Picture.open(BytesIO(intake.pictures[0].content)) as kept:
        assert kept.size == (50, 50)
        red, _, blue = kept.convert("RGB").getpixel((49, 25))  # type: ignore[misc]
    assert red > 150
    assert blue < 100


def test_the_place_where_a_picture_was_taken_goes() -> None:
    intake = taken(p("文") + p(drawn("a.jpg")), a_jpg=with_position())
    with Picture.open(BytesIO(intake.pictures[0].content)) as kept:
        assert not any(kept.getexif().get_ifd(0x8825).values())


@pytest.mark.parametrize(
    "content",
    [
        b"\x01\x00\x00\x00" + b"\0" * 100,
        b"BM" + b"\0" * 60,
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"",
        picture(size=(1, 1)),
    ],
    ids=["emf", "bmp", "svg", "empty", "one pixel"],
)
def test_what_a_draft_does_not_hold_is_listed(content: bytes) -> None:
    intake = taken(p("文") + p(drawn("a.png", "甲")), a_png=content)
    assert shown(intake) == ["文"]
    assert [(entry.kind, entry.what) for entry in intake.left_out] == [("image", "甲 a.png")]


def test_pictures_of_heads_notes_and_comments_are_listed() -> None:
    header = root("w:hdr", p(drawn("a.png", "红头")))
    related = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="a.png" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image" Target="a.png"/></Relationships>'
    data = word(
        p("标题") + p("文") + '<w:sectPr><w:headerReference r:id="header1.xml"/></w:sectPr>',
        {"header1.xml": ("header", header), "a.png": ("image", picture())},
        more={"word/_rels/header1.xml.rels": related},
    )
    intake = take_in(Format.DOCX, b64encode(data).decode(), {})
    assert intake.pictures == ()
    assert ("image", "红头 a.png") in [(entry.kind, entry.what) for entry in intake.left_out]


def test_there_is_a_limit_and_it_is_told() -> None:
    pictures = SourcePictures()
    for number in range(MOST_PICTURES):
        assert pictures.take(picture((number, 0, 0), (2, 3)), "a.png")
    assert pictures.take(picture(BLUE), "b.png") is None
    assert pictures.take(picture((0, 0, 0), (2, 3)), "again.png"), "what is there already needs no room"


def test_as_an_attachment_its_pictures_are_read_on_their_own() -> None:
    builder = Builder()
    read_docx(word(p("标题") + p(drawn("a.png", "甲")), {"a.png": ("image", picture())}), builder)
    assert not [block for block in builder.blocks if isinstance(block, Image)]


def data_address(content: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64,{b64encode(content).decode()}"


@pytest.mark.parametrize(
    ("format", "source"),
    [
        (Format.HTML, '<h1>标题</h1><p>前</p><p><img alt="甲" src="{}"></p><p>后</p>'),
        (Format.MARKDOWN, "# 标题\n\n前\n\n![甲]({})\n\n后"),
    ],
)
def test_pasted_pictures_come_with_the_text(format: Format, source: str) -> None:  # noqa: A002
    intake = take_in(format, source.format(data_address(with_code("https://example.gov.cn/"))), {})
    assert shown(intake) == ["前", "甲", "后"]
    (kept,) = intake.pictures
    assert [said.text for said in intake.readings[kept.sha256].texts] == ["https://example.gov.cn/"]


@pytest.mark.parametrize(
    "begins",
    [
        "DATA:IMAGE/PNG;BASE64,",
        "data:image/png;charset=utf-8;base64,",
        "Data:image/PNG; name=现场.png ;charset=utf-8;base64,",
    ],
)
def test_however_the_address_is_written_the_picture_comes_and_is_read_apart(begins: str) -> None:
    content = with_code("https://example.gov.cn/")
    source = f'<h1>标题</h1><p>前</p><p><img alt="甲" src="{begins}{b64encode(content).decode()}"></p>'
    assert Source("html", source).is_heavy, "a picture may be a bomb"
    intake = take_in(Format.HTML, source, {})
    assert shown(intake) == ["前", "甲"]
    assert [kept.content for kept in intake.pictures] == [content]


@pytest.mark.parametrize(
    "address",
    [
        "data:image/png;base64,!!!!",
        "data:image/svg+xml;base64,PHN2Zy8+",
        "data:text/html;base64,PHA+",
        data_address(picture(size=(1, 1))),
    ],
)
def test_addresses_of_data_that_hold_no_picture_are_listed(address: str) -> None:
    intake = take_in(Format.HTML, f'<h1>标题</h1><p>前</p><img alt="甲" src="{address}">', {})
    assert shown(intake) == ["前"]
    assert [entry.kind for entry in intake.left_out] == ["image"]


@pytest.mark.both_databases
def test_a_draft_holds_the_pictures_of_its_word_file(
    client: TestClient, bureau: Bureau, as_: Headers
) -> None:
    head = as_("editor")
    first = word(
        p("冬季走访") + p("第一段。") + p(drawn("a.png", "甲")), {"a.png": ("image", with_code("票"))}
    )
    sent: dict[str, Any] = {"format": "docx", "content": b64encode(first).decode(), "filename": "稿.docx"}
    answer = client.post(
        "/api/v1/drafts", json=sent | {"targets": [{"channel": "wechat", "section": "news"}]}, headers=head
    )
    assert answer.status_code == 201, answer.text
    draft = answer.json()
    held = client.get(f"/api/v1/drafts/{draft['id']}", headers=head).json()
    assert sorted((one["role"], one["filename"]) for one in held["assets"]) == [
        ("image", "a.png"),
        ("original", "稿.docx"),
    ]
    (image,) = [block for block in held["document"]["blocks"] if block["kind"] == "image"]
    assert client.get(f"/api/v1/assets/{image['sha256']}", headers=head).content == with_code("票")
    # A further text brings a further picture; the one before stays with the draft.
    second = word(
        p("冬季走访") + p("第二段。", r("。"), drawn("b.png", "乙")), {"b.png": ("image", picture(BLUE))}
    )
    revised = client.post(
        f"/api/v1/drafts/{draft['id']}/revisions",
        json={"format": "docx", "content": b64encode(second).decode()},
        headers=head | {"If-Match": answer.headers["etag"]},
    )
    assert revised.status_code == 200, revised.text
    held = client.get(f"/api/v1/drafts/{draft['id']}", headers=head).json()
    assert sorted(one["filename"] for one in held["assets"] if one["role"] == "image") == ["a.png", "b.png"]
