"""When the facts of a policy were entered: names, offices, laws and lists grow old."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

_DAY = re.compile(r"((?:19|20)\d{2})-(\d{2})-(\d{2})")
#: The date in a comment at which the lines below it were entered.
_ENTERED = re.compile(r"((?:19|20)\d{2}-\d{2}-\d{2}) ?编入")
_COLUMN = "entered"


class Facts(NamedTuple):
    """Lines of one lexicon that were entered on one day."""

    #: The lexicon, below the policy's folder.
    file: str
    #: The first of the lines.
    line: int
    lines: int
    #: None where nothing says when.
    entered: date | None
    #: What the comment above says of where they come from; `""` without one.
    source: str


def facts_of(folder: Path) -> Iterator[Facts]:
    """Yield the facts of all lexicons of a policy folder, by file and place; none without lexicons.

    A line is dated by its column `entered`, else by the last comment above it that says `YYYY-MM-DD编入`; a
    comment that names another date last dates the lines below it when none says 编入.
    """
    for path in sorted((folder / "lexicons").glob("*.tsv")):
        yield from _facts_in(f"lexicons/{path.name}", path.read_text(encoding="utf-8"))


def _facts_in(file: str, text: str) -> Iterator[Facts]:
    group: Facts | None = None
    entered, source, column, headed = None, "", -1, False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#"):
            source = line.lstrip("# ") if _said(line) or not source else source
            entered = _said(line) or entered
            continue
        cells = line.split("\t")
        if not line.strip():
            continue
        if not headed:
            headed = True
            if _COLUMN in cells:
                column = cells.index(_COLUMN)
                continue
        own = _day(cells[column]) if 0 <= column < len(cells) else None
        day = own or entered
        if group is None or (group.entered, group.source) != (day, source):
            if group is not None:
                yield group
            group = Facts(file, number, 0, day, source)
        group = group._replace(lines=group.lines + 1)
    if group is not None:
        yield group


def _said(comment: str) -> date | None:
    found = _ENTERED.search(comment)
    if found:
        return _day(found[1])
    *_, last = [None, *_DAY.finditer(comment)]
    return _day(last[0]) if last is not None else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None
