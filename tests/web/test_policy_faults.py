"""Every fault that a linter can find has a sentence in Chinese."""

import ast
import re
from pathlib import Path

import pytest

import app.domain
from app.domain import calendar
from app.domain.files.faults import Fault
from app.domain.routing import lint as routing_lint
from app.domain.workflow import lint, read_workflow
from app.infra.paths import shipped
from app.words.policy_faults import SENTENCES, sentence
from tests.domain import test_deadlines, test_lint, test_routing_lint, test_staffing

FOLDER = Path(next(iter(app.domain.__path__)))
LINTERS = (
    "files/faults.py",
    "files/policy_text.py",
    "files/yaml_tree.py",
    "../channels/service.py",
    "calendar.py",
    "quality.py",
    "routing/lint.py",
    "workflow/lint.py",
    "workflow/committee_lint.py",
    "workflow/condition_lint.py",
    "workflow/outcome_lint.py",
    "workflow/proof_lint.py",
    "workflow/same_person_lint.py",
    "workflow/short_lane.py",
    "workflow/risks.py",
    "../reviews/workflow_faults.py",
    "../policies/files/checks.py",
)
#: Where each function that makes a fault takes its code.
PLACES = {"fault": 1, "_at": 4, "_of_stage": 3, "Fault": 2}


def _chosen(node: ast.expr) -> list[ast.expr]:
    """Return an expression, or the two that a condition chooses from."""
    return [node.body, node.orelse] if isinstance(node, ast.IfExp) else [node]


def codes(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            place = PLACES.get(name)
            if place is not None and len(node.args) > place:
                found |= {one.value for one in _chosen(node.args[place]) if isinstance(one, ast.Constant)}
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "code":
            found |= {one.value for one in ast.walk(node.value) if isinstance(one, ast.Constant) if one.value}
        elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
            # A place, a code and its data; or a code and its data, where the place is known.
            told = node.value.elts[-2:-1]
            found |= {one.value for one in told if isinstance(one, ast.Constant)}
        elif isinstance(node, ast.For) and "code" in {
            getattr(one, "id", "") for one in ast.walk(node.target)
        }:
            pairs = [one for one in ast.walk(node.iter) if isinstance(one, ast.Tuple)]
            found |= {one.elts[-1].value for one in pairs if isinstance(one.elts[-1], ast.Constant)}
    return {code for code in found if isinstance(code, str) and re.fullmatch(r"[a-z_]+", code)}


def test_every_code_has_a_sentence_and_every_sentence_a_code() -> None:
    found = set().union(*(codes(FOLDER / name) for name in LINTERS))
    assert found - {"form"} == set(SENTENCES)


def faulty() -> list[Fault]:
    workflows = {
        path.stem: read_workflow(path.read_text())
        for path in (shipped("policies") / "workflows").glob("*.yaml")
    }
    tables = {
        test_lint.test_each_fault_has_its_line_and_key: lambda text: lint(text).faults,
        test_routing_lint.test_each_fault_has_its_line_and_key: lambda old, new: (
            routing_lint.lint(test_routing_lint.GOOD.replace(old, new, 1), workflows).faults
        ),
        test_deadlines.test_each_fault_of_a_file_has_its_line: lambda old, new: calendar.lint_year(
            test_deadlines.GOOD.replace(old, new, 1)
        )[1],
    }
    found = [
        fault
        for test, ask in tables.items()
        for mark in test.pytestmark  # type: ignore[attr-defined]
        for *given, _ in mark.args[1]
        for fault in ask(*given)
    ]
    found += lint(test_lint.GOOD, people=[]).faults
    found += lint(test_lint.GOOD, people=[test_staffing.EDITOR, test_staffing.ONE]).faults
    return found


def test_sentences_are_chinese_and_whole() -> None:
    for fault in faulty():
        said = sentence(fault)
        assert said.endswith(("。", "）"))
        assert "{" not in said or fault.code == "yaml"
        assert re.search("[一-龥]", said)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (
            Fault(1, "stages", "missing_review_level", {"level": "second_review"}),
            "缺少second_review；三审缺一不可，请加一个 levels 含 second_review 的审稿环节。",
        ),
        (
            Fault(1, "x", "form", {"type": "literal_error", "message": "…", "expected": "'A', 'B' or 'C'"}),
            "只能是 A、B、C。",
        ),
        (
            Fault(1, "x", "form", {"type": "less_than_equal", "message": "…", "le": 50}),
            "数值超出范围：最大 50。",
        ),
        (
            Fault(1, "x", "form", {"type": "extra_forbidden", "message": "…", "nearest": "title"}),
            "没有这一项；是不是想写 title？请核对写法。",
        ),
        (
            Fault(1, "x", "form", {"type": "greater_than_equal", "message": "…", "ge": 1}),
            "数值超出范围：最小 1。",
        ),
        (
            Fault(1, "x", "form", {"type": "int_parsing", "message": "no integer"}),
            "类型或者写法不对（no integer）。",
        ),
        (
            Fault(1, "s", "nobody_holds_it", {"stage": "a", "draft": {"class": None, "channels": ["", "x"]}}),
            "现有人员中没有人能办“a”（稿件：class 未定，channels 其他、x）；请授予角色、职务，或者改 who。",
        ),
        (
            Fault(
                1, "d", "too_few_people_for_set",
                {"names": ["三审"], "stages": ["a", "b"], "people": [], "needed": 2},
            ),
            "“三审”凑不齐：a、b 需要 2 个不同的人，能办的只有 无。请增加人员，或者调整角色。",
        ),
    ],
)  # fmt: skip
def test_sentences(fault: Fault, said: str) -> None:
    assert sentence(fault) == said


def test_a_level_is_called_by_its_name() -> None:
    (fault,) = lint(test_lint.GOOD.replace("    levels: second_review\n", "")).faults
    assert sentence(fault).startswith("缺少复审；")


def test_what_breaks_a_workflow_is_said_in_full() -> None:
    text = test_routing_lint.GOOD.replace(", who: {role: second_reviewer}", "")
    faults = routing_lint.lint(text, test_routing_lint.WORKFLOWS).faults
    assert "加进流程“standard”后有问题：环节“check_leaders”没有人能办；请写明 who。" in map(sentence, faults)


def test_a_word_that_yaml_takes_for_something_else_is_told_to_be_quoted() -> None:
    text = test_lint.GOOD.replace("key: one", "key: no", 1)
    told = [sentence(fault) for fault in lint(text).faults if fault.key.endswith(".key")]
    assert told
    assert all("请加引号" in one for one in told)
