"""`sanshen user posts`: posts and titles kept on the machine itself."""

import json

from tests.cli.test_user import Run, add, bureau, run

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
