"""Two people's changes of one text brought together: three ways, paragraph by paragraph. Pure.

What only one side changed is taken. What both changed in different ways is a collision: it is for people to
choose, and nothing of either side is dropped before they did.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from rapidfuzz.distance import Indel

from app.domain.document.model import FIELDS, TEXT_BLOCKS, Block, Document, Image, Table, Video, texts_of
from app.domain.record.canonical import canonical

#: Paragraphs less alike than this are one removed and one added, not one edited.
_ALIKE = 0.4


@dataclass(frozen=True, slots=True)
class Collision:
    """A field or block that both sides changed, each in its own way.

    `place` is where it stands in the merged document: a field's name or `blocks/<index>`. Of a block, `mine`
    and `theirs` are the blocks themselves, `None` where that side removed it; of a field they are its words.
    """

    place: str
    mine: Block | str | None
    theirs: Block | str | None


@dataclass(frozen=True, slots=True)
class Merged:
    """A document with the changes of both sides; without collisions it is what both wanted.

    A collision stands in it as `theirs`, or as `mine` where they removed it.
    """

    document: Document
    collisions: tuple[Collision, ...]


def merge(base: Document, mine: Document, theirs: Document) -> Merged:
    """Return what came of `base` on both sides, in the order of `theirs`.

    Blocks that both sides added at one place are both kept, theirs first; the same block added by both is
    kept once. A table of the same shape is merged cell by cell, a picture by its words.
    """
    collisions: list[Collision] = []
    fields = {}
    for name in FIELDS:
        was, my, their = getattr(base, name), getattr(mine, name), getattr(theirs, name)
        fields[name] = my if their == was else their
        if my not in (was, their) and their != was:
            collisions.append(Collision(name, my, their))
    blocks: list[Block] = []
    my_side, their_side = _side(base, mine), _side(base, theirs)
    for index in range(len(base.blocks) + 1):
        blocks += _added(my_side.added[index], their_side.added[index])
        if index == len(base.blocks):
            break
        was_block, my_block, their_block = base.blocks[index], my_side.kept[index], their_side.kept[index]
        taken, collides = _block(was_block, my_block, their_block)
        if collides:
            collisions.append(Collision(f"blocks/{len(blocks)}", my_block, their_block))
        if taken is not None:
            blocks.append(taken)
    attachments = _attachments(base.attachments, mine.attachments, theirs.attachments)
    if not any(text.strip() for block in blocks for _, text in texts_of(block)) and not any(
        isinstance(block, Image | Video) for block in blocks
    ):
        # Each removed what the other had left: both stay, and the first is for people to choose.
        collisions = [collision for collision in collisions if collision.place in FIELDS]
        collisions.append(Collision("blocks/0", mine.blocks[0], theirs.blocks[0]))
        blocks = [*theirs.blocks, *mine.blocks[1:]]
    return Merged(Document(**fields, blocks=tuple(blocks), attachments=attachments), tuple(collisions))


@dataclass(frozen=True, slots=True)
class _Side:
    """What became of each block of the base (`None`: removed); what was added before each, and at the end."""

    kept: tuple[Block | None, ...]
    added: tuple[tuple[Block, ...], ...]


def _side(base: Document, changed: Document) -> _Side:
    kept: list[Block | None] = [None] * len(base.blocks)
    added: list[list[Block]] = [[] for _ in range(len(base.blocks) + 1)]
    steps = Indel.opcodes([_name(block) for block in base.blocks], [_name(block) for block in changed.blocks])
    start = new_start = 0
    for step in [*steps, None]:
        if step is not None and step.tag != "equal":
            continue
        end = step.src_start if step else len(base.blocks)
        new_end = step.dest_start if step else len(changed.blocks)
        _pair(base.blocks, changed.blocks, (start, end), (new_start, new_end), kept, added)
        if step is not None:
            for offset in range(step.src_end - step.src_start):
                kept[step.src_start + offset] = changed.blocks[step.dest_start + offset]
            start, new_start = step.src_end, step.dest_end
    return _Side(tuple(kept), tuple(tuple(blocks) for blocks in added))


def _pair(
    was: Sequence[Block],
    now: Sequence[Block],
    old: tuple[int, int],
    new: tuple[int, int],
    kept: list[Block | None],
    added: list[list[Block]],
) -> None:
    """Pair the blocks of one stretch that differs, in order: those that are alike are one block, edited."""
    at = old[0]
    same_count = old[1] - old[0] == new[1] - new[0]
    in_place = same_count and all(
        _shape(was[old[0] + offset]) == _shape(now[new[0] + offset]) for offset in range(old[1] - old[0])
    )
    for index in range(*new):
        block = now[index]
        if in_place:
            partner: int | None = at
        else:
            partner = next((index for index in range(at, old[1]) if _alike(was[index], block)), None)
        if partner is None:
            added[at].append(block)
        else:
            kept[partner] = block
            at = partner + 1


def _alike(was: Block, now: Block) -> bool:
    if _shape(was) != _shape(now):
        return False
    if isinstance(was, TEXT_BLOCKS) and isinstance(now, TEXT_BLOCKS):
        return Indel.normalized_similarity(was.text, now.text, score_cutoff=_ALIKE) > 0
    return not isinstance(was, Image | Video) or was.sha256 == getattr(now, "sha256", None)


def _shape(block: Block) -> tuple[object, ...]:
    if isinstance(block, TEXT_BLOCKS):
        return ("text",)
    return (block.kind, len(block.rows), len(block.rows[0])) if isinstance(block, Table) else (block.kind,)


def _name(block: Block) -> bytes:
    return canonical(block.model_dump(mode="json"))


def _added(mine: tuple[Block, ...], theirs: tuple[Block, ...]) -> Iterable[Block]:
    return (*theirs, *(block for block in mine if block not in theirs))


def _block(was: Block, mine: Block | None, theirs: Block | None) -> tuple[Block | None, bool]:
    """Return the block to take, and whether the sides collide in it."""
    if mine in (was, theirs):
        return theirs, False
    if theirs == was:
        return mine, False
    if mine is not None and theirs is not None and (both := _parts(was, mine, theirs)) is not None:
        return both, False
    return (theirs if theirs is not None else mine), True


def _parts(was: Block, mine: Block, theirs: Block) -> Block | None:
    """Return a table or picture with the cells or words of both sides; `None` where they collide."""
    if isinstance(was, TEXT_BLOCKS) or not (_shape(was) == _shape(mine) == _shape(theirs)):
        return None
    old, my, their = (dict(texts_of(block)) for block in (was, mine, theirs))
    texts = {}
    for place, text in old.items():
        if my[place] not in (text, their[place]) and their[place] != text:
            return None
        texts[place] = my[place] if their[place] == text else their[place]
    if _without_words(theirs) != _without_words(was) and _without_words(mine) != _without_words(was):
        return None
    outer = theirs if _without_words(mine) == _without_words(was) else mine
    both = _with_texts(outer, texts)
    try:
        return type(both).model_validate(both.model_dump())
    except ValidationError:
        # Markup of one side no longer lies on the words of the other.
        return None


def _with_texts(block: Block, texts: dict[str, str]) -> Block:
    if isinstance(block, Table):
        rows = tuple(
            tuple(texts[f"/rows/{row}/{column}"] for column in range(len(cells)))
            for row, cells in enumerate(block.rows)
        )
        return block.model_copy(update={"rows": rows, "caption": texts["/caption"]})
    return block.model_copy(update={place.removeprefix("/"): text for place, text in texts.items()})


def _without_words(block: Block) -> bytes:
    return _name(_with_texts(block, {place: "" for place, _ in texts_of(block)}))


def _attachments(base: tuple[str, ...], mine: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[str, ...]:
    gone = (set(base) - set(mine)) | (set(base) - set(theirs))
    return tuple(digest for digest in dict.fromkeys((*theirs, *mine)) if digest not in gone)
