"""Two documents side by side, for reading: paragraphs first, then characters; tables by cell. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from app.domain.document.model import (
    FIELDS,
    TEXT_BLOCKS,
    Block,
    Document,
    Heading,
    Image,
    ListItem,
    Paragraph,
    Quote,
    SpanKind,
    Table,
    Video,
    readings_of,
    texts_of,
)
from app.domain.document.pairing import Group, moved, pair
from app.words.places import place_in_text
from app.words.stretches import Stretch, mere_signs, stretches

Kind = Literal["edited", "added", "removed", "moved", "picture", "form"]
_Text = Heading | Paragraph | ListItem | Quote


@dataclass(frozen=True, slots=True)
class Difference:
    """One field, paragraph, cell or picture that differs.

    `place` is in the newer text, in the older if it was removed; `was` is where it stood, if it moved.
    `note` says in words what no stretch shows. `pictures` are the SHA-256 before and now, empty for none.
    """

    kind: Kind
    place: str
    stretches: tuple[Stretch, ...] = ()
    was: str = ""
    note: str = ""
    pictures: tuple[str, str] = ("", "")

    @property
    def signs_only(self) -> bool:
        """Whether only punctuation or spaces differ."""
        changed = [one.text for one in self.stretches if one.kind != "same"]
        return self.kind == "edited" and bool(changed) and all(map(mere_signs, changed))


def differences(old: Document, new: Document) -> tuple[Difference, ...]:
    """Return what differs in reading order; empty when both documents are the same.

    Fields are compared by name. Blocks are paired first, so that one that came, went or moved does not shift
    the rest, and one that was split or run on is compared across the seam.
    """
    fields = (
        Difference("edited", _named(name), stretches(getattr(old, name), getattr(new, name)))
        for name in FIELDS
        if getattr(old, name) != getattr(new, name)
    )
    return (*fields, *_blocks(old.blocks, new.blocks), *_attachments(old, new))


def _named(ref: str) -> str:
    return place_in_text(ref) or "全文"


def _blocks(old: Sequence[Block], new: Sequence[Block]) -> Iterator[Difference]:
    if old == new:
        return
    keys_old, keys_new = [_key(block) for block in old], [_key(block) for block in new]
    groups = pair(keys_old, keys_new)
    went_elsewhere = moved(groups, keys_old)
    placed: list[tuple[tuple[int, int, int], tuple[Difference, ...]]] = []
    stayed: dict[int, int] = {}
    for number, group in enumerate(groups):
        has_moved = number in went_elsewhere
        placed.append(((group.new[0], 0, 0), tuple(_group(group, old, new, has_moved=has_moved))))
        if not has_moved:
            stayed.update(dict.fromkeys(group.old, group.new[-1]))
    paired_old = {index for group in groups for index in group.old}
    paired_new = {index for group in groups for index in group.new}
    for index, block in enumerate(new):
        if index not in paired_new:
            placed.append(((index, 0, 0), (_whole("added", block, index),)))
    before = -1
    for index, block in enumerate(old):
        before = stayed.get(index, before)
        if index not in paired_old:
            placed.append(((before, 1, index), (_whole("removed", block, index),)))
    for _, found in sorted(placed, key=lambda one: one[0]):
        yield from found


def _key(block: Block) -> str:
    """Return the words by which a block is known again."""
    words = "\n".join(text for _, text in texts_of(block))
    return words if isinstance(block, TEXT_BLOCKS) else f"［{block.kind}］{words}"


def _group(
    group: Group, old: Sequence[Block], new: Sequence[Block], *, has_moved: bool
) -> Iterator[Difference]:
    was, now = [old[index] for index in group.old], [new[index] for index in group.new]
    place, before = _named(f"blocks/{group.new[0]}"), _named(f"blocks/{group.old[0]}")
    if len(was) == len(now) == 1 and type(was[0]) is not type(now[0]) and not _both_text(was[0], now[0]):
        yield _whole("removed", was[0], group.old[0])
        yield _whole("added", now[0], group.new[0])
        return
    if has_moved and not _both_text(was[0], now[0]):
        yield Difference("moved", place, was=before)
    if len(was) > 1 or len(now) > 1 or _both_text(was[0], now[0]):
        texts = ["\n".join(text for one in side for _, text in texts_of(one)) for side in (was, now)]
        if has_moved:
            yield Difference("moved", place, stretches(*texts), was=before)
        elif texts[0] != texts[1]:
            yield Difference("edited", place, stretches(*texts))
        if len(was) == len(now) == 1 and (note := _form(was[0], now[0])):
            yield Difference("form", place, note=note)
        return
    yield from _inside(was[0], now[0], group.new[0])


def _both_text(one: Block, other: Block) -> bool:
    return isinstance(one, TEXT_BLOCKS) and isinstance(other, TEXT_BLOCKS)


def _inside(was: Block, now: Block, index: int) -> Iterator[Difference]:
    """Yield what differs inside two blocks of one kind that hold no running text."""
    place = f"blocks/{index}"
    if isinstance(was, Table) and isinstance(now, Table):
        yield from _tables(was, now, index)
        return
    if isinstance(was, Image) and isinstance(now, Image) and was.sha256 != now.sha256:
        yield Difference("picture", _named(place), pictures=(was.sha256, now.sha256), note="换了图片")
    if isinstance(was, Video) and isinstance(now, Video) and was.sha256 != now.sha256:
        yield Difference("form", _named(place), note="换了视频")
    for (at, before), (_, after) in zip(texts_of(was), texts_of(now), strict=True):
        if before != after:
            yield Difference("edited", _named(place + at), stretches(before, after))


def _whole(kind: Literal["added", "removed"], block: Block, index: int) -> Difference:
    place = _named(f"blocks/{index}")
    if isinstance(block, Image):
        pictures = ("", block.sha256) if kind == "added" else (block.sha256, "")
        words = " ".join(text for _, text in texts_of(block) if text)
        note = "增加图片" if kind == "added" else "删去图片"
        return Difference("picture", place, (Stretch(kind, words),) if words else (), "", note, pictures)
    if isinstance(block, Table):
        rows = "\n".join(" | ".join(row) for row in block.rows)
        return Difference(kind, place + "表格", (Stretch(kind, rows),))
    words = "\n".join(text for _, text in texts_of(block))
    return Difference(kind, place, (Stretch(kind, words or "分隔线"),))


def _tables(was: Table, now: Table, index: int) -> Iterator[Difference]:
    """Yield what differs between two tables: cell by cell in the rows and columns that both have."""
    ref, name = f"blocks/{index}", _named(f"blocks/{index}")
    if was.caption != now.caption:
        yield Difference("edited", _named(f"{ref}/caption"), stretches(was.caption, now.caption))
    columns, gone, came = _aligned(list(zip(*was.rows, strict=True)), list(zip(*now.rows, strict=True)))
    for kind, side, table in (("removed", gone, was), ("added", came, now)):
        for column in side:
            words = " | ".join(row[column] for row in table.rows)
            yield _part(kind, f"{name}表格第{column + 1}列", words)
    rows, gone, came = _aligned(was.rows, now.rows)
    for row in gone:
        yield _part("removed", f"{name}表格第{row + 1}行", " | ".join(was.rows[row]))
    for new_row in range(len(now.rows)):
        if new_row in came:
            yield _part("added", f"{name}表格第{new_row + 1}行", " | ".join(now.rows[new_row]))
            continue
        for new_column, old_column in columns.items():
            before, after = was.rows[rows[new_row]][old_column], now.rows[new_row][new_column]
            if before != after:
                place = _named(f"{ref}/rows/{new_row}/{new_column}")
                yield Difference("edited", place, stretches(before, after))
    if (was.merges, was.head_rows, was.spans) != (now.merges, now.head_rows, now.spans) and (
        was.rows == now.rows
    ):
        yield Difference("form", name + "表格", note="合并的格子、表头或格式有改动")


def _part(kind: str, place: str, words: str) -> Difference:
    done: Literal["added", "removed"] = "added" if kind == "added" else "removed"
    return Difference(done, place, (Stretch(done, words),))


def _aligned(
    was: Sequence[tuple[str, ...]], now: Sequence[tuple[str, ...]]
) -> tuple[dict[int, int], list[int], list[int]]:
    """Return which row of `was` each row of `now` is, and the rows that went and came.

    Of as many rows on both sides, those without a likeness are the same by their order.
    """
    groups = pair(["\t".join(row) for row in was], ["\t".join(row) for row in now])
    found = {group.new[0]: group.old[0] for group in groups}
    taken = set(found.values())
    gone = [index for index in range(len(was)) if index not in taken]
    came = [index for index in range(len(now)) if index not in found]
    if len(gone) == len(came):
        found.update(zip(came, gone, strict=True))
        return found, [], []
    return found, gone, came


def _form(was: Block, now: Block) -> str:
    """Return in words how two blocks of text differ beside their words; empty where they do not."""
    assert isinstance(was, TEXT_BLOCKS)
    assert isinstance(now, TEXT_BLOCKS)
    if (before := _kind(was)) != (after := _kind(now)):
        return f"{before} → {after}"
    links = [[span.href for span in one.spans if span.kind is SpanKind.LINK] for one in (was, now)]
    if links[0] != links[1]:
        said = ["、".join(href or "" for href in side) or "（无）" for side in links]
        return f"链接：{said[0]} → {said[1]}"
    readings = ["、".join(reading for _, reading in readings_of(block)) or "（无）" for block in (was, now)]
    if readings[0] != readings[1]:
        return f"注音：{readings[0]} → {readings[1]}"
    if was.text == now.text and was != now:
        return "加粗、上下标、对齐或编号有改动"
    return ""


def _kind(block: _Text) -> str:
    match block:
        case Heading():
            return f"{block.level}级小标题"
        case ListItem():
            return "编号的列表项" if block.ordered else "列表项"
        case Quote():
            return "引用"
    return "正文段落"


def _attachments(old: Document, new: Document) -> Iterator[Difference]:
    gone = sum(name not in new.attachments for name in old.attachments)
    came = sum(name not in old.attachments for name in new.attachments)
    if gone or came:
        said = [f"增加 {came} 个"] * bool(came) + [f"去掉 {gone} 个"] * bool(gone)
        yield Difference("form", "附件", note="，".join(said))
    elif old.attachments != new.attachments:
        yield Difference("form", "附件", note="次序有改动")
