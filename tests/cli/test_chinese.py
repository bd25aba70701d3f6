"""Whatever the command line says, it says in Chinese."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from app import cli
from app.cli.chinese import fault, help_page

#: Words that only the library below would have put there, and values that it would have named.
_ENGLISH = re.compile(
    r"\b(?:Usage|Options|Commands|Arguments|Show this|default:|required|Missing|Error|Try|No such|Invalid|Got"
    r")\b|<[a-z][a-z ]*>|[\[{][A-Z]{3,}"
)


def _commands(command: Any, name: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield name
    for inner, child in getattr(command, "commands", {}).items():
        yield from _commands(child, (*name, inner))


COMMANDS = list(_commands(typer.main.get_command(cli.app)))


@pytest.mark.parametrize("name", COMMANDS, ids=" ".join)
def test_help_is_in_chinese(name: tuple[str, ...]) -> None:
    ran = CliRunner().invoke(cli.app, [*name, "--help"])
    assert (ran.exit_code, _ENGLISH.findall(ran.output)) == (0, [])
    assert ran.output.startswith("用法：")


@pytest.mark.parametrize("name", COMMANDS, ids=" ".join)
def test_an_unknown_option_is_told_in_chinese(name: tuple[str, ...]) -> None:
    ran = CliRunner().invoke(cli.app, [*name, "--no-such-option"])
    assert (ran.exit_code, _ENGLISH.findall(ran.output)) == (2, [])
    assert "错误：没有选项“--no-such-option”" in ran.output


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["check"], "缺少参数“文件…”。"),
        (["chek"], "没有命令“chek”；是不是 'check'？"),
        (["serve", "--port", "abc"], "“--port”的值不对：“abc”不是整数。"),
        (["serve", "--port", "99999"], "“--port”的值不对：99999 不在范围 0<=x<=65535 之内。"),
        (["serve", "--port"], "选项“--port”后面要有值。"),
        (["migrate", "a", "b"], "多出来的参数：a b。"),
        (["unit", "add"], "缺少参数“名称”。"),
    ],
)
def test_what_is_wrong_with_what_was_typed(typed: list[str], told: str) -> None:
    ran = CliRunner().invoke(cli.app, typed)
    assert (ran.exit_code, ran.output.rstrip().rpartition("\n")[2]) == (2, f"错误：{told}")


def test_what_is_not_known_is_told_as_it_is() -> None:
    assert fault("Something quite new.") == "Something quite new."
    assert fault("Invalid value for '--x': Something quite new.") == "“--x”的值不对：Something quite new."


def test_columns_stay_columns() -> None:
    page = "Options:\n  --a <str>   甲\n  --bc <path> 乙\n"
    assert help_page(page) == "选项：\n  --a <文字>  甲\n  --bc <路径> 乙\n"
