"""A Word package: its parts by relationship, within limits, and nothing beyond it.

Names are compared without case, parts are parsed without DTD, entities or network, and what leads out of the
package is only told.
"""

import base64
import binascii
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Protocol
from urllib.parse import unquote

from lxml import etree

from app.drafts.intake.builder import TooMuch
from app.drafts.intake.docx.names import STRICT, Node

#: Parts in a package; bytes of one inflated part and of all that are read; how far a large part may inflate.
MOST_PARTS = 5_000
MOST_OF_ONE = 60_000_000
MOST_INFLATED = 150_000_000
MOST_RATIO = 400
_LARGE = 2_000_000

_NO_TEXT = "文件里没有 Word 正文，可能已损坏；请在本机用 Word 或 WPS 打开，另存后重新上传"
_PKG = "{http://schemas.microsoft.com/office/2006/xmlPackage}"
_BAD_ZIP = (
    zipfile.BadZipFile, ValueError, NotImplementedError, OSError, RuntimeError, EOFError, zlib.error,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Relationship:
    """What a part refers to: the last word of its kind, a part's name or an address, whether it leads out."""

    kind: str
    target: str
    is_external: bool


@dataclass(slots=True)
class Package:
    """The parts of a package; `trees` are those that were parsed, by their names in small letters."""

    parts: "_Parts"
    trees: dict[str, Node] = field(default_factory=dict)
    #: Parts that could not be parsed, by name.
    broken: dict[str, str] = field(default_factory=dict)
    _related: dict[str, dict[str, Relationship]] = field(default_factory=dict)

    @classmethod
    def of(cls, data: bytes) -> "Package":
        """Open a package, a zip or one XML of all parts. Raises `TooMuch` where it is none or too much."""
        return cls(_Zip(data) if data[:2] == b"PK" else _flat(data))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all parts, as they are written, without folders."""
        return self.parts.names()

    @property
    def main(self) -> str:
        """The name of the part that holds the text. Raises `TooMuch` without one."""
        for related in self.related("").values():
            if related.kind == "officedocument":
                return related.target
        raise TooMuch("file_kind", what=_NO_TEXT)

    def has(self, name: str) -> bool:
        """Tell whether there is such a part."""
        return self.parts.has(name)

    def data(self, name: str) -> bytes:
        """Return the bytes of a part; empty without one. Raises `TooMuch`."""
        return self.parts.read(name) if self.parts.has(name) else b""

    def tree(self, name: str) -> Node:
        """Return a part parsed; `None` where there is none, or none that can be read, which is noted.

        Raises `TooMuch` for a DTD: a text in Word has none, and it only serves to harm.
        """
        key = name.lower()
        if key not in self.trees:
            self.trees[key] = self._parsed(name) if self.has(name) else None
        return self.trees[key]

    def _parsed(self, name: str) -> Node:
        try:
            data = self.parts.read(name)
        except TooMuch as fault:
            if fault.code != "package_damaged":
                raise
            self.broken[name] = "已损坏"
            return None
        if not data.strip(b"\0 \r\n\t\xef\xbb\xbf"):
            return None
        try:
            return parse(data)
        except etree.XMLSyntaxError:
            self.broken[name] = "XML 有误"
            return None

    def related(self, name: str) -> dict[str, Relationship]:
        """Return what a part refers to, by id; that of the package itself for the name `""`."""
        if name not in self._related:
            self._related[name] = dict(self._relationships(name))
        return self._related[name]

    def of_kind(self, name: str, kind: str) -> Iterator[str]:
        """Yield the names of the parts within the package to which a part refers in this way."""
        for related in self.related(name).values():
            if related.kind == kind and not related.is_external and self.has(related.target):
                yield related.target

    def _relationships(self, name: str) -> Iterator[tuple[str, Relationship]]:
        folder, _, last = name.rpartition("/")
        root = self.tree(f"{folder}/_rels/{last}.rels" if folder else f"_rels/{last}.rels")
        for node in root if root is not None else ():
            if not isinstance(node.tag, str) or not node.tag.endswith("}Relationship"):
                continue
            outside = node.get("TargetMode", "").lower() == "external"
            target = node.get("Target", "")
            if not outside:
                path = unquote(target.replace("\\", "/")).partition("#")[0]
                target = posixpath.normpath(path if path.startswith("/") else f"/{folder}/{path}").lstrip("/")
            kind = node.get("Type", "").rstrip("/").rpartition("/")[2].lower()
            yield node.get("Id", ""), Relationship(kind, target, outside)


def parse(data: bytes) -> Node:
    """Return the root of an XML text. Raises `etree.XMLSyntaxError`, `TooMuch` for one with a DTD."""
    data = _in_utf8(data)
    for strict, transitional in STRICT:
        if strict in data:
            data = data.replace(strict, transitional)
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    root = etree.fromstring(data, parser)
    if root.getroottree().docinfo.internalDTD is not None:
        raise TooMuch("package_has_dtd")
    return root


def _in_utf8(data: bytes) -> bytes:
    if data[:2] not in {b"\xff\xfe", b"\xfe\xff"}:
        return data
    text = data.decode("utf-16", "replace")
    return re.sub(r"^\s*<\?xml[^>]*\?>", "", text, count=1).encode()


class _Parts(Protocol):
    """The bytes of parts by name; `read` raises `TooMuch`."""

    def names(self) -> tuple[str, ...]: ...

    def has(self, name: str) -> bool: ...

    def read(self, name: str) -> bytes: ...


class _Zip:
    """The parts of a zip, inflated as they are asked for. Counted, so that a bomb ends at its limit."""

    def __init__(self, data: bytes) -> None:
        try:
            self._archive = zipfile.ZipFile(BytesIO(data))
        except _BAD_ZIP as error:
            raise TooMuch("package_damaged", part="目录") from error
        entries = self._archive.infolist()
        if len(entries) > MOST_PARTS:
            raise TooMuch("package_too_many_parts", limit=MOST_PARTS)
        self._entries: dict[str, zipfile.ZipInfo] = {}
        for entry in entries:
            name = entry.filename.replace("\\", "/").lstrip("/")
            if not name.endswith("/"):
                self._entries.setdefault(name.lower(), entry)
        self._inflated = 0

    def names(self) -> tuple[str, ...]:
        return tuple(entry.filename.replace("\\", "/").lstrip("/") for entry in self._entries.values())

    def has(self, name: str) -> bool:
        return name.lower() in self._entries

    def read(self, name: str) -> bytes:
        entry = self._entries[name.lower()]
        bomb = entry.file_size > _LARGE and entry.file_size > MOST_RATIO * max(entry.compress_size, 1)
        if bomb or entry.file_size > MOST_OF_ONE or self._inflated + entry.file_size > MOST_INFLATED:
            raise TooMuch("package_inflates", limit=MOST_OF_ONE // 1_000_000)
        try:
            with self._archive.open(entry) as part:
                data = part.read(MOST_OF_ONE + 1)
        except _BAD_ZIP as error:
            raise TooMuch("package_damaged", part=name) from error
        self._inflated += len(data)
        if len(data) > MOST_OF_ONE:
            raise TooMuch("package_inflates", limit=MOST_OF_ONE // 1_000_000)
        return data


class _Flat:
    """Parts that stand in one XML."""

    def __init__(self, parts: dict[str, bytes]) -> None:
        self._parts = {name.lower(): (name, data) for name, data in parts.items()}

    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self._parts.values())

    def has(self, name: str) -> bool:
        return name.lower() in self._parts

    def read(self, name: str) -> bytes:
        return self._parts[name.lower()][1]


def _flat(data: bytes) -> _Flat:
    try:
        root = parse(data)
    except etree.XMLSyntaxError as error:
        raise TooMuch("package_damaged", part="XML") from error
    parts: dict[str, bytes] = {}
    for part in root.iter(f"{_PKG}part"):
        name = part.get(f"{_PKG}name", "").lstrip("/")
        for kind in part:
            if kind.tag == f"{_PKG}xmlData" and len(kind):
                parts[name] = etree.tostring(kind[0], encoding="utf-8")
            elif kind.tag == f"{_PKG}binaryData":
                try:
                    parts[name] = base64.b64decode(kind.text or "", validate=False)
                except (binascii.Error, ValueError):
                    parts[name] = b""
    return _Flat(parts)
