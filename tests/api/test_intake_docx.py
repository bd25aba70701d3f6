"""Word files as drafts: what is taken, what is told, what is refused, over every way in."""

# ruff: noqa: E501 – markup is read best in the lines in which it is written.

import zipfile
from base64 import b64encode
from io import BytesIO
from typing import Any

import pytest

from app.domain.document.model import Align, Heading, SpanKind, Table
from app.drafts.intake.builder import Builder, TooMuch
from app.drafts.intake.docx.changes import TrackedChanges
from app.drafts.intake.docx.service import read_docx
from app.drafts.intake.service import Format, Intake, take_in
from app.infra.errors import Invalid, TooLarge
from tests.api.compound import compound
from tests.api.word import OFFICE, cell, field, p, r, root, table, word, zipped

DELETED = '<w:del w:author="王科" w:date="2026-11-02T08:00:00Z"><w:r><w:delText>{}</w:delText></w:r></w:del>'
INSERTED = '<w:ins w:author="李处" w:date="2026-11-03T08:00:00Z">{}</w:ins>'


def read(body: str, parts: dict[str, tuple[str, str]] | None = None, **more: Any) -> Builder:
    builder = Builder()
    read_docx(
        word(body, parts, **{key: value for key, value in more.items() if key != "choice"}),
        builder,
        choice=more.get("choice", TrackedChanges.ORIGINAL),
    )
    return builder


def texts(builder: Builder) -> list[str]:
    return [block.text for block in builder.blocks if hasattr(block, "text")]


def told(builder: Builder, kind: str) -> list[str]:
    return [entry.what for entry in builder.left_out if entry.kind == kind]


# --- tracked changes ---------------------------------------------------------


def test_nobody_accepts_a_change_by_handing_in_a_file() -> None:
    body = p("定于", DELETED.format("十二月一日"), INSERTED.format(r("十二月五日")), "开会。")
    before = read(body)
    assert texts(before) == ["定于十二月一日开会。"]
    assert told(before, "pending_insertion") == ["“十二月五日”（李处，2026-11-03）"]
    assert told(before, "pending_deletion") == ["“十二月一日”（王科，2026-11-02）"]
    assert told(before, "tracked_changes") == [
        "含 2 处未接受的修订（插入 1 处、删除 1 处），都没有接受，正文是修订前的"
    ]
    after = read(body, choice=TrackedChanges.ACCEPTED)
    assert texts(after) == ["定于十二月五日开会。"]
    assert told(after, "accepted_deletion") == ["“十二月一日”（王科，2026-11-02）"]
    assert told(after, "accepted_insertion") == ["“十二月五日”（李处，2026-11-03）"]


def test_a_text_without_changes_says_nothing_of_them() -> None:
    assert not any("修订" in entry.what for entry in read(p("甲")).left_out)


@pytest.mark.parametrize(
    ("choice", "expected"),
    [(TrackedChanges.ORIGINAL, ["甲乙", "丙"]), (TrackedChanges.ACCEPTED, ["甲", "乙丙"])],
)
def test_ends_of_paragraphs_are_changed_too(choice: TrackedChanges, expected: list[str]) -> None:
    body = (
        p("甲", properties='<w:rPr><w:ins w:author="李"/></w:rPr>')
        + p("乙", properties='<w:rPr><w:del w:author="李"/></w:rPr>')
        + p("丙")
    )
    assert texts(read(body, choice=choice)) == expected


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (TrackedChanges.ORIGINAL, (("旧", "一"), ("删", "二"))),
        (TrackedChanges.ACCEPTED, (("旧", "一"), ("增", "三"))),
    ],
)
def test_rows_are_changed_too(choice: TrackedChanges, expected: tuple[tuple[str, ...], ...]) -> None:
    row = '<w:tr><w:trPr><w:{} w:author="李"/></w:trPr>{}</w:tr>'
    body = table(
        cell("旧") + cell("一"),
        row.format("del", cell("删") + cell("二")),
        row.format("ins", cell("增") + cell("三")),
    )
    (block,) = read(body, choice=choice).blocks
    assert isinstance(block, Table)
    assert block.rows == expected


@pytest.mark.parametrize(
    ("choice", "struck"), [(TrackedChanges.ORIGINAL, False), (TrackedChanges.ACCEPTED, True)]
)
def test_changes_of_looks_are_counted_and_follow_the_choice(choice: TrackedChanges, *, struck: bool) -> None:
    builder = read(
        p(r("原价", "<w:strike/><w:rPrChange w:author='李'><w:rPr/></w:rPrChange>")), choice=choice
    )
    (block,) = builder.blocks
    assert [span.kind for span in block.spans] == ([SpanKind.STRIKE] if struck else [])
    assert "格式 1 处" in told(builder, "tracked_changes")[0]


# --- comments and notes ------------------------------------------------------


def test_comments_say_who_about_what_in_answer_to_whom_and_whether_they_are_settled() -> None:
    comment = '<w:comment w:id="{0}" w:author="{1}" w:date="2026-11-0{0}T00:00:00Z"><w:p w14:paraId="0000000{0}">{2}</w:p></w:comment>'
    comments = root(
        "w:comments",
        comment.format(1, "张三", r("数字请核"))
        + comment.format(2, "李四", r("已核"))
        + comment.format(3, "王五", r("删？")),
    )
    extended = '<w15:commentEx w15:paraId="00000001" w15:done="1"/><w15:commentEx w15:paraId="00000002" w15:paraIdParent="00000001"/>'
    body = p('<w:commentRangeStart w:id="1"/>', "共12人", '<w:commentRangeEnd w:id="1"/>', "参加")
    builder = read(
        body,
        {"c.xml": ("comments", comments), "e.xml": ("commentsExtended", root("w15:commentsEx", extended))},
    )
    assert told(builder, "word_comment") == [
        "张三 2026-11-01，关于“共12人”，已解决：数字请核",
        "李四 2026-11-02 答复 张三，已解决：已核",
        "王五 2026-11-03：删？",
    ]


def test_footnotes_stand_below_the_text_behind_their_numbers() -> None:
    notes = root(
        "w:footnotes",
        '<w:footnote w:id="7">'
        + p("据年报")
        + '</w:footnote><w:footnote w:id="2">'
        + p("据月报")
        + "</w:footnote>",
    )
    builder = read(
        p(
            "增长",
            '<w:r><w:footnoteReference w:id="2"/></w:r>',
            "三成",
            '<w:r><w:footnoteReference w:id="7"/></w:r>',
        ),
        {"f.xml": ("footnotes", notes)},
    )
    assert texts(builder) == ["增长[1]三成[2]", "[1] 据月报", "[2] 据年报"]
    assert [(span.kind, span.start, span.end) for span in builder.blocks[0].spans] == [
        (SpanKind.SUPERSCRIPT, 2, 5),
        (SpanKind.SUPERSCRIPT, 7, 10),
    ]


# --- what words look like, and what they are ---------------------------------


def test_looks_come_from_styles_and_what_both_switch_on_is_off() -> None:
    styles = root(
        "w:styles",
        '<w:style w:type="paragraph" w:styleId="P"><w:name w:val="P"/><w:pPr><w:jc w:val="right"/></w:pPr><w:rPr><w:b/></w:rPr></w:style>'
        '<w:style w:type="character" w:styleId="C"><w:name w:val="C"/><w:rPr><w:b/><w:vertAlign w:val="superscript"/></w:rPr></w:style>',
    )
    builder = read(
        p(r("甲"), r("乙", '<w:rStyle w:val="C"/>'), r("丙", '<w:b w:val="0"/>'), style="P"),
        {"s.xml": ("styles", styles)},
    )
    (block,) = builder.blocks
    assert block.align is Align.RIGHT
    assert [(span.kind, span.start, span.end) for span in block.spans] == [
        (SpanKind.BOLD, 0, 1),
        (SpanKind.SUPERSCRIPT, 1, 2),
    ]


def test_merged_cells_lie_where_they_lay_and_are_read_once() -> None:
    down = '<w:vMerge w:val="{}"/>'
    (block,) = read(
        table(
            cell("单位", properties=down.format("restart"))
            + cell("金额", properties='<w:gridSpan w:val="2"/>'),
            cell("", properties="<w:vMerge/>") + cell("上年") + cell("本年"),
            cell("甲局") + cell("1") + cell("2"),
        )
    ).blocks
    assert isinstance(block, Table)
    assert block.rows == (("单位", "金额", ""), ("", "上年", "本年"), ("甲局", "1", "2"))
    assert [(merge.row, merge.column, merge.rows, merge.columns) for merge in block.merges] == [
        (0, 0, 2, 1),
        (0, 1, 1, 2),
    ]


def test_a_link_leads_where_its_relationship_says() -> None:
    links = f'<Relationship Id="L" Type="{OFFICE}/hyperlink" Target="https://example.gov.cn/a" TargetMode="External"/>'
    code = field(' HYPERLINK "https://example.gov.cn/b" ', "另一处")
    (block,) = read(p(f'<w:hyperlink r:id="L">{r("此处")}</w:hyperlink>', "和", code), links=links).blocks
    assert [(span.href, block.text[span.start : span.end]) for span in block.spans] == [
        ("https://example.gov.cn/a", "此处"),
        ("https://example.gov.cn/b", "另一处"),
    ]


def test_signs_of_other_fonts_are_characters_and_those_without_one_are_told() -> None:
    sign = '<w:r><w:sym w:font="{}" w:char="{}"/></w:r>'
    builder = read(
        p(
            sign.format("Wingdings", "F0FE"),
            sign.format("Symbol", "F0B3"),
            sign.format("Webdings", "F068"),
            r("\uf0fc", '<w:rFonts w:ascii="Wingdings"/>'),
        )
    )
    assert texts(builder) == ["☑≥〓✓"]
    assert told(builder, "symbol_font") == ["Webdings F068"]


def test_circled_numbers_and_fractions_of_fields_are_words() -> None:
    assert texts(read(p("第", field(r" EQ \o\ac(○,3) "), "条", field(r" EQ \f(1,2) ")))) == ["第③条1/2"]


@pytest.mark.parametrize(
    ("paragraphs", "title"),
    [
        (
            [
                p(r("清河市人民政府文件", '<w:color w:val="FF0000"/>'), properties='<w:jc w:val="center"/>'),
                p("清政发〔2026〕5号", properties='<w:jc w:val="center"/>'),
                p("关于防汛的通知", properties='<w:jc w:val="center"/>'),
                p("各局："),
            ],
            "关于防汛的通知",
        ),
        ([p("某某简报"), p("各局：")], "某某简报"),
        ([p("前言"), p("总则", properties='<w:outlineLvl w:val="0"/>')], "总则"),
        (
            [
                p(r("关于防汛的"), "<w:r><w:br/></w:r>", r("通知"), properties='<w:jc w:val="center"/>'),
                p("各局："),
            ],
            "关于防汛的通知",
        ),
    ],
)
def test_the_title_is_found_below_the_red_head(paragraphs: list[str], title: str) -> None:
    builder = read("".join(paragraphs))
    builder.settle(None)
    assert builder.title == title
    assert title not in texts(builder)
    assert len(texts(builder)) == len(paragraphs) - 1


def test_headings_have_their_rank() -> None:
    heading = read(p("一", properties='<w:outlineLvl w:val="2"/>')).blocks[0]
    assert isinstance(heading, Heading)
    assert heading.level == 3


# --- what is hostile, broken, or no Word file at all --------------------------


def refused(data: bytes) -> TooMuch:
    with pytest.raises(TooMuch) as fault:
        read_docx(data, Builder())
    return fault.value


def test_entities_are_refused() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;">]><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>&y;</w:t></w:r></w:p></w:body></w:document>'
    assert refused(word("", more={"word/document.xml": bomb})).code == "package_has_dtd"


def test_a_bomb_is_refused_before_it_is_inflated() -> None:
    assert refused(word(p("甲") + " " * 40_000_000)).code == "package_inflates"


def test_a_package_of_too_many_parts_is_refused() -> None:
    assert refused(word(p("甲"), more={f"x/{at}": "" for at in range(5001)})).code == "package_too_many_parts"


def test_broken_text_is_refused_and_a_broken_part_is_told() -> None:
    assert refused(word("<w:p>")).code == "package_damaged"
    builder = read(p("甲"), {"c.xml": ("comments", "<w:comments")})
    assert texts(builder) == ["甲"]
    assert told(builder, "broken_part") == ["word/c.xml（XML 有误）"]


def test_bytes_that_were_turned_are_refused() -> None:
    data = bytearray(word(p("甲" * 2000)))
    at = data.index(b"word/document.xml") + 40
    data[at] ^= 0xFF
    assert refused(bytes(data)).code in {"package_damaged", "file_kind"}


def test_what_leads_out_or_could_run_is_told_and_left_alone() -> None:
    links = f'<Relationship Id="t" Type="{OFFICE}/attachedTemplate" Target="file:///C:/secret.dotm" TargetMode="External"/>'
    body = p("甲", field('INCLUDETEXT "C:\\\\a.docx"', "旧文"), field("DDEAUTO cmd /c calc"))
    more = {
        "word/vbaProject.bin": b"x",
        "word/embeddings/oleObject1.bin": b"x",
        "_xmlsignatures/sig1.xml": "<s/>",
    }
    builder = read(body, links=links, more=more)
    assert texts(builder) == ["甲旧文"]
    assert told(builder, "external") == [
        'INCLUDETEXT "C:\\\\a.docx"',
        "DDEAUTO cmd /c calc",
        "模板 file:///C:/secret.dotm",
    ]
    assert [told(builder, kind) for kind in ("macro", "embedded_file", "signature")] == [
        ["vbaProject.bin"],
        ["oleObject1.bin"],
        ["文件带有电子签名"],
    ]


def test_pages_within_a_file_are_read_and_their_scripts_are_not() -> None:
    page = "<html><body><p>页内的话</p><script>alert(1)</script></body></html>"
    builder = read(p("甲") + '<w:altChunk r:id="x.html"/>', {"x.html": ("aFChunk", page)})
    assert texts(builder) == ["甲", "页内的话"]


def test_a_file_within_a_file_within_a_file_ends_somewhere() -> None:
    data = word(p("最里"))
    for depth in range(5):
        data = word(p(f"第{depth}层") + '<w:altChunk r:id="x.docx"/>', {"x.docx": ("aFChunk", data)})  # type: ignore[dict-item]
    builder = Builder()
    read_docx(data, builder)
    assert texts(builder) == ["第4层", "第3层", "第2层", "第1层"]
    assert "embedded_file" in {entry.kind for entry in builder.left_out}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (compound({"EncryptedPackage": b""}), "密码"),
        (compound({"Workbook": b""}), "表格"),
        (b"%TSD-Header-###%" + bytes(range(200)), "加密软件"),
        (b"%PDF-1.7", "PDF"),
        (b"{\\rtf1 a}", "RTF"),
        (word(p("甲"))[:200], "损坏"),
        (zipped({"a.txt": "甲"}), "压缩包"),
        (b"", "空"),
    ],
)
def test_each_other_kind_is_refused_in_one_sentence(data: bytes, words: str) -> None:
    fault = refused(data)
    assert fault.code == "file_kind"
    assert words in str(fault.data["what"])


def test_all_parts_in_one_xml_are_read_as_a_package_is() -> None:
    name = "http://schemas.microsoft.com/office/2006/xmlPackage"
    with zipfile.ZipFile(BytesIO(word(p("单个文件")))) as archive:
        parts = "".join(
            f'<pkg:part pkg:name="/{part}"><pkg:xmlData>{archive.read(part).decode().removeprefix(chr(65279)).partition("?>")[2] or archive.read(part).decode()}</pkg:xmlData></pkg:part>'
            for part in archive.namelist()
            if part != "[Content_Types].xml"
        )
    builder = Builder()
    read_docx(f'<?xml version="1.0"?><pkg:package xmlns:pkg="{name}">{parts}</pkg:package>'.encode(), builder)
    assert texts(builder) == ["单个文件"]


# --- the door ------------------------------------------------------------------


def hand_in(data: bytes, **fields: str) -> Intake:
    return take_in(Format.DOCX, b64encode(data).decode(), fields)


def test_the_door_takes_base64_and_says_what_is_wrong_with_it() -> None:
    with pytest.raises(Invalid) as refusal:
        take_in(Format.DOCX, "不是", {})
    assert [reason.code for reason in refusal.value.reasons] == ["not_base64"]
    with pytest.raises(TooLarge):
        take_in(Format.DOCX, "A" * 26_666_672, {})


def test_a_refused_file_says_why_at_its_content() -> None:
    with pytest.raises(Invalid) as refusal:
        hand_in(b"%PDF-1.7")
    (reason,) = refusal.value.reasons
    assert (reason.code, reason.field) == ("file_kind", "content")


def test_the_file_itself_is_kept_byte_for_byte() -> None:
    data = word(p("题") + p("文"))
    taken = hand_in(data)
    assert taken.original == data
    assert taken.document.title == "题"


def test_a_file_of_which_nothing_is_text_says_what_there_was() -> None:
    with pytest.raises(Invalid) as refusal:
        hand_in(word(p(r("暗", "<w:vanish/>"))), title="题")
    assert {reason.code for reason in refusal.value.reasons} == {"content_empty", "only_left_out"}
