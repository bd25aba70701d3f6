"""Evidence from usage: what is all but unseen in official prose, where a like character would be common."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.negative_list import Faults, Part, PartKind, Scope, check, load_policy
from app.negative_list.usage.build import added, counted
from app.negative_list.usage.count_table import OCCURRENCES, level_of, levels_in, made, runs
from app.negative_list.usage.doubtful_characters import SHIPPED, Usage, usage
from app.negative_list.usage.near_terms import NearTerms
from app.negative_list.usage.segments import cuts_a_word
from tests.negative_list.policies import rule, write


def _doubted(text: str, **options: list[str]) -> list[tuple[str, str]]:
    return [(text[doubt.start : doubt.end], doubt.better) for doubt in usage().doubts(text, **options)]


@pytest.mark.parametrize(
    ("text", "written", "better"),
    [
        ("民政部门组织开展慈善幕捐活动。", "幕捐", "募捐"),
        ("各街道要严格按召规定办理。", "按召", "按照"),
        ("全面提高服务质亮，让群众满意。", "质亮", "质量"),
        ("推进乡村振新，促进共同富裕。", "振新", "振兴"),
        ("认真学习，落买到位。", "落买", "落实"),
        ("做好覆行监管职责的工作。", "覆行", "履行"),
        ("居民对政策赞不决口。", "赞不决口", "赞不绝口"),
        ("各单位要再接再历。", "再接再历", "再接再厉"),
    ],
)
def test_a_like_character_in_a_common_word_is_doubted(text: str, written: str, better: str) -> None:
    assert (written, better) in _doubted(text)
    assert _doubted(text.replace(written, better)) == []


def test_the_counts_are_told_and_are_those_of_the_prose() -> None:
    (doubt,) = usage().doubts("民政部门组织开展慈善幕捐活动。")
    assert doubt.written_seen == 0
    assert doubt.better_seen > 50
    assert usage().characters > 15_000_000


def test_one_string_is_told_once_and_one_that_stands_three_times_is_meant() -> None:
    line = "民政部门组织开展慈善幕捐活动。"
    assert len(_doubted(line * 2)) == 1
    assert _doubted(line * 3) == []


def test_known_words_numbers_of_documents_and_numerals_are_let_be() -> None:
    line = "民政部门组织开展慈善幕捐活动。"
    assert _doubted(line, known=["慈善幕捐"]) == []
    assert _doubted(line, known=["慈善募捐"]) == [("幕捐", "募捐")]
    assert _doubted("依据（开展慈善幕捐活动）办理。") == [("幕捐", "募捐")]
    assert _doubted("依据〔开展慈善幕捐活动〕办理。") == []
    assert _doubted("第七条、第九条、十二月三日。") == []


@pytest.mark.parametrize("text", ["", "a", "幕", "2026-01-01", "𠮷𠮷", "\ud800募捐", "。\n" * 50])
def test_texts_without_context_are_no_trouble(text: str) -> None:
    assert usage().doubts(text) == ()


def test_a_bureaus_own_prose_makes_its_words_familiar(tmp_path: Path) -> None:
    own = tmp_path / "own.npy"
    kept = added(["我区慈善幕捐活动办公室发布公告。"] * 40, usage().index, own)
    assert kept > 10
    line = "民政部门组织开展慈善幕捐活动。"
    assert _doubted(line) == [("幕捐", "募捐")]
    assert Usage(SHIPPED, beside=[own]).doubts(line) == ()


@given(st.lists(st.tuples(st.integers(1, 2**52 - 1), st.integers(2, 10**6)), min_size=1, max_size=300))
def test_what_is_put_into_a_table_is_found_in_it(pairs: list[tuple[int, int]]) -> None:
    counts = dict(pairs)
    keys = np.array(list(counts), dtype=np.uint64)
    seen = np.array(list(counts.values()), dtype=np.int64)
    slots, without_room = made(keys, level_of(seen), 0.02)
    assert without_room == 0
    found = OCCURRENCES[levels_in(slots, keys)]
    # Two runs may have one mark in one bucket; then the greater level is told.
    assert (found >= np.minimum(seen, 40_000) / 1.2).all()


def test_few_of_those_that_were_never_put_in_are_found() -> None:
    keys = np.arange(1, 5_000, dtype=np.uint64) * np.uint64(7919)
    slots, _ = made(keys, np.full(len(keys), 4, dtype=np.uint8), 0.012)
    others = np.arange(1, 20_000, dtype=np.uint64) * np.uint64(104_729) + np.uint64(1)
    assert np.count_nonzero(levels_in(slots, others)) / len(others) < 0.01


def test_runs_are_counted_within_chinese_text_only() -> None:
    index = usage().index
    keys, counts = counted("募捐。募捐，捐募 募捐", index, 2)
    (wanted,) = runs(index[[ord("募"), ord("捐")]].astype(np.uint64), 2)
    assert dict(zip(keys.tolist(), counts.tolist(), strict=True)) == {int(wanted): 3}


def _cuts(text: str, word: str) -> bool:
    start = text.index(word)
    return cuts_a_word(text, start, start + len(word), 0, len(text), usage())


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("薄弱智慧平台", "弱智"),
        ("收留发疯子女", "疯子"),
        ("导盲流程", "盲流"),
        ("社区长者食堂", "区长"),
        ("室内部分材料", "内部"),
        ("市民政策宣传", "民政"),
        ("全市长期护理保险", "市长"),
        ("医院长廊整修", "院长"),
    ],
)
def test_a_word_that_is_made_of_halves_of_others_is_cut(text: str, word: str) -> None:
    assert _cuts(text, word)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("为残废人提供服务", "残废"),
        ("收留弱智儿童", "弱智"),
        ("清理盲流人员", "盲流"),
        ("李区长到社区调研", "区长"),
        ("副市长张某出席", "市长"),
        ("由院长负责", "院长"),
        ("仅供内部材料使用", "内部材料"),
        ("弱智", "弱智"),
    ],
)
def test_a_word_that_stands_by_itself_is_kept(text: str, word: str) -> None:
    assert not _cuts(text, word)


def test_a_rule_that_asks_for_it_reads_words(tmp_path: Path) -> None:
    match = {"kind": "terms", "terms": {"区长": None}, "edge": "chinese"}
    made_of = rule("leaders", match, "李区长到社区调研", "建设社区长者食堂")
    policy = load_policy(write(tmp_path, [made_of]))
    parts = [Part(PartKind.BODY, "a", "社区长者食堂由张区长揭牌，市区长期有人值守。")]
    report = check(policy, parts, scope=Scope(), on=date(2026, 11, 30), key=b"k")
    assert [(finding.start, finding.excerpt) for finding in report.findings] == [(8, "区长")]


def test_listed_slips_are_let_be_where_they_are_known_or_meant() -> None:
    assert _doubted("三个月内完成，五个月内验收。") == []
    assert _doubted("认真学习，落买到位。", known=["落买"]) == []
    assert _doubted("落买到位。落买到位。落买到位。") == []


def test_terms_are_found_with_one_like_character_and_not_as_parts_of_others(tmp_path: Path) -> None:
    counts = usage()
    terms = NearTerms(["福利院", "儿童福利院", "民主集中制", "红"], counts.index)
    near = [
        (text, doubt.better) for text in ("福力院启用", "民主集中治") for doubt in counts.near(text, terms)
    ]
    assert near == [("福力院启用", "福利院"), ("民主集中治", "民主集中制")]
    assert counts.near("儿童福利院、福利院、民主集中制", terms) == []
    # 福祉院: no character that is taken for 利.
    assert counts.near("福祉院", terms) == []
    assert counts.near("", terms) == []


def test_evidence_runs_where_advice_is_asked_for_and_never_blocks(tmp_path: Path) -> None:
    evidence = rule("evidence", {"kind": "checker", "name": "usage"}, "慈善幕捐活动", "慈善募捐活动")
    policy = load_policy(write(tmp_path, [{**evidence, "severity": "info"}]))
    parts = [Part(PartKind.BODY, "body", "开展慈善幕捐活动")]
    asked = {"scope": Scope(), "on": date(2026, 1, 1), "key": b"k"}
    assert [finding.rule for finding in check(policy, parts, **asked).findings] == ["evidence"]
    assert check(policy, parts, advice=False, **asked).findings == ()
    blocking = {**evidence, "severity": "block", "basis": [{"doc": "测试依据"}]}
    with pytest.raises(Faults, match="只供参考"):
        load_policy(write(tmp_path, [blocking]))
