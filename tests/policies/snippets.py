"""The made-up cases of this folder, and what the shipped rules say of them."""

import os
import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

from app.drafts.intake.files import read_file
from app.negative_list import Policy, Report, Scope, check, load_policy

ROOT = Path(__file__).resolve().parents[2]
CASES = Path(__file__).parent / "cases"
TODAY = date(2026, 6, 1)
_MARKED = re.compile("⟦(.*?)⟧", re.DOTALL)
#: Of these a finding may stand beside the text: at a picture, at the head of a table.
STRUCTURE = frozenset({"地图与图片", "表格里的隐私"})


class Case(NamedTuple):
    """A line of a file of cases, with what is marked in it."""

    kind: str
    channel: str
    format: str
    text: str
    marked: tuple[tuple[int, int], ...]


class Typo(NamedTuple):
    """A sentence with a slip in it, where the slip stands, and the right word."""

    right: str
    text: str
    start: int
    end: int


def unmarked(text: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return a text without its marks ⟦⟧, and the places that they enclosed."""
    places, plain, last = [], "", 0
    for mark in _MARKED.finditer(text):
        plain += text[last : mark.start()]
        places.append((len(plain), len(plain) + len(mark[1])))
        plain, last = plain + mark[1], mark.end()
    return plain + text[last:], tuple(places)


def _lines(name: str) -> Iterator[str]:
    for line in (CASES / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line


def cases(name: str) -> Iterator[Case]:
    """Yield the cases of a file of `cases/`: kind⇥channel⇥format⇥text, \\n for line end, \\t for tab."""
    for line in _lines(name):
        kind, channel, form, text = line.split("\t", 3)
        plain, places = unmarked(text.replace("\\n", "\n").replace("\\t", "\t"))
        yield Case(kind, channel, form, plain, places)


def typos(name: str = "typos.tsv") -> Iterator[Typo]:
    """Yield the sentences with an everyday slip."""
    for line in _lines(name):
        right, text = line.split("\t")
        plain, ((start, end),) = unmarked(text)
        yield Typo(right, plain, start, end)


@cache
def policy() -> Policy:
    """Return the shipped negative list."""
    compiled = os.environ.get("SANSHEN_CACHE_DIR")
    return load_policy(ROOT / "policies" / "negative_list", cache_dir=Path(compiled) if compiled else None)


@cache
def read(case: Case) -> tuple[Report, list[tuple[int, int]]]:
    """Return the report on a case, and where its findings stand in the text of the file."""
    taken = read_file(case.text, f".{case.format}").parts
    scope = Scope(frozenset({case.channel}), frozenset(), "")
    report = check(
        policy(), taken.parts, scope=scope, on=TODAY, key=b"test", structure=taken.structure
    )  # fmt: skip
    spots = []
    for finding in report.findings:
        places = taken.places.get(finding.ref)
        if places and finding.end > finding.start:
            spots.append((places[finding.start], places[finding.end - 1] + 1))
        elif case.kind in STRUCTURE:
            spots.append((0, len(case.text)))
    return report, spots


def outcome(case: Case) -> Iterator[tuple[str, bool]]:
    """Yield each marked text of a case, and whether any finding overlaps it."""
    _, spots = read(case)
    for start, end in case.marked:
        if start == end:
            continue
        yield case.text[start:end], any(low < end and start < high for low, high in spots)


def _findings(typo: Typo) -> list[tuple[int, int, tuple[str, ...]]]:
    report, _ = read(Case("", "website", "txt", typo.text, ()))
    return [
        (item.start, item.end, item.suggestions)
        for item in report.findings
        if item.start < typo.end and typo.start < item.end
    ]


def is_flagged(typo: Typo) -> bool:
    """Whether any finding overlaps the slip."""
    return bool(_findings(typo))


def is_corrected(typo: Typo) -> bool:
    """Whether a suggestion, put in where its finding stands, holds the right word."""
    return any(
        typo.right in typo.text[max(0, start - 8) : start] + word + typo.text[end : end + 8]
        for start, end, words in _findings(typo)
        for word in words
    )
