"""A zip package of parts that refer to each other (OPC), opened within limits; nothing outside is fetched.

Source: ECMA-376 part 2.
"""

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import IO, Any, NamedTuple
from urllib.parse import unquote

from lxml import etree

#: Parts of a package, their size together in bytes, and how many times their packed size that may be.
MOST_PARTS = 5_000
MOST_INFLATED = 300_000_000
MOST_RATIO = 300
#: Below this size nothing is too densely packed, in bytes.
_SMALL = 20_000_000
#: Elements of a large part that are kept, emptied, before they are let go of.
_AT_ONCE = 500
_PARSING: dict[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "remove_comments": True,
    "remove_pis": True,
    "huge_tree": False,
}


class Broken(Exception):
    """A file, or a part of one, cannot be read; the reason is for people."""


class Link(NamedTuple):
    """A relationship: the last word of its type, where it leads, and whether that is outside the package."""

    kind: str
    target: str
    outside: bool


class Package:
    """The parts of a package by name, compared without case."""

    def __init__(self, content: bytes) -> None:
        """Open a package. Raises `Broken`."""
        try:
            self._archive = zipfile.ZipFile(BytesIO(content))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
            raise Broken("文件已损坏，打不开") from error
        entries = [entry for entry in self._archive.infolist() if not entry.is_dir()]
        if len(entries) > MOST_PARTS:
            raise Broken(f"文件里有 {len(entries)} 个部件，多于 {MOST_PARTS} 个")
        if any(entry.flag_bits & 1 for entry in entries):
            raise Broken("压缩包设了密码，请取消密码后再上传")
        inflated = sum(entry.file_size for entry in entries)
        if inflated > MOST_INFLATED or (inflated > _SMALL and inflated > MOST_RATIO * len(content)):
            raise Broken(f"解压后有 {inflated} 字节，超过上限，像是压缩炸弹")
        self._entries = {_key(entry.filename): entry for entry in entries}
        self.seen: set[str] = set()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all parts, as they are written."""
        return tuple(entry.filename for entry in self._entries.values())

    def __contains__(self, name: str) -> bool:
        return _key(name) in self._entries

    def open(self, name: str) -> IO[bytes]:
        """Return a part to read, and keep in mind that it was. Raises `Broken`."""
        self.seen.add(_key(name))
        try:
            return self._archive.open(self._entries[_key(name)])
        except KeyError as error:
            raise Broken(f"文件不完整，缺少 {name}") from error
        except (zipfile.BadZipFile, NotImplementedError, OSError) as error:
            raise Broken(f"文件已损坏（{name}）") from error

    def read(self, name: str) -> bytes:
        """Return the bytes of a part, no more than it says it has. Raises `Broken`."""
        try:
            with self.open(name) as part:
                return part.read()
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
            raise Broken(f"文件已损坏（{name}）") from error

    def xml(self, name: str, *, recover: bool = False) -> Any:  # noqa: ANN401 – lxml has no types
        """Return the root of a part of XML. Raises `Broken`, also for a part with declarations of its own."""
        parser = etree.XMLParser(recover=recover, **_PARSING)
        try:
            root = etree.fromstring(self.read(name), parser)
        except (etree.XMLSyntaxError, ValueError) as error:
            raise Broken(f"文件已损坏（{name}）") from error
        if root is None:
            raise Broken(f"文件已损坏（{name}）")
        refuse_declarations(root, name)
        return root

    def rows(self, name: str, tag: str) -> Iterator[Any]:
        """Yield each element `tag` of a part, emptied and removed once it was looked at, then the root.

        Raises `Broken`.
        """
        try:
            with self.open(name) as part:
                parsing = {key: value for key, value in _PARSING.items() if key != "resolve_entities"}
                walk = etree.iterparse(
                    part, events=("end",), tag=f"{{*}}{tag}", resolve_entities=False, **parsing
                )
                for number, (_, node) in enumerate(walk):
                    if not number:
                        refuse_declarations(node, name)
                    yield node
                    node.clear()
                    if not number % _AT_ONCE:
                        # The parser is ahead: only what stands before was looked at.
                        above = node.getparent()
                        del above[: above.index(node)]
                refuse_declarations(walk.root, name)
                yield walk.root
        except (etree.XMLSyntaxError, zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
            raise Broken(f"文件已损坏（{name}）") from error

    def links(self, name: str) -> dict[str, Link]:
        """Return the relationships of a part (`""`: of the package) by their ids; perhaps none."""
        folder, base = posixpath.split(name)
        listed = posixpath.join(folder, "_rels", f"{base}.rels")
        if listed not in self:
            return {}
        links: dict[str, Link] = {}
        for node in self.xml(listed):
            target, outside = node.get("Target", ""), node.get("TargetMode", "").lower() == "external"
            if not outside:
                path = unquote(target.split("#", 1)[0]).replace("\\", "/")
                joined = path if path.startswith("/") else posixpath.join(folder, path)
                target = posixpath.normpath(joined).lstrip("/")
            links[node.get("Id", "")] = Link(node.get("Type", "").rsplit("/", 1)[-1], target, outside)
        return links


def refuse_declarations(node: Any, name: str) -> None:  # noqa: ANN401
    """Raise `Broken` where a part of XML declares entities or names a document type."""
    if node.getroottree().docinfo.doctype:
        raise Broken(f"文件的部件（{name}）带有文档类型声明，可能被用来攻击，没有读取")


def _key(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()
