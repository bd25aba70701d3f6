"""Three backends find the same, on any text, and their positions are those of the typed text."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.negative_list import Part, PartKind, Policy, Report, Scope, check
from app.negative_list.engine.backends import NAMES, Unit, available, make
from app.negative_list.engine.backends.offsets import words_and_events
from app.negative_list.engine.program import Program, view_of
from app.negative_list.pattern.nodes import Node
from app.negative_list.pattern.parse import PatternError, parse
from app.negative_list.quality.examples import faults_of
from app.negative_list.text.buffer import SEPARATOR, Buffer
from app.negative_list.text.characters import MARK
from app.negative_list.text.fold import fold, fold_text, span
from app.negative_list.text.model import View
from tests.negative_list.policies import KEY, TODAY, loaded, rule, run

ODD = [
    "\u200b",
    "\u200d",
    "\ufeff",
    "\u0301",
    "\ufe0f",
    "👨‍👩‍👧",
    "🎉",
    "𠮷",
    "㈱",
    "㎡",
    "ﬁ",
    "①",
    "\x00",
    "\ud800",
    MARK,
]
PLAIN = [
    *list("残废人的，。《》“”（）a7 -年月日\n"),
    "殘廢",
    "Ａ",
    "７",
    "身份证",
    "110105",
    "2024年",
    "13812345678",
]
pieces = st.lists(st.sampled_from(ODD + PLAIN), max_size=30).map("".join)
parts = st.lists(pieces, min_size=1, max_size=4)


def buffer_of(texts: list[str]) -> Buffer:
    return Buffer([Part(PartKind.BODY, str(index), text) for index, text in enumerate(texts)])


def test_all_three_run_here() -> None:
    assert available() == NAMES


# The scanners.

words = st.lists(st.text(alphabet="残废人a7，", min_size=1, max_size=4), max_size=6, unique=True)
atoms = [
    "残",
    "废",
    "a",
    "7",
    "[残废]",
    r"\d",
    "[^残]",
    ".",
    "(?:残|残废)",
    "(?:废|人a)",
    r"\s",
    "[\n ]",
    r"[\x{200b}-\x{200f}\x{ad}\x{1f389}]",
    "《[^《》]{1,8}》",
]
repeats = ["", "", "?", "{1,3}", "{2}", "{0,2}", "+?", "{0,30}"]
edges = st.sampled_from([("", ""), ("^", ""), ("", "$"), ("^", "$")])


@st.composite
def patterns(draw: st.DrawFn) -> Node | None:
    first, last = draw(edges)
    inner = draw(
        st.lists(st.tuples(st.sampled_from(atoms), st.sampled_from(repeats)), min_size=1, max_size=4)
    )
    try:
        return parse(first + "".join(atom + times for atom, times in inner) + last, fold=False)
    except PatternError:
        return None


@settings(max_examples=300, deadline=None)
@given(words, st.lists(patterns(), max_size=4), parts)
def test_scanners_find_the_same(words: list[str], patterns: list[Node | None], texts: list[str]) -> None:
    unit = Unit(words, list(dict.fromkeys(node for node in patterns if node is not None)))
    buffer = buffer_of(texts)
    for view in (buffer.raw, buffer.fold):
        found = {name: make(name, unit).scan(view) for name in available()}
        plain = found["plain"]
        for hits in found.values():
            assert sorted(hits.words) == sorted(plain.words)
            assert sorted(hits.patterns) == sorted(plain.patterns)
        for number, start, end in plain.words:
            assert view.text[start:end] == words[number]
        for number, word in enumerate(words):
            expected = [i for i in range(len(view.text)) if view.text.startswith(word, i)]
            assert sorted(start for found, start, _ in plain.words if found == number) == expected
        for _, start, end in plain.patterns:
            first, last = view.bounds(view.part_at(start))
            assert first <= start < end <= last


@pytest.mark.parametrize(
    "source", ["[\n]", r"[\s]", "[^残]", r"\n{1,3}", r"\s*a", r"a\s*", r"\W", "[^a]{2,40}"]
)
def test_no_match_reaches_into_what_parts_are_joined_with(source: str) -> None:
    # "a", "", "\na\n": beside the separators stand line ends that belong to nobody.
    buffer = buffer_of(["a", "", "\na\n", "a"])
    text = buffer.raw.text
    for name in available():
        for _, start, end in make(name, Unit((), (parse(source, fold=False),))).scan(buffer.raw).patterns:
            first, last = buffer.raw.bounds(buffer.raw.part_at(start))
            assert first <= start < end <= last, (name, start, end, text)


@pytest.mark.parametrize(
    "source", [r"\d{2,5}", r"1(?:[ -]?\d){9}", "[^残]{2,30}残", r"\s*1{1,3}\n?", "残.{0,30}1"]
)
def test_many_events_are_read_alike(source: str) -> None:
    buffer = buffer_of([*(["1" * 40, "残1\n11 1-", ""] * 40), "1 残" * 400, "\n1" * 300])
    unit = Unit((), (parse(source, fold=False),))
    found = [sorted(make(name, unit).scan(buffer.raw).patterns) for name in available()]
    assert len(found[0]) > 50
    assert all(hits == found[0] for hits in found)


# Whole policies.


def same_findings(policies: dict[str, Policy], texts: list[str]) -> Report:
    reports = [run(policy, *texts) for policy in policies.values()]
    plain = [report._replace(backend="", elapsed_us=0) for report in reports]
    assert all(report == plain[0] for report in plain)
    return reports[0]


def positions_hold(report: Report, texts: list[str]) -> None:
    """Each finding's place is in its part, in code points and in UTF-16, and reads as what was hit."""
    for finding in (*report.findings, *report.shadow):
        text = texts[int(finding.ref.removeprefix("blocks/"))]
        assert 0 <= finding.start <= finding.end <= len(text)
        wide = text.encode("utf-16-le", "surrogatepass")
        assert wide[2 * finding.start16 : 2 * finding.end16] == text[finding.start : finding.end].encode(
            "utf-16-le", "surrogatepass"
        )


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=parts)
def test_the_shipped_policy_finds_the_same_everywhere(
    shipped_on: dict[str, Policy], texts: list[str]
) -> None:
    positions_hold(same_findings(shipped_on, texts), texts)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_hidden_and_scattered_examples_are_found_alike(
    shipped_on: dict[str, Policy], data: st.DataObject
) -> None:
    policy = next(iter(shipped_on.values()))
    examples = [
        example.text for rule in policy.rules for example in (*rule.hits, *rule.misses) if example.text
    ]
    texts = []
    for _ in range(data.draw(st.integers(1, 4))):
        text = data.draw(st.sampled_from(examples))
        place = data.draw(st.integers(0, len(text)))
        texts.append(text[:place] + data.draw(st.sampled_from(["", *ODD])) + text[place:])
    positions_hold(same_findings(shipped_on, texts), texts)


def test_every_example_behaves_on_every_backend(shipped_on: dict[str, Policy]) -> None:
    for name, policy in shipped_on.items():
        assert faults_of(Program(policy.rules, name), policy.rules) == []


# Positions and recall.


@settings(max_examples=300, deadline=None)
@given(parts, st.data())
def test_any_range_of_the_fold_view_leads_back_to_what_was_typed(
    texts: list[str], data: st.DataObject
) -> None:
    buffer = buffer_of(texts)
    size = len(buffer.fold.text)
    start = data.draw(st.integers(0, size - 1))
    end = data.draw(st.integers(start + 1, size))
    low, high = buffer.typed(View.FOLD, start, end)
    assert buffer.fold.text[start:end] in fold_text(buffer.raw.text[low:high])
    if low > 0:
        # Nothing before the range is needed for it, and nothing at its edges has vanished.
        assert fold_text(buffer.raw.text[low]) != ""
        assert fold_text(buffer.raw.text[high - 1]) != ""


@given(pieces)
def test_folding_maps_each_character_to_its_own(text: str) -> None:
    folded, origin = fold(text)
    if origin is None:
        assert len(folded) == len(text)
    else:
        assert len(origin) == len(folded) + 1
        assert origin[-1] == len(text)
        for place in range(len(folded)):
            low, high = span(origin, place, place + 1)
            assert folded[place] in fold_text(text[low:high])
    assert fold_text(folded) == folded


@pytest.mark.parametrize("backend", NAMES)
def test_a_large_set_of_ordinary_characters_is_looked_for_in_ordinary_text(backend: str) -> None:
    wanted = [chr(code) for code in range(0x4E00, 0x4F00, 2)]
    node = parse("[" + "".join(wanted) + "]", fold=False)
    buffer = buffer_of(["这里有" + wanted[0] + "处"])
    assert buffer.raw.ordinary
    assert make(backend, Unit((), (node,))).scan(buffer.raw).patterns == [(0, 3, 4)]


@given(
    parts,
    st.lists(pieces.filter(lambda word: len(word) > 0), min_size=1, max_size=6, unique=True),
    st.randoms(),
)
def test_words_get_their_places_whatever_the_order_among_them(
    texts: list[str], words: list[str], luck: Random
) -> None:
    view = buffer_of(texts).fold
    words = [word for word in map(fold_text, words) if word]
    words = sorted({*words, *view.text[:2], view.text[:3]})
    expected = [
        (number, start, start + len(word))
        for number, word in enumerate(words)
        for start in range(len(view.text))
        if view.text.startswith(word, start)
    ]
    # Each word's places in ascending order, and at times one word ahead of the others.
    waiting = {number: [hit for hit in expected if hit[0] == number] for number in range(len(words))}
    events = []
    while left := [hits for hits in waiting.values() if hits]:
        hits = min(left, key=lambda hits: hits[0][2]) if luck.random() < 0.8 else luck.choice(left)
        number, _, end = hits.pop(0)
        events.append((number, 0, len(view.text[:end].encode())))
    found, others = words_and_events(words, view, [*events, (len(words) + 3, 2, 5)])
    assert sorted(found) == expected
    assert others == {3: [(2, 5)]}


def test_plain_words_are_found_as_often_as_by_looking_for_each(shipped_on: dict[str, Policy]) -> None:
    policy = next(iter(shipped_on.values()))
    terms = sorted(
        {
            fold_text(term)
            for rule in policy.rules
            for term in getattr(rule.match, "terms", ())
            if view_of(rule) is View.FOLD
        }
    )
    text = fold_text("。".join(terms) + "".join(terms[::3]) + "".join(terms[::-7]))
    view = buffer_of([text]).fold
    for name in available():
        hits = make(name, Unit(terms, ())).scan(view).words
        counted = [0] * len(terms)
        for number, _, _ in hits:
            counted[number] += 1
        for number, term in enumerate(terms):
            expected = sum(view.text.startswith(term, place) for place in range(len(view.text)))
            assert counted[number] == expected, (name, term)


@pytest.mark.parametrize("overlap", ["longest", "contained", "all"])
@pytest.mark.parametrize(
    "text", ["残废人残废人残废", "人残废人的残", "残废残废人", "废人残", "残残废废人人残废人"]
)
def test_overlaps(tmp_path: Path, overlap: str, text: str) -> None:
    terms = ["残废", "残废人", "废人", "人残", "废人残"]
    policy = loaded(tmp_path, [rule("w", {"kind": "terms", "terms": terms, "overlap": overlap}, "残废")])
    found = {(finding.start, finding.end) for finding in run(policy, text).findings}
    every = {
        (start, start + len(term))
        for term in terms
        for start in range(len(text))
        if text.startswith(term, start)
    }
    if overlap == "all":
        assert found == every
    elif overlap == "contained":
        assert found == {
            one for one in every if not any(o != one and o[0] <= one[0] and one[1] <= o[1] for o in every)
        }
    else:
        left, expected = sorted(every, key=lambda one: (one[0], -one[1])), set()
        last = 0
        for start, end in left:
            if start >= last:
                expected.add((start, end))
                last = end
        assert found == expected


def test_an_empty_document_has_no_finding(shipped_on: dict[str, Policy]) -> None:
    for policy in shipped_on.values():
        report = check(policy, [], scope=Scope(), on=TODAY, key=KEY)
        assert (report.findings, report.truncated, report.blocked) == ((), 0, False)
        assert run(policy, "", "\n", SEPARATOR).counts == {"block": 0, "warn": 0, "info": 0}
