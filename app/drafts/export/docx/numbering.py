"""Lists of a Word file: one `w:num` for each list, so that none counts on from another."""

from dataclasses import dataclass, field

from app.domain.document.list_numbers import ordinals, sign
from app.domain.document.model import Block, ListItem, Numbering
from app.drafts.export.docx.names import Element, children, element
from app.drafts.intake.docx.own_styles import NUMBERINGS

#: Numbering → the format of Word, and what stands behind the number.
_FORMS = {
    numbering: (form, "、" if numbering is Numbering.CHINESE else ".")
    for form, numbering in NUMBERINGS.items()
}
#: Word writes numbers of lists from 1 to this; letters go on as aa, bb only to three of a kind.
_MOST, _MOST_LETTERS = 9999, 78
_LETTERS = frozenset({Numbering.LOWER_ALPHA, Numbering.UPPER_ALPHA})
_BULLETS = "●○■"
_STEP = 420


@dataclass(slots=True)
class Lists:
    """The lists of a document, as its blocks come."""

    _made: list[tuple[str, str, int, int]] = field(default_factory=list)
    _open: dict[int, tuple[int, object, int]] = field(default_factory=dict)

    def labels(self, blocks: tuple[Block, ...]) -> list[tuple[Element | None, str]]:
        """Return for each block its place in a list, and a number that only words can say; mostly neither."""
        return [self._label(block, number) for block, number in zip(blocks, ordinals(blocks), strict=True)]

    def _label(self, block: Block, number: int | None) -> tuple[Element | None, str]:
        if not isinstance(block, ListItem):
            self._open.clear()
            return None, ""
        depth = block.depth
        for deeper in [level for level in self._open if level > depth]:
            del self._open[deeper]
        if block.continues:
            return None, ""
        if number is not None and not 1 <= number <= (
            _MOST_LETTERS if "ALPHA" in block.numbering.name else _MOST
        ):
            self._open.pop(depth, None)
            return None, f"{sign(number, block.numbering)} "
        way: object = block.numbering if block.ordered else None
        known = self._open.get(depth)
        follows = known is not None and known[1] == way and (number is None or number == known[2] + 1)
        if known is None or not follows:
            form, behind = _FORMS[block.numbering] if block.ordered else ("bullet", _BULLETS[depth % 3])
            self._made.append((form, behind, depth, number or 1))
        name = known[0] if known is not None and follows else len(self._made)
        self._open[depth] = (name, way, number or 0)
        place = element("w:numPr", element("w:ilvl", val=depth), element("w:numId", val=name))
        return place, ""

    def part(self) -> Element | None:
        """Return the part of the lists; `None` where there is none."""
        if not self._made:
            return None
        root = element("w:numbering")
        children(root, (self._list(number, *made) for number, made in enumerate(self._made, 1)))
        return children(
            root,
            (
                element("w:num", element("w:abstractNumId", val=number), numId=number)
                for number in range(1, len(self._made) + 1)
            ),
        )

    @staticmethod
    def _list(number: int, form: str, behind: str, depth: int, start: int) -> Element:
        text = behind if form == "bullet" else f"%{depth + 1}{behind}"
        left = _STEP * (depth + 1) + 640
        level = element(
            "w:lvl",
            element("w:start", val=start),
            element("w:numFmt", val=form),
            element("w:suff", val="space" if behind in {".", *_BULLETS} else "nothing"),
            element("w:lvlText", val=text),
            element("w:lvlJc", val="left"),
            element("w:pPr", element("w:ind", left=left, hanging=_STEP, firstLineChars=0)),
            ilvl=depth,
        )
        return element(
            "w:abstractNum",
            element("w:multiLevelType", val="hybridMultilevel"),
            level,
            abstractNumId=number,
        )
