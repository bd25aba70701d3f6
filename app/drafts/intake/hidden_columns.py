"""Columns that nobody sees: `visibility: collapse` on `col` or `colgroup`. Source: CSS 2.1, 17.5.5."""

from typing import Any

from app.domain.document.model import Merge, Table
from app.drafts.intake.styles import declarations

#: As many columns as one element may stand for. Source: HTML Standard, 4.9.3.
_MOST = 1000


def hidden_columns(table: Any) -> frozenset[int]:  # noqa: ANN401 – lxml has no types
    """Return which columns of a table are not shown, from 0; mostly none."""
    found: set[int] = set()
    at = 0
    for group in table.iterchildren("colgroup", "col"):
        columns = list(group.iterchildren("col")) if group.tag == "colgroup" else []
        for column in columns or [group]:
            width = _span(column.get("span"))
            said = [declarations(one.get("style", "")).get("visibility") for one in (group, column)]
            if next((one for one in reversed(said) if one), "") == "collapse":
                found.update(range(at, at + width))
            at += width
    return frozenset(found)


def without(table: Table, hidden: frozenset[int]) -> tuple[Table | None, list[str]]:
    """Return a table without these columns, and the words that lay in them alone; no table: all was hidden.

    A merged cell that lies over shown columns as well is shown there.
    """
    width = len(table.rows[0])
    shown = [column for column in range(width) if column not in hidden]
    if len(shown) == width:
        return table, []
    over = {(one.row, one.column): one for one in table.merges}
    covered = {
        (row, column)
        for one in table.merges
        for row in range(one.row, one.row + one.rows)
        for column in range(one.column, one.column + one.columns)
        if (row, column) != (one.row, one.column)
    }
    places: dict[tuple[int, int], int] = {}
    words: list[str] = []
    rows = [["" for _ in shown] for _ in table.rows]
    merges: list[Merge] = []
    for row, texts in enumerate(table.rows):
        for column, text in enumerate(texts):
            if (row, column) in covered:
                continue
            merge = over.get((row, column))
            lies = range(column, column + (merge.columns if merge else 1))
            seen = [shown.index(one) for one in lies if one not in hidden]
            if not seen:
                words += [text] if text else []
                continue
            rows[row][seen[0]] = text
            places[row, column] = seen[0]
            if merge and (merge.rows > 1 or len(seen) > 1):
                merges.append(Merge(row=row, column=seen[0], rows=merge.rows, columns=len(seen)))
    if not shown:
        return None, words
    spans = tuple(
        span.model_copy(update={"column": places[span.row, span.column]})
        for span in table.spans
        if (span.row, span.column) in places
    )
    kept = {"rows": tuple(map(tuple, rows)), "merges": tuple(merges), "spans": spans}
    return Table.model_validate(table.model_dump() | kept), words


def _span(said: str | None) -> int:
    words = (said or "").strip()
    return min(max(int(words[:9]), 1), _MOST) if words.isascii() and words.isdigit() else 1
