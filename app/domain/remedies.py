"""Corrections and retractions as texts: the public note, and what a correction changes beside it.

The note of a correction (更正说明) is a paragraph of the corrected text that begins with these words: so the
rules check it, reviewers decide on it and it is signed with everything else. The text of a retraction is its
note (撤稿说明) and nothing else.
"""

from collections.abc import Collection

from app.domain.document.changes import Change, MarksOnly, classify
from app.domain.document.model import Document, Paragraph
from app.domain.vocabulary import ChangeClass, RemedyKind
from app.domain.workflow.definition import Purpose

#: How the paragraph begins that says in public what was wrong.
NOTE = "更正说明："
#: What may be taken for it: some write a colon of half its width.
_BEGINNINGS = (NOTE, "更正说明:")

#: What a workflow must be for that is shorter than three reviews, by what it does with what is out.
PURPOSES: dict[RemedyKind, Purpose] = {
    RemedyKind.CORRECTION: "small_correction",
    RemedyKind.RETRACTION: "retraction",
}


def note_of(document: Document) -> str:
    """Return what a corrected text says of its correction, without the words it begins with; "" for nothing.

    Of several notes the last one counts: those before it are of earlier corrections.
    """
    notes = [text for block in document.blocks if (text := _note(block))]
    return notes[-1] if notes else ""


def with_note(document: Document, note: str) -> Document:
    """Return a text with a note behind everything else; the text itself for an empty note."""
    if not note.strip():
        return document
    paragraph = Paragraph(text=NOTE + " ".join(note.split()))
    return document.model_copy(update={"blocks": (*document.blocks, paragraph)})


def without_notes(document: Document) -> Document:
    """Return a text without any note of a correction: what is compared with what is out."""
    kept = tuple(block for block in document.blocks if not _note(block))
    return document.model_copy(update={"blocks": kept}) if kept else document


def notice(number: str, note: str) -> Document:
    """Return the text of a retraction: the number of what is taken down, and the note, line by line.

    Raises `ValueError` for a blank note.
    """
    lines = [line.strip() for line in note.splitlines() if line.strip()]
    return Document(title=f"撤稿说明（{number}）", blocks=tuple(Paragraph(text=line) for line in lines))


def changed(
    published: Document, corrected: Document, *, limits: MarksOnly, new_findings: Collection[str] = ()
) -> Change:
    """Return what a correction changes in what is out, its notes aside; `new_findings` as of `classify`."""
    return classify(
        without_notes(published), without_notes(corrected), limits=limits, new_findings=new_findings
    )


def is_small(change: Change) -> bool:
    """Tell whether a correction may take the short lane: it touches no fact, and nothing but a few words."""
    return change.kind is not ChangeClass.SUBSTANTIVE


def _note(block: object) -> str:
    if not isinstance(block, Paragraph):
        return ""
    text = block.text.strip()
    return next(
        (text[len(beginning) :].strip() for beginning in _BEGINNINGS if text.startswith(beginning)), ""
    )
