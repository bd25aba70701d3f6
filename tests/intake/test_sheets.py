"""Workbooks are read whole: each word in its place, or among what was not checked."""

import datetime as dt
import io
import re
import zipfile
from xml.etree import ElementTree as ET

import pytest
import xlsxwriter

from app.drafts.intake.file_reader import read_held
from app.drafts.intake.reading import Reading, Trace
from app.drafts.intake.sheets.numbers import Format, plain_number
from app.words.places import place_in_file
from tests.intake import workbooks
from tests.intake.workbooks import by_hand, listed


def said(reading: Reading) -> dict[str, str]:
    """Return the words by their places in Chinese."""
    return {place_in_file(ref): text for ref, text in reading.said()}


def test_a_cell_is_named_as_people_name_it() -> None:
    told = said(read_held(listed([["标题"], [], ["", "", "", "王某"]])))

    assert told["工作表“公示名单” 单元格 A1"] == "标题"
    assert told["工作表“公示名单” 单元格 D3"] == "王某"


def test_long_numbers_keep_every_digit() -> None:
    cells = (
        '<row r="1"><c r="A1"><v>11010519491231002</v></c><c r="B1"><v>6222021234567890123</v></c>'
        '<c r="C1"><v>1.1010519491231E+17</v></c><c r="D1"><v>0.30000000000000004</v></c></row>'
    )
    told = said(read_held(by_hand(f"<sheetData>{cells}</sheetData>")))

    assert [told[f"工作表“表” 单元格 {cell}1"] for cell in "ABCD"] == [
        "11010519491231002",
        "6222021234567890123",
        "110105194912310000",
        "0.3",
    ]


@pytest.mark.parametrize(
    ("value", "shape", "shown"),
    [
        ("45292", Format(14), "2024-01-01"),
        ("45292.5", Format(22), "2024-01-01 12:00"),
        ("45292", Format(31), "2024年1月1日"),
        ("45292", Format(200, 'yyyy"年"m"月"d"日"'), "2024年1月1日"),
        ("0.5", Format(20), "12:00"),
        ("0.125", Format(10), "12.5%"),
        ("37", Format(200, "0000"), "0037"),
        ("45292", Format(200, '0"天"'), "45292"),
        ("3", Format(200, "[Red]0.00"), "3"),
        ("-1", Format(14), "-1"),
        ("abc", Format(14), "abc"),
    ],
)
def test_numbers_are_shown_as_their_format_says(value: str, shape: Format, shown: str) -> None:
    assert shape.shown(value) == shown


@pytest.mark.parametrize("value", ["", "NaN", "1E+999", "十"])
def test_what_is_no_number_stays(value: str) -> None:
    assert plain_number(value) == value


def test_a_formula_without_a_result_is_not_checked() -> None:
    cells = (
        '<row r="1"><c r="A1"><f>B1&amp;"密件"</f></c><c r="B1"><f>1+1</f><v>2</v></c>'
        '<c r="C1" t="str"><f>""</f><v></v></c></row>'
    )
    reading = read_held(by_hand(f"<sheetData>{cells}</sheetData>"))

    assert [(one.what, "没有保存计算结果" in one.why) for one in reading.unread] == [("公式 A1", True)]
    assert said(reading)["工作表“表” 单元格 A1的公式"] == "密件"


def test_cells_without_places_and_with_prefixes() -> None:
    sheet = (
        f'<x:sheetData xmlns:x="{workbooks.MAIN}"><x:row><x:c t="inlineStr"><x:is><x:t>甲</x:t></x:is></x:c>'
        '<x:c t="s"><x:v>0</x:v></x:c><x:c t="s"><x:v>9</x:v></x:c></x:row></x:sheetData>'
    )
    shared = "<si><r><t>乙</t></r><r><t>丙</t></r><rPh sb='0' eb='1'><t>yǐ</t></rPh></si>"
    reading = read_held(by_hand(sheet, shared=shared))

    told = said(reading)
    assert (told["工作表“表” 单元格 A1"], told["工作表“表” 单元格 B1"]) == ("甲", "乙丙")
    assert told["工作表“表” 单元格 B1的拼音"] == "yǐ"
    assert [one.what for one in reading.unread] == ["单元格 C1"]


def _all_kinds() -> bytes:
    """Return a workbook with a token in everything that its writer can write."""
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made)
    book.set_properties({"title": "记号一", "author": "记号二", "company": "记号三", "comments": "记号四"})
    book.set_custom_property("记号五", "记号六")
    shown, hidden = book.add_worksheet("记号七"), book.add_worksheet("记号八")
    hidden.hide()
    hidden.write("B2", "记号九")
    shown.write("A1", "记号十")
    shown.write_rich_string("A2", "记号", book.add_format({"bold": True}), "十一")
    shown.write_comment("A3", "记号十二", {"author": "记号十三"})
    shown.set_header('&L&"宋体,常规"&12记号十四&R记号十五')
    shown.set_footer("&C记号十六 第&P页")
    shown.insert_textbox("C3", "记号十七")
    shown.write_url("A4", "https://example.test/token18", string="记号十九", tip="记号二十")
    choice = {"validate": "list", "source": ["记号廿一", "记号廿二"], "input_title": "记号廿三"}
    shown.data_validation("A5", choice)
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": "=记号七!$B$10:$B$12", "name": "记号廿四"})
    chart.set_title({"name": "记号廿五"})
    shown.insert_chart("F2", chart, {"description": "记号廿六"})
    shown.write("A20", "记号廿七")
    shown.set_row(19, None, None, {"hidden": True})
    shown.write("J1", "记号廿八")
    shown.set_column("J:J", 10, None, {"hidden": True})
    shown.write("A21", 3, book.add_format({"num_format": '0"记号廿九"'}))
    shown.write_datetime("A22", dt.date(2024, 5, 6), book.add_format({"num_format": "yyyy-mm-dd"}))
    shown.add_table(
        "L1:M3", {"name": "记号三十", "columns": [{"header": "记号卅一"}, {"header": "记号卅二"}]}
    )
    book.define_name("记号卅三", '="记号卅四"')
    book.close()
    return made.getvalue()


def test_every_token_is_in_parts_or_not_checked() -> None:
    content = _all_kinds()
    reading = read_held(content)
    held = "\n".join([*(text for _, text in reading.said()), *(" ".join(one) for one in reading.unread)])
    tokens = _tokens(content)

    assert len(tokens) >= 33
    assert [token for token in tokens if token not in held] == []
    assert "2024-05-06" in held


def _tokens(content: bytes) -> set[str]:
    """Return all tokens of a package, by another way than the product: any text, any attribute."""
    found: set[str] = set()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            if not name.endswith((".xml", ".vml", ".rels")):
                continue
            for node in ET.fromstring(archive.read(name)).iter():
                for text in (node.text, node.tail, *node.attrib.values()):
                    found |= set(re.findall("记号[一二三四五六七八九十廿卅]+|token18", text or ""))
    return found


def test_what_is_hidden_is_read_and_said() -> None:
    traces = {(one.kind, one.text) for one in read_held(_all_kinds()).traces}

    assert {
        (Trace.HIDDEN_SHEET, "记号八"),
        (Trace.HIDDEN_ROWS, "第 20 行"),
        (Trace.HIDDEN_COLUMNS, "J 列"),
        (Trace.AUTHOR, "记号二"),
        (Trace.COMPANY, "记号三"),
        (Trace.COMMENTER, "记号十三"),
    } <= traces


def test_threaded_comments_pivot_caches_and_unknown_parts() -> None:
    comment = (
        '<ThreadedComments xmlns="http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments">'
        '<threadedComment ref="C7" personId="{1}" id="{2}"><text>请核对王某的证件号</text></threadedComment>'
        "</ThreadedComments>"
    )
    more: dict[str, str | bytes] = {
        "xl/threadedComments/threadedComment1.xml": comment,
        "xl/pivotCache/pivotCacheDefinition1.xml": (
            f'<pivotCacheDefinition xmlns="{workbooks.MAIN}"><cacheFields><cacheField name="姓名">'
            '<sharedItems><s v="李某"/></sharedItems></cacheField></cacheFields></pivotCacheDefinition>'
        ),
        "xl/externalLinks/externalLink1.xml": (
            f'<externalLink xmlns="{workbooks.MAIN}"><sheetData><row><cell t="str"><v>赵某</v></cell></row>'
            "</sheetData></externalLink>"
        ),
        "customXml/item1.xml": "<a><b c='钱某'>孙某</b></a>",
        "xl/embeddings/Microsoft_Excel_Sheet.xlsx": listed([["周某"]], "内表"),
        "xl/embeddings/oleObject1.bin": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        "xl/media/image1.png": b"\x89PNG\r\n\x1a\n" + bytes(20),
    }
    links = {"r1": ("../2017/10/relationships/threadedComment", "../threadedComments/threadedComment1.xml")}
    reading = read_held(by_hand("<sheetData/>", more=more, links=links))

    told = said(reading)
    assert told["工作表“表” 单元格 C7的批注"] == "请核对王某的证件号"
    assert {"姓名", "李某", "赵某", "钱某", "孙某"} <= {text for _, text in reading.said()}
    assert told["里面的文件“Microsoft_Excel_Sheet.xlsx” 工作表“内表” 单元格 A1"] == "周某"
    assert {ref.split("/")[1] for ref, _, _ in reading.unread} == {"oleObject1.bin", "image1.png"}


def test_a_sheet_of_a_million_empty_rows_is_as_large_as_what_it_says() -> None:
    rows = "".join(f'<row r="{number}"><c r="A{number}" s="0"/></row>' for number in range(2, 200_001))
    last = '<row r="1048576"><c r="XFD1048576" t="str"><v>末格</v></c></row>'
    first = '<row r="1"><c r="A1" t="str"><v>首格</v></c></row>'
    reading = read_held(by_hand(f"<sheetData>{first}{rows}{last}</sheetData>"))

    assert said(reading) == {
        "工作表“表”的名称": "表",
        "工作表“表” 单元格 A1": "首格",
        "工作表“表” 单元格 XFD1048576": "末格",
    }
    assert [len(row) for row in reading.grids[0].rows] == [2, 2]


def test_cells_far_apart_are_read_one_by_one() -> None:
    rows = "".join(
        f'<row r="{number}"><c r="{_letters(number)}{number}" t="str"><v>格{number}</v></c></row>'
        for number in range(1, 1201)
    )
    reading = read_held(by_hand(f"<sheetData>{rows}</sheetData>"))

    assert reading.grids == ()
    assert len([ref for ref, _ in reading.texts if "/rows/" in ref]) == 1200
    assert "没有按整张表检查栏目" in reading.unread[0].why


def _letters(number: int) -> str:
    from app.words.places import column_name

    return column_name(number)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (by_hand("<sheetData/>", shared="<!DOCTYPE a>"), "已损坏"),
        (workbooks.zipped({"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<a/>"}), "找不到工作簿"),
        (by_hand("<sheetData><row>"), "已损坏"),
        (b"PK\x03\x04" + b"x" * 50, "已损坏"),
        (b"%TSD-Header-###%" + b"\x01\x02" * 50, "加密软件"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "打开密码"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Workbook".encode("utf-16-le"), ".xls"),
        (b"%PDF-1.7\nbroken", "PDF 已损坏"),
        (workbooks.zipped({"[Content_Types].xml": "x", "ppt/presentation.xml": "x"}), "演示文稿"),
        (workbooks.zipped(dict.fromkeys(("[Content_Types].xml", "xl/vbaProject.bin"), "")), "宏"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_in_a_sentence(content: bytes, why: str) -> None:
    reading = read_held(content)

    assert any(why in one.why for one in reading.unread), reading.unread
    assert not [text for ref, text in reading.said() if "name" not in ref]


def test_a_part_with_a_document_type_is_not_read() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbb">]><sst xmlns="x"><si><t>&b;</t></si></sst>'
    content = by_hand('<sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData>', shared="<si/>")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    reading = read_held(workbooks.zipped({**parts, "xl/sharedStrings.xml": bomb}))

    assert any("文档类型声明" in one.why for one in reading.unread)
    assert "bbbb" not in "".join(said(reading).values())


def test_a_package_that_inflates_without_measure_is_refused() -> None:
    content = by_hand("<sheetData/>", more={"xl/big.xml": "<a>" + " " * 60_000_000 + "</a>"})

    assert "压缩炸弹" in read_held(content).unread[0].why


def test_a_reading_is_kept_as_it_is() -> None:
    reading = read_held(_all_kinds())

    assert Reading.from_json(reading.to_json()) == reading
