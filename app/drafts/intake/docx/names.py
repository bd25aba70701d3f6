"""Names of elements and attributes in Word's packages, and what lxml makes of them.

Strict documents use other namespaces for the same; `package` rewrites them before a part is parsed.
Source: ECMA-376, parts 1 and 4; [MS-DOCX].
"""

from typing import Any

#: A node of a tree; lxml has no types.
Node = Any

_OOXML = "http://schemas.openxmlformats.org"
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
DGM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
V = "{urn:schemas-microsoft-com:vml}"
O = "{urn:schemas-microsoft-com:office:office}"  # noqa: E741 – its usual prefix
W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
W15 = "{http://schemas.microsoft.com/office/word/2012/wordml}"

VAL = f"{W}val"

#: Namespace of Strict → that of Transitional, as bytes of a part.
STRICT = tuple(
    (f"http://purl.oclc.org/ooxml/{strict}".encode(), f"{_OOXML}/{transitional}".encode())
    for strict, transitional in (
        ("wordprocessingml/main", "wordprocessingml/2006/main"),
        ("officeDocument/relationships", "officeDocument/2006/relationships"),
        ("officeDocument/math", "officeDocument/2006/math"),
        ("officeDocument/customXml", "officeDocument/2006/customXml"),
        ("officeDocument/extendedProperties", "officeDocument/2006/extended-properties"),
        ("officeDocument/docPropsVTypes", "officeDocument/2006/docPropsVTypes"),
        ("drawingml/main", "drawingml/2006/main"),
        ("drawingml/wordprocessingDrawing", "drawingml/2006/wordprocessingDrawing"),
        ("drawingml/chart", "drawingml/2006/chart"),
        ("drawingml/diagram", "drawingml/2006/diagram"),
        ("drawingml/picture", "drawingml/2006/picture"),
    )
)


def child(node: Node, name: str) -> Node:
    """Return the first child of this name; `None` without one."""
    return None if node is None else node.find(name)


def val(node: Node, name: str) -> str | None:
    """Return the `w:val` of the first child of this name; `None` without it."""
    inner = None if node is None else node.find(name)
    return None if inner is None else inner.get(VAL)


def whole(text: str | None) -> int | None:
    """Return a whole number as Word writes it; `None` for anything else."""
    try:
        return int(text) if text is not None and len(text) < 12 else None
    except ValueError:
        return None


def is_on(node: Node, name: str) -> bool | None:
    """Return whether a switch such as `w:b` is on or off; `None` where it is not set.

    Source: ECMA-376-1, 17.17.4, ST_OnOff.
    """
    inner = None if node is None else node.find(name)
    if inner is None:
        return None
    return inner.get(VAL, "1").lower() not in {"0", "false", "off", "none"}
