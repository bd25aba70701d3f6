"""How a paragraph or a run looks: what it says itself, over its styles, over the document's defaults."""

import re
from dataclasses import dataclass, field, replace
from typing import Any

from app.domain.document.model import Align, SpanKind
from app.drafts.intake.docx.names import VAL, Node, W, child, is_on, val, whole

_ALIGNS = {"center": Align.CENTER, "right": Align.RIGHT, "end": Align.RIGHT}
_HEADING = re.compile(r"heading ([1-9])$")
_TOGGLES = ("b", "i", "strike", "dstrike", "vanish")
#: A chain of styles longer than this is a circle or a trap.
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Look:
    """How a run looks; `None` where nothing is said of it."""

    b: bool | None = None
    i: bool | None = None
    strike: bool | None = None
    dstrike: bool | None = None
    vanish: bool | None = None
    underline: bool | None = None
    raised: str | None = None
    emphasis: bool | None = None
    colour: bool | None = None
    font: str | None = None
    #: Half points by which it is raised, or lowered (below 0).
    position: int | None = None
    #: Whether letters are white on what is not said to be another ground, or smaller than anybody reads.
    white: bool | None = None
    tiny: bool | None = None

    @property
    def is_unreadable(self) -> bool:
        """Whether it is there and nobody can read it on paper."""
        return bool(self.white or self.tiny)

    def over(self, below: "Look") -> "Look":
        """Return this look where it says something, and `below` elsewhere."""
        said = {name: value for name in self.__slots__ if (value := getattr(self, name)) is not None}
        return replace(below, **said) if said else below

    def marks(self) -> frozenset[tuple[SpanKind, str | None]]:
        """Return the markup of a document that shows it."""
        kinds = (
            (self.b, SpanKind.BOLD),
            (self.i, SpanKind.ITALIC),
            (self.underline, SpanKind.UNDERLINE),
            (self.strike or self.dstrike, SpanKind.STRIKE),
            (self._script == "superscript", SpanKind.SUPERSCRIPT),
            (self._script == "subscript", SpanKind.SUBSCRIPT),
            (self.emphasis, SpanKind.EMPHASIS),
        )
        return frozenset((kind, None) for is_there, kind in kinds if is_there)

    @property
    def _script(self) -> str | None:
        if self.raised in {"superscript", "subscript"} or abs(self.position or 0) < _LIFTED:
            return self.raised
        return "superscript" if (self.position or 0) > 0 else "subscript"


#: What is moved by less sits straighter in its line, and means nothing; in half points.
_LIFTED = 4
#: Letters of 2 points and less are dots, in half points.
_TINY = 4
PLAIN = Look()


def look_of(properties: Node) -> Look:
    """Return what a `w:rPr` says."""
    if properties is None or not len(properties):
        return PLAIN
    said: dict[str, bool | str | None] = {name: is_on(properties, f"{W}{name}") for name in _TOGGLES}
    if (line := child(properties, f"{W}u")) is not None:
        said["underline"] = line.get(VAL, "none") != "none"
    said["raised"] = val(properties, f"{W}vertAlign")
    if (dots := val(properties, f"{W}em")) is not None:
        said["emphasis"] = dots != "none"
    said["colour"] = _colour(properties)
    if (ink := val(properties, f"{W}color")) is not None:
        ground = child(properties, f"{W}shd")
        is_plain = ground is None or ground.get(f"{W}fill", "auto").lower() in {"auto", "ffffff"}
        lit = (val(properties, f"{W}highlight") or "none") not in {"none", "white"}
        said["white"] = ink.lower() == "ffffff" and is_plain and not lit
    if (size := whole(val(properties, f"{W}sz"))) is not None:
        said["tiny"] = size <= _TINY
    position = whole(val(properties, f"{W}position"))
    if (fonts := child(properties, f"{W}rFonts")) is not None:
        said["font"] = fonts.get(f"{W}ascii") or fonts.get(f"{W}hAnsi") or fonts.get(f"{W}eastAsia")
    return Look(**said, position=position)  # type: ignore[arg-type]


def _colour(properties: Node) -> bool | None:
    """Return whether words are coloured or marked, so that they stand out from the others."""
    colour, marker = val(properties, f"{W}color"), val(properties, f"{W}highlight")
    if colour is None and marker is None:
        return None
    plain = colour is None or colour.lower() in {"auto", "000000"}
    return not plain or (marker or "none") != "none"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a paragraph is: rank of a heading from 0 (`None`: none), where its lines stand, its numbering."""

    outline: int | None = None
    align: Align | str | None = None
    number: str | None = None
    level: int | None = None
    #: The style that gave the number, by which levels are found.
    numbered_by: str | None = None
    is_title: bool = False
    is_quote: bool = False

    def over(self, below: "Shape") -> "Shape":
        """Return this shape where it says something, and `below` elsewhere."""
        return Shape(
            below.outline if self.outline is None else self.outline,
            below.align if self.align is None else self.align,
            below.number if self.number is None else self.number,
            below.level if self.level is None else self.level,
            below.numbered_by if self.number is None else self.numbered_by,
            self.is_title or below.is_title,
            self.is_quote or below.is_quote,
        )


def shape_of(properties: Node, style: str | None = None) -> Shape:
    """Return what a `w:pPr` says; `style` is the style that it belongs to."""
    if properties is None:
        return Shape()
    aligned = val(properties, f"{W}jc")
    numbered = child(properties, f"{W}numPr")
    number = val(numbered, f"{W}numId")
    return Shape(
        whole(val(properties, f"{W}outlineLvl")),
        None if aligned is None else _ALIGNS.get(aligned, ""),
        number,
        whole(val(numbered, f"{W}ilvl")),
        style if number is not None else None,
    )


@dataclass(slots=True)
class _Style:
    """One style as it is written."""

    kind: str
    based_on: str | None
    shape: Shape
    look: Look


@dataclass(slots=True)
class Styles:
    """The styles of a document by id, resolved as they are asked for."""

    _styles: dict[str, _Style] = field(default_factory=dict)
    _defaults: dict[str, str] = field(default_factory=dict)
    _base: Look = PLAIN
    _looks: dict[str, Look] = field(default_factory=dict)
    _shapes: dict[str, Shape] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Node) -> "Styles":
        """Return the styles of the part that holds them; none where there is no such part."""
        styles = cls()
        if root is None:
            return styles
        defaults = child(child(root, f"{W}docDefaults"), f"{W}rPrDefault")
        styles._base = replace(look_of(child(defaults, f"{W}rPr")), colour=None)
        for node in root.iter(f"{W}style"):
            name, kind = node.get(f"{W}styleId", ""), node.get(f"{W}type", "paragraph")
            title = (val(node, f"{W}name") or "").lower()
            shape = shape_of(child(node, f"{W}pPr"), name)
            if (heading := _HEADING.match(title)) and shape.outline is None:
                shape = replace(shape, outline=int(heading[1]) - 1)
            shape = replace(shape, is_title=title == "title", is_quote=title in {"quote", "intense quote"})
            styles._styles[name] = _Style(
                kind, val(node, f"{W}basedOn"), shape, look_of(child(node, f"{W}rPr"))
            )
            if node.get(f"{W}default", "0").lower() in {"1", "true", "on"}:
                styles._defaults[kind] = name
        return styles

    def number_of(self, name: str) -> str | None:
        """Return the number of the list that a style of numbering names; `None` without one."""
        return self._styles[name].shape.number if name in self._styles else None

    def chain(self, name: str | None) -> list[str]:
        """Return a style and those that it is based on, the nearest first; empty for an unknown one."""
        ancestors: list[str] = []
        while (
            name is not None and name in self._styles and name not in ancestors and len(ancestors) < _DEEPEST
        ):
            ancestors.append(name)
            name = self._styles[name].based_on
        return ancestors

    def paragraph(self, name: str | None) -> Shape:
        """Return the shape that a style gives; that of the default one for no or an unknown style."""
        key = name if name in self._styles else self._defaults.get("paragraph", "")
        if key not in self._shapes:
            shape = Shape()
            for style in self.chain(key):
                shape = shape.over(self._styles[style].shape)
            self._shapes[key] = shape
        return self._shapes[key]

    def look(self, paragraph: str | None, run: str | None, direct: Look) -> Look:
        """Return how a run looks: by itself, over its own style and that of its paragraph.

        What both styles switch on is off: it stands out from its surroundings. Source: ECMA-376-1, 17.7.3.
        """
        of_paragraph = self._resolved(
            paragraph if paragraph in self._styles else self._defaults.get("paragraph")
        )
        if of_paragraph.position is not None:
            # A whole paragraph is moved for its looks.
            of_paragraph = replace(of_paragraph, position=None)
        of_run = self._resolved(run)
        both = of_run.over(of_paragraph)
        if of_run is not PLAIN:
            crossed: dict[str, Any] = {
                name: False for name in _TOGGLES if getattr(of_run, name) and getattr(of_paragraph, name)
            }
            both = replace(both, **crossed) if crossed else both
        return direct.over(both.over(self._base))

    def _resolved(self, name: str | None) -> Look:
        if name is None:
            return PLAIN
        if name not in self._looks:
            look = PLAIN
            for style in self.chain(name):
                look = look.over(self._styles[style].look)
            self._looks[name] = look
        return self._looks[name]
