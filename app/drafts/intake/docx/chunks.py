"""Documents within a document (`w:altChunk`): pages, texts, other Word files that Word takes in."""

from typing import TYPE_CHECKING

from app.domain.document.model import Block
from app.drafts.intake.builder import Builder, TooMuch
from app.drafts.intake.file_kind import FileKind, kind_of, sentence

if TYPE_CHECKING:
    from app.drafts.intake.docx.state import State


def read(state: "State", part: str, name: str) -> list[Block]:
    """Return the blocks of what a chunk refers to; what cannot be read is listed with what it is."""
    relation = state.package.related(part).get(name)
    if relation is None or relation.is_external:
        state.leave_out("external", relation.target if relation is not None else "")
        return []
    data = state.package.data(relation.target)
    kind = kind_of(data)
    inner = Builder(left_out=state.builder.left_out, pictures=state.builder.pictures)
    last = relation.target.rpartition("/")[2]
    if kind in {FileKind.HTML, FileKind.XML} or (
        kind is FileKind.TEXT and last.lower().endswith(("html", "htm"))
    ):
        from app.drafts.intake.html import read_html

        read_html(data.decode("utf-8", "replace").removeprefix("\ufeff"), inner)
    elif kind is FileKind.TEXT:
        from app.drafts.intake.text import read_text

        read_text(data.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r", ""), inner)
    elif kind is FileKind.DOCX and state.depth < 3:
        from app.drafts.intake.docx.service import read_docx

        try:
            read_docx(data, inner, choice=state.changes.choice, depth=state.depth + 1)
        except TooMuch:
            state.leave_out("embedded_file", f"{last}（读不出）")
    else:
        state.leave_out("embedded_file", f"{last}（{sentence(kind)}）")
    return inner.blocks
