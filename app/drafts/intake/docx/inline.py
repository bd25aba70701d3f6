"""What stands within a paragraph: runs with their marks, fields, notes' signs, formulas, what hangs on it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from app.domain.document.model import LONGEST_READING, Image, SpanKind
from app.drafts.intake.docx import drawings
from app.drafts.intake.docx.changes import change_of
from app.drafts.intake.docx.fields import Field, Fields, phonetic_of, shown_by
from app.drafts.intake.docx.formulas import formula
from app.drafts.intake.docx.names import MC, VAL, M, Node, R, W, child, val
from app.drafts.intake.docx.state import State
from app.drafts.intake.docx.styles import Look, look_of
from app.drafts.intake.docx.symbols import symbol, with_symbols
from app.drafts.intake.runs import Inline, Mark, reading_mark

_RUBY = (f"{W}rt", f"{W}rubyBase")
#: Elements of a run that are signs.
_SIGNS = {
    f"{W}tab": "\t",
    f"{W}ptab": "\t",
    f"{W}br": "\n",
    f"{W}cr": "\n",
    f"{W}noBreakHyphen": "-",
}
#: What says how something looks, or where something begins, and holds no words.
_SILENT = frozenset(
    f"{W}{name}"
    for name in (
        *("rPr", "pPr", "sectPr", "tblPr", "tblGrid", "trPr", "tcPr", "proofErr", "bookmarkStart"),
        *("bookmarkEnd", "lastRenderedPageBreak", "softHyphen", "annotationRef", "footnoteRef", "endnoteRef"),
        *(
            "separator",
            "continuationSeparator",
            "permStart",
            "permEnd",
            "rubyPr",
            "smartTagPr",
            "customXmlPr",
        ),
    )
)
_BLOCKS = frozenset({f"{W}p", f"{W}tbl"})


@dataclass(slots=True)
class Run:
    """A paragraph's words being collected, and what hangs on it and comes after it."""

    text: Inline = field(default_factory=Inline)
    #: Elements with paragraphs of their own, in the order in which they were come upon: text boxes.
    boxes: list[Node] = field(default_factory=list)
    pictures: list[Image] = field(default_factory=list)
    style: str | None = None
    #: Words that are left out, by kind, as they were come upon; equal kinds in a row are one.
    lost: list[tuple[str, str]] = field(default_factory=list)
    is_coloured: bool = False

    @property
    def holds(self) -> bool:
        """Whether anything was come upon."""
        return bool(self.text.pieces or self.boxes or self.lost or self.pictures)

    def lose(self, kind: str, words: str) -> None:
        """Note words that do not stand in the text."""
        if self.lost and self.lost[-1][0] == kind:
            self.lost[-1] = (kind, self.lost[-1][1] + words)
        elif words:
            self.lost.append((kind, words))

    def settle(self, state: State) -> None:
        """List what was lost."""
        for kind, words in self.lost:
            state.leave_out(kind, words)
        self.lost.clear()


class Walker:
    """Walks through what stands within paragraphs of one story; fields may go over several of them."""

    def __init__(self, state: State, part: str, *, takes_pictures: bool = False) -> None:
        self.state, self.part, self.takes_pictures = state, part, takes_pictures
        self.fields = Fields()
        self.run = Run()
        self._marks: list[Mark] = []
        self._look: Look | None = None
        self._readers: dict[str, Callable[[Node], None]] = {
            f"{W}r": self._run,
            f"{W}hyperlink": self._hyperlink,
            f"{W}fldSimple": self._simple_field,
            f"{W}fldChar": self._field_sign,
            f"{W}sdt": self._control,
            f"{W}ruby": self._ruby,
            f"{W}sym": self._symbol,
            f"{W}footnoteReference": lambda node: self._note(node, "footnote"),
            f"{W}endnoteReference": lambda node: self._note(node, "endnote"),
            f"{W}commentRangeStart": lambda node: self.state.notes.opens(node.get(f"{W}id", "")),
            f"{W}commentRangeEnd": lambda node: self.state.notes.closes(node.get(f"{W}id", "")),
            f"{W}commentReference": lambda node: self.state.notes.refers(node.get(f"{W}id", "")),
            f"{M}oMath": self._formula,
            f"{MC}AlternateContent": self._alternate,
            f"{W}drawing": self._drawing,
            f"{W}pict": self._drawing,
            f"{W}object": self._drawing,
        }

    def walk(self, node: Node) -> None:
        """Read what stands in an element."""
        for inner in node:
            self.read(inner)

    def read(self, node: Node) -> None:
        """Read one element; one that nobody knows is read through."""
        tag = node.tag
        reader = self._readers.get(tag)
        if reader is not None:
            reader(node)
        elif tag in _SIGNS:
            self.say(_SIGNS[tag])
        elif tag in {f"{W}t", f"{W}delText"}:
            text, node.text = node.text, None
            self.say(text or "")
        elif tag in {f"{W}instrText", f"{W}delInstrText"}:
            self.fields.code(node.text or "")
            node.text = None
        elif tag in _BLOCKS:
            # A table or a paragraph within a run: no schema allows it, and Word shows it.
            self.run.boxes.append(node)
        elif tag not in _SILENT and isinstance(tag, str):
            with self.state.changes.under(change_of(node)):
                self.walk(node)

    def say(self, text: str) -> None:
        """Take words in as what is around them says: in the text, or in the list."""
        if not text:
            return
        state, look = self.state, self._look
        changes = state.changes
        if self.fields.in_code:
            self.fields.code(text)
            self.run.lose("field_code", text)
            return
        if look is not None and look.font is not None:
            text = with_symbols(text, look.font, state)
        if changes.around:
            changes.note(text)
            if not changes.in_text:
                return
        else:
            changes.part()
        if look is not None and look.vanish:
            self.run.lose("hidden_text", text)
            return
        state.notes.quote(text)
        marks = look.marks() if look is not None else frozenset[Mark]()
        if look is not None:
            self._tell_looks(look, text)
        self.run.text.add(text, marks | frozenset(self._marks) if self._marks else marks)

    def _tell_looks(self, look: Look, text: str) -> None:
        if not text.strip():
            return
        if look.colour:
            self.run.is_coloured = True
        if look.is_unreadable:
            self.state.leave_out("faint", text)
        elif look.colour:
            self.state.leave_out("colour", text)

    def _run(self, node: Node) -> None:
        properties = child(node, f"{W}rPr")
        if properties is not None:
            properties = self.state.properties(properties, f"{W}rPrChange")
            look = self.state.look(self.run.style, val(properties, f"{W}rStyle"), look_of(properties))
        else:
            look = self.state.look(self.run.style, None, None)
        outer, self._look = self._look, look
        for inner in node:
            self.read(inner)
        self._look = outer

    def _hyperlink(self, node: Node) -> None:
        related = self.state.package.related(self.part).get(node.get(f"{R}id", ""))
        address = related.target if related is not None and related.is_external else ""
        if address and (anchor := node.get(f"{W}anchor")) and "#" not in address:
            address = f"{address}#{anchor}"
        self.state.leave_out("title_attribute", node.get(f"{W}tooltip", ""))
        self._linked(address, lambda: self.walk(node))

    def _linked(self, address: str, read: Callable[[], None]) -> None:
        """Read words that lead to an address; within the document (no address) they are only words."""
        mark = None
        if address:
            mark = self.state.builder.link(address, "")
        if mark is None:
            read()
            return
        self._marks.append(mark)
        read()
        self._marks.remove(mark)

    def _simple_field(self, node: Node) -> None:
        code = node.get(f"{W}instr", "")
        self.state.field_code(code)
        if (shown := shown_by(code)) and not "".join(node.itertext()).strip():
            self.say(shown)
        self.walk(node)

    def _field_sign(self, node: Node) -> None:
        kind = node.get(f"{W}fldCharType", "")
        if kind == "begin":
            self.fields.begin()
            self._form_data(child(node, f"{W}ffData"))
        elif kind == "separate":
            opened = self.fields.separate()
            if opened is not None and opened.address:
                opened.mark = self.state.builder.link(opened.address, "")
                if opened.mark is not None:
                    self._marks.append(opened.mark)
        elif kind == "end":
            self._ended(self.fields.end())

    def _ended(self, ended: Field | None) -> None:
        if ended is None:
            return
        if ended.mark is not None and ended.mark in self._marks:
            self._marks.remove(ended.mark)
        self.state.field_code(ended.words)
        self.state.leave_out("title_attribute", ended.hint)
        if not ended.is_separated and (phonetic := phonetic_of(ended.words)):
            self._with_reading(phonetic.reading, lambda: self.say(phonetic.words))
        elif not ended.is_separated and (shown := shown_by(ended.words)):
            self.say(shown)

    def _form_data(self, data: Node) -> None:
        """Take in what a field of a form says: its tick, the chosen entry of its list."""
        if data is None:
            return
        box = child(data, f"{W}checkBox")
        if box is not None:
            state = child(box, f"{W}checked")
            state = child(box, f"{W}default") if state is None else state
            is_ticked = state is not None and state.get(VAL, "1").lower() not in {"0", "false", "off"}
            self.say("☑" if is_ticked else "☐")
        entries = [entry.get(VAL, "") for entry in data.iter(f"{W}listEntry")]
        if entries:
            chosen = val(child(data, f"{W}ddList"), f"{W}result") or "0"
            index = int(chosen) if chosen.isdigit() and int(chosen) < len(entries) else 0
            self.say(entries[index])
            self.state.leave_out("options", "、".join(entries))
        for name in ("helpText", "statusText"):
            self.state.leave_out("title_attribute", val(data, f"{W}{name}") or "")

    def _control(self, node: Node) -> None:
        self.state.control(child(node, f"{W}sdtPr"))
        for content in node.iterchildren(f"{W}sdtContent"):
            self.walk(content)

    def _ruby(self, node: Node) -> None:
        """Read the words below, with the reading above them."""
        reading, base = (child(node, name) for name in _RUBY)
        words = ""
        if reading is not None:
            words = "".join(part.text or "" for part in reading.iter(f"{W}t"))
            for part in reading.iter(f"{W}t"):
                part.text = None
        self._with_reading(words, lambda: self.walk(base) if base is not None else None)

    def _with_reading(self, reading: str, read: Callable[[], None]) -> None:
        """Read words with a reading above them; it is listed where none of them is in the text."""
        before = len(self.run.text.pieces)
        if 0 < len(reading.strip()) <= LONGEST_READING:
            self._marks.append(mark := reading_mark(reading.strip(), before))
            read()
            self._marks.remove(mark)
            if "".join(text for text, _ in self.run.text.pieces[before:]).strip():
                return
        else:
            read()
        below = "".join(text for text, _ in self.run.text.pieces[before:])
        self.state.leave_out("ruby", f"{below}（{reading}）" if below else reading)

    def _symbol(self, node: Node) -> None:
        outer, self._look = self._look, Look() if self._look is None else self._look
        self.say(symbol(node.get(f"{W}char", ""), node.get(f"{W}font", ""), self.state))
        self._look = outer

    def _note(self, node: Node, kind: str) -> None:
        if not self.state.changes.in_text:
            return
        number = self.state.notes.number(kind, node.get(f"{W}id", ""))
        if number is not None:
            self._marks.append((SpanKind.SUPERSCRIPT, None))
            outer, self._look = self._look, None
            self.say(f"[{number}]")
            self._look = outer
            self._marks.pop()

    def _formula(self, node: Node) -> None:
        self.say(formula(node))

    def _alternate(self, node: Node) -> None:
        chosen = child(node, f"{MC}Choice")
        if chosen is None:
            chosen = child(node, f"{MC}Fallback")
        if chosen is not None:
            self.walk(chosen)

    def _drawing(self, node: Node) -> None:
        hidden = not self.state.changes.in_text or (self._look is not None and bool(self._look.vanish))
        taken = self.run.pictures if self.takes_pictures and not hidden else None
        drawings.read(node, self.state, self.part, self.run.boxes, taken)


__all__ = ["Run", "Walker"]
