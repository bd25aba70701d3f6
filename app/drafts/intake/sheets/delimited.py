"""Plain text as it comes: its encoding told from its bytes, tables told from their delimiters."""

import codecs
import csv
import re
from collections import Counter, defaultdict
from io import StringIO

from app.drafts.intake.reading import Gathered, Reading, unreadable
from app.drafts.intake.sheets.cells import MOST_CELLS, Rows, grids_of

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DELIMITERS = "\t,;|"
#: So many lines are looked at to tell whether a text is a table.
_LOOKED_AT = 200
#: The share of lines that must have as many columns as most have.
_REGULAR = 0.8
_CONTROLS = re.compile("[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f\ufffe\uffff]")
#: A field of a table is no sentence: so many characters at most, in the middle.
_FIELD = 40


def encoding_of(content: bytes) -> str | None:
    """Return the encoding of a text by its bytes; `None` for what is no text.

    UTF-8, UTF-16 with or without its mark, else GB18030, of which GBK and GB 2312 are parts.
    """
    for mark, name in _MARKS:
        if content.startswith(mark):
            return name if _reads(content, name) else None
    if _reads(content, "utf-8"):
        return "utf-8"
    if len(content) % 2 == 0 and b"\0" in content:
        # Line ends, digits and spaces have a zero byte: before them or behind.
        first, second = content[::2].count(0), content[1::2].count(0)
        name = "utf-16-le" if second > first else "utf-16-be"
        return name if _reads(content, name) else None
    return "gb18030" if _reads(content, "gb18030") else None


def _reads(content: bytes, encoding: str) -> bool:
    try:
        return not _CONTROLS.search(content.decode(encoding))
    except UnicodeDecodeError:
        return False


def read_plain(content: bytes) -> Reading:
    """Return what a text says: a grid where its lines are rows of a table, else its lines."""
    encoding = encoding_of(content)
    if encoding is None:
        return unreadable("认不出文字编码，没有检查；请另存为 UTF-8 编码后再上传")
    text = content.decode(encoding).removeprefix("\ufeff")
    gathered = Gathered()
    if delimiter := delimiter_of(text):
        rows: Rows = defaultdict(dict)
        count = 0
        # A field may be as long as the file; its quotes may be wrong.
        csv.field_size_limit(len(text) + 1)
        for number, row in enumerate(csv.reader(StringIO(text, newline=""), delimiter=delimiter)):
            for column, cell in enumerate(row):
                if cell.strip():
                    rows[number][column] = cell.strip()
                    count += 1
            if count > MOST_CELLS:
                return unreadable(f"有内容的单元格多于 {MOST_CELLS} 个，没有检查；请拆成几个文件")
        gathered.grids += grids_of(rows, "", lambda why: gathered.miss("", "", why), gathered.say)
    else:
        for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
            gathered.say(f"lines/{number}", line)
    return gathered.reading()


def delimiter_of(text: str) -> str:
    """Return what stands between the columns of a text that is a table; empty for one that is none."""
    lines = [line for line in text.splitlines() if line.strip()][:_LOOKED_AT]
    if len(lines) < 2:
        return ""
    for delimiter in _DELIMITERS:
        rows = list(csv.reader(lines, delimiter=delimiter))
        columns, often = Counter(map(len, rows)).most_common(1)[0]
        if columns < 2 or often < max(2, _REGULAR * len(rows)):
            continue
        fields = sorted(len(cell) for row in rows for cell in row)
        if delimiter == "\t" or fields[len(fields) // 2] <= _FIELD:
            return delimiter
    return ""
