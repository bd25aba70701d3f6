"""Formulas of Word as text in one line: x², (a+b)/2, √(2), ∑_(i=1)^n."""

from collections.abc import Callable

from app.drafts.intake.docx.names import M, Node, W, child
from app.drafts.intake.runs import lowered, raised

_MVAL = f"{M}val"


def formula(node: Node) -> str:
    """Return what a formula says, and take its words out of the tree."""
    parts = [_piece(inner) for inner in node if isinstance(inner.tag, str)]
    return "".join(parts)


def _piece(node: Node) -> str:
    writer = _WRITERS.get(node.tag)
    if writer is not None:
        return writer(node)
    if node.tag in {f"{M}t", f"{W}t", f"{W}delText"}:
        text, node.text = node.text or "", None
        return text
    return formula(node)


def _of(node: Node, name: str) -> str:
    inner = child(node, f"{M}{name}")
    return "" if inner is None else formula(inner)


def _sign(node: Node, properties: str, name: str, default: str) -> str:
    """Return a sign that the properties of an element name; the default where they do not."""
    inner = child(child(node, f"{M}{properties}"), f"{M}{name}")
    return default if inner is None else inner.get(_MVAL, "")


def _grouped(text: str) -> str:
    return text if len(text) <= 1 or text.isalnum() else f"({text})"


def _fraction(node: Node) -> str:
    return f"{_grouped(_of(node, 'num'))}/{_grouped(_of(node, 'den'))}"


def _script(node: Node, *names: str) -> str:
    text = _of(node, "e")
    for name in names:
        words = _of(node, name)
        own = (raised if name == "sup" else lowered)(words)
        text += own or (f"{'^' if name == 'sup' else '_'}{_grouped(words)}" if words else "")
    return text


def _before(node: Node) -> str:
    words = f"{lowered(_of(node, 'sub')) or ''}{raised(_of(node, 'sup')) or ''}"
    return words + _of(node, "e")


def _root(node: Node) -> str:
    degree, words = _of(node, "deg"), _of(node, "e")
    return f"{raised(degree) or degree}√({words})"


def _sum(node: Node) -> str:
    sign = _sign(node, "naryPr", "chr", "∫")
    low, high = _of(node, "sub"), _of(node, "sup")
    limits = (f"_{_grouped(low)}" if low else "") + (f"^{_grouped(high)}" if high else "")
    return f"{sign}{limits} {_of(node, 'e')}"


def _fenced(node: Node) -> str:
    first, last = _sign(node, "dPr", "begChr", "("), _sign(node, "dPr", "endChr", ")")
    inner = [formula(part) for part in node.iterfind(f"{M}e")]
    return first + _sign(node, "dPr", "sepChr", "|").join(inner) + last


def _matrix(node: Node) -> str:
    rows = [", ".join(formula(cell) for cell in row.iterfind(f"{M}e")) for row in node.iterfind(f"{M}mr")]
    return f"[{'; '.join(rows)}]"


def _lines(node: Node) -> str:
    return "; ".join(formula(line) for line in node.iterfind(f"{M}e"))


def _accent(node: Node) -> str:
    return _of(node, "e") + _sign(node, "accPr", "chr", "\u0302")


def _limit(node: Node) -> str:
    return f"{_of(node, 'e')}_{_grouped(_of(node, 'lim'))}"


def _upper(node: Node) -> str:
    return f"{_of(node, 'e')}^{_grouped(_of(node, 'lim'))}"


def _applied(node: Node) -> str:
    return f"{_of(node, 'fName')} {_of(node, 'e')}"


_WRITERS: dict[str, Callable[[Node], str]] = {
    f"{M}f": _fraction,
    f"{M}sSup": lambda node: _script(node, "sup"),
    f"{M}sSub": lambda node: _script(node, "sub"),
    f"{M}sSubSup": lambda node: _script(node, "sub", "sup"),
    f"{M}rad": _root,
    f"{M}nary": _sum,
    f"{M}d": _fenced,
    f"{M}m": _matrix,
    f"{M}eqArr": _lines,
    f"{M}acc": _accent,
    f"{M}limLow": _limit,
    f"{M}limUpp": _upper,
    f"{M}func": _applied,
}
