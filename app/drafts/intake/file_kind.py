"""What a file is, told by its bytes: names and what senders say of a file count for nothing.

People hand in what their machine calls a Word file: old ones, protected ones, ones that an office's own
software encrypted, pages and archives under a wrong name. Each kind has one sentence that says what it is
and what helps. Imports nothing heavy, so that every way in can ask.
"""

import codecs
import re
import zipfile
import zlib
from enum import StrEnum
from io import BytesIO

#: So many bytes are looked at where a kind is told by its beginning.
_HEAD = 4096
#: The list of types in a package is small; more than this of it is not read.
_MOST_TYPES = 1_000_000


class FileKind(StrEnum):
    """What the bytes of a file are."""

    EMPTY = "empty"
    DOCX = "docx"
    XLSX = "xlsx"
    PPTX = "pptx"
    OPEN_DOCUMENT = "open_document"
    OFD = "ofd"
    EPUB = "epub"
    ZIP = "zip"
    BROKEN_ZIP = "broken_zip"
    DOC = "doc"
    XLS = "xls"
    PPT = "ppt"
    PASSWORD = "password"  # noqa: S105 – a file that one opens with a password
    OLE = "ole"
    BROKEN_OLE = "broken_ole"
    SEALED = "sealed"
    RTF = "rtf"
    PDF = "pdf"
    MHT = "mht"
    FLAT_OPC = "flat_opc"
    WORD_XML = "word_xml"
    HTML = "html"
    XML = "xml"
    IMAGE = "image"
    ARCHIVE = "archive"
    UTF16 = "utf16"
    TEXT = "text"
    GBK = "gbk"
    UNKNOWN = "unknown"


_AS_DOCX = "请用 Word 或 WPS 打开，另存为 .docx 后再交"
#: Kind → what it is and what helps, as one sentence for whoever handed it in as a Word file.
SENTENCES: dict[FileKind, str] = {
    FileKind.EMPTY: "文件是空的，请检查后重新选择",
    FileKind.DOCX: "这是 Word 文档（.docx）",
    FileKind.XLSX: "这是 Excel 或 WPS 表格，不是 Word 文档；表格请作为附件上传",
    FileKind.PPTX: "这是演示文稿，不是 Word 文档；请把文字存为 .docx 后再交",
    FileKind.OPEN_DOCUMENT: f"这是 OpenDocument 文档（.odt 等），不是 .docx；{_AS_DOCX}",
    FileKind.OFD: "这是 OFD 版式文件，不能当作可编辑的正文；请交排版前的 .docx",
    FileKind.EPUB: "这是电子书（EPUB），不是 Word 文档；请交原来的 .docx",
    FileKind.ZIP: "这是压缩包，不是 Word 文档；请解压后，把里面的文档单独交来",
    FileKind.BROKEN_ZIP: "文件不完整或已损坏，可能没有传完；请在本机用 Word 或 WPS 打开确认，另存后重新上传",
    FileKind.DOC: f"这是旧版 Word 或 WPS 文字文档（.doc、.wps）；{_AS_DOCX}",
    FileKind.XLS: "这是旧版 Excel 或 WPS 表格，不是 Word 文档；请另存为 .xlsx，作为附件上传",
    FileKind.PPT: "这是旧版演示文稿，不是 Word 文档；请把文字存为 .docx 后再交",
    FileKind.PASSWORD: "文件设有打开密码，读不了；请用 Word 或 WPS 打开，取消密码后另存，再重新上传",
    FileKind.OLE: f"这是旧版 Office 格式的文件，但里面没有 Word 文字；{_AS_DOCX}",
    FileKind.BROKEN_OLE: "旧版 Office 格式的文件，不完整或已损坏；请在本机打开确认，另存为 .docx 后重新上传",
    FileKind.SEALED: "文件可能被单位的加密软件加密了，读不了；请在装有该软件的电脑上解密后再上传",
    FileKind.RTF: f"这是 RTF 文档，不是 .docx；{_AS_DOCX}",
    FileKind.PDF: "这是 PDF 文件，不能当作可编辑的正文；请交排版前的 .docx，PDF 可作为附件上传",
    FileKind.MHT: f"这是“单个文件网页”（.mht），不是 .docx；{_AS_DOCX}",
    FileKind.FLAT_OPC: "这是存成单个 XML 的 Word 文档",
    FileKind.WORD_XML: f"这是 Word 2003 的 XML 文档，不是 .docx；{_AS_DOCX}",
    FileKind.HTML: "这是网页文件，不是 Word 文档；请按网页（.html）交，或用 Word 另存为 .docx",
    FileKind.XML: f"这是 XML 文件，不是 Word 文档；{_AS_DOCX}",
    FileKind.IMAGE: "这是图片，不是 Word 文档；请作为图片上传",
    FileKind.ARCHIVE: "这是压缩包，不是 Word 文档；请解压后，把里面的文档单独交来",
    FileKind.UTF16: "这是 UTF-16 编码的文字，不是 Word 文档；请另存为 UTF-8 编码的 .txt，或 .docx",
    FileKind.TEXT: "这是纯文本，不是 Word 文档；请按文本（.txt、.md）交，或用 Word 另存为 .docx",
    FileKind.GBK: "这是 GBK 编码的文字，不是 Word 文档；请另存为 UTF-8 编码的 .txt，或 .docx",
    FileKind.UNKNOWN: (
        "认不出这是什么文件：可能已损坏，也可能被单位的加密软件加密；"
        "请在本机用 Word 或 WPS 打开，确认没有加密，另存为 .docx 后再上传"
    ),
}

_BEGINNINGS = (
    (b"%TSD-Header-###%", FileKind.SEALED),
    (b"%PDF-", FileKind.PDF),
    (b"{\\rt", FileKind.RTF),
    (b"\x89PNG\r\n\x1a\n", FileKind.IMAGE),
    (b"\xff\xd8\xff", FileKind.IMAGE),
    (b"GIF87a", FileKind.IMAGE),
    (b"GIF89a", FileKind.IMAGE),
    (b"II*\x00", FileKind.IMAGE),
    (b"MM\x00*", FileKind.IMAGE),
    (b"Rar!\x1a\x07", FileKind.ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", FileKind.ARCHIVE),
    (b"\x1f\x8b", FileKind.ARCHIVE),
    (b"\xff\xfe", FileKind.UTF16),
    (b"\xfe\xff", FileKind.UTF16),
)
#: Streams of a compound file, as its folder names them, the telling ones first.
_STREAMS = (
    ("EncryptedPackage", FileKind.PASSWORD),
    ("WordDocument", FileKind.DOC),
    ("Workbook", FileKind.XLS),
    ("Book", FileKind.XLS),
    ("PowerPoint Document", FileKind.PPT),
)
_MAIN_PARTS = (
    (rb"wordprocessingml\.(?:document|template)\.main\+xml", FileKind.DOCX),
    (rb"ms-word\.(?:document|template)\.macroenabled(?:template)?\.main\+xml", FileKind.DOCX),
    (rb"spreadsheetml\.(?:sheet|template)\.main\+xml|ms-excel\.\S*?main\+xml", FileKind.XLSX),
    (rb"presentationml\.\S*?main\+xml|ms-powerpoint\.\S*?main\+xml", FileKind.PPTX),
)


def kind_of(data: bytes) -> FileKind:
    """Return what the bytes of a whole file are."""
    if not data:
        return FileKind.EMPTY
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return _zip(data)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _compound(data)
    for beginning, kind in _BEGINNINGS:
        if data.startswith(beginning):
            return kind
    if (data[:4] == b"RIFF" and data[8:12] == b"WEBP") or data[4:12] in {b"ftypheic", b"ftypavif"}:
        return FileKind.IMAGE
    if data.startswith(b"BM") and data[6:10] == b"\0\0\0\0" and len(data) > 54:
        return FileKind.IMAGE
    return _text(data)


def sentence(kind: FileKind) -> str:
    """Return what a file of this kind is and what helps, in Chinese, without a full stop."""
    return SENTENCES[kind]


def _zip(data: bytes) -> FileKind:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = {name.lower().lstrip("/"): name for name in archive.namelist()}
            types = _beginning_of(archive, names.get("[content_types].xml")).lower()
            mimetype = _beginning_of(archive, names.get("mimetype"))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, RuntimeError, EOFError, zlib.error):
        return FileKind.BROKEN_ZIP
    if mimetype.startswith(b"application/vnd.oasis.opendocument"):
        return FileKind.OPEN_DOCUMENT
    if mimetype.startswith(b"application/epub"):
        return FileKind.EPUB
    if "ofd.xml" in names:
        return FileKind.OFD
    # A type may be written as UTF-16, as XML may.
    plain = types.replace(b"\0", b"")
    return next((kind for pattern, kind in _MAIN_PARTS if re.search(pattern, plain)), FileKind.ZIP)


def _beginning_of(archive: zipfile.ZipFile, name: str | None) -> bytes:
    if name is None:
        return b""
    with archive.open(name) as part:
        return part.read(_MOST_TYPES)


def _compound(data: bytes) -> FileKind:
    """Return the kind of an OLE2 compound file by the names of its streams."""
    import olefile

    try:
        with olefile.OleFileIO(BytesIO(data)) as compound:
            names = {"/".join(path) for path in compound.listdir()}
    except (OSError, ValueError, IndexError, TypeError, RecursionError):
        return FileKind.BROKEN_OLE
    top = {name.lower() for name in names}
    return next((kind for stream, kind in _STREAMS if stream.lower() in top), FileKind.OLE)


def _text(data: bytes) -> FileKind:
    """Return the kind of a file that is text of some sort, or of one that nobody knows."""
    head = data[:_HEAD]
    if (head.count(b"\0") * 4 > len(head)) and not _is_binary(head.replace(b"\0", b"")):
        return FileKind.UTF16
    if _is_binary(head):
        return FileKind.UNKNOWN
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if re.match(rb"(?:mime-version:|from: *<saved by|content-type: *multipart/related)", start):
        return FileKind.MHT
    if start.startswith(b"<"):
        return _marked_up(start)
    try:
        # The last character of a beginning may be cut in two.
        codecs.getincrementaldecoder("utf-8")().decode(head, final=len(data) <= _HEAD)
    except UnicodeDecodeError:
        return FileKind.GBK if _is_gbk(data) else FileKind.UNKNOWN
    return FileKind.TEXT


def _marked_up(start: bytes) -> FileKind:
    if b"<pkg:package" in start or b"schemas.microsoft.com/office/2006/xmlpackage" in start:
        return FileKind.FLAT_OPC
    if b"schemas.microsoft.com/office/word/2003/wordml" in start or b"<w:worddocument" in start:
        return FileKind.WORD_XML
    if re.search(rb"<(?:!doctype html|html|head|body|div|p|table|meta)\b", start):
        return FileKind.HTML
    return FileKind.XML if start.startswith(b"<?xml") else FileKind.TEXT


def _is_binary(head: bytes) -> bool:
    return sum(char < 9 or (13 < char < 32 and char != 27) for char in head) * 100 > len(head)


def _is_gbk(data: bytes) -> bool:
    """Tell whether bytes that are no UTF-8 read as Chinese in GBK."""
    read = data[:_HEAD].decode("gb18030", "replace").rstrip("\ufffd")
    han = sum("一" <= char <= "鿿" for char in read)
    return "\ufffd" not in read and han * 3 > len(read)
