"""What is drawn: pictures by their alternative texts, text boxes, WordArt, SmartArt, charts, objects."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from app.domain.document.model import Image
from app.drafts.intake.docx.names import DGM, MC, WP, A, C, Node, O, R, V, W, child, whole
from app.drafts.intake.source_pictures import Crop

if TYPE_CHECKING:
    from app.drafts.intake.docx.state import State

_NAMELESS = "（没有替代文字）"
_CHARTS = (f"{C}chart", "{http://schemas.microsoft.com/office/drawing/2014/chartex}chart")
_EQUATION = ("equation", "mathtype")


def read(node: Node, state: "State", part: str, boxes: list[Node], taken: list[Image] | None) -> None:
    """Read a drawing of any age: its text boxes are added to `boxes`, its pictures to `taken`.

    Everything else is listed, and pictures where `taken` is `None` or a draft cannot hold them.
    """
    alt = [_alt(inner) for inner in _shown(node) if inner.tag == f"{WP}docPr"]
    taken = None if node.tag == f"{W}object" else taken
    pictures: list[str] = []
    digests: list[str] = []
    for inner in _shown(node):
        if inner.tag == f"{W}txbxContent":
            boxes.append(inner)
        elif inner.tag in {f"{A}blip", f"{V}imagedata"}:
            name = _picture(inner, state, part)
            if taken is not None and (digest := _kept(inner, state, part)):
                digests.append(digest)
            else:
                pictures.append(name)
        elif inner.tag in _READERS:
            _READERS[inner.tag](inner, state, part)
        elif inner.tag.startswith(V):
            alt.append(inner.attrib.pop("alt", "").strip())
    words = " ".join(dict.fromkeys(filter(None, alt)))
    if digests and taken is not None:
        taken += [Image(sha256=digest, alt=words) for digest in dict.fromkeys(digests)]
        words = ""
    _told(state, pictures, words, is_object=node.tag == f"{W}object")


def _told(state: "State", pictures: list[str], alt: str, *, is_object: bool) -> None:
    if pictures and not is_object:
        state.leave_out("image", f"{alt or _NAMELESS} {' '.join(dict.fromkeys(filter(None, pictures)))}")
    elif alt:
        state.leave_out("alt_text", alt)


def _shown(node: Node) -> Iterator[Node]:
    """Yield the elements of a drawing; of alternatives the first, and nothing within a text box."""
    for inner in node:
        if not isinstance(inner.tag, str):
            continue
        if inner.tag == f"{MC}AlternateContent":
            chosen = child(inner, f"{MC}Choice")
            chosen = child(inner, f"{MC}Fallback") if chosen is None else chosen
            if chosen is not None:
                yield from _shown(chosen)
            continue
        yield inner
        if inner.tag != f"{W}txbxContent":
            yield from _shown(inner)


def _alt(properties: Node) -> str:
    title, words = properties.attrib.pop("title", "").strip(), properties.attrib.pop("descr", "").strip()
    return words if title == words else f"{title} {words}".strip()


def _picture(node: Node, state: "State", part: str) -> str:
    name = node.get(f"{R}embed") or node.get(f"{R}id") or node.get(f"{R}pict") or ""
    link = state.package.related(part).get(node.get(f"{R}link") or node.get(f"{R}href") or "")
    if link is not None and link.is_external:
        state.leave_out("external", f"图片 {link.target}")
    title: str = node.attrib.pop(f"{O}title", "").strip()
    relation = state.package.related(part).get(name)
    if relation is None:
        return title
    return f"{title} {relation.target.rpartition('/')[2]}".strip()


def _kept(node: Node, state: "State", part: str) -> str | None:
    """Keep a picture as it is shown, and return the SHA-256 of that; `None` where that cannot be."""
    name = node.get(f"{R}embed") or node.get(f"{R}id") or node.get(f"{R}pict") or ""
    related = state.package.related(part).get(name)
    if related is None or related.is_external:
        return None
    content = state.package.data(related.target)
    return state.builder.take_picture(content, related.target.rpartition("/")[2], _crop(node))


def _crop(node: Node) -> Crop | None:
    """Return what Word does not show of a picture: in thousandths of a per cent, or in VML's shares."""
    cut = child(node.getparent(), f"{A}srcRect")
    if cut is None:
        sides = [_share(node.get(f"crop{side}", "")) for side in ("left", "top", "right", "bottom")]
    else:
        sides = [(whole(cut.get(side)) or 0) / 100_000 for side in "ltrb"]
    return Crop(*(max(side, 0.0) for side in sides)) if any(side > 0 for side in sides) else None


def _share(text: str) -> float:
    """Return a share as VML writes it: `0.25`, or `16384f` of 65536."""
    try:
        return float(text[:-1]) / 65_536 if text.endswith("f") else float(text or 0)
    except ValueError:
        return 0.0


def _link(node: Node, state: "State", part: str) -> None:
    relation = state.package.related(part).get(node.get(f"{R}id", ""))
    if relation is not None and relation.is_external:
        state.leave_out("image_link", relation.target)


def _word_art(node: Node, state: "State", _: str) -> None:
    state.leave_out("wordart", node.attrib.pop("string", ""))


def _control(node: Node, state: "State", _: str) -> None:
    state.leave_out("object", f"ActiveX 控件 {node.get(f'{W}name', '')}")


def _shape_text(node: Node, state: "State", _: str) -> None:
    words, node.text = node.text or "", None
    state.leave_out("shape_text", words)


def _chart(node: Node, state: "State", part: str) -> None:
    _drawn_apart("chart", node.get(f"{R}id", ""), state, part)


def _smart_art(node: Node, state: "State", part: str) -> None:
    _drawn_apart("smartart", node.get(f"{R}dm", ""), state, part)


def _drawn_apart(kind: str, name: str, state: "State", part: str) -> None:
    relation = state.package.related(part).get(name)
    root = state.package.tree(relation.target) if relation is not None and not relation.is_external else None
    if root is not None:
        state.leave_out(kind, "；".join(taken(root)) or "（没有文字）")


def taken(root: Node) -> list[str]:
    """Take the words out of a chart or a diagram: of a paragraph in one piece, equal ones in a row once."""
    words: list[str] = []
    for node in root.iter():
        if node.tag == f"{A}p":
            texts = list(node.iter(f"{A}t", f"{A}fld"))
            text = "".join(inner.text or "" for inner in texts if inner.tag == f"{A}t")
            for inner in texts:
                inner.text = None
            words += [text] if text.strip() else []
        elif isinstance(node.tag, str) and node.tag.rpartition("}")[2] in {"v", "t", "pt"} and node.text:
            if node.text.strip():
                words.append(node.text)
            node.text = None
    return list(dict.fromkeys(words))


def _embedded(node: Node, state: "State", part: str) -> None:
    program = node.get("ProgID", "")
    relation = state.package.related(part).get(node.get(f"{R}id", ""))
    if relation is not None and relation.is_external:
        state.leave_out("external", f"{program} {relation.target}")
        return
    name = relation.target.rpartition("/")[2] if relation is not None else ""
    is_formula = any(word in program.lower() for word in _EQUATION)
    state.leave_out("math_object" if is_formula else "embedded_file", f"{program} {name}")


_READERS: dict[str, Callable[[Node, "State", str], None]] = {
    **dict.fromkeys(_CHARTS, _chart),
    f"{V}textpath": _word_art,
    f"{DGM}relIds": _smart_art,
    f"{O}OLEObject": _embedded,
    f"{W}control": _control,
    f"{A}t": _shape_text,
    f"{A}hlinkClick": _link,
}
