"""What stands on a worksheet beside its cells: comments, heads and feet, links, rules of entry, drawings."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from app.drafts.intake.reading import Gathered, Reading, Trace, step
from app.drafts.intake.sheets.cells import place_of
from app.drafts.intake.sheets.package import Broken, Link, Package
from app.drafts.intake.sheets.words import local, pieces, said_of_rich

#: Reads a file that lies within another, by its bytes and how deep it lies.
Nested = Callable[[bytes], Reading]

_CODES = re.compile(r'&(?:"[^"]*"|K[0-9A-Fa-f]{6}|K\d\d[+-]\d{3}|\d{1,3}|[A-Za-z])')
_PARTS_OF_LINE = re.compile(r"&(?=[LCR])")
_HEADS = ("header", "footer")
#: Parts that a sheet shows, by the kind of their relationship.
_DRAWN = {"drawing": "drawing", "vmlDrawing": "drawing", "chart": "chart", "table": "table"}


def beside(
    package: Package,
    name: str,
    root: Any,  # noqa: ANN401 – lxml has no types
    ref: str,
    people: dict[str, str],
    gathered: Gathered,
) -> None:
    """Read what a sheet holds beside its cells. Raises `Broken` where the sheet itself cannot be read."""
    links = package.links(name)
    for child in root:
        _child(child, links, ref, gathered)
    for link in links.values():
        if link.outside:
            if link.kind != "hyperlink":
                gathered.say(f"{ref}/outside", link.target)
        elif link.target in package:
            try:
                _related(package, link, ref, people, gathered)
            except Broken as fault:
                gathered.miss(ref, "", str(fault))


def _child(child: Any, links: Mapping[str, Link], ref: str, gathered: Gathered) -> None:  # noqa: ANN401
    kind = local(child)
    if kind == "headerFooter":
        _heads(child, ref, gathered)
    elif kind == "hyperlinks":
        for node in child:
            _hyperlink(node, links, ref, gathered)
    elif kind not in {"cols", "sheetData", "mergeCells", "dimension"}:
        for number, text in enumerate(pieces(child), 1):
            gathered.say(f"{ref}/{kind}/{number}", text)


def _related(package: Package, link: Link, ref: str, people: dict[str, str], gathered: Gathered) -> None:
    if link.kind in {"comments", "threadedComment"}:
        _comments(package, link.target, ref, people, gathered)
    elif link.kind in _DRAWN:
        drawn(package, link.target, f"{ref}/{_DRAWN[link.kind]}", gathered)


def drawn(package: Package, name: str, ref: str, gathered: Gathered) -> None:
    """Read a drawing and the charts and diagrams that it shows. Raises `Broken`."""
    if name.lower() in package.seen:
        return
    root = package.xml(name, recover=name.lower().endswith(".vml"))
    stem = step(name.rsplit("/", 1)[-1].rsplit(".", 1)[0])
    for number, text in enumerate(pieces(root), 1):
        gathered.say(f"{ref}/{stem}/{number}", text)
    for link in package.links(name).values():
        if link.outside:
            gathered.say(f"{ref}/{stem}/outside", link.target)
        elif link.target in package and link.target.lower().endswith(".xml"):
            drawn(package, link.target, ref, gathered)


def _heads(node: Any, ref: str, gathered: Gathered) -> None:  # noqa: ANN401
    for child in node:
        kind = next((head for head in _HEADS if head in local(child).lower()), "header")
        for part in _PARTS_OF_LINE.split(child.text or ""):
            # A sign that is meant is written twice.
            text = _CODES.sub("", re.sub(r"^[LCR]", "", part) if part[:1] in "LCR" else part)
            gathered.say(f"{ref}/{kind}", text.replace("&&", "&"))


def _hyperlink(node: Any, links: Mapping[str, Link], ref: str, gathered: Gathered) -> None:  # noqa: ANN401
    place = place_of(node.get("ref", ""))
    at = f"{ref}/rows/{place[0]}/{place[1]}/link" if place else f"{ref}/link"
    named = next((value for key, value in node.attrib.items() if key.rsplit("}", 1)[-1] == "id"), "")
    if named in links:
        gathered.say(at, links[named].target)
    for key in ("display", "tooltip", "location"):
        gathered.say(at, node.get(key))


def _comments(package: Package, name: str, ref: str, people: dict[str, str], gathered: Gathered) -> None:
    root = package.xml(name)
    for node in root.iter():
        kind = local(node)
        if kind == "author":
            gathered.say(f"{ref}/comments", node.text)
            gathered.trace(Trace.COMMENTER, f"{ref}/comments", node.text)
        elif kind in {"comment", "threadedComment"}:
            place = place_of(node.get("ref", ""))
            at = f"{ref}/rows/{place[0]}/{place[1]}/comment" if place else f"{ref}/comments"
            text, above = said_of_rich(node)
            if kind == "threadedComment":
                text = "".join(child.text or "" for child in node if local(child) == "text")
                gathered.say(at, people.get(node.get("personId", "")))
                gathered.trace(Trace.COMMENTER, at, people.get(node.get("personId", "")))
            gathered.say(at, text)
            gathered.say(at, above)
