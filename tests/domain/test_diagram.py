"""The picture of a workflow, for pages and for terminals."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from app.domain.routing.rules import extended
from app.domain.vocabulary import StageState, Verb
from app.domain.workflow import Workflow, read_workflow
from app.domain.workflow.condition_words import condition
from app.domain.workflow.conditions import When
from app.domain.workflow.diagram import edges, mark, rows, set_mark, standing, text_picture
from app.domain.workflow.svg import WIDTH, svg
from app.words.labels import label
from tests.domain.schemes import BY_FILE, SCHEMES, Walk
from tests.domain.test_routing import SHIPPED
from tests.domain.walks import JOURNAL, STANDARD, WECHAT

SVG = "{http://www.w3.org/2000/svg}"
NAMES = {"wechat": "公众号", "website": "门户网站", "journal": "内刊"}
PARALLEL = """\
version: 1
key: parallel
title: 并行 <b>&"流程"</b>
source: 《某某办法》
flags: {major: 重大}
stages:
  - {key: rules, title: 规则检查, kind: rule_check}
  - {key: one, title: 初审, kind: review, levels: initial_review, who: {role: initial_reviewer}}
  - {key: sec, title: 保密审查, kind: secrecy_review, after: one, who: {post: 保密办}, need: {at_least: 2}}
  - key: privacy
    title: 个人信息审查
    kind: privacy_review
    after: one
    who: {person: wang}
    applies_if: {channels: [wechat], sections: [news], flags: [major], unless: {classes: [A, B]}}
  - key: ask
    title: 征求意见
    kind: consult
    after: one
    who: [{post: 甲, group: a}, {post: 乙, group: b}]
    need: one_of_each
  - key: two
    title: 复审
    kind: review
    levels: second_review
    who: {role: second_reviewer}
    after: [sec, privacy]
  - key: three
    title: 终审
    kind: review
    levels: final_review
    who: {role: final_reviewer}
    after: [one, two, ask]
  - {key: side, title: 另看, kind: consult, per: channel, after: one, who: {head_of_author: true}, need: all}
  - key: sign
    title: 签发
    kind: sign_off
    per: channel
    who: {role: publisher, scope: channel}
    after: [three, side]
distinct:
  - {name: 三审, stages: [one, two, three]}
"""


def drawn(workflow: Workflow, **more: object) -> etree._Element:
    return etree.fromstring(svg(workflow, label, **more).encode())  # type: ignore[arg-type]


def texts(root: etree._Element) -> str:
    return "".join(element.text or "" for element in root.iter(f"{SVG}text"))


def test_parallel_stages_stand_side_by_side() -> None:
    workflow = read_workflow(PARALLEL)
    assert [[stage.key for stage in row] for row in rows(workflow)] == [
        ["rules"], ["one"], ["sec", "privacy", "ask", "side"], ["two"], ["three"], ["sign"],
    ]  # fmt: skip
    # 终审 waits for 初审 through others anyway.
    assert ("one", "three") not in edges(workflow)
    assert {("sec", "two"), ("privacy", "two"), ("ask", "three"), ("side", "sign")} <= set(edges(workflow))


def test_what_a_file_says_is_text_and_never_markup() -> None:
    root = drawn(read_workflow(PARALLEL))
    assert '<b>&"流程"</b>' in texts(root)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {
        "svg", "title", "desc", "rect", "text", "path",
    }  # fmt: skip
    evil = PARALLEL.replace("title: 初审", 'title: "</text><script>x</script>\\u0000\\u0007"')
    found = drawn(read_workflow(evil))
    assert not list(found.iter(f"{SVG}script"))
    assert "</text><script>x</script>" in texts(found)


def test_a_screen_reader_is_told_everything() -> None:
    root = drawn(read_workflow(PARALLEL))
    assert root.get("role") == "img"
    assert root.get("lang") == "zh-CN"
    ids = (root.get("aria-labelledby") or "").split()
    found = {element.get("id"): element.text or "" for element in root if element.get("id")}
    assert list(found) == ids
    title, described = found.values()
    assert title.endswith("流程图")
    for stage in read_workflow(PARALLEL).stages:
        assert f"{stage.title}：" in described
    assert "复审：在保密审查、个人信息审查之后；办理：复审。" in described


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.file)
def test_every_shipped_workflow_fits_a_phone(scheme: object) -> None:
    workflow = scheme.workflow  # type: ignore[attr-defined]
    root = drawn(workflow)
    assert (root.get("width"), root.get("viewBox", "").split()[2]) == (str(WIDTH), str(WIDTH))
    assert WIDTH <= 375
    height = float(root.get("height", "0"))
    for text in root.iter(f"{SVG}text"):
        size, words = float(text.get("font-size", "0")), text.text or ""
        assert size >= 13
        wide = sum(size * (0.58 if character.isascii() else 1.0) for character in words)
        # A closing mark may hang over by its own width; nothing else leaves the picture.
        assert float(text.get("x", "0")) + wide <= WIDTH + size
        assert 0 < float(text.get("y", "0")) < height
    boxes = [rect for rect in root.iter(f"{SVG}rect") if rect.get("rx")]
    assert len(boxes) == len(workflow.stages)
    for stage in workflow.stages:
        assert stage.title in re.sub(r"\s", "", texts(root))
    dashed = sum(rect.get("stroke-dasharray") is not None for rect in boxes)
    assert dashed == sum(stage.applies_if is not None for stage in workflow.stages)
    assert "office_opinion" not in texts(root)


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.file)
def test_boxes_lie_apart_and_arrows_reach_them(scheme: object) -> None:
    workflow = scheme.workflow  # type: ignore[attr-defined]
    for one in (workflow, read_workflow(PARALLEL)):
        root = drawn(one)
        boxes = [
            tuple(float(rect.get(name, "0")) for name in ("x", "y", "width", "height"))
            for rect in root.iter(f"{SVG}rect")
            if rect.get("rx")
        ]
        for index, (x, y, width, height) in enumerate(boxes):
            assert x >= 0
            assert x + width <= WIDTH
            for left, top, wide, high in boxes[index + 1 :]:
                assert x + width <= left or left + wide <= x or y + height <= top or top + high <= y
        arrows = [path for path in root.iter(f"{SVG}path") if path.get("fill") != "none"]
        assert len(arrows) == len(edges(one))


def test_where_a_case_stands() -> None:
    walk = Walk(BY_FILE["standard"])
    before = texts(drawn(walk.workflow, case=walk.case, names=NAMES))
    assert "○ 初审" in before
    assert "未到" in before
    walk.to("second_proof")
    shown = texts(drawn(walk.workflow, case=walk.case, names=NAMES))
    assert "✓ 终审" in shown
    assert "● 二校" in shown
    assert "公众号进行中；门户网站进行中" in shown
    assert "○ 签发" in shown
    told = text_picture(walk.workflow, label, case=walk.case, names=NAMES)
    assert "● 二校 ②：公众号进行中；门户网站进行中" in told
    assert "✓ 一校 ②：公众号已通过；门户网站已通过" in told
    assert "○ 三校 ②：公众号未到；门户网站未到" in told


def test_lines_that_are_not_equally_far() -> None:
    walk = Walk(replace(BY_FILE["merged_levels"], targets=(WECHAT, JOURNAL)))
    walk.submit()
    first = walk.workflow.by_key["first_level"]
    assert standing(walk.case, first).state is StageState.WAITING
    walk.bind("wechat")
    assert standing(walk.case, first).state is StageState.OPEN
    walk.pass_one(("first_level", "wechat"))
    assert standing(walk.case, first).state is StageState.WAITING
    second = walk.workflow.by_key["second_level"]
    assert standing(walk.case, second).lines == (("wechat", StageState.OPEN), ("journal", None))
    walk.pass_one(("second_level", "wechat"))
    assert standing(walk.case, second).state is StageState.WAITING
    walk.bind("journal")
    walk.do(
        Verb.DECLINE, walk.scheme.cast["first_level"][0], stage="first_level", line="journal", comment="x"
    )
    assert standing(walk.case, first).state is StageState.DECLINED


def test_the_text_picture_of_parallel_stages() -> None:
    assert text_picture(read_workflow(PARALLEL), label, names={"a": "甲", "b": "乙"}).splitlines() == [
        '并行 <b>&"流程"</b>（parallel）',
        "○ 规则检查",
        "│   办理：系统自动",
        "│",
        "○ 初审 ①",
        "│   办理：初审",
        "│",
        "├─○ 保密审查",
        "│   办理：保密办",
        "│   至少 2 人同意",
        "├─○ 个人信息审查",
        "│   办理：wang",
        "│   仅限：阵地“wechat”且栏目“news”且“重大”（除等级“A”或“B”外）",
        "├─○ 征求意见",
        "│   办理：甲（甲组） / 乙（乙组）",
        "│   每组一人同意",
        "└─○ 另看〔征求意见〕",
        "    办理：作者所在部门负责人",
        "    全体同意",
        "    每个阵地分别办理",
        "│",
        "○ 复审 ①",
        "│   在“保密审查、个人信息审查”之后",
        "│   办理：复审",
        "│",
        "○ 终审 ①",
        "│   在“初审、复审、征求意见”之后",
        "│   办理：终审",
        "│",
        "○ 签发",
        "│   在“终审、另看”之后",
        "│   办理：签发人（本阵地）",
        "│   每个阵地分别看校样",
        "① 三审（初审、复审、终审）",
    ]


def test_a_start_of_its_own_is_said() -> None:
    stages = "title: 征求意见\n    kind: consult\n    after: "
    workflow = read_workflow(PARALLEL.replace(f"{stages}one", f"{stages}[]"))
    assert [stage.key for stage in rows(workflow)[0]] == ["rules", "ask"]
    told = text_picture(workflow, label)
    assert told.splitlines()[1:6] == [
        "├─○ 规则检查",
        "│   办理：系统自动",
        "└─○ 征求意见",
        "    办理：甲（a组） / 乙（b组）",
        "    每组一人同意",
    ]
    assert "在“规则检查”之后" in told


def test_what_routing_added_says_so() -> None:
    workflow = extended(STANDARD, SHIPPED)
    told = text_picture(workflow, label, names={"repost": "转载"})
    assert "仅限：“转载”" in told
    assert "由分流规则 repost_source 增加" in told
    assert "来源核对" in texts(drawn(workflow))


def test_words_that_are_too_long_for_a_line_are_broken() -> None:
    source = PARALLEL.replace("《某某办法》", "https://example.gov.cn/" + "a" * 120)
    shown = [element.text or "" for element in drawn(read_workflow(source)).iter(f"{SVG}text")]
    assert all(len(words) < 60 for words in shown)
    assert "a" * 120 in "".join(shown)
    assert "依据" not in texts(drawn(read_workflow(PARALLEL.replace("source: 《某某办法》\n", ""))))


def test_conditions_in_words() -> None:
    assert condition(When(), label, {}) == "任何稿件"
    assert condition(When(unless=When(flags=("x",))), label, {"x": "急件"}) == "除“急件”外"
    assert condition(When(facts=("f", "g")), label, {}) == "“f”或“g”"


def test_signs() -> None:
    assert {mark(state) for state in (*StageState, None)} == set("●✓…–⇥↩✕↺○")
    assert [set_mark(0), set_mark(19), set_mark(20)] == ["①", "⑳", "(21)"]


@settings(deadline=None)
@given(title=st.text(min_size=1, max_size=60).filter(lambda text: text.isprintable() and text.strip()))
def test_any_title_makes_good_xml(title: str) -> None:
    workflow = read_workflow(PARALLEL)
    stages = (
        workflow.stages[0],
        workflow.stages[1].model_copy(update={"title": title}),
        *workflow.stages[2:],
    )
    fields = {name: getattr(workflow, name) for name in Workflow.model_fields}
    root = drawn(Workflow.model_validate({**fields, "stages": stages, "title": title}))
    # Words are broken over lines, where a blank may go; nothing else is lost.
    assert "".join(title.split()) in "".join(texts(root).split())
