"""A Word file that is attached is read whole: its text, its tables, and all that stands beside them."""

import re
from collections.abc import Iterable

import pytest

from app.drafts.intake.file_reader import read_held
from app.drafts.intake.reading import Reading, Trace
from app.words.places import place_in_file
from tests.api.word import cell, p, r, root, table, word
from tests.intake.workbooks import listed

COMMENT = '<w:comment w:id="1" w:author="张科长"><w:p><w:r><w:t>批注里的话</w:t></w:r></w:p></w:comment>'
DELETED = (
    '<w:del w:author="王某" w:date="2026-11-02T08:00:00Z"><w:r><w:delText>删去的话</w:delText></w:r></w:del>'
)
INSERTED = '<w:ins w:author="李某" w:date="2026-11-03T08:00:00Z"><w:r><w:t>插入的话</w:t></w:r></w:ins>'
CORE = (
    '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>王某某</dc:creator></cp:coreProperties>'
)


DTD = root("w:document", "<w:body/>").replace("?>", '?><!DOCTYPE a [<!ENTITY b "c">]>', 1)


def said(reading: Reading) -> dict[str, str]:
    return {place_in_file(ref): text for ref, text in reading.said()}


def texts(reading: Reading) -> str:
    return "\n".join(text for _, text in reading.said())


def test_paragraphs_and_cells_are_named_as_people_name_them() -> None:
    rows = table(cell(p("姓名")) + cell(p("身份证号")), cell(p("王某")) + cell(p("110105")))
    told = said(read_held(word(p("名单公示") + p("甲") + rows + p("乙"))))

    assert (told["标题"], told["第 1 段"], told["第 2 段"]) == ("名单公示", "甲", "乙")
    assert told["第 1 个表格第 2 行第 2 列"] == "110105"


def test_a_table_is_one_that_checkers_of_tables_read() -> None:
    rows = table(cell(p("姓名")) + cell(p("身份证号")), cell(p("王某")) + cell(p("110105")))
    assert [grid.rows for grid in read_held(word(p("题") + rows)).grids] == [
        (("姓名", "身份证号"), ("王某", "110105"))
    ]


@pytest.mark.parametrize(
    ("body", "parts", "words"),
    [
        (p("题") + p("甲", DELETED, INSERTED), {}, ["甲删去的话", "插入的话"]),
        (
            p("题") + p(r("甲"), '<w:commentReference w:id="1"/>'),
            {"comments.xml": ("comments", COMMENT)},
            ["批注里的话"],
        ),
        (p("题") + p(r("甲"), r("看不见", "<w:vanish/>")), {}, ["看不见"]),
    ],
)
def test_what_stands_beside_the_text_is_read_too(
    body: str, parts: dict[str, tuple[str, str]], words: Iterable[str]
) -> None:
    wrapped = {name: (kind, root(f"w:{kind}", content)) for name, (kind, content) in parts.items()}
    told = texts(read_held(word(body, wrapped)))
    assert [one for one in words if one not in told] == []


def test_what_stands_in_the_text_is_read_once() -> None:
    box = "<w:r><w:pict><v:shape><v:textbox><w:txbxContent>" + p("框里的话")
    ends = "</w:txbxContent></v:textbox></v:shape></w:pict></w:r>"
    red = r("红字", '<w:color w:val="FF0000"/>')
    told = texts(read_held(word(p("题") + p(box + ends) + p(red) + p("甲", DELETED))))
    assert [told.count(words) for words in ("框里的话", "红字", "删去的话")] == [1, 1, 1]


def test_whoever_made_a_file_is_told() -> None:
    kind = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    links = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="a" Type="{office}" Target="word/document.xml"/>'
        f'<Relationship Id="b" Type="{kind}" Target="docProps/core.xml"/></Relationships>'
    )
    reading = read_held(word(p("题") + p("文"), more={"docProps/core.xml": CORE, "_rels/.rels": links}))
    assert [(trace.kind, trace.text) for trace in reading.traces] == [(Trace.AUTHOR, "王某某")]


def test_a_workbook_within_is_read_in_its_place() -> None:
    book = listed([["姓名", "王某"]])
    reading = read_held(word(p("题") + p("文"), more={"word/embeddings/名单.xlsx": book}))
    assert "里面的文件“名单.xlsx” 工作表“公示名单” 单元格 B1" in said(reading)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (word("<w:p>"), "已损坏"),
        (word("", more={"word/document.xml": DTD}), "DTD"),
    ],
)
def test_a_file_that_cannot_be_read_is_not_checked_and_says_why(data: bytes, why: str) -> None:
    reading = read_held(data)
    assert list(reading.said()) == []
    assert [bool(re.search(why, entry.why)) for entry in reading.unread] == [True]
