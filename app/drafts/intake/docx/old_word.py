"""Word files of before 2007 (.doc) and of WPS (.wps): their words, without layout, and told to be that.

Source: [MS-DOC], 2.4.1 (retrieving text), 2.5 (the block at the beginning), 2.8.35 (PlcPcd).
"""

import re
import struct
from collections.abc import Iterator
from io import BytesIO

import olefile

from app.domain.document.model import Paragraph
from app.drafts.intake.builder import MOST_BLOCKS, Builder, TooMuch
from app.drafts.intake.file_kind import FileKind, sentence
from app.drafts.intake.left_out import WORDS
from app.drafts.intake.runs import Inline

#: First word of the stream, and the first version whose text lies in pieces as described (Word 97).
_IDENT, _WORD_97 = 0xA5EC, 0x00C1
#: Where in the block the flags, the lengths of the stories, and the place of the pieces stand, in bytes.
_FLAGS, _LENGTHS, _PIECES = 0x0A, 0x4C, 0x01A2
_ENCRYPTED, _IN_TABLE_1, _COMPRESSED = 0x0100, 0x0200, 0x40000000
#: The stories after the main text in their order, and how what they say is listed; macros have no words.
_STORIES = ("unread", "header", "", "word_comment", "unread", "shape_text", "header")
#: A field's code ends where its result begins, or the field itself; both may hold others.
_CODE = re.compile("\x13[^\x13\x14\x15]*(?:\x14|\x15)")
_SIGNS = str.maketrans({"\x0b": "\n", "\x0c": "\n", "\x0e": "\n", "\x1e": "-", "\x07": "\t", "\xa0": " "})
_SILENT = re.compile("[\x00-\x08\x0f-\x1f]")
_DAMAGED = "旧版 Word 文件"


def read_old_word(data: bytes, builder: Builder) -> None:
    """Read the words of an old Word file: each line a paragraph, the cells of a row parted by tabs.

    Raises `TooMuch` for one that is protected, damaged, or older than Word 97.
    """
    try:
        with olefile.OleFileIO(BytesIO(data)) as compound:
            main: bytes = compound.openstream("WordDocument").read()
            ident, version = struct.unpack_from("<HH", main)
            (flags,) = struct.unpack_from("<H", main, _FLAGS)
            if ident != _IDENT or version < _WORD_97:
                raise TooMuch("file_kind", what=sentence(FileKind.DOC))
            if flags & _ENCRYPTED:
                raise TooMuch("file_kind", what=sentence(FileKind.PASSWORD))
            pieces: bytes = compound.openstream("1Table" if flags & _IN_TABLE_1 else "0Table").read()
        text = "".join(_texts(main, pieces))
        lengths = struct.unpack_from("<8i", main, _LENGTHS)
    except (OSError, struct.error, ValueError, IndexError) as error:
        raise TooMuch("package_damaged", part=_DAMAGED) from error
    stories = list(_cut(text, lengths))
    _take(stories[0], builder)
    for kind, words in zip(_STORIES, stories[1:], strict=True):
        said = " ".join(_lines(words))
        for start in range(0, len(said) if kind else 0, WORDS):
            builder.leave_out(kind, said[start : start + WORDS])
    builder.leave_out("old_word", "只收了文字")


def _take(text: str, builder: Builder) -> None:
    lines = _lines(text)
    if len(lines) > MOST_BLOCKS:
        raise TooMuch("too_many_blocks", limit=MOST_BLOCKS)
    builder.blocks.extend(Paragraph(text=line) for line in lines)
    if lines:
        builder.offer_title(Inline([(lines[0], frozenset())]), at=0)


def _texts(main: bytes, table: bytes) -> Iterator[str]:
    """Yield the text of each piece, in order."""
    start, size = struct.unpack_from("<II", main, _PIECES)
    clx, at = table[start : start + size], 0
    while clx[at] == 1:
        at += 3 + struct.unpack_from("<H", clx, at + 1)[0]
    (length,) = struct.unpack_from("<I", clx, at + 1)
    count = (length - 4) // 12
    bounds = struct.unpack_from(f"<{count + 1}I", clx, at + 5)
    for piece in range(count):
        (place,) = struct.unpack_from("<I", clx, at + 5 + 4 * (count + 1) + 8 * piece + 2)
        characters = bounds[piece + 1] - bounds[piece]
        if characters < 0 or characters > len(main):
            raise ValueError("a piece is longer than the file")
        if place & _COMPRESSED:
            begin = (place & ~_COMPRESSED) // 2
            yield main[begin : begin + characters].decode("cp1252", "replace")
        else:
            yield main[place : place + 2 * characters].decode("utf-16-le", "replace")


def _cut(text: str, lengths: tuple[int, ...]) -> Iterator[str]:
    at = 0
    for length in lengths:
        if length < 0:
            raise TooMuch("package_damaged", part=_DAMAGED)
        yield text[at : at + length]
        at += length


def _lines(text: str) -> list[str]:
    """Return the lines of a story that say something, without the codes of fields."""
    before = None
    while before != text:
        before, text = text, _CODE.sub("", text)
    # The end of a row is one more sign of a cell's end.
    plain = text.replace("\x07\x07", "\r").translate(_SIGNS)
    lines = (_SILENT.sub("", line.strip("\t ")) for line in re.split("[\r\n]", plain))
    return [line for line in lines if line.strip()]
