"""The one reader of YAML: values with their lines, and every fault of a text."""

import re
from datetime import date

import pytest
import yaml

from app.domain.files.faults import Fault, Faults, in_order, said
from app.domain.files.policy_text import read
from app.domain.files.yaml_tree import MAX_DEPTH, Tree, parse
from app.words.policy_faults import located, plain, sentence


def read_tree(text: str, *, most: int = 20_000, aliases: bool = True) -> tuple[Tree | None, list[Fault]]:
    faults: list[Fault] = []
    return parse(text, faults, file="a.yaml", most=most, aliases=aliases), faults


def places(text: str, *, most: int = 20_000, aliases: bool = True) -> list[tuple[int, str, str]]:
    _, faults = read_tree(text, most=most, aliases=aliases)
    assert all(fault.file == "a.yaml" for fault in faults)
    return [(fault.line, fault.key, fault.code) for fault in faults]


def test_the_value_of_a_key_stands_where_the_key_stands() -> None:
    tree, faults = read_tree("a:\n  b: 1\nc:\n- x\n-\n  d: 2026-05-01\n")
    assert faults == []
    assert tree is not None
    assert tree.mapping is not None
    assert {key: value.line for key, value in tree.mapping.items()} == {"a": 1, "c": 3}
    items = tree.mapping["c"].items
    assert items is not None
    assert [(item.line, item.kind) for item in items] == [(4, "str 'x'"), (6, "映射")]
    assert items[1].mapping is not None
    assert items[1].mapping["d"].scalar == date(2026, 5, 1)
    assert tree.plain() == {"a": {"b": 1}, "c": ["x", {"d": "2026-05-01"}]}
    assert (tree.mapping["c"].kind, Tree(1).kind) == ("列表", "空")


@pytest.mark.parametrize(
    "text",
    [
        "a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}",
        "a: &x {b: 1}\nd: &y {b: 2, e: 4}\nf: {<<: [*x, *y]}",
        "a: &x [1, 2]\nb: [*x, *x]",
        "a: &x y\nb: *x\nc: 'yes'\nd: no\ne: ~\nf: 1_000\ng: 1.5",
    ],
)
def test_anchors_mean_what_they_mean_elsewhere(text: str) -> None:
    tree, faults = read_tree(text)
    assert faults == []
    assert tree is not None
    assert tree.plain() == yaml.safe_load(text)


def test_nothing_that_was_read_is_shared() -> None:
    content, lines = read("a: &x {b: 1}\nc: *x\n")
    content["a"]["b"] = 2
    assert content["c"] == {"b": 1}
    assert lines.has(("c", "b"))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: 1\n\nb: 2\na: 3", (4, "a", "duplicate_key")),
        ("s:\n- k: 1\n  k: 2", (3, "s.0.k", "duplicate_key")),
        ("a: 1\nb: 2026-02-30", (2, "b", "value")),
        ("a:\n- 1\n- !!python/name:os.system x", (3, "a.1", "value")),
        ("a: !!binary aGk=", (1, "a", "value")),
        ("a: !!set {x}", (1, "a", "value")),
        ("a: !mine [x]", (1, "a", "value")),
        ("a: =", (1, "a", "value")),
        ("a: 1\n? {b: 1}\n: 2", (2, "", "key")),
        ("a: 1\n<<: 2", (2, "<<", "merge")),
        ("a: &x [1]\nb: {<<: *x}", (2, "b.<<", "merge")),
        ("", (1, "", "empty")),
        ("# nothing\n", (1, "", "empty")),
        ("a: 1\nb: \x07", (2, "", "character")),
        ("a: 1\nb: \ud800", (2, "", "character")),
        ("a: 1\nb: 'x\n\n", (2, "", "yaml")),
        ("a: 1\n---\nb: 2", (2, "", "yaml")),
        ("\n" + "[" * 60 + "]" * 60, (2, "", "too_deep")),
        ("a: &a\n- *a", (1, "", "too_deep")),
    ],
)
def test_a_fault_has_its_line_and_is_told_once(text: str, fault: tuple[int, str, str]) -> None:
    assert places(text) == [fault]


def test_the_most_that_is_read_counts_what_stands_behind_anchors() -> None:
    # A mapping, a list and three numbers; then a list, and the first one twice.
    text = "a: &x [1, 2, 3]\nb: [*x, *x]\n"
    assert places(text, most=14) == []
    assert places(text, most=13) == [(2, "", "too_many_values")]
    deep = "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)
    assert places(deep) == []
    assert places(f"[{deep}]") == [(1, "", "too_deep")]


def test_an_alias_is_a_fault_where_texts_are_cut_by_lines() -> None:
    text = "a: &x {b: 1}\nc:\n- *x\nd:\n  <<: *x\n"
    assert places(text, aliases=False) == [(2, "c.0", "alias"), (5, "d.<<", "alias")]


def test_what_is_no_yaml_is_told_without_what_stands_twice_beside_it() -> None:
    with pytest.raises(Faults) as refused:
        read("a: 1\na: 2\nb: 2026-02-30\n")
    assert [fault.code for fault in refused.value.faults] == ["duplicate_key", "value"]
    content, lines = read("a: 1\na: 2\n")
    assert content == {"a": 2}
    assert [fault.line for fault in lines.duplicates] == [2]


def test_faults_stand_by_file_and_line_each_once() -> None:
    first, second = said("b.yaml", 9, "x", "乙"), said("b.yaml", 10, "", "丙")
    third = said("a.yaml", 30, "", "甲")
    assert in_order([second, first, third, first]) == (third, first, second)
    assert str(Faults([second, third])) == (
        "a.yaml line 30: : said {'message': '甲'}; b.yaml line 10: : said {'message': '丙'}"
    )


def test_a_fault_is_told_with_its_place() -> None:
    fault = said("b.yaml", 9, "x.y", "不对")
    assert located(fault) == "b.yaml:9 x.y：不对"
    assert located(said("b.yaml", 0, "", "读不了")) == "b.yaml：读不了"
    assert plain(fault) == {"file": "b.yaml", "line": 9, "key": "x.y", "message": "不对"}


@pytest.mark.parametrize(
    "text",
    ["a: b: c", "a: [1", "a: {b: 1", "a: ]", "a: 'x", "a:\n  - x\n - y", "- a\nb: 1", "a\nb: 1", "a: 1\nb\n",
     "a: *x", "a: 1\n---\nb: 1", "a: @x", "a:\n\t- x", 'a: "\\q"', "- " * 3000 + "x"],
)  # fmt: skip
def test_what_the_parser_says_is_told_in_chinese(text: str) -> None:
    ((fault),) = read_tree(text)[1]
    told = sentence(fault)
    assert told.startswith("不是有效的 YAML：")
    assert not re.search("[a-z]{2}", told), told
