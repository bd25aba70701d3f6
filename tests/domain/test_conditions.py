"""The language of conditions: what each key asks, how they are put together, and what says nothing."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.document.model import Document, Image, Paragraph, Table, Video
from app.domain.vocabulary import CaseState
from app.domain.workflow import Case
from app.domain.workflow.condition_lint import settled
from app.domain.workflow.condition_words import condition
from app.domain.workflow.conditions import When
from app.domain.workflow.lint import lint
from app.domain.workflow.text_measures import amounts, measures
from app.words.labels import label
from tests.domain.test_lint import GOOD
from tests.domain.walks import FIRST, TEXT, WEBSITE, WECHAT, hand_for, stage

DRAFT = Case(CaseState.RETURNED, TEXT, (WECHAT, WEBSITE), frozenset({"author"}))
SHA = "a" * 64


def document(text: str = "正文。", *blocks: Any, **more: Any) -> Document:
    return Document(title=more.pop("title", "标题"), blocks=(Paragraph(text=text), *blocks), **more)


def holds(when: dict[str, Any], case: Case = DRAFT, text: Document | None = None, line: str = "") -> bool:
    asked = When.model_validate(when)
    if text is not None:
        case = replace(case, found=case.found | measures(text, [asked]))
    return case.meets(asked, line)


@pytest.mark.parametrize(
    ("when", "text", "answer"),
    [
        ({"media": ["video"]}, document("看", Video(sha256=SHA)), True),
        ({"media": ["video"]}, document("看", Image(sha256=SHA)), False),
        ({"media": ["picture", "video"]}, document("看", Image(sha256=SHA)), True),
        ({"media": ["table"]}, document("看", Table(rows=(("甲", "乙"),))), True),
        ({"media": ["attachment"]}, document(attachments=(SHA,)), True),
        ({"media": ["attachment"]}, document(), False),
        ({"says": {"words": "市长", "fields": "title"}}, document(title="市长调研"), True),
        ({"says": {"words": "市长", "fields": "title"}}, document("市长调研。"), False),
        ({"says": {"words": "市长", "fields": ["title", "text"]}}, document("市长调研。"), True),
        ({"says": {"words": ["市长", "县长"]}}, document("全市长效机制。"), True),
        ({"says": {"words": "市长", "not_before": "效"}}, document("全市长效机制。"), False),
        ({"says": {"words": "市长", "not_before": "效"}}, document("全市长效机制，市长讲话。"), True),
        ({"says": {"words": "新华社", "fields": "source"}}, document("新华社记者。"), False),
        ({"says": {"words": "甲镇"}}, document("看", Table(rows=(("乙镇", "甲镇"),))), True),
        ({"characters_at_least": 4}, document("正文"), True),
        ({"characters_at_least": 5}, document("正 文\n"), False),
        ({"amount_at_least": 1_000_000}, document("投入120万元。"), True),
        ({"amount_at_least": 1_200_001}, document("投入120万元。"), False),
        ({"amount_at_least": 1}, document("共2024年。"), False),
    ],
)
def test_what_a_condition_asks_of_a_text(when: dict[str, Any], text: Document, *, answer: bool) -> None:
    assert holds(when, text=text) is answer


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("拨付120万元", [1_200_000]),
        ("共3亿5000万元", [350_000_000]),
        ("一百二十万元和三千元", [1_200_000, 3000]),
        ("五百余万元", [5_000_000]),
        ("300多万元", [3_000_000]),
        ("￥1,200.50，¥3万", [1200, 30_000]),
        ("２００万元", [2_000_000]),
        ("人民币五十万", [500_000]),
        ("一亿二千万元", [120_000_000]),
        ("第12元素，2024年元旦，三元首", []),
        ("120人", []),
        ("9" * 40 + "元", [10**12]),
    ],
)
def test_sums_of_money_are_read(said: str, told: list[int]) -> None:
    assert list(amounts(said)) == told


def test_whose_a_draft_is() -> None:
    case = replace(DRAFT, units=frozenset({"清河市", "城关镇"}), author_posts=frozenset({"局长"}))
    assert holds({"units": ["城关镇"]}, case)
    assert holds({"units": ["清河市", "别处"]}, case)
    assert not holds({"units": ["别处"]}, case)
    assert holds({"author_posts": ["局长"]}, case)
    assert not holds({"author_posts": ["副局长"]}, case)
    assert not holds({"units": ["城关镇"], "author_posts": ["副局长"]}, case)


@pytest.mark.parametrize(
    ("when", "answer"),
    [
        ({"all_of": [{"channels": ["wechat"]}, {"channels": ["website"]}]}, True),
        ({"all_of": [{"channels": ["wechat"]}, {"channels": ["journal"]}]}, False),
        ({"any_of": [{"channels": ["journal"]}, {"channels": ["website"]}]}, True),
        ({"any_of": [{"channels": ["journal"]}]}, False),
        ({"none_of": [{"channels": ["journal"]}, {"flags": ["x"]}]}, True),
        ({"none_of": [{"channels": ["journal"]}, {"channels": ["wechat"]}]}, False),
        ({"none_of": [{"all_of": [{"channels": ["wechat"]}, {"flags": ["x"]}]}]}, True),
        ({"channels": ["wechat"], "none_of": [{"unless": {"channels": ["website"]}}]}, True),
    ],
)
def test_and_or_not(when: dict[str, Any], *, answer: bool) -> None:
    assert holds(when) is answer


def test_on_a_line_a_condition_is_asked_of_that_channel_also_inside() -> None:
    both = {"all_of": [{"channels": ["wechat"]}, {"channels": ["website"]}]}
    assert not holds(both, line="wechat")
    assert holds({"none_of": [{"channels": ["website"]}]}, line="wechat")


@pytest.mark.parametrize("key", ["all_of", "any_of", "none_of"])
def test_an_empty_list_of_conditions_is_refused(key: str) -> None:
    faults = lint(
        GOOD.replace("levels: final_review", f"levels: final_review\n    applies_if: {{{key}: []}}")
    )
    assert {fault.key for fault in faults.faults} == {"stages.3.applies_if"}


LEAVES: list[dict[str, Any]] = [
    {"channels": ["wechat"]},
    {"sections": ["news"]},
    {"classes": ["A"]},
    {"flags": ["big"]},
    {"facts": ["leader"]},
    {"units": ["城关镇"]},
    {"author_posts": ["局长"]},
    {"media": ["video"]},
    {"says": {"words": ["市长"]}},
    {"characters_at_least": 100},
    {"amount_at_least": 10},
]
WHENS = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: (
        st.dictionaries(
            st.sampled_from(["all_of", "any_of", "none_of"]),
            st.lists(inner, min_size=1, max_size=3),
            max_size=2,
        )
        | st.builds(lambda when: {"unless": when}, inner)
    ),
    max_leaves=6,
)
CASES = st.builds(
    lambda targets, grade, flags, found, units, posts: replace(
        DRAFT, targets=targets, grade=grade, flags=flags, found=found, units=units, author_posts=posts
    ),
    st.sampled_from([(WECHAT,), (WEBSITE,), (WECHAT, WEBSITE)]),
    st.sampled_from([None, "A"]),
    st.frozensets(st.just("big")),
    st.frozensets(
        st.sampled_from(
            ["leader", "media:video", "says::市长", "characters:99", "characters:100", "amount:10"]
        )
    ),
    st.frozensets(st.just("城关镇")),
    st.frozensets(st.just("局长")),
)


@given(when=WHENS, case=CASES, line=st.sampled_from(["", "wechat"]))
def test_every_condition_has_an_answer_that_not_turns_round(
    when: dict[str, Any], case: Case, line: str
) -> None:
    answer = holds(when, case, line=line)
    assert holds({"none_of": [when]}, case, line=line) is not answer
    assert holds({"all_of": [when]}, case, line=line) is answer
    assert holds({"any_of": [when]}, case, line=line) is answer
    # What the linter says of all drafts holds of each.
    assert settled(When.model_validate(when)) in {None, answer}
    assert condition(When.model_validate(when), label, {})


@pytest.mark.parametrize(
    ("when", "code"),
    [
        ("{all_of: [{flags: [x]}, {none_of: [{flags: [x]}]}]}", "condition_never"),
        ("{any_of: [{flags: [x]}, {none_of: [{flags: [x]}]}]}", "condition_always"),
        ("{all_of: [{amount_at_least: 500}, {none_of: [{amount_at_least: 100}]}]}", "condition_never"),
        ("{any_of: [{characters_at_least: 10}, {unless: {characters_at_least: 20}}]}", "condition_always"),
        ("{flags: [y], any_of: [{units: [甲]}, {none_of: [{units: [甲]}]}]}", None),
        ("{any_of: [{flags: [y]}, {classes: [A], unless: {classes: [A]}}]}", "condition_never"),
        ("{none_of: [{amount_at_least: 500}]}", None),
    ],
)
def test_conditions_that_decide_nothing_are_refused_where_they_stand(when: str, code: str | None) -> None:
    seat = f"who: [{{role: initial_reviewer, when: {when}}}, {{role: final_reviewer}}]"
    text = GOOD.replace("who: {role: initial_reviewer}", seat)
    told = {(fault.code, fault.line) for fault in lint(text).faults}
    assert told == (set() if code is None else {(code, 10)})


def test_a_stage_that_applies_never_or_always_is_refused() -> None:
    stages = GOOD.replace(
        "distinct:",
        "  - {key: x, title: 会, kind: consult, after: [rules], who: {role: editor}, applies_if: "
        "{any_of: [{flags: [x]}, {none_of: [{flags: [x]}]}]}}\ndistinct:",
    ).replace("    kind: sign_off", "    kind: sign_off\n    after: [three, x]")
    assert "condition_always" in {fault.code for fault in lint(stages).faults}
    never = stages.replace("any_of:", "all_of:", 1)
    assert "never_applies" in {fault.code for fault in lint(never).faults}


def test_a_condition_in_words() -> None:
    def said(**when: Any) -> str:
        return condition(When.model_validate(when), label, {"wechat": "微信", "big": "重大"})

    assert said(all_of=[{"channels": ["wechat"]}, {"amount_at_least": 5_000_000}]) == (
        "阵地“微信”且金额不少于 500 万元"
    )
    assert said(any_of=[{"flags": ["big"]}, {"media": ["video", "picture"]}]) == "“重大”或含“视频”或“图片”"
    assert said(none_of=[{"flags": ["big"]}, {"classes": ["C"]}]) == "不是（“重大”）且不是（等级“C”）"
    assert said(says={"words": ["市长"], "fields": ["title", "text"]}) == "标题、正文出现“市长”"
    assert said(units=["城关镇"], author_posts=["局长"]) == "单位“城关镇”且作者职务“局长”"
    many = [f"词{number}" for number in range(9)]
    assert said(says={"words": many}).endswith("”等 9 个词之一")
    inner = {"any_of": [{"flags": ["big"]}, {"classes": ["A"]}]}
    assert said(all_of=[inner, {"classes": ["B"]}]) == "（“重大”或等级“A”）且等级“B”"


def test_a_stage_that_a_word_in_the_title_asks_for_is_walked_or_skipped() -> None:
    asked = {"says": {"words": ["市长"], "fields": ["title"]}}
    stages = (stage("read"), stage("leader", applies_if=asked))
    found = measures(document(title="市长调研"), [When.model_validate(asked)])
    hand = hand_for(*stages, found=found)
    hand.approve("read", FIRST)
    assert hand.open() == {("leader", "")}
    other = hand_for(*stages, found=measures(document("市长调研"), [When.model_validate(asked)]))
    other.approve("read", FIRST)
    assert other.case.state is CaseState.CLEARED


def test_a_file_without_new_keys_is_written_as_before() -> None:
    """What a version is named by holds no key that came later, unless the file uses it."""
    old = {"channels", "channel_kinds", "sections", "classes", "flags", "facts", "unless"}
    assert set(When(flags=("x",), unless=When()).model_dump(mode="json")) == old
    assert set(When(units=("x",)).model_dump(mode="json")) == {*old, "units"}
