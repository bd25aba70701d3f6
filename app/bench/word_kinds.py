"""What becomes of each kind of content of a Word file, as a table: `python -m app.bench.word_kinds`.

Each kind is a file of its own that says certain words there; they are in the text, listed, or gone.
"""

# ruff: noqa: E501 – markup is read best in the lines in which it is written.

import sys
from collections.abc import Callable
from io import BytesIO
from typing import NamedTuple

from app.bench.word_files import packed, part
from app.domain.document.model import texts_of
from app.drafts.intake.builder import Builder
from app.drafts.intake.docx.service import read_docx

#: What is looked for.
WORDS = "甲乙丙丁"
_RUN = f"<w:r><w:t>{WORDS}</w:t></w:r>"
_P = f"<w:p>{_RUN}</w:p>"
_ANY = "<w:p><w:r><w:t>其他</w:t></w:r></w:p>"
_BOX = f"<w:txbxContent>{_P}</w:txbxContent>"


class Kind(NamedTuple):
    """A kind of content: what people call it, and a file that holds it."""

    name: str
    file: bytes


def _inline(name: str, content: str) -> Kind:
    return Kind(name, packed(f"{_ANY}<w:p>{content}</w:p>"))


def _beside(name: str, kind: str, content: str, reference: str) -> Kind:
    return Kind(name, packed(f"{_ANY}{reference}", {"x.xml": (kind, content)}))


def _noted(name: str, kind: str) -> Kind:
    note = part(f"w:{kind}s", f'<w:{kind} w:id="2">{_P}</w:{kind}>')
    return _beside(name, f"{kind}s", note, f'<w:p><w:r><w:{kind}Reference w:id="2"/></w:r></w:p>')


def _edge(name: str, kind: str, root: str) -> Kind:
    reference = f'<w:sectPr><w:{kind}Reference w:type="default" r:id="x.xml"/></w:sectPr>'
    return _beside(name, kind, part(root, _P), reference)


def _label() -> Kind:
    level = (
        '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="{}%1"/></w:lvl>'
    )
    lists = part(
        "w:numbering",
        f'<w:abstractNum w:abstractNumId="0">{level.format(WORDS)}</w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>',
    )
    numbered = '<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>条</w:t></w:r></w:p>'
    return _beside("自动编号", "numbering", lists, numbered)


def kinds() -> tuple[Kind, ...]:
    """Return every kind that is tried."""
    drawing = "<w:r><w:drawing>{}</w:drawing></w:r>"
    sign = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
    return (
        _label(),
        Kind("表格", packed(f"{_ANY}<w:tbl><w:tr><w:tc>{_P}</w:tc><w:tc>{_ANY}</w:tc></w:tr></w:tbl>")),
        _inline("修订：插入", f'<w:ins w:author="a">{_RUN}</w:ins>'),
        _inline("修订：删除", f'<w:del w:author="a"><w:r><w:delText>{WORDS}</w:delText></w:r></w:del>'),
        _inline("修订：移走", f'<w:moveFrom w:author="a">{_RUN}</w:moveFrom>'),
        _beside(
            "批注",
            "comments",
            part("w:comments", f'<w:comment w:id="1" w:author="a">{_P}</w:comment>'),
            '<w:p><w:r><w:commentReference w:id="1"/></w:r></w:p>',
        ),
        _noted("脚注", "footnote"),
        _noted("尾注", "endnote"),
        _edge("页眉", "header", "w:hdr"),
        _edge("页脚", "footer", "w:ftr"),
        _inline("文本框（新）", drawing.format(f"<wp:anchor><wps:txbx>{_BOX}</wps:txbx></wp:anchor>")),
        _inline(
            "文本框（VML）", f"<w:r><w:pict><v:shape><v:textbox>{_BOX}</v:textbox></v:shape></w:pict></w:r>"
        ),
        _inline("艺术字", f'<w:r><w:pict><v:shape><v:textpath string="{WORDS}"/></v:shape></w:pict></w:r>'),
        _inline("隐藏文字", f"<w:r><w:rPr><w:vanish/></w:rPr><w:t>{WORDS}</w:t></w:r>"),
        _inline("公式", f"<m:oMath><m:r><m:t>{WORDS}</m:t></m:r></m:oMath>"),
        _inline(
            "注音",
            f"<w:r><w:ruby><w:rt>{_RUN}</w:rt><w:rubyBase><w:r><w:t>字</w:t></w:r></w:rubyBase></w:ruby></w:r>",
        ),
        _inline(
            "域的结果",
            f"{sign.format('begin')}<w:r><w:instrText>REF a</w:instrText></w:r>{sign.format('separate')}{_RUN}"
            f"{sign.format('end')}",
        ),
        _inline("内容控件", f"<w:sdt><w:sdtContent>{_RUN}</w:sdtContent></w:sdt>"),
        _inline(
            "下拉选项",
            f'<w:sdt><w:sdtPr><w:dropDownList><w:listItem w:displayText="{WORDS}"/></w:dropDownList></w:sdtPr>'
            "<w:sdtContent><w:r><w:t>选</w:t></w:r></w:sdtContent></w:sdt>",
        ),
        _inline("智能标记", f"<w:smartTag>{_RUN}</w:smartTag>"),
        _inline("替代文字", drawing.format(f'<wp:inline><wp:docPr descr="{WORDS}"/></wp:inline>')),
        _beside(
            "图表",
            "chart",
            part("c:chartSpace", f"<c:strCache><c:pt><c:v>{WORDS}</c:v></c:pt></c:strCache>"),
            "<w:p>" + drawing.format('<c:chart r:id="x.xml"/>') + "</w:p>",
        ),
        _beside(
            "SmartArt",
            "diagramData",
            part("dgm:dataModel", f"<a:p><a:r><a:t>{WORDS}</a:t></a:r></a:p>"),
            "<w:p>" + drawing.format('<dgm:relIds r:dm="x.xml"/>') + "</w:p>",
        ),
        Kind(
            "并入的网页",
            packed(
                f'{_ANY}<w:altChunk r:id="x.html"/>', {"x.html": ("aFChunk", f"<html><p>{WORDS}</p></html>")}
            ),
        ),
    )


def ours(file: bytes) -> str:
    """Return what becomes of the words here: in the text, listed, or gone."""
    builder = Builder()
    read_docx(file, builder)
    body = "".join(text for block in builder.blocks for _, text in texts_of(block))
    listed = any(WORDS in entry.what for entry in builder.left_out)
    return "正文" if WORDS in body else "列出" if listed else "**丢失**"


def mammoths(file: bytes) -> str:
    """Return what becomes of it with mammoth, which is installed with the test extra."""
    import mammoth

    try:
        html = mammoth.convert_to_html(BytesIO(file)).value
    except Exception as error:  # noqa: BLE001 – whatever it does not stand
        return f"报错（{type(error).__name__}）"
    return "正文" if WORDS in html else "**丢失**"


def rows(readers: tuple[Callable[[bytes], str], ...] = (ours, mammoths)) -> list[tuple[str, ...]]:
    """Return for each kind its name and what each reader does with it."""
    return [(kind.name, *(reader(kind.file) for reader in readers)) for kind in kinds()]


def page() -> str:
    """Return the table as Markdown."""
    lines = ["| 内容 | 三审 | mammoth |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows())]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
