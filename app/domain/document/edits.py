"""Edits of a document: a proofreader's marks, carried out exactly or not at all.

An edit is anchored by its place, its range and the exact quote of what stands there. It is never guessed
where a quote has moved to.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pydantic import ValidationError

from app.domain.document.model import FIELDS, TEXT_BLOCKS, Block, Document, Image, Span, Table, Video
from app.domain.refusals import Refusal, RefusalCode, Refused
from app.domain.vocabulary import MarkKind

#: Marks that end or join paragraphs; they need a block of text, not a field or a cell.
_BLOCK_KINDS = frozenset({MarkKind.RUN_ON, MarkKind.NEW_PARAGRAPH})


@dataclass(frozen=True, slots=True)
class Edit:
    """One mark on a text: `text[start:end]` of `place` reads `quote` and is to read `new_text`.

    Positions are code points, end-exclusive; places are those of `Document.texts`. A `move` names in
    `move_to` the position in the same text where the quote goes.
    """

    id: str
    kind: MarkKind
    place: str
    start: int
    end: int
    quote: str
    new_text: str = ""
    move_to: int | None = None


@dataclass(frozen=True, slots=True)
class _Splice:
    start: int
    end: int
    new: str


#: kind → what a well-formed mark of it looks like
_FORMS: dict[MarkKind, Callable[[Edit], bool]] = {
    MarkKind.CORRECT: lambda edit: bool(edit.quote and edit.new_text) and edit.quote != edit.new_text,
    MarkKind.DELETE: lambda edit: bool(edit.quote) and not edit.new_text,
    MarkKind.INSERT: lambda edit: not edit.quote and bool(edit.new_text),
    MarkKind.TRANSPOSE: lambda edit: (
        sorted(edit.quote) == sorted(edit.new_text) and edit.quote != edit.new_text
    ),
    MarkKind.MOVE: lambda edit: bool(edit.quote) and not edit.new_text and _moves_away(edit),
    MarkKind.RUN_ON: lambda edit: not edit.quote and not edit.new_text,
    MarkKind.NEW_PARAGRAPH: lambda edit: not edit.quote and not edit.new_text,
    MarkKind.ADD_SPACE: lambda edit: not edit.quote and bool(edit.new_text) and edit.new_text.isspace(),
    MarkKind.REMOVE_SPACE: lambda edit: bool(edit.quote) and edit.quote.isspace() and not edit.new_text,
    MarkKind.STET: lambda edit: bool(edit.quote) and not edit.new_text,
}


def apply_edits(document: Document, edits: Sequence[Edit]) -> Document | Refused:
    """Return the document with all edits carried out, or every reason why they cannot be.

    Each edit must be well formed for its kind, its place must exist, its quote must stand exactly there, and
    no two may overlap or insert at the same spot. No edits give the same document back. Inline markup keeps
    to the words it was on; markup whose words are all gone goes too.
    """
    refusals = [refusal for edit in edits for refusal in faults(document, edit)]
    refusals += _overlaps(edits)
    if refusals:
        return Refused(tuple(refusals))
    content = document.model_dump(mode="json")
    for place in dict.fromkeys(edit.place for edit in edits):
        _splice_place(
            content, place, [splice for edit in edits if edit.place == place for splice in _splices(edit)]
        )
    seams = [edit for edit in edits if edit.kind in _BLOCK_KINDS]
    for index in sorted({_block_index(edit.place) for edit in seams}, reverse=True):
        own = [edit for edit in seams if _block_index(edit.place) == index]
        others = [edit for edit in edits if edit.place == f"blocks/{index}" and edit.kind not in _BLOCK_KINDS]
        _reseam(content, index, own, [splice for edit in others for splice in _splices(edit)])
    try:
        return Document.model_validate(content)
    except ValidationError as error:
        faulty = sorted({".".join(map(str, fault["loc"])) or fault["msg"] for fault in error.errors()})
        return Refused((Refusal(RefusalCode.RESULT_INVALID, {"faults": faulty}),))


def faults(document: Document, edit: Edit) -> tuple[Refusal, ...]:
    """Return what keeps this one edit from being carried out on the document; empty when nothing does."""
    text = text_at(document, edit.place)
    if text is None:
        return (Refusal(RefusalCode.PLACE_UNKNOWN, {"mark": edit.id, "place": edit.place}),)
    refusals = []
    if not 0 <= edit.start <= edit.end <= len(text) or text[edit.start : edit.end] != edit.quote:
        there = text[max(edit.start, 0) : max(edit.end, 0)]
        refusals.append(
            Refusal(RefusalCode.QUOTE_DIFFERS, {"mark": edit.id, "quote": edit.quote, "there": there})
        )
    malformed = not _FORMS[edit.kind](edit)
    if edit.kind is MarkKind.MOVE:
        malformed = malformed or not 0 <= (edit.move_to or 0) <= len(text)
    elif edit.kind in _BLOCK_KINDS:
        malformed = malformed or not _seam_fits(document, edit, text)
    if malformed:
        refusals.append(Refusal(RefusalCode.MARK_MALFORMED, {"mark": edit.id, "kind": edit.kind}))
    return tuple(refusals)


def text_at(document: Document, place: str) -> str | None:
    """Return the text at a place such as `title` or `blocks/4/rows/0/1`; `None` for no such place."""
    if place in FIELDS:
        value: str = getattr(document, place)
        return value
    head, _, rest = place.partition("/")
    index, _, inner = rest.partition("/")
    if head != "blocks" or not _is_index(index, len(document.blocks)):
        return None
    return _text_in(document.blocks[int(index)], inner)


def _text_in(block: Block, inner: str) -> str | None:
    if isinstance(block, TEXT_BLOCKS):
        return None if inner else block.text
    if isinstance(block, Table) and inner.startswith("rows/"):
        row, _, column = inner.removeprefix("rows/").partition("/")
        if _is_index(row, len(block.rows)) and _is_index(column, len(block.rows[0])):
            return block.rows[int(row)][int(column)]
        return None
    if (isinstance(block, Table | Video) and inner == "caption") or (
        isinstance(block, Image) and inner in {"alt", "caption", "credit"}
    ):
        value: str = getattr(block, inner)
        return value
    return None


def _is_index(text: str, length: int) -> bool:
    return text.isascii() and text.isdigit() and str(int(text)) == text and int(text) < length


def _moves_away(edit: Edit) -> bool:
    return edit.move_to is not None and not edit.start <= edit.move_to <= edit.end


def _seam_fits(document: Document, edit: Edit, text: str) -> bool:
    if not edit.place.startswith("blocks/") or edit.place.count("/") != 1:
        return False
    index = _block_index(edit.place)
    if edit.kind is MarkKind.NEW_PARAGRAPH:
        return 0 < edit.start < len(text)
    has_next = index + 1 < len(document.blocks) and isinstance(document.blocks[index + 1], TEXT_BLOCKS)
    return edit.start == len(text) and has_next


def _overlaps(edits: Sequence[Edit]) -> list[Refusal]:
    spans = sorted(
        ((edit.place, start, end, edit.id) for edit in edits for start, end in _ground(edit)),
    )
    refusals = []
    for (place, start, end, mark), (other_place, other_start, other_end, other) in pairwise(spans):
        inside = other_start < end or (other_start == start and other_end == end)
        if place == other_place and inside and mark != other:
            refusals.append(
                Refusal(RefusalCode.MARKS_OVERLAP, {"marks": sorted((mark, other)), "place": place})
            )
    return refusals


def _ground(edit: Edit) -> list[tuple[int, int]]:
    ground = [(edit.start, edit.end)]
    if edit.move_to is not None:
        ground.append((edit.move_to, edit.move_to))
    return ground


def _splices(edit: Edit) -> list[_Splice]:
    if edit.kind is MarkKind.STET or edit.kind in _BLOCK_KINDS:
        return []
    if edit.kind is MarkKind.MOVE and edit.move_to is not None:
        return [_Splice(edit.start, edit.end, ""), _Splice(edit.move_to, edit.move_to, edit.quote)]
    return [_Splice(edit.start, edit.end, edit.new_text)]


def _spliced(text: str, splices: Sequence[_Splice]) -> str:
    # From the end backwards: an insertion right before a replaced range is made after it.
    for splice in sorted(splices, key=lambda splice: (splice.start, splice.end), reverse=True):
        text = text[: splice.start] + splice.new + text[splice.end :]
    return text


def _moved(position: int, splices: Sequence[_Splice], *, is_end: bool) -> int:
    """Return where a boundary of inline markup stands after the splices."""
    shift = 0
    for splice in splices:
        if splice.start < position < splice.end:
            # A boundary inside replaced words: the new words belong to the markup that began before them.
            return _moved(splice.start, splices, is_end=True) + (0 if is_end else len(splice.new))
        before = splice.end < position or (splice.end == position and (not is_end or splice.start < position))
        if before:
            shift += len(splice.new) - (splice.end - splice.start)
    return position + shift


def _respanned(spans: Sequence[dict[str, Any]], splices: Sequence[_Splice]) -> list[dict[str, Any]]:
    moved = (
        span
        | {
            "start": _moved(span["start"], splices, is_end=False),
            "end": _moved(span["end"], splices, is_end=True),
        }
        for span in spans
    )
    return [span for span in moved if span["start"] < span["end"]]


def _splice_place(content: dict[str, Any], place: str, splices: Sequence[_Splice]) -> None:
    if place in FIELDS:
        content[place] = _spliced(content[place], splices)
        return
    _, index, *inner = place.split("/")
    block = content["blocks"][int(index)]
    if not inner:
        block["text"], block["spans"] = _spliced(block["text"], splices), _respanned(block["spans"], splices)
    elif inner[0] == "rows":
        row, column = int(inner[1]), int(inner[2])
        block["rows"][row][column] = _spliced(block["rows"][row][column], splices)
        if marked := block.get("spans"):
            own = [span for span in marked if (span["row"], span["column"]) == (row, column)]
            block["spans"] = [span for span in marked if span not in own] + _respanned(own, splices)
    else:
        block[inner[0]] = _spliced(block[inner[0]], splices)


def _block_index(place: str) -> int:
    return int(place.split("/")[1])


def _reseam(content: dict[str, Any], index: int, seams: Sequence[Edit], splices: Sequence[_Splice]) -> None:
    """Split or join one block, whose own words have been edited already."""
    blocks = content["blocks"]
    if any(edit.kind is MarkKind.RUN_ON for edit in seams):
        block, following = blocks[index], blocks.pop(index + 1)
        shift = len(block["text"])
        block["text"] += following["text"]
        block["spans"] += [
            span | {"start": span["start"] + shift, "end": span["end"] + shift} for span in following["spans"]
        ]
    cuts = sorted(
        _moved(edit.start, splices, is_end=True) for edit in seams if edit.kind is MarkKind.NEW_PARAGRAPH
    )
    for cut in reversed(cuts):
        block = blocks[index]
        tail = block | {
            "text": block["text"][cut:],
            "spans": _clipped(block["spans"], cut, len(block["text"])),
        }
        # The first part keeps the number that was set for the whole; the count goes on from it.
        tail.pop("number", None)
        blocks[index] = block | {"text": block["text"][:cut], "spans": _clipped(block["spans"], 0, cut)}
        blocks.insert(index + 1, tail)


def _clipped(spans: Sequence[dict[str, Any]], start: int, end: int) -> list[dict[str, Any]]:
    clipped = (
        span | {"start": max(span["start"], start) - start, "end": min(span["end"], end) - start}
        for span in spans
    )
    return [
        Span.model_validate(span).model_dump(mode="json") for span in clipped if span["start"] < span["end"]
    ]
