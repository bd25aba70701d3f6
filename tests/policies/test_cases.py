"""Faults that inspections report, by kind, and right text that looks like one: made up for this test."""

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from app.drafts.intake.files import read_file
from app.negative_list import Policy, Report, Scope, Severity, check, load_policy

ROOT = Path(__file__).resolve().parents[2]
CASES = Path(__file__).parent / "cases"
TODAY = date(2026, 6, 1)
_MARKED = re.compile("⟦(.*?)⟧", re.DOTALL)
#: Of each kind so much has to be found; what is left needs the language understood.
LEAST = 0.8
#: Kinds of which rules find less: single rare characters, disguised words, titles, pictures.
LESS = {
    "繁体异体": 0.5,
    "规避写法与违禁": 0.0,
    "法律法规名称": 0.4,
    "地图与图片": 0.0,
    "数字用法": 0.6,
    "重复": 0.5,
    "表格里的隐私": 0.6,
    "点名服务对象": 0.75,
}


class Case(NamedTuple):
    """A line of a file of cases, with what is marked in it."""

    kind: str
    channel: str
    format: str
    text: str
    marked: tuple[tuple[int, int], ...]


def cases(name: str) -> Iterator[Case]:
    for line in (CASES / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, channel, form, text = line.split("\t", 3)
            text = text.replace("\\n", "\n").replace("\\t", "\t")
            places, plain, last = [], "", 0
            for mark in _MARKED.finditer(text):
                plain += text[last : mark.start()]
                places.append((len(plain), len(plain) + len(mark[1])))
                plain, last = plain + mark[1], mark.end()
            yield Case(kind, channel, form, plain + text[last:], tuple(places))


@cache
def policy() -> Policy:
    return load_policy(ROOT / "policies" / "negative_list")


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
    return report, spots


FAULTS: dict[str, list[Case]] = defaultdict(list)
for fault in cases("faults.tsv"):
    FAULTS[fault.kind].append(fault)


@pytest.mark.parametrize("kind", FAULTS)
def test_most_faults_of_a_kind_are_found(kind: str) -> None:
    marked = hit = 0
    missed = []
    for case in FAULTS[kind]:
        _, spots = read(case)
        for start, end in case.marked:
            marked += 1
            found = any(low < end and start < high for low, high in spots)
            hit += found
            if not found:
                missed.append(case.text)
    assert hit >= LESS.get(kind, LEAST) * marked, missed


@pytest.mark.parametrize("case", list(cases("near_misses.tsv")), ids=lambda case: case.text[:24])
def test_right_text_that_looks_like_a_fault_is_let_be(case: Case) -> None:
    report, _ = read(case)
    wrong = [(item.rule, item.excerpt) for item in report.findings if item.severity is not Severity.INFO]
    assert wrong == []
