"""Lexicons: long lists of words in TSV files."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from app.domain.files.faults import Fault, said
from app.negative_list.text.fold import fold_all

Row = Mapping[str, str]

_SPACED = re.compile(r"\S(?: {2,}|\u3000)\S")
_MISPLACED = "第三列（说明）里是包含它的正确词语，这样不起作用；请移到第四列（多留一个制表符）"


class Entry(NamedTuple):
    """One line of a word list: a term, its suggestions, a note, and longer right words that hold the term."""

    term: str
    suggestions: tuple[str, ...]
    note: str
    covering: tuple[str, ...]
    line: int


@dataclass(slots=True)
class Lexicon:
    """One TSV file, kept as it was read; word lists and tables are two ways to read it."""

    name: str
    text: str
    digest: str
    _entries: tuple[Entry, ...] | None = None
    _rows: tuple[Row, ...] | None = None
    faults: list[Fault] = field(default_factory=list)

    def entries(self, file: str, faults: list[Fault]) -> tuple[Entry, ...]:
        """Read it as a word list: `term ⇥ suggestion|suggestion ⇥ note ⇥ longer|longer`, without a head."""
        if self._entries is None:
            found: list[Entry] = []
            seen: dict[str, int] = {}
            for number, line in enumerate(self.text.splitlines(), 1):
                if not line.strip() or line.startswith("#"):
                    continue
                cells = line.split("\t")
                term = cells[0].strip()
                if len(cells) == 1 and _SPACED.search(term):
                    faults.append(said(file, number, term, "词与建议之间要用制表符，这里是空格"))
                    continue
                if len(cells) > 4:
                    faults.append(
                        said(
                            file,
                            number,
                            term,
                            f"应为至多 4 列（词、建议、说明、更长的正词），实为 {len(cells)} 列",
                        )
                    )
                    continue
                if not term:
                    faults.append(said(file, number, "", "第一列（词）是空的"))
                    continue
                if term in seen:
                    faults.append(said(file, number, term, f"与第 {seen[term]} 行重复"))
                    continue
                seen[term] = number
                cells += [""] * (4 - len(cells))
                if "|" in cells[2] and all(term in longer for longer in _split(cells[2])):
                    faults.append(said(file, number, term, _MISPLACED))
                found.append(Entry(term, _split(cells[1]), cells[2].strip(), _split(cells[3]), number))
            self._entries = tuple(found)
        return self._entries

    def rows(self) -> tuple[Row, ...]:
        """Read it as a table: the first line that is no comment names the columns."""
        if self._rows is None:
            lines = [line for line in self.text.splitlines() if line.strip() and not line.startswith("#")]
            head = lines[0].split("\t") if lines else []
            self._rows = tuple(
                {**dict.fromkeys(head, ""), **dict(zip(head, line.split("\t"), strict=False))}
                for line in lines[1:]
            )
        return self._rows

    def without(self, column: str) -> tuple[int, ...]:
        """Return the lines of the table, from 1, whose cell in this column is empty; perhaps none."""
        lines = [
            (number, line)
            for number, line in enumerate(self.text.splitlines(), 1)
            if line.strip() and not line.startswith("#")
        ][1:]
        cells = fold_all(row[column] for row in self.rows())
        return tuple(number for (number, _), cell in zip(lines, cells, strict=True) if not cell.strip())


def _split(cell: str) -> tuple[str, ...]:
    if "|" not in cell:
        return (found,) if (found := cell.strip()) else ()
    return tuple(part.strip() for part in cell.split("|") if part.strip())
