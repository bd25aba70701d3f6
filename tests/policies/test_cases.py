"""Faults that inspections report, by kind, and right text that looks like one: made up for this test."""

from collections import defaultdict

import pytest

from app.negative_list import Severity
from tests.policies.snippets import Case, cases, is_corrected, is_flagged, outcome, read, typos

#: Of each kind so much has to be found; what is left needs the language understood.
LEAST = 0.9
#: Kinds of which rules find less: pictures that were not uploaded, targets of links, single rare slips.
LESS = {
    "错别字": 0.7,
    "业务词错字": 0.85,
    "法律法规名称": 0.8,
    "地图与图片": 0.5,
    "链接": 0.75,
    "重复": 0.8,
    "表格里的隐私": 0.75,
    "时政国际慎用词": 0.85,
}
#: Of the everyday slips so much is found, and so much with the right word.
TYPOS, CORRECTED = 0.85, 0.85

FAULTS: dict[str, list[Case]] = defaultdict(list)
for file in ("faults.tsv", "faults_third.tsv", "faults_fourth.tsv"):
    for fault in cases(file):
        FAULTS[fault.kind].append(fault)
NEAR_MISSES = [
    *cases("near_misses.tsv"),
    *cases("near_misses_third.tsv"),
    *cases("near_misses_fourth.tsv"),
]


@pytest.mark.parametrize("kind", FAULTS)
def test_most_faults_of_a_kind_are_found(kind: str) -> None:
    told = [(text, hit, case.text) for case in FAULTS[kind] for text, hit in outcome(case)]
    missed = [(text, whole) for text, hit, whole in told if not hit]
    assert len(told) - len(missed) >= LESS.get(kind, LEAST) * len(told), missed


def test_most_everyday_slips_are_found_with_the_right_word() -> None:
    sentences = list(typos())
    assert len(sentences) > 300
    missed = [typo.text for typo in sentences if not is_flagged(typo)]
    assert len(sentences) - len(missed) >= TYPOS * len(sentences), missed
    assert sum(map(is_corrected, sentences)) >= CORRECTED * len(sentences)


@pytest.mark.parametrize("case", NEAR_MISSES, ids=lambda case: case.text[:24])
def test_right_text_that_looks_like_a_fault_is_let_be(case: Case) -> None:
    report, _ = read(case)
    wrong = [(item.rule, item.excerpt) for item in report.findings if item.severity is not Severity.INFO]
    assert wrong == []
