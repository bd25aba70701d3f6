"""What patterns wait for: a match never stands without it, and is found wherever it stands."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.negative_list.engine.backends import Unit, make
from app.negative_list.pattern.forms import render, trigger
from app.negative_list.pattern.literals import waits_of
from app.negative_list.pattern.parse import parse
from app.negative_list.text.buffer import Buffer
from app.negative_list.text.model import Part, PartKind

PATTERNS = (
    "民政(?:局|厅|部门)",
    "(?:原因|理由)是?(?:因为|由于)",
    "补贴[0-9]{1,3}元",
    "低保[^。]{0,12}标准",
    "(?:[*x]{2,4}|某某)(?:市|县)",
    "1[3-9][0-9](?:[*x]{1,4}[0-9]{2,3}|[0-9]{1,2}[*x]{1,3}[0-9])",
    "^(?:通知|公告)[:：]",
    "(?:通知|公告)$",
    "[甲乙丙]{2,3}等",
    "第[一二三]{1,3}条",
    "、{2}|，，",
)
PIECES = (
    *"民政局厅部门原因理由是为补贴0123*x元低保。标准某市县通知公告：:甲乙丙等第一二三条、，\n",
    "民政局",
    "原因是因为",
    "补贴12元",
    "低保标准",
    "某某县",
    "13**45",
    "138*1",
    "通知：",
    "甲乙等",
    "第二条",
    "字" * 40,
)
texts = st.lists(st.lists(st.sampled_from(PIECES), max_size=60).map("".join), min_size=1, max_size=4)


def share(pair: str) -> float:
    """Take every pair for rare but one, so that some patterns have literals and others have not."""
    return 1e-2 if pair == "低保" else 1e-6


def _expected(pattern: str, parts: Sequence[str]) -> list[tuple[int, int]]:
    found, start = [], 0
    for part in parts:
        found += [
            (start + match.start(), start + match.end())
            for match in re.finditer(pattern, part, flags=re.MULTILINE)
        ]
        start += len(part) + 3
    return found


@settings(deadline=None)
@given(texts, st.sampled_from((1, 400)))
def test_patterns_that_wait_match_as_finditer_does(parts: list[str], times: int) -> None:
    nodes = tuple(parse(pattern, fold=False) for pattern in PATTERNS)
    scanner = make("hyperscan", Unit((), nodes))
    # Long parts are read only near what the patterns wait for.
    parts = [("白纸黑字" * times if times > 1 else "") + part + ("白纸黑字" * (times - 1)) for part in parts]
    buffer = Buffer([Part(PartKind.BODY, f"{number}", part) for number, part in enumerate(parts)])
    hits = scanner.scan(buffer.raw).patterns
    for number, pattern in enumerate(PATTERNS):
        found = sorted((start, end) for index, start, end in hits if index == number)
        assert found == _expected(pattern, parts), pattern


@given(st.sampled_from(PATTERNS), texts.map("".join))
def test_each_match_holds_a_literal_or_is_one_of_the_rest(pattern: str, text: str) -> None:
    node = parse(pattern, fold=False)
    wait = waits_of([node], share)[0]
    assert wait.literals or wait.rest is not None
    rest = re.compile(render(wait.rest, python=True)) if wait.rest is not None else None
    for match in re.finditer(pattern, text, flags=re.MULTILINE):
        held = any(literal in match[0] for literal in wait.literals)
        assert held or (rest is not None and rest.search(text, match.start(), match.end())), match


@given(st.sampled_from(PATTERNS), texts.map("".join))
def test_a_trigger_matches_wherever_its_pattern_does(pattern: str, text: str) -> None:
    shorter = re.compile(render(trigger(parse(pattern, fold=False)), python=True))
    for match in re.finditer(pattern, text, flags=re.MULTILINE):
        assert shorter.search(text, match.start(), match.end()), match


def test_a_repeat_behind_something_keeps_its_length_in_a_trigger() -> None:
    node = parse("1[3-9](?:[*]{1,4}[0-9]{2}|[0-9]{4})", fold=False)
    assert re.search(render(trigger(node), python=True), "13***45")


@pytest.mark.parametrize(
    ("pattern", "literals"), [("民政(?:局|厅)", {"民政局", "民政厅"}), ("低保|甲乙丙", {"甲乙丙"})]
)
def test_the_rarest_literals_are_waited_for(pattern: str, literals: set[str]) -> None:
    assert waits_of([parse(pattern, fold=False)], share)[0].literals == literals
