"""What is known of a document while it is read, whichever of its parts is being read."""

from collections import Counter
from dataclasses import dataclass, field

from app.drafts.intake.builder import Builder
from app.drafts.intake.docx.changes import Changes, TrackedChanges
from app.drafts.intake.docx.fields import name_of
from app.drafts.intake.docx.names import Node, W, child, val
from app.drafts.intake.docx.notes import Notes
from app.drafts.intake.docx.numbering import Numbering
from app.drafts.intake.docx.package import Package
from app.drafts.intake.docx.styles import PLAIN, Look, Styles
from app.drafts.intake.left_out import WORDS

#: Fields that reach beyond the document, or run something: what they ask for is told.
_REACHING = frozenset(
    {
        "INCLUDETEXT",
        "INCLUDEPICTURE",
        "INCLUDE",
        "IMPORT",
        "LINK",
        "DDE",
        "DDEAUTO",
        "DATABASE",
        "RD",
        "EMBED",
    }
)
#: Fields of which the name says everything.
_COMMON = frozenset(
    """
    PAGE NUMPAGES SECTIONPAGES SECTION PAGEREF REF NOTEREF TOC TC SEQ DATE TIME CREATEDATE SAVEDATE PRINTDATE
    STYLEREF HYPERLINK FORMTEXT FORMCHECKBOX FORMDROPDOWN FILENAME TITLE AUTHOR INDEX XE EQ SYMBOL MACROBUTTON
    QUOTE SHAPE LISTNUM AUTONUM BIBLIOGRAPHY CITATION EMBED
    """.split()  # noqa: SIM905 – so many names read best as words
)


@dataclass(slots=True)
class State:
    """A document being read: its package, styles and lists, the text so far, and what is not in it."""

    package: Package
    styles: Styles
    numbering: Numbering
    builder: Builder
    changes: Changes
    notes: Notes = field(default_factory=Notes)
    #: How often each kind of field was come upon.
    fields: Counter[str] = field(default_factory=Counter)
    #: How many documents lie around this one.
    depth: int = 0
    #: Everything that is in the text or listed, without spaces; once somebody asks.
    said: str = ""
    _looks: dict[tuple[str | None, str | None, Look], Look] = field(default_factory=dict)

    @classmethod
    def of(cls, package: Package, builder: Builder, choice: TrackedChanges) -> "State":
        """Return what there is to know before the text is read. Raises `TooMuch`."""
        main = package.main
        styles = Styles.of(_one(package, main, "styles"))
        numbering = Numbering.of(_one(package, main, "numbering"), styles)
        return cls(package, styles, numbering, builder, Changes(choice))

    def leave_out(self, kind: str, words: str) -> None:
        """List words that are not in the text; long ones in several entries, so that none is cut."""
        for start in range(0, len(words), WORDS):
            self.builder.leave_out(kind, words[start : start + WORDS])

    def properties(self, properties: Node, change: str) -> Node:
        """Return properties before or after a tracked change of looks, as the text is read; it is counted."""
        changed = None if properties is None else child(properties, change)
        if changed is None:
            return properties
        self.changes.looks += 1
        if self.changes.choice is TrackedChanges.ACCEPTED:
            return properties
        before = child(changed, properties.tag)
        return properties if before is None else before

    def look(self, paragraph: str | None, run: str | None, direct: Look | None) -> Look:
        """Return how a run looks in all."""
        key = (paragraph, run, direct or PLAIN)
        look = self._looks.get(key)
        if look is None:
            look = self._looks[key] = self.styles.look(paragraph, run, direct or PLAIN)
        return look

    def field_code(self, code: str) -> None:
        """Count a field; one that reaches beyond the document is told with what it asks for."""
        name = name_of(code)
        if name in _REACHING:
            self.leave_out("external", code.strip())
        elif name in _COMMON:
            self.fields[name] += 1
        else:
            self.leave_out("field_code", code.strip())

    def fields_in_one_line(self) -> str:
        """Return how often each common kind of field was come upon; empty for none."""
        return "、".join(f"{name} × {count}" for name, count in sorted(self.fields.items()))

    def control(self, properties: Node) -> None:
        """List what a content control offers beside what it holds."""
        if properties is None:
            return
        for kind in (f"{W}dropDownList", f"{W}comboBox"):
            offered = child(properties, kind)
            if offered is not None:
                entries = [
                    entry.get(f"{W}displayText") or entry.get(f"{W}value", "")
                    for entry in offered.iter(f"{W}listItem")
                ]
                self.leave_out("options", "、".join(filter(None, entries)))
        title = (val(properties, f"{W}alias") or "").strip()
        if title:
            self.leave_out("control_title", title)


def _one(package: Package, main: str, kind: str) -> Node:
    return next((package.tree(name) for name in package.of_kind(main, kind)), None)
