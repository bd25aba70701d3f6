"""Word lists as vendors send them: which column is what, and which words can be taken.

Rows come from a table that was read; what is made of them is the lines of a lexicon.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from app.negative_list.text.fold import fold_all

#: Lines of a list that are read; longer ones are refused.
MOST_LINES = 200_000
#: Characters of a word.
_LONGEST = 60
#: Places that are named of each kind of trouble; the others are counted.
_NAMED = 5
#: A column with so few different values is a category: each stands for so many words.
_CATEGORIES, _WORDS_EACH = 50, 4
_HEADS: Mapping[str, tuple[str, ...]] = {
    "category": ("类别", "分类", "类型", "大类", "category", "type", "level", "等级", "级别"),
    "note": ("说明", "备注", "依据", "解释", "note", "remark", "comment", "来源"),
    "suggestion": ("建议", "正确", "规范", "替换", "改为", "应为", "推荐", "suggest", "replace", "right"),
    "term": (
        "敏感词",
        "错误",
        "错词",
        "违禁",
        "禁用",
        "慎用",
        "不规范",
        "写法",
        "词",
        "term",
        "word",
        "wrong",
    ),
}
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_DIGIT = re.compile(r"\d")
_REGEX = re.compile(r"[\\^$*+?{}\[\]()|]|\.[*+?]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffd]")
_SPLIT = re.compile(r"[|/、；;]")


class Columns(NamedTuple):
    """Which column of a table, counted from 0, holds what; `None` for what it does not have."""

    term: int
    suggestion: int | None = None
    note: int | None = None
    category: int | None = None
    #: Whether the first row is a head.
    head: bool = False


class Word(NamedTuple):
    """A word that can be taken, and the row that it stands in, counted from 1."""

    term: str
    suggestions: tuple[str, ...]
    note: str
    category: str
    row: int


@dataclass(slots=True)
class Taken:
    """What is made of a list: the words, and of each kind of trouble how often and at which rows."""

    columns: Columns
    words: list[Word] = field(default_factory=list)
    #: Rows that were left out, by what is wrong with them, in Chinese.
    left_out: dict[str, list[int]] = field(default_factory=dict)
    #: Rows that were taken, with what is doubtful about them.
    doubtful: dict[str, list[int]] = field(default_factory=dict)

    @property
    def categories(self) -> Mapping[str, int]:
        """How many words each category has, the largest first."""
        return dict(Counter(word.category for word in self.words).most_common())

    def told(self) -> list[str]:
        """Return in Chinese what was left out and what is doubtful, each with its first rows."""
        return [
            f"{what} {len(rows)} 行{did}：第 {_rows_told(rows)}"
            for did, found in (("，没有收入", self.left_out), ("，已收入，请看一看", self.doubtful))
            for what, rows in found.items()
        ]


def guessed(rows: Sequence[Sequence[str]]) -> Columns:
    """Return what the columns of a table seem to hold: by their heads, and by what stands in them.

    A column whose few values repeat is a category, never a suggestion. Raises `ValueError` without rows.
    """
    if not rows:
        raise ValueError("文件里没有内容")
    width = max(map(len, rows))
    heads = [_head(cell) for cell in rows[0]] + [""] * (width - len(rows[0]))
    below = [{row[place] for row in rows[1:] if place < len(row)} for place in range(width)]
    # What stands again below, or has a number, is no name of a column.
    is_value = any(
        cell and (cell in below[place] or _DIGIT.search(cell)) for place, cell in enumerate(rows[0])
    )
    head = not is_value and ("term" in heads or sum(map(bool, heads)) > 1)
    body = rows[1:] if head else rows
    values = [[row[place].strip() for row in body if place < len(row)] for place in range(width)]
    found: dict[str, int] = {}
    for place, what in enumerate(heads if head else ()):
        if what:
            found.setdefault(what, place)
    free = [place for place in range(width) if place not in found.values() and any(values[place])]
    free = [place for place in free if not all(_NUMBER.fullmatch(cell) for cell in values[place] if cell)]
    repeated = [place for place in free if _is_category(values[place])]
    if found.get("suggestion") is not None and _is_category(values[found["suggestion"]]) and not head:
        del found["suggestion"]
    if "term" not in found:
        plain = [place for place in free if place not in repeated] or free
        if not plain:
            raise ValueError("看不出哪一列是词，请用 --term 写明第几列")
        found["term"] = plain[0]
    if not head:
        rest = [place for place in free if place != found["term"]]
        for place in rest:
            what = "category" if place in repeated else "suggestion" if "suggestion" not in found else "note"
            found.setdefault(what, place)
    return Columns(
        found["term"], found.get("suggestion"), found.get("note"), found.get("category"), head=head
    )


def taken(rows: Sequence[Sequence[str]], columns: Columns) -> Taken:
    """Return the words of a table, and what is wrong with the others.

    Raises `ValueError` for too many rows.
    """
    if len(rows) > MOST_LINES:
        raise ValueError(f"共 {len(rows)} 行，一次最多 {MOST_LINES} 行")
    result = Taken(columns)
    numbered = [(number, row) for number, row in enumerate(rows, 1) if number > 1 or not columns.head]
    forms = fold_all([_cell(row, columns.term) for _, row in numbered])
    seen: dict[str, int] = {}
    for (number, row), form in zip(numbered, forms, strict=True):
        term = _cell(row, columns.term)
        suggestions = tuple(filter(None, map(str.strip, _SPLIT.split(_cell(row, columns.suggestion)))))
        wrong = _wrong(term, form, suggestions, seen)
        if wrong:
            result.left_out.setdefault(wrong, []).append(number)
            continue
        seen[form] = number
        if _REGEX.search(term):
            result.doubtful.setdefault("含有正则符号（按字面查找）", []).append(number)
        if columns.suggestion is not None and not suggestions:
            result.doubtful.setdefault("没有建议", []).append(number)
        note, category = _cell(row, columns.note), _cell(row, columns.category)
        result.words.append(Word(term, suggestions, note, category, number))
    return result


def lexicon(words: Sequence[Word], *, source: str, entered: str) -> str:
    """Return the text of a lexicon of these words; `entered` is the day, as 2026-12-01."""
    lines = [f"# 词⇥建议⇥说明⇥包含它的正确词语。来源：{source}；{entered} 编入，尚未逐条核对"]
    for word in words:
        cells = [word.term, "|".join(word.suggestions), word.note.replace("|", "，")]
        lines.append("\t".join(cells).rstrip("\t"))
    return "\n".join(lines) + "\n"


def _rows_told(rows: Sequence[int]) -> str:
    return "、".join(map(str, rows[:_NAMED])) + " 行" + "等" * (len(rows) > _NAMED)


def _head(cell: str) -> str:
    form = cell.strip().lower()
    if not 0 < len(form) <= 12:
        return ""
    return next((what for what, words in _HEADS.items() if any(word in form for word in words)), "")


def _is_category(values: Sequence[str]) -> bool:
    filled = [value for value in values if value]
    return 0 < len(set(filled)) <= min(_CATEGORIES, len(filled) // _WORDS_EACH)


def _cell(row: Sequence[str], place: int | None) -> str:
    if place is None or place >= len(row):
        return ""
    return row[place].replace("\t", " ").replace("\n", " ").strip().strip("\ufeff")


def _wrong(term: str, form: str, suggestions: Sequence[str], seen: Mapping[str, int]) -> str:
    if not form.strip():
        return "没有词"
    if _CONTROL.search(term):
        return "含有乱码或者控制字符"
    if len(form) == 1:
        return "只有一个字"
    if len(term) > _LONGEST:
        return f"多于 {_LONGEST} 个字"
    if term.startswith("#"):
        return "以 # 开头"
    if term in suggestions:
        return "建议与词相同"
    return "重复" if form in seen else ""
