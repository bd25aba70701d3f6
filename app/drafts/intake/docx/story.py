"""One story of a document, its body, a cell, a note, a text box, as blocks."""

from dataclasses import dataclass

from app.domain.document.model import Align
from app.drafts.intake.builder import Builder, Shape, Sign
from app.drafts.intake.docx import chunks, own_styles, tables
from app.drafts.intake.docx.changes import change_in, change_of
from app.drafts.intake.docx.inline import Run, Walker
from app.drafts.intake.docx.names import MC, Node, R, W, child, is_on, val
from app.drafts.intake.docx.numbering import Label
from app.drafts.intake.docx.state import State
from app.drafts.intake.docx.styles import Shape as Look
from app.drafts.intake.docx.styles import shape_of
from app.drafts.intake.runs import Inline

#: Among so many first paragraphs a title is looked for.
FIRST = 12


@dataclass(frozen=True, slots=True)
class Opening:
    """One of the first paragraphs: its first block and how many it has, its words, and how it looks."""

    at: int
    count: int
    run: Inline
    look: Look
    is_coloured: bool


class Story:
    """Reads the blocks of one story into a builder."""

    def __init__(
        self, state: State, part: str, builder: Builder | None = None, *, takes_pictures: bool = False
    ) -> None:
        self.state, self.part, self.takes_pictures = state, part, takes_pictures
        self.builder = Builder(left_out=state.builder.left_out) if builder is None else builder
        self.walker = Walker(state, part, takes_pictures=takes_pictures)
        self.openings: list[Opening] = []
        #: Blocks in the styles of captions and credits: where they stand, and in which.
        self.captions: list[tuple[int, str]] = []

    def read(self, node: Node) -> "Story":
        """Read everything in an element, and what is left of a paragraph that did not end."""
        self.blocks(node)
        if self.walker.run.holds:
            self._end(Look(), None)
        return self

    def blocks(self, node: Node) -> None:
        """Read the blocks in an element."""
        for inner in node:
            if isinstance(inner.tag, str):
                self._block(inner)

    def _block(self, node: Node) -> None:
        match node.tag.rpartition("}")[2]:
            case "p":
                self._paragraph(node)
            case "tbl":
                tables.read_table(self, node)
            case "sdt":
                self.state.control(child(node, f"{W}sdtPr"))
                for content in node.iterchildren(f"{W}sdtContent"):
                    self.blocks(content)
            case "AlternateContent":
                chosen = child(node, f"{MC}Choice")
                chosen = child(node, f"{MC}Fallback") if chosen is None else chosen
                self.blocks(chosen if chosen is not None else ())
            case "altChunk":
                self.builder.blocks.extend(chunks.read(self.state, self.part, node.get(f"{R}id", "")))
            case "customXml" | "smartTag" | "ins" | "del" | "moveFrom" | "moveTo":
                with self.state.changes.under(change_of(node)):
                    self.blocks(node)
            case _:
                self.walker.read(node)

    def _paragraph(self, node: Node) -> None:
        own = child(node, f"{W}pPr")
        mark = child(own, f"{W}rPr")
        properties = self.state.properties(own, f"{W}pPrChange")
        style = val(properties, f"{W}pStyle")
        look = shape_of(properties).over(self.state.styles.paragraph(style))
        self.state.changes.part()
        self.walker.run.style = style
        self.walker.walk(node)
        change = change_in(mark)
        if change is not None:
            self.state.changes.silent += 1
        hidden = is_on(mark, f"{W}specVanish") and is_on(mark, f"{W}vanish")
        if hidden or (change is not None and not self.state.changes.keeps(change)):
            # The paragraph has no end of its own: its words go on in the next one.
            return
        self._end(look, style)

    def _end(self, look: Look, style: str | None) -> None:
        run, self.walker.run = self.walker.run, Run()
        was_hidden = any(kind == "hidden_text" for kind, _ in run.lost)
        run.settle(self.state)
        is_gone = not self.state.changes.in_text or (not run.text.pieces and was_hidden)
        label = None if is_gone else self.state.numbering.label(look, style)
        numbered = own_styles.sign_of(style, label)
        text = run.text
        if label and label.words and numbered is None:
            text = Inline([(label.words, frozenset()), *text.pieces])
        if numbered is not None:
            self.builder.text(text, Shape.LIST_ITEM, sign=numbered, align=_align(look))
        elif style is None or not style.startswith("Sanshen") or not self._own(text, style, look):
            self._add(text, look, label, is_coloured=run.is_coloured)
        self.builder.blocks.extend(run.pictures)
        if run.boxes:
            self._boxes(run.boxes)

    def _own(self, text: Inline, style: str, look: Look) -> bool:
        """Read a paragraph in a style of ours as what it marks; tell whether it was more than a paragraph."""
        field = own_styles.field_of(style, text.text) if self.builder is self.state.builder else None
        if field is not None:
            self.builder.fields.setdefault(field, self.builder.plain(text))
            return True
        if style == own_styles.ATTACHMENT:
            self.state.leave_out("attachment_list", text.text)
            return True
        if style == own_styles.DIVIDER and not text.text.strip():
            self.builder.divider()
            return True
        if style == own_styles.CONTINUED:
            self.builder.text(text, Shape.LIST_ITEM, align=_align(look))
            return True
        if style in own_styles.CAPTIONS and text.text.strip():
            self.captions.append((len(self.builder.blocks), style))
        return False

    def _add(self, text: Inline, look: Look, label: Label | None, *, is_coloured: bool) -> None:
        align = _align(look)
        before = len(self.builder.blocks)
        plain = self.builder.without_controls(text.text)
        if plain != text.text:
            text = Inline([(self.builder.without_controls(words), marks) for words, marks in text.pieces])
        if look.outline is not None and look.outline < 9 and not look.is_title:
            self.builder.text(text, Shape.HEADING, level=min(look.outline + 1, 6), align=align)
        elif label is not None and label.bullet_depth is not None:
            self.builder.text(text, Shape.LIST_ITEM, sign=Sign(label.bullet_depth), align=align)
        else:
            kind = Shape.QUOTE if look.is_quote else Shape.PARAGRAPH
            self.builder.text(text, kind, align=align)
        count = len(self.builder.blocks) - before
        if count and len(self.openings) < FIRST:
            self.openings.append(Opening(before, count, text, look, is_coloured))

    def _boxes(self, boxes: list[Node]) -> None:
        """Read what hangs on a paragraph right after it: text boxes, and blocks that stood in a run."""
        for box in boxes:
            if box.tag != f"{W}txbxContent":
                self._block(box)
                continue
            inner = Story(self.state, self.part, takes_pictures=self.takes_pictures).read(box)
            if inner.builder.blocks:
                words = " ".join(text for block in inner.builder.blocks for text in tables.words_of(block))
                self.state.leave_out("text_box", words)
            self.builder.blocks.extend(inner.builder.blocks)


def _align(look: Look) -> Align | None:
    return look.align if isinstance(look.align, Align) else None
