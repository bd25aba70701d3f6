"""All parts of a package that nothing else has read: no part is passed over in silence."""

from app.drafts.intake.reading import Gathered, step
from app.drafts.intake.sheets.annotations import Nested
from app.drafts.intake.sheets.package import Broken, Package
from app.drafts.intake.sheets.words import local, pieces

#: Parts without words of people: how things look, in which order formulas are worked out.
_SILENT = ("[content_types].xml", "theme/", "calcchain.xml", ".rels", "printersettings", "metadata.xml")


def read_rest(package: Package, gathered: Gathered, nested: Nested) -> None:
    """Read every part that was not read yet, or say that it was not."""
    for name in package.names:
        low = name.lower().replace("\\", "/").lstrip("/")
        if low in package.seen or any(silent in low for silent in _SILENT):
            continue
        ref = f"other/{step(name)}"
        try:
            if low.endswith((".xml", ".vml", ".svg")):
                root = package.xml(name, recover=low.endswith(".vml"))
                texts = _of_styles(root) if local(root) == "styleSheet" else list(pieces(root))
                for number, text in enumerate(texts, 1):
                    gathered.say(f"{ref}/{number}", text)
            elif "vbaproject" in low:
                gathered.miss(ref, "", "是宏程序，没有检查；对外发布的文件不应带宏")
            else:
                gathered.take(f"embedded/{step(name.rsplit('/', 1)[-1])}", nested(package.read(name)))
        except Broken as fault:
            gathered.miss(ref, "", str(fault))


def _of_styles(root: object) -> list[str]:
    """Return the words that formats of numbers write beside the number."""
    codes = (node.get("formatCode", "") for node in root.iter() if local(node) == "numFmt")  # type: ignore[attr-defined]
    return [code for code in codes if any(char > "\u2e80" for char in code)]
