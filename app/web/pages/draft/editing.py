"""A document edited in a form, text by text. Pure. Pictures, links and other markup stay as they are."""

import re
from collections.abc import Mapping

from rapidfuzz.distance import Levenshtein

from app.domain.document.alignment import steps
from app.domain.document.edits import Edit, apply_edits
from app.domain.document.model import FIELDS, TEXT_BLOCKS, Block, Document, Paragraph
from app.domain.refusals import Refused
from app.domain.vocabulary import MarkKind
from app.drafts.intake.builder import TooMuch
from app.drafts.intake.subprocess_reader import SMALL, Source, read_here
from app.web.pages.draft.footnotes import numbered, taken_out

_UNTITLED = "（无标题）"
#: What makes a line or its words Markdown.
_SIGNS = re.compile(
    r"^#{1,6} |^[-*+] |^\d{1,9}[.)] |^> |^(?:---|\*\*\*)$|\*\*|~~|\]\(|</?(?:sup|sub|u|s|b|i|br)>",
    re.MULTILINE,
)
#: What takes several lines, or stands between blank ones.
_BLOCKS = re.compile(
    r"\n[ \t]*\n|^ {0,3}(?:#{1,6} |[-*+] |\d{1,9}[.)] |> |```|\||<table)|^[-:| ]+\|[-:| ]*$", re.MULTILINE
)
_KINDS = {"replace": MarkKind.CORRECT, "delete": MarkKind.DELETE, "insert": MarkKind.INSERT}


def editable_texts(document: Document) -> tuple[tuple[str, str], ...]:
    """Return `(place, text)` of everything below the fields that a form may change, in reading order."""
    return tuple((place, text) for place, text in document.texts() if place not in FIELDS)


def rewritten(
    document: Document, texts: Mapping[str, str], added: str = "", *, dropped: frozenset[int] = frozenset()
) -> Document | Refused:
    """Return the document with its texts as in `texts`, by place; places that are not named stay.

    Of a paragraph, heading, list item or quote each further line becomes a paragraph of its own, and one that
    was emptied goes; `added` goes to the end. Markup keeps to its words, and what is typed as Markdown is
    read as that.
    The blocks whose index is in `dropped` go. Footnotes that were typed are numbered on and go to the end.
    """
    now = dict(document.texts())
    # A text that was not touched stays as it is, with the line ends that it may have.
    texts = {place: text for place, text in texts.items() if text != now.get(place, "")}
    texts, added, notes = taken_out(texts, added, now)
    wanted = {place: _lines(text) if _is_block(document, place) else [text] for place, text in texts.items()}
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
        if index in dropped:
            continue
        lines = wanted.get(place)
        if lines is None:
            blocks.append(block)
            continue
        if lines:
            blocks.append(_typed_over(block, now.get(place, "")))
        blocks += [_typed(line) for line in lines[1:]]
    blocks += _added(added)
    whole = edited.model_copy(update={"blocks": tuple(blocks)})
    return numbered(whole, document, notes, _noted)


def _is_block(document: Document, place: str) -> bool:
    head, _, index = place.partition("/")
    return head == "blocks" and index.isdigit() and isinstance(document.blocks[int(index)], TEXT_BLOCKS)


def _lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]


def _read(text: str) -> tuple[Block, ...]:
    """Return what a text says as Markdown; nothing where something of it would be left out."""
    if len(text) > SMALL:
        return ()
    try:
        read = read_here(Source("markdown", text, title=_UNTITLED))
    except TooMuch:
        return ()
    lost = [one for one in read.left_out if one.kind != "footnote"]
    return () if lost or read.fields else read.blocks


def _added(text: str) -> list[Block]:
    """Return the blocks of what was added: as Markdown, or line by line where that would lose something."""
    if not text.strip():
        return []
    # Lines were paragraphs before they could be Markdown, and Chinese writers break no lines inside them.
    parted = text if _BLOCKS.search(text) else "\n\n".join(_lines(text))
    return list(_read(parted)) or [_typed(line) for line in _lines(text)]


def _noted(text: str) -> list[Block]:
    """Return the blocks of a footnote's words."""
    return list(_read(text)) or [Paragraph(text=line) for line in _lines(text)]


def _typed(line: str) -> Block:
    """Return one line as the block that it says it is; a plain one is a paragraph as it stands."""
    if _SIGNS.search(line) and len(blocks := _read(line)) == 1:
        return blocks[0]
    return Paragraph(text=line)


def _typed_over(block: Block, before: str) -> Block:
    """Return an edited block with the Markdown that was typed into it, where it is new there."""
    if not isinstance(block, TEXT_BLOCKS) or len(_SIGNS.findall(block.text)) <= len(_SIGNS.findall(before)):
        return block
    read = _read(block.text)
    if len(read) != 1 or not isinstance(one := read[0], TEXT_BLOCKS):
        return block
    kind = one if not isinstance(one, Paragraph) and isinstance(block, Paragraph) else block
    if kind is block and one.kind != "paragraph":
        return block
    own = Document(title=_UNTITLED, blocks=(block,))
    bare = apply_edits(own, _edits("blocks/0", block.text, one.text))
    kept = bare.blocks[0] if isinstance(bare, Document) else block
    assert isinstance(kept, TEXT_BLOCKS)
    spans = dict.fromkeys((*kept.spans, *one.spans))
    return kind.model_copy(update={"text": one.text, "spans": tuple(spans)})


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
        for step in steps(old, new, Levenshtein.opcodes)
        if step.tag != "equal"
    ]
