"""Whatever a Word file says is in the text or listed: every run is a token of its own, and each is looked for.

The tokens are put into packages here, and found in what came out; the reader's own look for leftovers has no part in it.
"""

# ruff: noqa: E501 – markup is read best in the lines in which it is written.

import re
import zipfile
from base64 import b64encode
from io import BytesIO
from itertools import count

import pytest

from app.domain.document.model import readings_of
from app.drafts.intake.docx.changes import TrackedChanges
from app.drafts.intake.service import Format, Intake, take_in
from tests.api.word import NAMESPACES, cell, field, level, lists, numbered, p, r, root, table, word, zipped

_counter = count(1)


def t() -> str:
    """Return a token that no other run has."""
    return f"记{next(_counter):04d}号"


def taken(data: bytes, changes: TrackedChanges = TrackedChanges.ORIGINAL) -> Intake:
    return take_in(Format.DOCX, b64encode(data).decode(), {"title": "标题"}, changes=changes)


def body_of(intake: Intake) -> str:
    document = intake.document
    readings = [words for block in document.blocks for _, words in readings_of(block)]
    return "\n".join([*(words for _, words in document.texts()), *readings])


def listed(intake: Intake, *kinds: str) -> str:
    return "\n".join(entry.what for entry in intake.left_out if not kinds or entry.kind in kinds)


def tokens(text: str) -> set[str]:
    return set(re.findall(r"记\d{4}号", text))


BOX = "<w:txbxContent>{}</w:txbxContent>"
INLINE = {
    "runs": lambda: r(t()) + r(t(), "<w:b/>"),
    "a link": lambda: f'<w:hyperlink w:anchor="x">{r(t())}</w:hyperlink>',
    "a smart tag": lambda: f'<w:smartTag w:element="place">{r(t())}<w:smartTag>{r(t())}</w:smartTag></w:smartTag>',
    "custom markup": lambda: f'<w:customXml w:element="a">{r(t())}</w:customXml>',
    "directions": lambda: f'<w:bdo w:val="rtl">{r(t())}</w:bdo><w:dir w:val="ltr">{r(t())}</w:dir>',
    "a content control": lambda: (
        f'<w:sdt><w:sdtPr><w:alias w:val="{t()}"/><w:dropDownList><w:listItem w:displayText="{t()}" w:value="1"/>'
        f'<w:listItem w:value="{t()}"/></w:dropDownList></w:sdtPr><w:sdtContent>{r(t())}</w:sdtContent></w:sdt>'
    ),
    "a field": lambda: field("REF a", t()),
    "a field in a field": lambda: (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> IF </w:instrText></w:r>'
        + field("PAGE", t())
        + f'<w:r><w:instrText>=1</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>{r(t())}'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
    ),
    "a field that never ends": lambda: f'<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>PAGE</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>{r(t())}',
    "a field without a result": lambda: field(f"MACROBUTTON NoMacro {t()}") + field(f'QUOTE "{t()}"'),
    "a simple field": lambda: f'<w:fldSimple w:instr="PAGE">{r(t())}</w:fldSimple>',
    "a list of a form": lambda: (
        '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:ddList><w:result w:val="1"/>'
        f'<w:listEntry w:val="{t()}"/><w:listEntry w:val="{t()}"/></w:ddList><w:helpText w:val="{t()}"/></w:ffData></w:fldChar></w:r>'
        '<w:r><w:instrText>FORMDROPDOWN</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'
    ),
    "a reading": lambda: f"<w:r><w:ruby><w:rt>{r(t())}</w:rt><w:rubyBase>{r(t())}</w:rubyBase></w:ruby></w:r>",
    "a formula": lambda: (
        f"<m:oMath><m:f><m:num><m:r><m:t>{t()}</m:t></m:r></m:num><m:den><m:r><m:t>{t()}</m:t></m:r></m:den></m:f>"
        f"<m:sSup><m:e><m:r><m:t>{t()}</m:t></m:r></m:e><m:sup><m:r><m:t>{t()}</m:t></m:r></m:sup></m:sSup>"
        f"<m:unknown><m:r><m:t>{t()}</m:t></m:r></m:unknown></m:oMath>"
    ),
    "hidden words": lambda: r(t(), "<w:vanish/>"),
    "a text box of VML": lambda: f"<w:r><w:pict><v:shape alt='{t()}'><v:textbox>{BOX.format(p(t()))}</v:textbox></v:shape></w:pict></w:r>",
    "a text box with an older one": lambda: (
        f"<w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><wp:anchor><wp:docPr descr='{t()}' title='{t()}'/>"
        f"<wps:txbx>{BOX.format(p(t()) + table(cell(t()) + cell(t())))}</wps:txbx></wp:anchor></w:drawing></mc:Choice>"
        f"<mc:Fallback><w:pict><v:textbox>{BOX.format(p(t()))}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    ),
    "WordArt": lambda: f"<w:r><w:pict><v:shape><v:textpath string='{t()}'/></v:shape></w:pict></w:r>",
    "words of a shape": lambda: f"<w:r><w:drawing><a:p><a:r><a:t>{t()}</a:t></a:r></a:p></w:drawing></w:r>",
    "a table in a run": lambda: f"<w:r>{table(cell(t()) + cell(t()))}</w:r>",
    "an element that nobody knows": lambda: f"<w:neu><w:r><w:neuer><w:t>{t()}</w:t></w:neuer></w:r></w:neu>",
}  # fmt: skip
CHANGED = {
    "an insertion": lambda: f'<w:ins w:author="甲" w:date="2026-01-02T00:00:00Z">{r(t())}</w:ins>',
    "a deletion": lambda: f'<w:del w:author="乙"><w:r><w:delText>{t()}</w:delText></w:r></w:del>',
    "a deleted insertion": lambda: f'<w:ins w:author="甲"><w:del w:author="乙"><w:r><w:delText>{t()}</w:delText></w:r></w:del></w:ins>',
    "moved words": lambda: f'<w:moveFrom w:author="甲"><w:r><w:t>{t()}</w:t></w:r></w:moveFrom>{r(t())}<w:moveTo w:author="甲">{r(t())}</w:moveTo>',
    "a hidden insertion": lambda: f'<w:ins w:author="甲">{r(t(), "<w:vanish/>")}</w:ins>',
    "a text box in an insertion": lambda: f'<w:ins w:author="甲"><w:r><w:pict><v:textbox>{BOX.format(p(t()))}</v:textbox></w:pict></w:r></w:ins>',
}  # fmt: skip
BLOCKS = {
    "merged cells": lambda: table(
        cell(t(), properties='<w:gridSpan w:val="2"/>') + cell(t()),
        cell(t(), properties='<w:vMerge w:val="restart"/>') + cell(t()) + cell(t()),
        cell(t(), properties="<w:vMerge/>") + cell(t()) + cell(t(), properties='<w:hMerge w:val="continue"/>'),
    ),
    "rows that begin late": lambda: table(f'<w:tr><w:trPr><w:gridBefore w:val="2"/></w:trPr>{cell(t())}</w:tr>', cell(t())),
    "a table in a table": lambda: table(cell(p(t()) + table(cell(t()) + cell(t()))) + cell(t())),
    "a box of one cell": lambda: table(cell(t(), t())),
    "rows and cells in controls": lambda: (
        f"<w:tbl><w:sdt><w:sdtContent><w:tr><w:sdt><w:sdtContent>{cell(t())}</w:sdtContent></w:sdt>{cell(t())}</w:tr>"
        f"</w:sdtContent></w:sdt><w:tr>{cell(t())}</w:tr></w:tbl>"
    ),
    "a row that was inserted": lambda: table(cell(t()) + cell(t()), f'<w:tr><w:trPr><w:ins w:author="甲"/></w:trPr>{cell(t())}{cell(t())}</w:tr>'),
    "a row that was deleted": lambda: table(cell(t()) + cell(t()), f'<w:tr><w:trPr><w:del w:author="甲"/></w:trPr>{cell(t())}{cell(t())}</w:tr>'),
    "cells that were inserted and deleted": lambda: table(
        cell(t(), properties='<w:cellIns w:author="甲"/>') + cell(t(), properties='<w:cellDel w:author="甲"/>') + cell(t())
    ),
    "paragraphs in a control": lambda: f"<w:sdt><w:sdtPr/><w:sdtContent>{p(t())}{p(t())}</w:sdtContent></w:sdt>",
    "a run outside any paragraph": lambda: r(t()) + p(t()),
    "a paragraph whose end was inserted": lambda: (
        p(t(), properties='<w:rPr><w:ins w:author="甲"/></w:rPr>') + p(f'<w:ins w:author="甲">{r(t())}</w:ins>')
    ),
    "hidden paragraphs": lambda: p(r(t(), "<w:vanish/>"), properties="<w:rPr><w:vanish/></w:rPr>"),
    "alternatives": lambda: f"<mc:AlternateContent><mc:Choice Requires='x'>{p(t())}</mc:Choice><mc:Fallback>{p(t())}</mc:Fallback></mc:AlternateContent>",
    "only what is old": lambda: f"<mc:AlternateContent><mc:Fallback>{p(t())}</mc:Fallback></mc:AlternateContent>",
}  # fmt: skip
BODIES = {
    **{name: (lambda make=make: p(r(t()), make(), r(t()))) for name, make in (INLINE | CHANGED).items()},
    **{
        f"{name} in a cell": (lambda make=make: table(cell(p(make())) + cell(t())))
        for name, make in (INLINE | CHANGED).items()
    },
    **BLOCKS,
}


@pytest.mark.parametrize("changes", TrackedChanges)
def test_every_run_of_the_body_is_in_the_text_or_listed(changes: TrackedChanges) -> None:
    # All in one file, so that one process reads them; where one fails its name says which.
    made = {name: make() for name, make in BODIES.items()}
    read = taken(word("".join(made.values())), changes)
    found = tokens(body_of(read)) | tokens(listed(read))
    missing = {name: lost for name, xml in made.items() if (lost := tokens(xml) - found)}
    assert missing == {}
    assert sum(len(tokens(xml)) for xml in made.values()) > 150


def parts() -> dict[str, tuple[str, str]]:
    notes = (
        '<w:{0} w:id="1">{1}</w:{0}><w:{0} w:id="2">{2}</w:{0}><w:{0} w:id="0" w:type="separator">{3}</w:{0}>'
    )
    return {
        "header1.xml": ("header", root("w:hdr", p(t()) + table(cell(t()) + cell(t())))),
        "footer1.xml": ("footer", root("w:ftr", p(t(), field("PAGE", t())))),
        "footnotes.xml": ("footnotes", root("w:footnotes", notes.format("footnote", p(t()), p(t()), p()))),
        "endnotes.xml": ("endnotes", root("w:endnotes", notes.format("endnote", p(t()) + p(t()), p(t()), p()))),
        "comments.xml": ("comments", root("w:comments", f'<w:comment w:id="3" w:author="{t()}">{p(t())}{p(t())}</w:comment>')),
        "chart1.xml": (
            "chart",
            root("c:chartSpace", f"<a:p><a:r><a:t>{t()}</a:t></a:r><a:r><a:t>{t()}</a:t></a:r></a:p><c:strCache><c:pt><c:v>{t()}</c:v></c:pt></c:strCache>"),
        ),
        "data1.xml": ("diagramData", root("dgm:dataModel", f"<a:p><a:r><a:t>{t()}</a:t></a:r></a:p>")),
        "glossary/document.xml": ("glossaryDocument", root("w:glossaryDocument", p(t()))),
    }  # fmt: skip


def test_every_run_of_every_other_part_is_in_the_text_or_listed() -> None:
    made = parts()
    body = (
        p(t(), '<w:r><w:footnoteReference w:id="1"/></w:r><w:r><w:endnoteReference w:id="1"/></w:r>')
        + p('<w:commentRangeStart w:id="3"/>', t(), '<w:commentRangeEnd w:id="3"/><w:r><w:commentReference w:id="3"/></w:r>')
        + p('<w:r><w:drawing><c:chart r:id="chart1.xml"/></w:drawing></w:r><w:r><w:drawing><dgm:relIds r:dm="data1.xml"/></w:drawing></w:r>')
        + '<w:sectPr><w:headerReference r:id="header1.xml"/><w:footerReference r:id="footer1.xml"/></w:sectPr>'
    )  # fmt: skip
    orphan = root("w:hdr", p(t()))
    read = taken(word(body, made, more={"word/header9.xml": orphan}))
    found = tokens(body_of(read)) | tokens(listed(read))
    assert {name: lost for name, (_, xml) in made.items() if (lost := tokens(xml) - found)} == {}
    assert tokens(orphan) <= found
    assert tokens(made["footnotes.xml"][1]) & tokens(body_of(read))
    assert tokens(made["header1.xml"][1]) <= tokens(listed(read, "header"))


def test_long_words_that_are_left_out_are_listed_whole() -> None:
    words = [t() for _ in range(3000)]
    read = taken(word(p(t()) + p(r("".join(words), "<w:vanish/>"))))
    assert listed(read, "hidden_text").replace("\n", "") == "".join(words)


def test_a_word_file_in_strict_with_other_prefixes_and_other_places_reads_alike() -> None:
    words = t()
    plain = word(p(words), main="Teile/Haupt.XML")
    assert words in body_of(taken(plain))
    with zipfile.ZipFile(BytesIO(word(p(words)))) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    for name, other in (("w", "wordprocessingml/main"), ("r", "officeDocument/relationships")):
        files = {
            part: xml.replace(NAMESPACES[name], f"http://purl.oclc.org/ooxml/{other}")
            for part, xml in files.items()
        }
    files["word/document.xml"] = (
        files["word/document.xml"].replace("w:", "q:").replace("xmlns:w=", "xmlns:q=")
    )
    shouted = {name.upper(): xml for name, xml in files.items()}
    assert words in body_of(taken(zipped(shouted)))


def test_numbers_stand_in_cells_and_text_boxes_too() -> None:
    numbering = {"numbering.xml": ("numbering", lists(level(0, "chineseCounting", "%1、")))}
    box = f"<w:r><w:pict><v:textbox>{BOX.format(numbered('箱'))}</v:textbox></w:pict></w:r>"
    read = taken(word(table(cell(numbered("甲")) + cell(numbered("乙"))) + p("文", box), numbering))
    assert {"一、甲", "二、乙", "三、箱"} <= set(body_of(read).split("\n"))
