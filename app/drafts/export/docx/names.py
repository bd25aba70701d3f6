"""Elements of a Word file, made short: names with their prefix, attributes in the element's own space."""

import re
from collections.abc import Iterable
from typing import Any

from lxml import etree

NAMESPACES = {
    "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "w14": "http://schemas.microsoft.com/office/word/2010/wordml",
    "w15": "http://schemas.microsoft.com/office/word/2012/wordml",
    "pic": "http://schemas.openxmlformats.org/drawingml/2006/picture",
}
#: What XML 1.0 cannot hold. Source: XML 1.0, 2.2.
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

#: lxml has no types.
Element = Any


Attribute = str | int


def element(name: str, /, *children: Element | None, **attributes: Attribute) -> Element:
    """Return an element such as `w:p`; an attribute `r_id` stands in its own space, as do those of `w:`.

    `text` is no attribute but the words in it.
    """
    text = attributes.pop("text", None)
    prefix, _, local = name.partition(":")
    made = etree.Element(f"{{{NAMESPACES[prefix]}}}{local}", nsmap=NAMESPACES)
    for key, value in attributes.items():
        space, _, last = key.rpartition("_")
        if space in NAMESPACES:
            made.set(f"{{{NAMESPACES[space]}}}{last}", str(value))
        else:
            made.set(f"{{{NAMESPACES['w']}}}{key}" if prefix == "w" else key, str(value))
    if text is not None:
        made.text = writable(str(text))
        if made.text != made.text.strip() or "  " in made.text:
            made.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    made.extend(child for child in children if child is not None)
    return made


def writable(text: str) -> str:
    """Return text as XML can hold it: what it cannot is shown as the replacement character."""
    return _NO_XML.sub("\ufffd", text)


def part(root: Element) -> bytes:
    """Return a part's bytes."""
    etree.cleanup_namespaces(root, keep_ns_prefixes=["w", "r"])
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)
    return written


def children(root: Element, elements: Iterable[Element | None]) -> Element:
    """Return `root` with these elements in it."""
    root.extend(child for child in elements if child is not None)
    return root
