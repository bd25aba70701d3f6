"""A document edited in a form, text by text. Pure. What is no text (pictures, links, bold) stays as it is."""

from collections.abc import Mapping, Sequence

from rapidfuzz.distance import Levenshtein

from app.domain.document import FIELDS, TEXT_BLOCKS, Block, Document, Paragraph
from app.domain.edits import Edit, apply_edits
from app.domain.refusals import Refused
from app.domain.vocabulary import MarkKind

_KINDS = {"replace": MarkKind.CORRECT, "delete": MarkKind.DELETE, "insert": MarkKind.INSERT}


def editable_texts(document: Document) -> tuple[tuple[str, str], ...]:
    """Return `(place, text)` of everything below the fields that a form may change, in reading order."""
    return tuple((place, text) for place, text in document.texts() if place not in FIELDS)


def rewritten(document: Document, texts: Mapping[str, str], added: str = "") -> Document | Refused:
    """Return the document with its texts as in `texts`, by place; places that are not named stay.

    Of a paragraph, heading, list item or quote each further line becomes a paragraph of its own, and one that
    was emptied goes; each line of `added` becomes a paragraph at the end. Markup keeps to its words.
    """
    wanted = {place: _lines(text) if _is_block(document, place) else [text] for place, text in texts.items()}
    now = dict(document.texts())
    edits = [
        edit
        for place, lines in wanted.items()
        for edit in _edits(place, now.get(place, ""), lines[0] if lines else "")
    ]
    edited = apply_edits(document, edits)
    if isinstance(edited, Refused):
        return edited
    blocks: list[Block] = []
    for index, block in enumerate(edited.blocks):
        place = f"blocks/{index}"
        lines = wanted.get(place)
        if lines is None:
            blocks.append(block)
            continue
        if lines:
            blocks.append(block)
        blocks += _paragraphs(lines[1:])
    blocks += _paragraphs(_lines(added))
    return edited.model_copy(update={"blocks": tuple(blocks)})


def _is_block(document: Document, place: str) -> bool:
    head, _, index = place.partition("/")
    return head == "blocks" and index.isdigit() and isinstance(document.blocks[int(index)], TEXT_BLOCKS)


def _lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]


def _paragraphs(lines: Sequence[str]) -> list[Block]:
    return [Paragraph(text=line) for line in lines]


def _edits(place: str, old: str, new: str) -> list[Edit]:
    return [
        Edit(
            id=f"{place}:{step.src_start}",
            kind=_KINDS[step.tag],
            place=place,
            start=step.src_start,
            end=step.src_end,
            quote=old[step.src_start : step.src_end],
            new_text=new[step.dest_start : step.dest_end],
        )
        for step in Levenshtein.opcodes(old, new)
        if step.tag != "equal"
    ]
