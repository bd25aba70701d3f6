"""Who made a file, where, and with what: the properties of a package.

Source: ECMA-376 part 2, 11 (core), part 1, 22.2 (extended), 22.3 (custom).
"""

import re
from typing import Any

from app.drafts.intake.reading import Gathered, Trace
from app.drafts.intake.sheets.package import Broken, Package
from app.drafts.intake.sheets.words import local

_CORE = {"creator": Trace.AUTHOR, "lastModifiedBy": Trace.LAST_AUTHOR}
_APP = {"Company": Trace.COMPANY, "Manager": Trace.MANAGER}
#: What only programs say of themselves and of their counts.
_SILENT = frozenset({
    "Application", "AppVersion", "DocSecurity", "ScaleCrop", "LinksUpToDate", "SharedDoc",
    "HyperlinksChanged",
    "created", "modified", "revision", "lastPrinted", "TotalTime", "Pages", "Words", "Characters", "Lines",
    "Paragraphs", "CharactersWithSpaces", "i4", "size", "language", "version",
})  # fmt: skip
_PATH = re.compile(r"(?:[A-Za-z]:[\\/]|\\\\[\w.$-]+\\|file:/{2,3}|/(?:Users|home)/)[^\"<>|\r\n]{2,200}")


def read(package: Package, gathered: Gathered) -> None:
    """Read the properties of a package, and the paths that it tells of the machine that it was made on."""
    for link in package.links("").values():
        if link.kind in {"core-properties", "extended-properties", "custom-properties"} and not link.outside:
            try:
                _part(package.xml(link.target), gathered)
            except Broken as fault:
                gathered.miss("properties", "", str(fault))
    for name in package.names:
        if name.lower().endswith(".rels"):
            _outside(package, name, gathered)


def _outside(package: Package, name: str, gathered: Gathered) -> None:
    try:
        root = package.xml(name)
    except Broken:
        # Whoever follows these relationships says so.
        return
    for node in root:
        if node.get("TargetMode", "").lower() == "external":
            paths(node.get("Target"), "properties/path", gathered)


def paths(text: str | None, ref: str, gathered: Gathered) -> None:
    """Add each path of a local machine that a text names."""
    for path in _PATH.findall(text or ""):
        gathered.trace(Trace.PATH, ref, path)
        gathered.say(ref, path)


def _part(root: Any, gathered: Gathered) -> None:  # noqa: ANN401
    for node in root.iter():
        name, text = local(node), (node.text or "").strip()
        if not text or name in _SILENT:
            continue
        kind = _CORE.get(name) or _APP.get(name)
        ref = f"properties/{kind.value if kind else name}"
        gathered.say(ref, text)
        if kind:
            gathered.trace(kind, ref, text)
        else:
            for path in _PATH.findall(text):
                gathered.trace(Trace.PATH, ref, path)
    for node in root.iter():
        if local(node) == "property":
            gathered.say("properties/custom", node.get("name"))
