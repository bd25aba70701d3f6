"""Patterns: what is taken reads alike everywhere, what is refused is explained and rewritten."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.bench.hard_patterns import EVIL, HEAVY
from app.negative_list.engine.backends.re2_patterns import Re2Pattern
from app.negative_list.pattern.advice import rewritten
from app.negative_list.pattern.forms import render, trigger
from app.negative_list.pattern.nodes import least, most
from app.negative_list.pattern.parse import PatternError, parse


@pytest.mark.parametrize(
    ("source", "pattern", "beside"),
    [
        (r"\u6b8b\u5e9f", "残废", ()),
        (r"残\U00020000", "残𠀀", ()),
        ("残废(?=军人)", "残废军人", ()),
        ("残废(?=军人|工人)", "残废(?:军人|工人)", ()),
        ("(?<=慰问)残废", "慰问残废", ()),
        ("(?<!不)残废", "残废", ("unless: [{before: {any: [不], within: 1}}]",)),
        (
            "残废(?!军人|证)",
            "残废",
            ("unless: [{after: {any: [证], within: 1}}]", "unless: [{after: {any: [军人], within: 2}}]"),
        ),
        (r"(?<!\d)1[3-9]\d{9}(?!\d)", r"1[3-9]\d{9}", ("edge: digit",)),
        ("(?<![a-z])qq(?![a-z])", "qq", ("edge: latin",)),
        (r"(总书记)\1", "总书记总书记", ()),
    ],
)
def test_a_refused_pattern_is_rewritten(source: str, pattern: str, beside: tuple[str, ...]) -> None:
    found = rewritten(source)
    assert found is not None
    assert found.pattern == pattern
    assert found.beside == beside
    with pytest.raises(PatternError) as refused:
        parse(source, fold=True)
    assert f"pattern: '{pattern}'" in str(refused.value)
    parse(pattern, fold=True)


@pytest.mark.parametrize(
    "source", ["残废", "a(?=b)c", "残废(?!军.人)", r"(.)\1", "(?>残)废", "((", "残(?!", "(?<!"]
)
def test_what_cannot_be_rewritten_is_left_alone(source: str) -> None:
    assert rewritten(source) is None


@pytest.mark.parametrize("source", [source for source, _ in EVIL])
def test_an_evil_pattern_is_refused(source: str) -> None:
    with pytest.raises(PatternError):
        parse(source, fold=True)


@pytest.mark.parametrize(("source", "text"), HEAVY)
def test_a_taken_pattern_comes_to_an_end_on_its_worst_text(source: str, text: str) -> None:
    # A pattern that backtracks without bounds would not come to an end here.
    compiled = re.compile(render(parse(source, fold=True), python=True))
    assert compiled.search(text) is None


PIECES = ["残", "废", "a", "7", "[残废]", r"\d", "[^残]", ".", "(?:残|残废)", "(?:a|7)", r"\s"]
REPEATS = ["", "?", "{1,3}", "{2}", "{0,2}", "+?"]
SIGNS = st.text(alphabet="残废a7 \n殘Ａ，", max_size=24)


@given(st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(REPEATS)), min_size=1, max_size=4), SIGNS)
def test_python_and_re2_read_a_pattern_alike(pieces: list[tuple[str, str]], text: str) -> None:
    source = "".join(f"{piece}{times}" for piece, times in pieces)
    try:
        node = parse(source, fold=False)
    except PatternError:
        return
    data = text.encode()
    ours = [
        (len(text[: found.start()].encode()), len(text[: found.end()].encode()))
        for found in re.finditer(render(node, python=True), text)
    ]
    assert [found.span() for found in Re2Pattern(node).compiled.finditer(data)] == ours
    longest = most(node)
    for start, end in ours:
        size = len(data[start:end].decode())
        assert size >= least(node)
        assert longest is None or size <= longest
        assert re.search(render(trigger(node), python=True), data[start:end].decode()) is not None
