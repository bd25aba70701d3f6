"""What is left when a document was read: text that no reader took, and what in the package is no text."""

import re
from collections.abc import Iterator

from app.domain.document.model import Block, texts_of
from app.drafts.intake.docx.drawings import taken
from app.drafts.intake.docx.names import MC, WP, A, M, Node, V, W
from app.drafts.intake.docx.state import State

_TEXTS = (f"{W}t", f"{W}delText", f"{A}t", f"{M}t")
#: Parts whose text is no text of a document.
_MACHINES = re.compile(
    r"(?:^|/)(?:_rels/|theme|styles|settings|fonttable|websettings|numbering|people|comments(?:ids|extensible|extended))"
    r"|\.rels$|^\[content_types\]\.xml$|stylesWithEffects|/(?:colors|layout|quickstyle)\d*\.xml$",
    re.IGNORECASE,
)
_PROPERTIES = {
    "creator": "作者",
    "lastModifiedBy": "最后修改者",
    "Manager": "主管",
    "Company": "单位",
    "title": "标题",
    "subject": "主题",
    "keywords": "关键词",
    "description": "备注",
    "category": "类别",
    "Template": "模板",
    "HyperlinkBase": "链接基址",
}
#: What refers out of a package, by the kind of its relationship.
_REFERRED = {
    "attachedtemplate": "模板",
    "image": "图片",
    "oleobject": "嵌入对象",
    "frame": "框架",
    "subdocument": "子文档",
    "afchunk": "并入的文档",
    "video": "视频",
    "audio": "音频",
}
_SPACES = re.compile(r"\s+")


def read(state: State, blocks: list[Block]) -> None:
    """List everything in the package that neither the text nor the list has so far."""
    package = state.package
    parts = [name for name in package.names if name.lower().endswith((".xml", ".vml"))]
    for name in parts:
        if _MACHINES.search(name):
            continue
        root = package.tree(name)
        if root is None:
            continue
        if name.lower().startswith("docprops/"):
            _properties(state, root)
        elif name.lower().startswith("customxml/"):
            state.builder.leave_out("custom_xml", " ".join("".join(root.itertext()).split()))
        elif "_xmlsignatures" not in name.lower():
            _words(state, name, root, blocks)
    _other_parts(state)
    _outside(state)
    for name, why in package.broken.items():
        state.leave_out("broken_part", f"{name}（{why}）")
    if told := state.fields_in_one_line():
        state.builder.leave_out("field_code", told)


def _properties(state: State, root: Node) -> None:
    told = []
    for node in root.iter():
        name = node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""
        words = (node.text or "").strip()
        if words and (title := _PROPERTIES.get(name)):
            told.append(f"{title}：{words}")
        elif words and (parent := node.getparent()) is not None and (own := parent.get("name")):
            told.append(f"{own}：{words}")
    state.leave_out("properties", "；".join(told))


def _words(state: State, name: str, root: Node, blocks: list[Block]) -> None:
    """List the texts of a part that are still in its tree."""
    if "glossary/" in name.lower():
        kind = "glossary"
    elif name.lower().rpartition("/")[0].endswith(("charts", "diagrams", "chartex")):
        _drawn(state, name, root, blocks)
        return
    else:
        kind = "unread"
    for is_fallback, words in _left(root):
        if is_fallback:
            if not _is_said(state, words, blocks):
                state.leave_out("fallback", words)
        else:
            state.leave_out(kind, words)


def _drawn(state: State, name: str, root: Node, blocks: list[Block]) -> None:
    """List the texts of a chart or a picture of a diagram that were not said with it."""
    words = [text for text in taken(root) if not _is_said(state, text, blocks)]
    state.leave_out("smartart" if "diagram" in name.lower() else "chart", "；".join(words))


def _left(root: Node) -> Iterator[tuple[bool, str]]:
    """Yield whether old programs alone show a text that is left, and the text; of a paragraph in one."""
    held: list[str] = []
    above: Node = None
    for node in root.iter():
        words = _own_words(node)
        if not words:
            continue
        paragraph = next(node.iterancestors(f"{W}p", f"{A}p"), None)
        if held and (paragraph is not above or paragraph is None):
            yield _in_fallback(above), "".join(held)
            held = []
        above = paragraph if paragraph is not None else node
        held.append(words)
    if held:
        yield _in_fallback(above), "".join(held)


def _own_words(node: Node) -> str:
    if not isinstance(node.tag, str):
        return ""
    if node.tag in _TEXTS:
        return node.text or ""
    if node.tag == f"{V}textpath":
        return str(node.get("string", ""))
    if node.tag == f"{WP}docPr":
        return f"{node.get('title', '')} {node.get('descr', '')}".strip()
    return ""


def _in_fallback(node: Node) -> bool:
    return next(node.iterancestors(f"{MC}Fallback"), None) is not None


def _is_said(state: State, words: str, blocks: list[Block]) -> bool:
    """Tell whether words stand in the text or in the list already, whatever lies between them."""
    if not state.said:
        texts = [text for block in blocks for _, text in texts_of(block)]
        state.said = _SPACES.sub("", "".join([*texts, *(entry.what for entry in state.builder.left_out)]))
    return _SPACES.sub("", words) in state.said


def _other_parts(state: State) -> None:
    """List what of a package is no text: macros, signatures, embedded files, controls."""
    signed = False
    for name in state.package.names:
        low = name.lower()
        last = name.rpartition("/")[2]
        if low.endswith(("vbaproject.bin", "vbadata.xml")):
            state.leave_out("macro", last)
        elif "_xmlsignatures/" in low and low.endswith(".xml"):
            signed = True
        elif "/embeddings/" in f"/{low}":
            state.leave_out("embedded_file", last)
        elif "/activex/" in f"/{low}" and low.endswith(".bin"):
            state.leave_out("object", f"ActiveX 控件 {last}")
    if signed:
        state.leave_out("signature", "文件带有电子签名")


def _outside(state: State) -> None:
    """List what leads out of the package by itself: templates, pictures, frames; links are in the text."""
    for name in state.package.names:
        if not name.lower().endswith(".rels"):
            continue
        folder, _, last = name.rpartition("/")
        part = f"{folder.removesuffix('_rels')}{last.removesuffix('.rels')}"
        for related in state.package.related(part).values():
            if related.is_external and related.kind != "hyperlink":
                state.leave_out("external", f"{_REFERRED.get(related.kind, related.kind)} {related.target}")
