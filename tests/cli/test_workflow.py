"""`sanshen workflow`: what it says, and with which exit code it leaves."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from app.cli.workflow import app
from app.domain.calendar import calendar_schema
from app.domain.routing.rules import routing_schema
from app.domain.workflow import workflow_schema
from app.infra.paths import shipped
from tests.domain.test_lint import GOOD

POLICIES = shipped("policies")
STANDARD = POLICIES / "workflows" / "standard.yaml"
ENOUGH = [
    {"name": "one", "roles": ["initial_reviewer"]},
    {"name": "two", "roles": ["second_reviewer"], "posts": ["科室负责人"], "qualification": "senior"},
    {"name": "three", "roles": [{"role": "final_reviewer"}], "heads_department": True},
    {"name": "sign", "roles": ["publisher"]},
]


def run(*args: object) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args])


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def people(tmp_path: Path, content: object) -> Path:
    path = tmp_path / "people.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_all_shipped_policy_files_are_without_fault() -> None:
    files = [
        *sorted((POLICIES / "workflows").glob("*.yaml")),
        POLICIES / "routing.yaml",
        *sorted((POLICIES / "calendar").glob("*.yaml")),
    ]
    done = run("lint", *files)
    assert done.exit_code == 0, done.output
    assert done.output.count("没有问题。") == len(files) == 17


def test_every_fault_is_told_with_file_line_and_key(good: Path) -> None:
    text = GOOD.replace("    levels: second_review\n", "").replace("    who: {role: publisher}\n", "")
    good.write_text(text, encoding="utf-8")
    done = run("lint", STANDARD, good)
    assert done.exit_code == 1
    assert f"{good}:4  stages  缺少复审；" in done.output
    assert f"{good}:20  stages.4.who  环节“sign”没有人能办；请写明 who。" in done.output
    assert f"{good}  共 2 处问题。" in done.output
    assert f"{STANDARD}  没有问题。" in done.output


def test_as_json(good: Path) -> None:
    good.write_text(GOOD.replace("    levels: second_review\n", ""), encoding="utf-8")
    done = run("lint", good, "--json")
    assert done.exit_code == 1
    (file,) = json.loads(done.output)
    (fault,) = file["faults"]
    assert (fault["line"], fault["key"], fault["code"]) == (4, "stages", "missing_review_level")
    assert fault["message"].startswith("缺少复审")
    assert fault["data"] == {"level": "second_review"}


def test_the_people_who_hold_the_roles(good: Path, tmp_path: Path) -> None:
    assert run("lint", good, "--people", people(tmp_path, ENOUGH)).exit_code == 0
    done = run("lint", good, "--people", people(tmp_path, ENOUGH[:3]))
    assert done.exit_code == 1
    assert "现有人员中没有人能办“sign”" in done.output
    twice = [ENOUGH[0], {"name": "two", "roles": ["second_reviewer", "final_reviewer"]}, ENOUGH[3]]
    done = run("lint", good, "--people", people(tmp_path, twice))
    assert "“三审”凑不齐：two、three 需要 2 个不同的人，能办的只有 two。" in done.output


def test_who_is_stuck_with_a_draft_of_their_own_is_a_remark_and_no_fault(good: Path, tmp_path: Path) -> None:
    writes = [{**ENOUGH[0], "roles": ["initial_reviewer", "editor"]}, *ENOUGH[1:]]
    done = run("lint", good, "--people", people(tmp_path, writes))
    assert done.exit_code == 0
    assert "提醒：one 自己写的稿件走不完：one 没有别人能办。" in done.output
    (file,) = json.loads(run("lint", good, "--people", people(tmp_path, writes), "--json").output)
    assert file["remarks"] == [{"author": "one", "stages": ["one"]}]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"name": "x"}, "整个文件：应当是一个列表。"),
        ([{"roles": []}], "0.name：缺少这一项。"),
        ([{"name": "x", "post": "y"}], "0.post：没有这一项；请核对写法。"),
    ],
)
def test_a_people_file_that_cannot_be_read(good: Path, tmp_path: Path, content: object, said: str) -> None:
    done = run("lint", good, "--people", people(tmp_path, content))
    assert done.exit_code == 2
    assert said in done.output
    assert "应当是一个列表，例如" in done.output


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    done = run("lint", tmp_path / "none.yaml")
    assert done.exit_code == 2
    assert "不能读取" in done.output
    (tmp_path / "gbk.yaml").write_bytes("title: 审".encode("gbk"))
    assert "不是 UTF-8 编码" in run("lint", tmp_path / "gbk.yaml").output


def test_routing_and_calendar_files_are_known_by_their_keys(tmp_path: Path) -> None:
    routing = tmp_path / "routing.yaml"
    routing.write_text((POLICIES / "routing.yaml").read_text() + "remove: [final_review]\n", encoding="utf-8")
    done = run("lint", routing)
    assert done.exit_code == 1
    assert "分流规则只能增加环节，不能取消、跳过或者替换" in done.output
    (tmp_path / "workflows").mkdir()
    (tmp_path / "workflows" / "mine.yaml").write_text(GOOD, encoding="utf-8")
    assert "没有代码为“standard”的流程" in run("lint", routing).output
    year = tmp_path / "2027.yaml"
    text = (POLICIES / "calendar" / "2026.yaml").read_text().replace("2026-05-09", "2026-05-08")
    year.write_text(text, encoding="utf-8")
    assert "2026-05-08 本来就是工作日" in run("lint", year).output


def test_a_text_picture_and_an_svg(good: Path, tmp_path: Path) -> None:
    done = run("draw", good)
    assert done.exit_code == 0
    assert done.output.startswith("小流程（small）\n○ 检查")
    drawn = tmp_path / "x.svg"
    assert run("draw", good, "-o", drawn).exit_code == 0
    assert drawn.read_text(encoding="utf-8").startswith("<svg ")
    assert run("draw", good, "-o", tmp_path / "none" / "x.svg").exit_code == 2


def test_a_faulty_workflow_is_not_drawn(good: Path, tmp_path: Path) -> None:
    good.write_text(GOOD.replace("    who: {role: publisher}\n", ""), encoding="utf-8")
    drawn = tmp_path / "x.svg"
    done = run("draw", good, "-o", drawn)
    assert done.exit_code == 1
    assert "没有人能办" in done.output
    assert not drawn.exists()


@pytest.mark.parametrize(
    ("of", "schema"),
    [((), workflow_schema), (("routing",), routing_schema), (("calendar",), calendar_schema)],
)
def test_schemas(of: tuple[str, ...], schema: object) -> None:
    done = run("schema", *of)
    assert done.exit_code == 0
    assert json.loads(done.output) == json.loads(json.dumps(schema()))  # type: ignore[operator]
    assert run("schema", "nonsense").exit_code == 2
