"""What becomes of each kind of content of a Word file, as a table: `python -m app.bench.word_kinds [PYTHON]`.

Each kind is a file of its own that says certain words there; they are in the text, listed, or gone. `PYTHON`
is an interpreter outside the project in which other converters are installed.
"""

# ruff: noqa: E501 – markup is read best in the lines in which it is written.

import json
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from io import BytesIO
from typing import NamedTuple

from app.bench.word_files import packed, part
from app.domain.document.model import readings_of, texts_of
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
    # Under the name that Word gives it: some readers know no other.
    part_name = f"{kind}.xml"
    return Kind(name, packed(f"{_ANY}{reference.replace('x.xml', part_name)}", {part_name: (kind, content)}))


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
        _inline("修订：插入", f'<w:ins w:id="9" w:author="a" w:date="2026-01-01T00:00:00Z">{_RUN}</w:ins>'),
        _inline(
            "修订：删除",
            f'<w:del w:id="9" w:author="a" w:date="2026-01-01T00:00:00Z"><w:r><w:delText>{WORDS}</w:delText></w:r></w:del>',
        ),
        _inline(
            "修订：移走",
            f'<w:moveFrom w:id="9" w:author="a" w:date="2026-01-01T00:00:00Z">{_RUN}</w:moveFrom>',
        ),
        _beside(
            "批注",
            "comments",
            part(
                "w:comments",
                f'<w:comment w:id="1" w:author="a" w:date="2026-01-01T00:00:00Z">{_P}</w:comment>',
            ),
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
    body = "".join(text for block in builder.blocks for _, text in (*texts_of(block), *readings_of(block)))
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


#: Asked of an interpreter with other converters: which there are, and which of them keep the words of each file.
_PEERS = """
import io, json, sys, tempfile
from base64 import b64decode

asked = json.load(sys.stdin)
words = asked["words"]


def pandoc():
    import pypandoc
    def read(data):
        with tempfile.NamedTemporaryFile(suffix=".docx") as file:
            file.write(data)
            file.flush()
            return pypandoc.convert_file(file.name, "plain", format="docx", extra_args=["--wrap=none"])
    read(b64decode(asked["plain"]))
    return pypandoc.get_pandoc_version(), read


def markitdown():
    from importlib.metadata import version
    from markitdown import MarkItDown
    tool = MarkItDown()
    return version("markitdown"), lambda data: tool.convert_stream(io.BytesIO(data), file_extension=".docx").text_content


def docx2python():
    from importlib.metadata import version
    from docx2python import docx2python as read
    def text(data):
        with read(io.BytesIO(data)) as document:
            return document.text
    return version("docx2python"), text


def docling():
    from importlib.metadata import version
    from docling.datamodel.base_models import DocumentStream
    from docling.document_converter import DocumentConverter
    tool = DocumentConverter()
    def read(data):
        stream = DocumentStream(name="x.docx", stream=io.BytesIO(data))
        return tool.convert(stream).document.export_to_markdown()
    return version("docling"), read


def kept(read, data):
    try:
        return "正文" if words in read(data) else "**丢失**"
    except Exception as error:
        return f"报错（{type(error).__name__}）"


found = {}
for name, make in (("pandoc", pandoc), ("markitdown", markitdown), ("docx2python", docx2python), ("docling", docling)):
    try:
        version, read = make()
    except Exception:
        continue
    found[f"{name} {version}"] = [kept(read, b64decode(one)) for one in asked["files"]]
json.dump(found, sys.stdout)
"""


def others(python: str) -> dict[str, list[str]]:
    """Return what becomes of each kind with each converter that an interpreter has, by name and version.

    Raises `subprocess.CalledProcessError` where the interpreter does not run.
    """
    asked = {
        "words": WORDS,
        "plain": b64encode(packed(_ANY)).decode(),
        "files": [b64encode(kind.file).decode() for kind in kinds()],
    }
    ran = subprocess.run(  # noqa: S603 – what whoever measures names
        [python, "-c", _PEERS], input=json.dumps(asked), capture_output=True, text=True, check=True
    )
    found: dict[str, list[str]] = json.loads(ran.stdout.splitlines()[-1])
    return found


def rows(readers: tuple[Callable[[bytes], str], ...] = (ours, mammoths)) -> list[tuple[str, ...]]:
    """Return for each kind its name and what each reader does with it."""
    return [(kind.name, *(reader(kind.file) for reader in readers)) for kind in kinds()]


def page(python: str | None = None) -> str:
    """Return the table as Markdown; with an interpreter, beside its converters."""
    peers = others(python) if python is not None else {}
    heads = ["内容", "三审", "mammoth", *peers]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row, *more in zip(rows(), *peers.values(), strict=True):
        lines.append(f"| {' | '.join((*row, *more))} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page(sys.argv[1] if len(sys.argv) > 1 else None))
