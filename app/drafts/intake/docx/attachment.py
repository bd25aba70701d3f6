"""A Word file that a draft holds as an attachment: all that whoever downloads it can read in it.

Its text is read as that of a draft is; what would be listed beside a draft's text (heads and feet, comments,
changes that nobody accepted, hidden words) is read as well, since the file is published as it is.
"""

from app.domain.document.model import Block, Table, readings_of
from app.drafts.intake.builder import Builder, TooMuch
from app.drafts.intake.docx.service import read_docx
from app.drafts.intake.reading import Gathered, Grid, Reading, Said, step, unreadable
from app.drafts.intake.sheets import properties
from app.drafts.intake.sheets.annotations import Nested
from app.drafts.intake.sheets.package import Broken, Package

#: Why a file is not read, by the code of what was too much; `file_kind` says it itself.
_TOO_MUCH = {
    "nested_too_deep": "内容嵌套层次过深，没有检查",
    "too_many_blocks": "内容多于 {limit} 段，没有检查，请拆成几个文件",
    "table_too_large": "表格多于 {limit} 格，没有检查，请拆成几个文件",
    "file_kind": "{what}",
    "package_damaged": "文件已损坏（{part} 读不出来），没有检查",
    "package_has_dtd": "文件里带有 XML 实体声明（DTD），可能有害，没有检查",
    "package_inflates": "解压后过大（单个部件至多 {limit} MB），像是压缩炸弹，没有检查",
    "package_too_many_parts": "文件里的部件多于 {limit} 个，没有检查",
}
#: What is beside the text and was not read, or is read on its own: its entry says so and is no text.
_UNREAD = frozenset({"broken_part", "math_object", "macro", "signature"})
#: What only says how something looks, that files lie within, or what stands in the text as well.
_SILENT = frozenset({
    "word_markup", "image", "embedded_file", "tracked_changes", "properties",
    "pending_deletion", "text_box", "nested_table", "colour", "faint", "size", "decoration", "alignment",
})  # fmt: skip
_WITHIN = ("media/", "embeddings/")


def read_word(content: bytes, nested: Nested) -> Reading:
    """Return what a Word file says; `nested` reads a file that lies within it."""
    builder, gathered = Builder(), Gathered()
    try:
        read_docx(content, builder)
        package = Package(content)
    except TooMuch as fault:
        return unreadable(_TOO_MUCH.get(fault.code, "没有检查").format_map(fault.data))
    except Broken as fault:
        return unreadable(str(fault))
    builder.settle(None)
    gathered.say("title", builder.title)
    _blocks(builder.blocks, gathered)
    for number, entry in enumerate(builder.left_out, 1):
        ref = f"beside/{step(entry.name)}/{number}"
        if entry.kind in _UNREAD:
            gathered.miss(ref, entry.what, entry.why)
        elif entry.kind not in _SILENT:
            gathered.say(ref, entry.what)
    properties.read(package, gathered)
    _within(package, gathered, nested)
    return gathered.reading()


def _blocks(blocks: list[Block], gathered: Gathered) -> None:
    """Say each paragraph with its number, counted without tables, and each table as rows and columns."""
    paragraphs = tables = 0
    for block in blocks:
        if isinstance(block, Table):
            tables += 1
            ref = f"tables/{tables}"
            rows = tuple(map(tuple, block.rows))
            gathered.say(f"{ref}/caption", block.caption)
            widest = max(map(len, rows), default=0)
            even = tuple(row + ("",) * (widest - len(row)) for row in rows)
            gathered.grids.append(Grid(ref, even, tuple(range(len(rows))), tuple(range(widest))))
        else:
            paragraphs += 1
            for name in ("text", "caption", "alt"):
                if said := getattr(block, name, ""):
                    gathered.texts.append(Said(f"paragraphs/{paragraphs}", said))
        for _, reading in readings_of(block):
            gathered.texts.append(
                Said(ref if isinstance(block, Table) else f"paragraphs/{paragraphs}", reading)
            )


def _within(package: Package, gathered: Gathered, nested: Nested) -> None:
    """Read the pictures and files that lie within."""
    for name in package.names:
        if any(f"/{folder}" in f"/{name.lower()}" for folder in _WITHIN):
            ref = f"embedded/{step(name.rsplit('/', 1)[-1])}"
            try:
                gathered.take(ref, nested(package.read(name)))
            except Broken as fault:
                gathered.miss(ref, "", str(fault))
