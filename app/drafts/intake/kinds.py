"""What a file is by its bytes, whatever its name says; and in a sentence why one is not taken."""

import re
import zipfile
from enum import StrEnum
from io import BytesIO

from app.drafts.intake import file_kind
from app.drafts.intake.sheets.delimited import encoding_of


class Kind(StrEnum):
    """Kinds of files that are taken."""

    PNG = "image/png"
    JPEG = "image/jpeg"
    WEBP = "image/webp"
    GIF = "image/gif"
    PDF = "application/pdf"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    XLS = "application/vnd.ms-excel"
    ODS = "application/vnd.oasis.opendocument.spreadsheet"
    TEXT = "text/plain"


PICTURES = frozenset({Kind.PNG, Kind.JPEG, Kind.WEBP, Kind.GIF})
MOST_ENTRIES = 5_000
_STARTS = (
    (b"\x89PNG\r\n\x1a\n", Kind.PNG),
    (b"\xff\xd8\xff", Kind.JPEG),
    (b"GIF87a", Kind.GIF),
    (b"GIF89a", Kind.GIF),
)
_OFFICE = {"document.xml": Kind.DOCX, "workbook.xml": Kind.XLSX}
#: A PDF may begin with other bytes. Source: ISO 32000-1, annex H.3, note 13.
_PDF_WITHIN = 1024
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: Names of streams of OLE files are UTF-16.
_STREAMS = (
    ("EncryptedPackage", "文件设了打开密码，请取消密码后再上传"),
    ("WordDocument", "是旧版 Word 文档（.doc），请另存为 .docx 后再上传"),
    ("PowerPoint Document", "是旧版演示文稿（.ppt），请另存为 PDF 后再上传"),
    ("_VBA_PROJECT", "文件带有宏，请另存为不带宏的 .xlsx 后再上传"),
)
_OLD_BOOKS = tuple(name.encode("utf-16-le") for name in ("Workbook", "Book"))
#: Software that encrypts what a unit's computers write puts a line of its own first.
_ENCRYPTED = re.compile(rb"%[\w-]{2,20}-Header-###%|E-SafeNet|.{0,16}LOCK.{0,8}\x00{4}", re.DOTALL)
_OTHERS = (
    (b"{\\rtf", "是 RTF 文档，请另存为 .docx 后再上传"),
    (b"Rar!", "是 RAR 压缩包，请解压后上传里面的文件"),
    (b"7z\xbc\xaf", "是 7z 压缩包，请解压后上传里面的文件"),
    (b"\x1f\x8b", "是压缩包，请解压后上传里面的文件"),
    (b"BM", "是 BMP 图片，请另存为 PNG 或 JPEG 后再上传"),
    (b"II*\0", "是 TIFF 图片，请另存为 PNG 或 JPEG 后再上传"),
    (b"MM\0*", "是 TIFF 图片，请另存为 PNG 或 JPEG 后再上传"),
    (b"MZ", "是程序，不能上传"),
    (b"\x7fELF", "是程序，不能上传"),
)
_XML_OFFICE = re.compile(r"progid=\"(?:Word|Excel)\.|schemas\.microsoft\.com/office/2006/xmlPackage")
_ENDINGS = {
    **dict.fromkeys(("jpg", "jpeg", "jfif"), Kind.JPEG),
    **{kind: Kind(f"image/{kind}") for kind in ("png", "webp", "gif")},
    **dict.fromkeys(("docx", "docm", "dotx"), Kind.DOCX),
    **dict.fromkeys(("xlsx", "xlsm", "xltx"), Kind.XLSX),
    **dict.fromkeys(("xls", "et"), Kind.XLS),
    "ods": Kind.ODS,
    "pdf": Kind.PDF,
    **dict.fromkeys(("txt", "csv", "tsv"), Kind.TEXT),
}
#: Ends of names of files that are checked as attachments are, where a file stands by itself.
HELD_ENDINGS = frozenset({
    ".xlsx", ".xlsm", ".xltx", ".xls", ".et", ".ods", ".csv", ".tsv", ".pdf", ".png", ".jpg", ".jpeg",
    ".webp", ".gif",
})  # fmt: skip
#: Those that are read, in words.
HELD_NAMES = "xlsx、xls、ods、csv、pdf、png、jpg"
NAMES = {
    Kind.PNG: "PNG 图片",
    Kind.JPEG: "JPEG 图片",
    Kind.WEBP: "WebP 图片",
    Kind.GIF: "GIF 图片",
    Kind.PDF: "PDF",
    Kind.DOCX: "Word 文档（.docx）",
    Kind.XLSX: "Excel 表格（.xlsx）",
    Kind.XLS: "旧版 Excel 或 WPS 表格（.xls、.et）",
    Kind.ODS: "OpenDocument 表格（.ods）",
    Kind.TEXT: "纯文本",
}


def kind_of(content: bytes) -> Kind | None:
    """Return what the bytes themselves show; None for every kind that is not taken."""
    for start, kind in _STARTS:
        if content.startswith(start):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return Kind.WEBP
    if b"%PDF-" in content[:_PDF_WITHIN] and not content.startswith(b"PK\x03\x04"):
        return Kind.PDF
    if content.startswith(b"PK\x03\x04"):
        return _office(content)
    if content.startswith(_OLE):
        return Kind.XLS if _ole_trouble(content) is None else None
    return Kind.TEXT if _trouble(content) is None and encoding_of(content) else None


def trouble_of(content: bytes) -> str:
    """Return in a sentence of Chinese what a file is that is not taken, and what to do."""
    if content.startswith(b"PK\x03\x04"):
        return _package(content)
    return _trouble(content) or "认不出是什么文件，可能已损坏，或者被单位的加密软件加密，请解密后再上传"


def false_ending(filename: str, kind: Kind) -> bool:
    """Tell whether a name ends like another kind of file than it is."""
    ending = filename.rpartition(".")[2].lower()
    return "." in filename and ending in _ENDINGS and kind is not _ENDINGS[ending]


def _trouble(content: bytes) -> str | None:
    if content.startswith(_OLE):
        return _ole_trouble(content)
    if _ENCRYPTED.match(content):
        return "可能被单位的加密软件加密，请解密后再上传"
    for start, why in _OTHERS:
        if content.startswith(start):
            return why
    encoding = encoding_of(content)
    start_of_text = content[:4096].decode(encoding, "ignore") if encoding else ""
    if encoding and _XML_OFFICE.search(start_of_text):
        return "是 XML 格式的 Office 文档，请另存为 .docx 或 .xlsx 后再上传"
    if start_of_text.lstrip("\ufeff").startswith("MIME-Version:"):
        return "是网页归档（MHT），请另存为 .docx 或 PDF 后再上传"
    return None


def _ole_trouble(content: bytes) -> str | None:
    """Return why an OLE file is not taken; `None` for a workbook without macros."""
    if held := next((why for name, why in _STREAMS if name.encode("utf-16-le") in content), None):
        return held
    if any(name in content for name in _OLD_BOOKS):
        if file_kind.kind_of(content) is file_kind.FileKind.XLS:
            return None
        return "是旧版 Excel 表格（.xls），已损坏，打不开；请在本机打开确认，另存为 .xlsx 后再上传"
    return "是旧版 Office 文件，请用新格式（.docx、.xlsx）另存后再上传"


def _is_ods(content: bytes) -> bool:
    """Tell by its first entry, which is not packed, whether it is an OpenDocument spreadsheet."""
    return content[30:38] == b"mimetype" and content[38:].startswith(Kind.ODS.encode())


def _names(content: bytes) -> set[str] | None:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return {name.replace("\\", "/").lstrip("/").lower() for name in archive.namelist()}
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return None


def _office(content: bytes) -> Kind | None:
    names = _names(content)
    if names and _is_ods(content) and len(names) <= MOST_ENTRIES and "content.xml" in names:
        return None if _has_macros(names) else Kind.ODS
    # A macro in a file that calls itself macro-free is a trap.
    if not names or len(names) > MOST_ENTRIES or "[content_types].xml" not in names or _has_macros(names):
        return None
    ends = {name.rsplit("/", 1)[-1] for name in names}
    return next((kind for end, kind in _OFFICE.items() if end in ends), None)


def _has_macros(names: set[str]) -> bool:
    return any("vbaproject" in name or name.startswith(("basic/", "scripts/")) for name in names)


def _package(content: bytes) -> str:
    names = _names(content)
    if names is None:
        return "文件已损坏，打不开，请重新保存后再上传"
    if len(names) > MOST_ENTRIES:
        return f"文件里有 {len(names)} 个部件，多于 {MOST_ENTRIES} 个"
    if _has_macros(names):
        return "文件带有宏，请另存为不带宏的 .docx 或 .xlsx 后再上传"
    if any(name.startswith("ppt/") for name in names):
        return "是演示文稿，请另存为 PDF 后再上传"
    if "mimetype" in names and "content.xml" in names:
        return "是 OpenDocument 文件，请另存为 .docx 或 .xlsx 后再上传"
    if any(name.endswith("workbook.bin") for name in names):
        return "是二进制工作簿（.xlsb），请另存为 .xlsx 后再上传"
    if any(name.endswith("fixeddocseq.fdseq") for name in names) or "ofd.xml" in names:
        return "是版式文件（XPS、OFD），请另存为 PDF 后再上传"
    return "是压缩包，请解压后上传里面的文件"
