"""Of `sanshen bench documents`: workbooks and PDFs, how long they take and whether all of them is read.

What is in a file is looked for by another way than the product reads it: every text of a workbook's parts
with Python's own XML parser, every string that a PDF draws with pypdf. Of scripts from the right only the
letters are compared, since the two turn their ligatures differently; what is drawn twice in one place counts
once.
"""

import io
import re
import time
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from app.bench.figures import Bar, Broken, Figure, Options, middle
from app.drafts.intake.file_reader import read_held
from app.drafts.intake.reading import Reading

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_COLUMNS = 8
_FROM_RIGHT = re.compile("[\u0590-\u08ff]")
#: What a word of a note or of a field is.
_WORD = re.compile(r"[^\W_]{2,}")


Tokens = Callable[[bytes], list[str]]


def run(options: Options) -> Iterator[Figure]:
    """Measure reading a workbook, and what of a corpus was read."""
    options.say("读一万行的表格")
    yield _rows(200 if options.quick else 10_000, times=1 if options.quick else 5)
    folder = options.corpus if options.corpus is not None and options.corpus.is_dir() else None
    for ending, title, tokens in (("xlsx", "表格", texts_of), ("pdf", "PDF", words_of)):
        options.say(f"{title}：逐字核对")
        yield _complete(ending, title, tokens, folder)


def _rows(count: int, *, times: int) -> Figure:
    content = workbook(count)
    spent = []
    for _ in range(times):
        began = time.process_time()
        reading = read_held(content)
        spent.append(time.process_time() - began)
        if sum(1 for _ in reading.said()) != count * _COLUMNS + 1:
            raise Broken("表格没有读全")
    title = f"读一个表格（.xlsx，{count} 行 {_COLUMNS} 列），处理器时间"
    return Figure("xlsx_rows", title, middle(spent), "秒", Bar(2), samples=spent)


def workbook(count: int) -> bytes:
    """Return a workbook of so many rows: texts that are shared, and numbers of 18 digits."""
    rows, shared = [], []
    for row in range(1, count + 1):
        cells = [f'<c r="{"ABCDEFG"[at]}{row}" t="s"><v>{(row - 1) * 7 + at}</v></c>' for at in range(7)]
        rows.append(f'<row r="{row}">{"".join(cells)}<c r="H{row}"><v>{10**17 + row}</v></c></row>')
        shared += [f"<si><t>第{row}行第{at}格</t></si>" for at in range(7)]
    made = io.BytesIO()
    kinds = "http://schemas.openxmlformats.org/package/2006"
    links = f'<Relationships xmlns="{kinds}/relationships">{{}}</Relationships>'
    link = f'<Relationship Id="r{{}}" Type="{_OFFICE}/{{}}" Target="{{}}"/>'
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{kinds}/content-types"/>')
        archive.writestr("_rels/.rels", links.format(link.format(1, "officeDocument", "xl/workbook.xml")))
        listed = link.format(1, "worksheet", "sheet1.xml") + link.format(2, "sharedStrings", "strings.xml")
        archive.writestr("xl/_rels/workbook.xml.rels", links.format(listed))
        sheets = '<sheets><sheet name="名单" sheetId="1" r:id="r1"/></sheets>'
        archive.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">{sheets}</workbook>'
        )
        data = f"<sheetData>{''.join(rows)}</sheetData>"
        archive.writestr("xl/sheet1.xml", f'<worksheet xmlns="{_MAIN}">{data}</worksheet>')
        archive.writestr("xl/strings.xml", f'<sst xmlns="{_MAIN}">{"".join(shared)}</sst>')
    return made.getvalue()


def _complete(ending: str, title: str, tokens: Tokens, folder: Path | None) -> Figure:
    key, name = f"{ending}_complete", f"{title}里的文字，读到或列为未检查的"
    files = sorted(folder.rglob(f"*.{ending}")) if folder else []
    if not files:
        return Figure(key, name, None, "%", Bar(100, at_least=True), note="没有用 --corpus 给出文件夹")
    total, missing = 0, dict[str, list[str]]()
    for file in files:
        content = file.read_bytes()
        held = _held(read_held(content))
        letters = Counter(held)
        for token in tokens(content):
            total += 1
            bare = _bare(token)
            if bare not in held and not (_FROM_RIGHT.search(bare) and Counter(bare) <= letters):
                missing.setdefault(file.name, []).append(token)
    lost = sum(map(len, missing.values()))
    share = 100 * (total - lost) / total if total else 100.0
    note = f"{len(files)} 个文件，{total} 处文字" + (f"，缺：{missing}"[:2000] if missing else "")
    return Figure(key, name, share, "%", Bar(100, at_least=True), note=note, raw={"missing": missing})


def _held(reading: Reading) -> str:
    words = [*(text for _, text in reading.said()), *(" ".join(name) for name in reading.unread)]
    return "\n".join(map(_bare, words))


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def texts_of(content: bytes) -> list[str]:
    """Return every text of a workbook: of cells, comments, shapes, heads; nothing for a broken one."""
    texts: list[str] = []
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                if name.startswith("xl/") and name.endswith(".xml") and "/theme/" not in name:
                    texts += _texts(archive.read(name))
    except zipfile.BadZipFile:
        return []
    return texts


#: What in a head says where it stands and how it looks.
_CODES = re.compile(r"&(?:\"[^\"]*\"|K\w{6}|\d+|[A-Za-z])")
_HEADS = frozenset({"oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter"})


def _texts(part: bytes) -> Iterator[str]:
    # A part that declares entities is not read by the product either, and says so.
    if b"<!DOCTYPE" in part:
        return
    for node in ET.fromstring(part).iter():  # noqa: S314 – of a corpus that one chose, without entities
        name = node.tag.rsplit("}", 1)[-1]
        if name in {"t", "text"} and node.text and node.text.strip():
            yield node.text
        elif name in _HEADS and node.text:
            yield from (piece for piece in _CODES.split(node.text) if piece.strip())
        elif name == "c" and node.get("t") in {"str", "e"}:
            yield from (
                child.text for child in node if child.tag.endswith("}v") and child.text and child.text.strip()
            )


def words_of(content: bytes) -> list[str]:
    """Return every string that a PDF's pages draw, and the words of its notes and fields, by pypdf."""
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(content), strict=False)
    words_there: list[str] = []

    def drawn(text: str, *_: object) -> None:
        words_there.extend(line for line in re.split(r"[\s\x00]+", text) if any(map(str.isalnum, line)))

    for page in reader.pages:
        page.extract_text(visitor_text=drawn)
    for page in reader.pages:
        for note in page.annotations or ():
            words = note.get_object().get("/Contents")
            words_there += _WORD.findall(str(words or ""))
    for name, field in (reader.get_fields() or {}).items():
        words_there += [name.rsplit(".", 1)[-1], *_WORD.findall(str(field.get("/TU", "")))]
    return words_there
