"""Quick looks that spare the checker of repetition its work never hide a repetition."""

import re

from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain.files.yaml_tree import parse
from app.negative_list.checkers.base import Context
from app.negative_list.checkers.repetition import RepeatedText, _alike, _has_twins
from app.negative_list.source.fields import Fields
from app.negative_list.text.buffer import Buffer
from app.negative_list.text.model import Part, PartKind

_TREE = parse("{}", [])
assert _TREE is not None
_CHECKER = RepeatedText(Fields(_TREE, "rule.yaml", []), {})
_PIECES = st.sampled_from(
    [
        "社会救助",
        "救助",
        "低保",
        "甲",
        "乙丙",
        "𠮷",
        "，",
        "。",
        "；",
        " ",
        "\n",
        "为老年人提供服务",
        "\ud800",
    ]
)
_TEXTS = st.lists(_PIECES, max_size=24).map("".join)


def _found(*texts: str) -> list[str]:
    parts = [Part(PartKind.BODY, f"blocks/{number}", text) for number, text in enumerate(texts)]
    buffer = Buffer(parts)
    spots = _CHECKER.run(Context(buffer, buffer.raw, None), [])
    return [buffer.raw.text[spot.start : spot.end] for spot in spots]


@given(_TEXTS)
def test_a_word_of_three_to_eight_characters_twice_in_a_row_is_found(text: str) -> None:
    # Three in a row are cells of a table.
    assume(not re.search(r"(.+?)\1\1", text, re.DOTALL))
    twice = [
        match[0]
        for length in range(3, 9)
        for match in re.finditer(f"(?=([\u4e00-\u9fff]{{{length}}})\\1)", text)
        if len(set(match[1])) > 2
    ]
    found = [spot for spot in _found(text) if len(spot) % 2 == 0 and spot[: len(spot) // 2] * 2 == spot]
    assert bool(found) >= bool(twice)


@given(_TEXTS)
def test_where_no_neighbours_are_alike_none_are_found(text: str) -> None:
    if not _has_twins(text):
        assert not list(_alike(text, 0, len(text)))


def test_a_word_at_the_very_end_and_one_at_two_distances_are_found() -> None:
    assert _found("开展社会救助社会救助") == ["社会救助社会救助"]
    assert _found("民政部民政部和老年人老年人") == ["民政部民政部", "老年人老年人"]
    assert _found("𠮷氏捐款人捐款人") == ["捐款人捐款人"]


def test_an_equal_paragraph_and_an_equal_sentence_are_found_behind_others() -> None:
    paragraph = "凡符合条件的居民均可向街道提出申请并得到答复。"
    assert _found("首段。", paragraph, "中段。", f" {paragraph}") == [f" {paragraph}"]
    assert _found("为老年人提供服务。为老年人提供服务。") == ["为老年人提供服务。"]
    assert _found("为老年人提供上门服务，为老年人提供上门服务。") == ["为老年人提供上门服务"]
