"""`sanshen user posts`: posts and titles kept on the machine itself."""

import json
from pathlib import Path

from tests.cli.test_user import Run, add, bureau, run
from tests.domain.test_lint import GOOD

__all__ = ["bureau", "run"]


def test_posts_are_said_anew_each_time(bureau: Run) -> None:
    assert add(bureau, "wang").exit_code == 0
    said = bureau("user", "posts", "wang", "--post", "科室负责人", "--heads", "--qualification", "senior")
    assert said.exit_code == 0, said.output
    assert "科室负责人" in said.output
    assert "高级" in said.output
    shown = bureau("user", "posts", "wang", "--post", "主要领导", "--unit", "清河市民政局", "--json")
    told = json.loads(shown.stdout)
    assert [(one["post"], one["heads"]) for one in told["posts"]] == [("主要领导", False)]
    assert told["qualification"] == "none"
    assert "职务：无" in bureau("user", "posts", "wang").output


def test_what_cannot_be_is_refused(bureau: Run) -> None:
    assert add(bureau, "wang").exit_code == 0
    for arguments in (
        ("nobody", "--post", "主任"),
        ("wang", "--post", "主任", "--qualification", "best"),
        ("wang", "--heads"),
        ("wang", "--post", "主任", "--unit", "没有的单位"),
    ):
        assert bureau("user", "posts", *arguments).exit_code != 0, arguments
    assert bureau("user", "grant", "wang", "system_admin").exit_code == 0
    refused = bureau("user", "posts", "wang", "--post", "主任")
    assert refused.exit_code != 0
    assert "管理员不能同时担任审校岗位" in refused.output + refused.stderr


def test_a_workflow_is_held_against_the_people_of_an_installation(bureau: Run, tmp_path: Path) -> None:
    assert add(bureau, "wang").exit_code == 0
    assert bureau("user", "posts", "wang", "--post", "科室负责人", "--unit", "清河市民政局").exit_code == 0
    file = tmp_path / "good.yaml"
    who = "{role: second_reviewer}"
    file.write_text(GOOD.replace(who, "[{person: wang}, {person: weng}, {post: 科室负责人}, {post: 主编}]"))
    assert "weng" not in bureau("workflow", "lint", str(file)).output
    said = bureau("workflow", "lint", str(file), "--unit", "清河市民政局")
    assert said.exit_code == 1
    assert "环节“two”指名的 weng 不在现有人员中" in said.output
    assert "环节“two”要求的职务 主编 现在没有人担任" in said.output
