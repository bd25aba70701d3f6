"""The skip view: words taken apart by separators are found where they were typed, on every backend."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.negative_list import Faults, Part, PartKind, Policy, load_policy
from app.negative_list.engine.backends import NAMES
from app.negative_list.text.buffer import Buffer
from app.negative_list.text.fold import fold_text
from app.negative_list.text.skip_view import MOST, SEPARATORS, Bare, without_separators
from tests.negative_list.policies import loaded, rule, run, write

WORDS = ["残废", "残废人", "废人", "人残", "废a人", "瞎子"]
#: What may stand between, what may not, and what folds to either or vanishes.
PIECES = [
    *list("残废人瞎子a1。、\n"), *SEPARATORS, *list("\u3000\u00a0－＿．"), *list("殘廢"),
    "   ", "----", "/", "|", "—", "\u200b", "🎉", "㈱", "\ud800", "\x1e", "残 废", "瞎-子",
]  # fmt: skip
texts = st.lists(st.lists(st.sampled_from(PIECES), max_size=25).map("".join), min_size=1, max_size=3)


def han(char: str) -> bool:
    return "一" <= char <= "鿿" or char in "〇々"


def bare_by_hand(text: str) -> tuple[str, list[int]]:
    """Return a text without its separators, and where each character stood; another way than the engine's."""
    kept: list[int] = []
    place = 0
    while place < len(text):
        end = place
        while end < len(text) and text[end] in SEPARATORS:
            end += 1
        within = 0 < place < end < len(text) and han(text[place - 1]) and han(text[end])
        if not within or end - place > MOST:
            kept.extend(range(place, end))
        if end < len(text):
            kept.append(end)
        place = end + 1
    return "".join(text[one] for one in kept), kept


def skipping(folder: Path, **keys: object) -> dict[str, Policy]:
    match = {"kind": "terms", "view": "skip", "terms": WORDS, "overlap": "all"}
    written = write(folder, [rule("w", match, "残 废", **keys)])
    return {name: load_policy(written, backend=name) for name in NAMES}


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Policy]:
    return skipping(tmp_path_factory.mktemp("skip"))


@settings(max_examples=400, deadline=None)
@given(texts=texts)
def test_words_are_found_past_separators_exactly_where_they_were_typed(
    policies: dict[str, Policy], texts: list[str]
) -> None:
    reports = [run(policy, *texts)._replace(backend="", elapsed_us=0) for policy in policies.values()]
    assert all(report == reports[0] for report in reports)
    found = set()
    for finding in reports[0].findings:
        typed = texts[int(finding.ref.removeprefix("blocks/"))]
        hit = typed[finding.start : finding.end]
        assert without_separators(fold_text(hit.replace("\x1e", " "))) in WORDS
        assert hit[0] not in SEPARATORS
        assert hit[-1] not in SEPARATORS
        wide = typed.encode("utf-16-le", "surrogatepass")
        assert wide[2 * finding.start16 : 2 * finding.end16] == hit.encode("utf-16-le", "surrogatepass")
        found.add((finding.ref, finding.start, finding.end))
    expected = sum(
        bare_by_hand(fold_text(text.replace("\x1e", " ")))[0].startswith(word, place)
        for text in texts
        for word in WORDS
        for place in range(len(text) + 5)
    )
    assert len(found) == expected


@given(texts)
def test_the_bare_text_and_its_map(texts: list[str]) -> None:
    view = Buffer([Part(PartKind.BODY, str(number), text) for number, text in enumerate(texts)]).fold
    for part in range(len(texts)):
        first, last = view.bounds(part)
        text, kept = bare_by_hand(view.text[first:last])
        bare = Bare(view, part)
        assert bare.view.text[: len(text)] == text
        assert bare.view.bounds(0) == (0, len(text))
        for place, stood in enumerate(kept):
            assert bare.here(first + stood) == place
            assert bare.there(place, place + 1) == (first + stood, first + stood + 1)


@pytest.mark.parametrize("between", [" ", "-", "_", " - ", "\u3000", "\u200b \u200b", "··", "．"])
def test_what_is_passed_over(policies: dict[str, Policy], between: str) -> None:
    (finding,) = run(policies["hyperscan"], f"照顾瞎{between}子").findings
    assert (finding.start, finding.excerpt) == (2, f"瞎{between}子")


@pytest.mark.parametrize("between", ["、", "，", "/", "|", "\n", "——", "    ", "1", "和", "《"])
def test_what_is_not(policies: dict[str, Policy], between: str) -> None:
    assert run(policies["hyperscan"], f"照顾瞎{between}子").findings == ()


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        ("残 废军 人证", []),
        ("残 废军人", [(0, 3)]),
        ("旧 称残-废", []),
        ("《残_废》", []),
        ("《残_废》之外残 废", [(7, 10)]),
        ("残 废，残废", [(0, 3), (4, 6)]),
    ],
)
def test_exceptions_and_overlaps_are_judged_without_separators(
    tmp_path: Path, text: str, hits: list[tuple[int, int]]
) -> None:
    unless = [
        {"covering": ["残废军人证"]},
        {"before": {"any": ["旧称"], "within": 2}},
        {"inside": {"open": "《", "close": "》"}},
    ]
    match = {"kind": "terms", "view": "skip", "terms": ["残废"]}
    policy = loaded(tmp_path, [rule("w", match, "残 废", unless=unless)])
    assert [(one.start, one.end) for one in run(policy, text).findings] == hits


def test_only_the_parts_that_a_rule_reads_are_looked_at(tmp_path: Path) -> None:
    match = {"kind": "terms", "view": "skip", "terms": ["残废"]}
    policy = loaded(tmp_path, [rule("w", match, "残 废", scope={"parts": ["title"]})])
    assert run(policy, "残 废和残废").findings == ()


def test_a_long_list_is_read_past_separators(tmp_path: Path) -> None:
    words = [chr(0x4E00 + 7 * number) + chr(0x5E00 + 11 * number) for number in range(600)]
    match = {"kind": "lexicon", "view": "skip", "lexicon": "long.tsv"}
    policy = loaded(tmp_path, [rule("w", match, words[0])], lexicons={"long.tsv": "\n".join(words)})
    text = "。".join(f"{word[0]} {word[1]}" for word in words)
    assert [finding.excerpt for finding in run(policy, text).findings] == text.split("。")


def test_many_words_apart_are_found_within_bounds(policies: dict[str, Policy]) -> None:
    report = run(policies["hyperscan"], "瞎 子" * 100_000)
    assert sum(report.counts.values()) == 100_000
    assert len(report.findings) + report.truncated == 100_000


def test_a_pattern_cannot_ask_for_it(tmp_path: Path) -> None:
    match = {"kind": "regex", "view": "skip", "pattern": "残.{0,2}废"}
    with pytest.raises(Faults, match="skip 只用于 terms 和 lexicon"):
        loaded(tmp_path, [rule("w", match, "残废")])


def test_two_terms_that_are_one_without_separators_are_refused(tmp_path: Path) -> None:
    match = {"kind": "terms", "view": "skip", "terms": ["残废", "残 废"]}
    with pytest.raises(Faults, match=re.escape("归一化后与“残废”相同")):
        loaded(tmp_path, [rule("w", match, "残废")])
