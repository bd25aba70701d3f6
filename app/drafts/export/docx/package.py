"""A Word file as a package: its parts, what refers to what, and nothing that depends on when it was made."""

import zipfile
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from typing import Any

from lxml import etree

_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATED = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
#: What parts are called that came after the others.
_LATER = {"commentsExtended": "http://schemas.microsoft.com/office/2011/relationships/commentsExtended"}
#: Every entry has the same date, so that the same document is the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)
_ENDINGS = {
    "rels": "application/vnd.openxmlformats-package.relationships+xml",
    "xml": "application/xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "gif": "image/gif",
}


@dataclass(slots=True)
class Parts:
    """The parts of a document, with the ids by which its main part refers to them."""

    files: dict[str, bytes] = field(default_factory=dict)
    _types: dict[str, str] = field(default_factory=dict)
    _related: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, name: str, kind: str, content: bytes) -> str:
        """Add a part of `word/` that the document refers to, and return its id."""
        self.files[f"word/{name}"] = content
        self._types[f"/word/{name}"] = f"{_WORD}.{kind}+xml"
        return self.refer(kind, name)

    def picture(self, content: bytes, ending: str) -> str:
        """Add a picture once, and return its id."""
        name = f"media/{sha256(content).hexdigest()[:16]}.{ending}"
        self.files[f"word/{name}"] = content
        return self.refer("image", name)

    def refer(self, kind: str, target: str) -> str:
        """Return the id by which the document refers to a part, or to an address outside."""
        return self._related.setdefault((kind, target), f"rId{len(self._related) + 1}")

    def zipped(self, document: bytes) -> bytes:
        """Return the file around the main part."""
        related = [
            (name, kind, target, "://" in target or target.startswith(("mailto:", "tel:")))
            for (kind, target), name in self._related.items()
        ]
        files = {
            "[Content_Types].xml": self._content_types(),
            "_rels/.rels": _relationships([("rId1", "officeDocument", "word/document.xml", False)]),
            "word/document.xml": document,
            "word/_rels/document.xml.rels": _relationships(related),
            **self.files,
        }
        buffer = BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, content in files.items():
                entry = zipfile.ZipInfo(name, _DATE)
                entry.external_attr = 0o600 << 16
                is_packed = name.startswith("word/media/")
                entry.compress_type = zipfile.ZIP_STORED if is_packed else zipfile.ZIP_DEFLATED
                archive.writestr(entry, content)
        return buffer.getvalue()

    def _content_types(self) -> bytes:
        root = etree.Element(f"{{{_TYPES}}}Types", nsmap={None: _TYPES})
        defaults = {
            "rels": "application/vnd.openxmlformats-package.relationships+xml",
            "xml": "application/xml",
        }
        for ending, kind in (defaults | _ENDINGS).items():
            etree.SubElement(root, f"{{{_TYPES}}}Default", Extension=ending, ContentType=kind)
        types = {"/word/document.xml": f"{_WORD}.document.main+xml", **self._types}
        for name, kind in types.items():
            etree.SubElement(root, f"{{{_TYPES}}}Override", PartName=name, ContentType=kind)
        return _written(root)


def _relationships(related: list[tuple[str, str, str, bool]]) -> bytes:
    root = etree.Element(f"{{{_RELATED}}}Relationships", nsmap={None: _RELATED})
    for name, kind, target, is_outside in related:
        about = {"Id": name, "Type": _LATER.get(kind, f"{_OFFICE}/{kind}"), "Target": target}
        entry = etree.SubElement(root, f"{{{_RELATED}}}Relationship", about)
        if is_outside:
            entry.set("TargetMode", "External")
    return _written(root)


def _written(root: Any) -> bytes:  # noqa: ANN401 – lxml has no types
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return written
