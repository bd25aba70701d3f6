"""The words of parts of XML: of shapes, charts, comments, and of whatever else a package holds."""

from collections.abc import Iterator
from typing import Any

#: Elements whose `t` descendants are one piece of text: a paragraph, a text with marks.
_PIECES = frozenset({"p", "si", "is", "text"})
#: Elements that only say where something stands, how it looks, or which cells it draws.
_OF_MACHINES = frozenset({
    "col", "colOff", "row", "rowOff", "f", "formatCode", "ptCount", "sqref", "formula1", "formula2", "Anchor",
    "xfm", "calcPr", "numFmt",
})  # fmt: skip
#: Attributes that people see, or that say whose something is; some only on these elements.
_WORDY = frozenset({
    "descr", "title", "prompt", "promptTitle", "error", "errorTitle", "display", "tooltip", "caption",
    "displayName", "text", "comment", "userName", "connection", "command", "refersTo", "dispEq", "alt",
    "string", "headerRowLabel", "totalsRowLabel", "stringValue", "publishToServer", "sourceFile", "altText",
})  # fmt: skip
_ON = {
    "v": frozenset({"s", "n", "d"}),
    "name": frozenset({
        "cacheField", "tableColumn", "definedName", "connection", "protectedRange", "scenario", "person",
        "table", "customWorkbookView", "pivotTableDefinition", "property", "cacheHierarchy",
        "queryTableField",
    }),
    "val": frozenset({"filter", "customFilter", "inputCells", "sheetName", "definedName"}),
    "location": frozenset({"hyperlink"}),
    "url": frozenset({"absPath", "webPr"}),
    "user": frozenset({"scenario"}),
}  # fmt: skip


def local(node: Any) -> str:  # noqa: ANN401 – lxml has no types
    """Return the name of an element without its prefix; empty for what is no element."""
    tag = node.tag
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""


def said_of_rich(node: Any) -> tuple[str, str]:  # noqa: ANN401
    """Return the words of a text with marks, and what stands above them (拼音)."""
    words, above = list[str](), list[str]()
    for child in node.iter():
        if local(child) == "t" and child.text:
            is_above = any(local(parent) == "rPh" for parent in child.iterancestors())
            (above if is_above else words).append(child.text)
    return "".join(words), "".join(above)


def pieces(root: Any) -> Iterator[str]:  # noqa: ANN401
    """Yield all words of a part, piece by piece in their order, each once."""
    told: set[str] = set()
    for text in _all(root):
        words = text.strip()
        if words and words not in told:
            told.add(words)
            yield words


def _all(root: Any) -> Iterator[str]:  # noqa: ANN401
    inside: Any = None
    for node in root.iter():
        name = local(node)
        if not name:
            continue
        yield from _attributes(node, name)
        if inside is not None and inside in node.iterancestors():
            if local(node) != "t" and node.text and name not in _OF_MACHINES:
                yield node.text
            continue
        inside = None
        if name in _PIECES and any(local(child) == "t" for child in node.iter()):
            inside = node
            yield from said_of_rich(node)
        elif node.text and (name not in _OF_MACHINES or _is_wordy(node.text)):
            yield node.text
        if node.tail and node is not root:
            yield node.tail


def _attributes(node: Any, name: str) -> Iterator[str]:  # noqa: ANN401
    for key, value in node.attrib.items():
        plain = key.rsplit("}", 1)[-1]
        if plain in _WORDY or name in _ON.get(plain, ()) or _is_wordy(value):
            yield value


def _is_wordy(value: str) -> bool:
    """Whether a value has characters that machines do not use for themselves."""
    return any(
        "\u2e80" < char < "\ua000" or "\uf900" <= char < "\ufb00" or char > "\U0001ffff" for char in value
    )
