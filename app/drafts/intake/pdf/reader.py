"""A PDF with all that it says: the words of its pages, notes, fields, links, bookmarks, files within it.

pypdfium2 reads the words of pages, pypdf what lies beside them. Nothing in it is executed.
Source: ISO 32000-1; XFA forms: Adobe XFA 3.3.
"""

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

from lxml import etree

from app.drafts.intake import ocr
from app.drafts.intake.pdf.lines import paragraphs
from app.drafts.intake.pictures import read_words
from app.drafts.intake.reading import Gathered, Reading, Trace, step, unreadable
from app.drafts.intake.sheets.properties import paths
from app.drafts.intake.sheets.words import pieces

MOST_PAGES = 1_000
#: Pages without words after this one are not recognised.
MOST_SCANS = 5
#: A page whose characters are to this share no characters at all has fonts that say nothing of them.
_GARBLED = 0.3
_NONE_AT_ALL = re.compile("[\ufffd\ufffe\uffff\ue000-\uf8ff\x00-\x08\x0e-\x1f]")
_KEPT = ("/Title", "/Subject", "/Keywords", "/Author", "/Creator", "/Company", "/Manager", "/SourceModified")
_TRACES = {"/Author": Trace.AUTHOR, "/Company": Trace.COMPANY, "/Manager": Trace.MANAGER}
#: Of a note: its words, its title (whose it is), its subject, words over and beside a stamp or a redaction.
_NOTED = ("/Contents", "/Subj", "/OverlayText", "/TU", "/CA", "/AC", "/RC")
_MOST_FIELDS = 20_000

Nested = Callable[[bytes], Reading]


def read_pdf(content: bytes, nested: Nested) -> Reading:
    """Return what a PDF says; `nested` reads a file that lies within it."""
    import pypdfium2 as pdfium

    gathered = Gathered()
    try:
        document = pdfium.PdfDocument(content)
    except pdfium.PdfiumError as error:
        protected = getattr(error, "err_code", None) == pdfium.raw.FPDF_ERR_PASSWORD
        return unreadable(
            "有打开密码，没有检查；请取消密码后再上传" if protected else "PDF 已损坏，打不开，没有检查"
        )
    try:
        if len(document) > MOST_PAGES:
            return unreadable(f"有 {len(document)} 页，多于 {MOST_PAGES} 页，没有检查；请拆成几个文件")
        for number in range(len(document)):
            try:
                _page(document, number, gathered)
            except pdfium.PdfiumError:
                gathered.miss(f"pages/{number + 1}", "", "这一页已损坏，没有检查")
    finally:
        document.close()
    _beside(content, gathered, nested)
    return gathered.reading()


def _page(document: Any, number: int, gathered: Gathered) -> None:  # noqa: ANN401 – ctypes below
    import pypdfium2 as pdfium

    ref = f"pages/{number + 1}"
    page = document[number]
    try:
        words = page.get_textpage()
        text = words.get_text_range()
        words.close()
        kinds = [thing.type for thing in page.get_objects(max_depth=4)]
        shown = _shown(page, number) if ocr.INSTALLED and kinds and not text.strip() else None
    finally:
        page.close()
    said = text.strip()
    pictures = kinds.count(pdfium.raw.FPDF_PAGEOBJ_IMAGE)
    if shown is not None:
        read_words(shown, ref, gathered)
        return
    if not said:
        if kinds:
            why = "这一页没有文字，是图片或者扫描件" if pictures else "这一页没有文字，只有图形"
            gathered.miss(ref, "", f"{why}，没有检查")
        return
    if len(_NONE_AT_ALL.findall(said)) > _GARBLED * len(said):
        gathered.miss(ref, "", "这一页的字体没有文字编码，读出来的是乱码，没有检查")
    for line, words_of_it in paragraphs(text):
        gathered.say(f"{ref}/lines/{line}", words_of_it)
    if pictures:
        gathered.miss(ref, f"{pictures} 幅图片", "没有识别图片里的文字")


def _shown(page: Any, number: int) -> Any:  # noqa: ANN401 – ctypes below
    """Return a page without words as a picture to be read; `None` beyond so many: a child has little time."""
    if number >= MOST_SCANS:
        return None
    wide, high = page.get_size()
    return page.render(scale=min(2.5, ocr.TILE / max(wide, high, 1))).to_pil()


def _beside(content: bytes, gathered: Gathered, nested: Nested) -> None:
    """Read what lies beside the words of pages; what of it is too broken to read is said."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    faults = (
        PyPdfError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        RecursionError,
        OSError,
    )
    try:
        reader = PdfReader(BytesIO(content), strict=False)
        if reader.is_encrypted:
            reader.decrypt("")
    except (*faults, NotImplementedError):
        gathered.miss("", "批注、表单、书签和属性", "读不出来，没有检查")
        return
    known: set[int] = set()
    steps: tuple[tuple[str, Callable[[], None]], ...] = (
        ("属性", lambda: _properties(reader, gathered)),
        ("表单", lambda: _form(reader, gathered, known)),
        ("批注和链接", lambda: _notes(reader, gathered, known, nested)),
        ("书签", lambda: _bookmarks(reader, gathered)),
        ("里面的文件", lambda: _files(reader, gathered, nested)),
        ("脚本", lambda: _scripts(reader, gathered)),
    )
    for what, read in steps:
        try:
            read()
        except (*faults, NotImplementedError, etree.XMLSyntaxError):
            gathered.miss("", what, "读不出来，没有检查")


def _properties(reader: Any, gathered: Gathered) -> None:  # noqa: ANN401 – pypdf's objects
    for key, value in (reader.metadata or {}).items():
        text = str(value)
        if (
            key in {"/CreationDate", "/ModDate", "/Producer", "/Trapped", "/PTEX.Fullbanner"}
            or not text.strip()
        ):
            continue
        kind = _TRACES.get(key)
        ref = f"properties/{kind.value if kind else step(key.lstrip('/'))}"
        gathered.say(ref, text)
        if kind:
            gathered.trace(kind, ref, text)
        paths(text, ref, gathered)
    described = reader.root_object.get("/Metadata")
    if described is not None and (root := _xml(described.get_object().get_data())) is not None:
        for number, text in enumerate(_wordy(root), 1):
            gathered.say(f"properties/xmp/{number}", text)
            paths(text, f"properties/xmp/{number}", gathered)


def _wordy(root: Any) -> Iterator[str]:  # noqa: ANN401
    """Yield what XMP says for people: no ids, times, names of programs."""
    for text in pieces(root):
        if not re.fullmatch(r"(?:xmp\.|uuid:|adobe:|[\d\-T:+Z.]+$|[\w/.+-]+$).*", text):
            yield text


def _xml(data: bytes) -> Any:  # noqa: ANN401
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True)
    return etree.fromstring(data, parser) if data.strip() else None


def _notes(reader: Any, gathered: Gathered, known: set[int], nested: Nested) -> None:  # noqa: ANN401
    """Read notes, links, and fields that no form lists; `known` are the objects of those that one does."""
    for number, page in enumerate(reader.pages, 1):
        listed = page.get("/Annots")
        for index, item in enumerate((listed.get_object() or ()) if listed is not None else (), 1):
            note = item.get_object()
            if not hasattr(note, "get"):
                continue
            if note.get("/Subtype") == "/Widget":
                if getattr(item, "idnum", None) not in known:
                    _field(note, _plain(note.get("/T")), gathered)
                continue
            ref = f"pages/{number}/notes/{index}"
            for key in _NOTED:
                gathered.say(ref, _plain(note.get(key)))
            if note.get("/Subtype") != "/Link":
                gathered.say(ref, _plain(note.get("/T")))
                gathered.trace(Trace.COMMENTER, ref, _plain(note.get("/T")))
            if note.get("/Subtype") == "/FileAttachment":
                _attached(note.get("/FS"), ref, gathered, nested)
            action = note.get("/A")
            _action(
                action.get_object() if action is not None else None, f"pages/{number}/links/{index}", gathered
            )


def _action(action: Any, ref: str, gathered: Gathered) -> None:  # noqa: ANN401
    if not hasattr(action, "get"):
        return
    gathered.say(ref, _plain(action.get("/URI")))
    target: Any = action.get("/F")
    target = target.get_object() if target is not None else None
    gathered.say(
        ref, _plain(target.get("/UF") or target.get("/F")) if hasattr(target, "get") else _plain(target)
    )
    if action.get("/S") == "/JavaScript":
        gathered.miss(ref, "脚本", "不执行也不检查脚本；对外发布的文件不应带脚本")


def _plain(value: Any) -> str:  # noqa: ANN401
    """Return a string of a PDF; rich ones without their marks; empty for everything else."""
    value = value.get_object() if hasattr(value, "get_object") else value
    if not isinstance(value, (str, bytes)):
        return ""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return re.sub(r"<[^>]{1,300}>", "", text) if text.lstrip().startswith("<?xml") else text


def _attached(file: Any, ref: str, gathered: Gathered, nested: Nested) -> None:  # noqa: ANN401
    """Read a file that a note holds."""
    file = file.get_object() if file is not None else {}
    name = _plain(file.get("/UF") or file.get("/F"))
    gathered.say(ref, name)
    streams = file.get("/EF")
    stream = streams.get_object().get("/F") if streams is not None else None
    if stream is None:
        gathered.miss(ref, f"文件“{name}”", "不在 PDF 里，没有检查")
    else:
        gathered.take(f"embedded/{step(name)}", nested(stream.get_object().get_data()))


def _form(reader: Any, gathered: Gathered, known: set[int]) -> None:  # noqa: ANN401
    form: Any = reader.root_object.get("/AcroForm")
    if form is None:
        return
    form = form.get_object()
    waiting: list[tuple[Any, str]] = [(field, "") for field in (form.get("/Fields") or ())]
    for _ in range(_MOST_FIELDS):
        if not waiting:
            break
        item, above = waiting.pop(0)
        number = getattr(item, "idnum", None)
        if number is not None and number in known:
            continue
        known |= {number} if number is not None else set()
        node = item.get_object()
        name = ".".join(filter(None, (above, _plain(node.get("/T")))))
        waiting += [(kid, name) for kid in (node.get("/Kids") or ())]
        _field(node, name, gathered)
    if waiting:
        gathered.miss("", "表单", f"多于 {_MOST_FIELDS} 项，其余的没有检查")
    _xfa(form.get("/XFA"), gathered)


def _field(node: Any, name: str, gathered: Gathered) -> None:  # noqa: ANN401
    """Read one field: its name, its hint, what was filled in, and what one may choose."""
    ref = f"fields/{step(name)}"
    for key in ("/T", "/TU", "/V", "/DV", "/RV"):
        gathered.say(ref, _plain(node.get(key)))
    for option in node.get("/Opt") or ():
        option = option.get_object()  # noqa: PLW2901
        for choice in option if isinstance(option, list) else (option,):
            gathered.say(ref, _plain(choice))
    look = node.get("/MK")
    if look is not None:
        gathered.say(ref, _plain(look.get_object().get("/CA")))


def _xfa(form: Any, gathered: Gathered) -> None:  # noqa: ANN401
    """Read a form that is XML: a stream, or pieces of one with their names."""
    if form is None:
        return
    form = form.get_object()
    streams = [piece.get_object() for piece in form] if isinstance(form, list) else [form]
    data = b"".join(stream.get_data() for stream in streams if hasattr(stream, "get_data"))
    root = _xml(data)
    for number, text in enumerate(pieces(root) if root is not None else (), 1):
        gathered.say(f"fields/XFA/{number}", text)


def _bookmarks(reader: Any, gathered: Gathered) -> None:  # noqa: ANN401
    def walk(entries: Any) -> Iterator[str]:  # noqa: ANN401
        for entry in entries:
            if isinstance(entry, list):
                yield from walk(entry)
            else:
                yield str(entry.title or "")

    for number, title in enumerate(walk(reader.outline), 1):
        gathered.say(f"bookmarks/{number}", title)


def _files(reader: Any, gathered: Gathered, nested: Nested) -> None:  # noqa: ANN401
    for name, contents in reader.attachments.items():
        gathered.say(f"embedded/{step(name)}/name", name)
        for content in contents if isinstance(contents, list) else [contents]:
            gathered.take(f"embedded/{step(name)}", nested(content))


def _scripts(reader: Any, gathered: Gathered) -> None:  # noqa: ANN401
    names: Any = reader.root_object.get("/Names")
    opening: Any = reader.root_object.get("/OpenAction")
    opening = opening.get_object() if opening is not None else None
    if (names is not None and "/JavaScript" in names.get_object()) or (
        hasattr(opening, "get") and opening.get("/S") == "/JavaScript"
    ):
        gathered.miss("", "脚本", "不执行也不检查脚本；对外发布的文件不应带脚本")
