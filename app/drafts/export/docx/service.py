"""The door of the export to Word: a document becomes a file, the same bytes for the same document."""

from collections.abc import Iterator, Mapping, Sequence

from app.domain.document.model import (
    Block,
    Divider,
    Document,
    Heading,
    Image,
    ListItem,
    Paragraph,
    Quote,
    Table,
    Video,
)
from app.drafts.export.docx import styles, tables
from app.drafts.export.docx.names import Element, children, element, part
from app.drafts.export.docx.notes import Note, Notes
from app.drafts.export.docx.numbering import Lists
from app.drafts.export.docx.package import Parts
from app.drafts.export.docx.paragraphs import paragraph
from app.drafts.intake.docx.own_styles import (
    ATTACHMENT,
    CAPTION,
    CONTINUED,
    CREDIT,
    DIVIDER,
    FIELD_STYLES,
    NUMBERED,
    TABLE_CAPTION,
)

#: Fields above the text and below it, in their order.
_ABOVE, _BELOW = ("subtitle", "byline", "summary"), ("source", "source_url")


def docx_of(
    document: Document,
    pictures: Mapping[str, bytes],
    filenames: Mapping[str, str],
    notes: Sequence[Note] = (),
    red_head: str = "",
) -> bytes:
    """Return a document as a Word file (.docx) in the layout of official documents.

    `pictures` are the bytes of its pictures by SHA-256, `filenames` the names of its attachments and videos;
    what is missing is named in its place, so that nobody takes the file for whole. `notes` become
    comments and tracked changes. `red_head` are the red words above the first page (某某局文件); they are no
    part of the text and lie in the head of its page.
    """
    return _Writer(document, pictures, filenames, Notes.of(notes)).file(red_head.strip())


class _Writer:
    def __init__(
        self, document: Document, pictures: Mapping[str, bytes], filenames: Mapping[str, str], notes: Notes
    ) -> None:
        self.document, self.pictures, self.filenames, self.notes = document, pictures, filenames, notes
        self.parts, self.lists = Parts(), Lists()
        self.drawn = 0

    def file(self, red_head: str) -> bytes:
        self.parts.add("styles.xml", "styles", part(styles.styles()))
        self.parts.add("settings.xml", "settings", part(styles.settings()))
        self.parts.add("fontTable.xml", "fontTable", part(styles.font_table()))
        feet = [
            self.parts.add(f"footer{number}.xml", "footer", part(styles.footer(align)))
            for number, align in enumerate(("right", "left"), 1)
        ]
        head = self.parts.add("header1.xml", "header", part(styles.red_head(red_head))) if red_head else None
        body = children(element("w:body"), [*self._blocks(), styles.section(*feet, head=head)])
        self.notes.write(self.parts)
        if (lists := self.lists.part()) is not None:
            self.parts.add("numbering.xml", "numbering", part(lists))
        return self.parts.zipped(part(element("w:document", body)))

    def _blocks(self) -> Iterator[Element]:
        document = self.document
        yield self._said("title", document.title, "Title")
        yield from self._fields(_ABOVE)
        labels = self.lists.labels(document.blocks)
        for index, (block, (place, before)) in enumerate(zip(document.blocks, labels, strict=True)):
            yield from self._block(f"blocks/{index}", block, place, before)
        for number, name in enumerate(document.attachments, 1):
            sign = f"{number}. " if len(document.attachments) > 1 else ""
            lead = "附件：" if number == 1 else "　　　"
            yield paragraph(self.parts, f"{lead}{sign}{self.filenames.get(name, name)}", style=ATTACHMENT)
        yield from self._fields(_BELOW)

    def _fields(self, names: tuple[str, ...]) -> Iterator[Element]:
        for name in names:
            if said := getattr(self.document, name):
                yield self._said(name, said, FIELD_STYLES[name])

    def _said(self, at: str, words: str, style: str) -> Element:
        return paragraph(self.parts, words, style=style, notes=self.notes, at=at)

    def _block(self, at: str, block: Block, place: Element | None, before: str) -> Iterator[Element]:
        match block:
            case Heading() | Quote() | ListItem() | Paragraph():
                yield self._words(at, block, place, before)
            case Table():
                if block.caption:
                    yield self._said(f"{at}/caption", block.caption, TABLE_CAPTION)
                yield tables.table(self.parts, block, self.notes, at)
            case Image():
                yield from self._picture(at, block)
            case Video():
                yield paragraph(self.parts, f"〔视频：{self.filenames.get(block.sha256, block.sha256)}〕")
                if block.caption:
                    yield self._said(f"{at}/caption", block.caption, CAPTION)
            case Divider():
                yield _divider()

    def _words(
        self,
        at: str,
        block: Heading | Paragraph | Quote | ListItem,
        place: Element | None,
        before: str,
    ) -> Element:
        style = {"quote": "Quote", "list_item": "ListBullet"}.get(block.kind)
        if isinstance(block, Heading):
            style = f"Heading{block.level}"
        elif isinstance(block, ListItem) and (block.ordered or block.continues):
            style = CONTINUED if block.continues else NUMBERED
        return paragraph(
            self.parts,
            block.text,
            block.spans,
            style=style,
            align=block.align,
            place=place,
            before=before,
            notes=self.notes,
            at=at,
        )

    def _picture(self, at: str, block: Image) -> Iterator[Element]:
        content = self.pictures.get(block.sha256)
        shown = tables.drawable(content) if content is not None else None
        if shown is None:
            yield paragraph(
                self.parts, f"〔图片：{block.alt or self.filenames.get(block.sha256, block.sha256)}〕"
            )
        else:
            self.drawn += 1
            yield tables.picture(self.parts, shown, block.alt, self.drawn)
        for name, style in (("caption", CAPTION), ("credit", CREDIT)):
            if words := getattr(block, name):
                yield self._said(f"{at}/{name}", words, style)


def _divider() -> Element:
    line = element("w:bottom", val="single", sz=6, space=1, color="auto")
    return element("w:p", element("w:pPr", element("w:pStyle", val=DIVIDER), element("w:pBdr", line)))
