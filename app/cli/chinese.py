"""The command line's own words in Chinese: help, and what is wrong with what was typed.

Typer speaks English. What it puts together is translated where it is printed; a sentence that is not known
here is printed as it is, rather than hidden.
"""

import re
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

_Told = TypeVar("_Told", bound=Callable[..., Any])
#: What kind of value an option takes → in Chinese, and how many columns wider that is.
_KINDS = {
    "<str>": ("<文字>", 1),
    "<int>": ("<整数>", 1),
    "<int range>": ("<整数>", -5),
    "<float>": ("<数字>", -1),
    "<float range>": ("<数字>", -7),
    "<path>": ("<路径>", 0),
    "<uuid>": ("<编号>", 0),
    "<boolean>": ("<是否>", -3),
    "<datetime>": ("<时间>", -4),
}
_HELP: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"^Usage: ", re.MULTILINE), "用法："),
    (re.compile(r"\[OPTIONS\]"), "[选项]"),
    (re.compile(r"COMMAND \[ARGS\]\.\.\."), "命令 [参数]…"),
    (re.compile(r"^Options:$", re.MULTILINE), "选项："),
    (re.compile(r"^Arguments:$", re.MULTILINE), "参数："),
    (re.compile(r"^Commands:$", re.MULTILINE), "命令："),
    (re.compile(r"Show this message and exit\."), "显示这段说明后退出。"),
    (re.compile(r"\[(?:default: ([^\[\]]*); )?required\]"), r"[必填]"),
    (re.compile(r"\[default: ([^\[\]]*)\]"), r"[默认：\1]"),
)
_TYPES = {
    "int": "整数", "integer": "整数", "int range": "整数", "integer range": "整数",
    "float": "数字", "float range": "数字", "UUID": "编号", "uuid": "编号", "boolean": "是否",
}  # fmt: skip
_FAULTS: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"Missing argument '(.+)'\.(.*)", r"缺少参数“\1”。"),
    (r"Missing option '(.+)'\.(.*)", r"缺少选项“\1”。"),
    (r"Missing command\.", "缺少命令。"),
    (r"No such option: (\S+?)\.? \(Possible options: (.+)\)", r"没有选项“\1”；相近的有 \2。"),
    (r"No such option: (\S+?)\.?(?: Did you mean (.+)\?)", r"没有选项“\1”；是不是 \2？"),
    (r"No such option: (\S+)", r"没有选项“\1”。"),
    (r"No such command '(.+?)'\. Did you mean (.+)\?", r"没有命令“\1”；是不是 \2？"),
    (r"No such command '(.+?)'\.", r"没有命令“\1”。"),
    (r"Option '(.+)' requires an argument\.", r"选项“\1”后面要有值。"),
    (r"Option '(.+)' requires (\d+) arguments\.", r"选项“\1”后面要有 \2 个值。"),
    (r"Option '(.+)' does not take a value\.", r"选项“\1”后面不带值。"),
    (r"Got unexpected extra arguments?(?:\(s\))? \((.+)\)", r"多出来的参数：\1。"),
    (r"Invalid value for '(.+?)': (.+)", lambda match: f"“{match[1]}”的值不对：{fault(match[2])}"),
    (r"Invalid value: (.+)", lambda match: f"值不对：{fault(match[1])}"),
    (r"'(.*)' is not a valid (.+)\.", lambda match: f"“{match[1]}”不是{_TYPES.get(match[2], match[2])}。"),
    (r"(.+) is not in the range (.+)\.", r"\1 不在范围 \2 之内。"),
    (r"'(.*)' is not one of (.+)\.", r"“\1”不是下列之一：\2。"),
    (r"\w+ '(.+)' does not exist\.", r"“\1”不存在。"),
    (r"\w+ '(.+)' is a directory\.", r"“\1”是文件夹。"),
    (r"\w+ '(.+)' is a file\.", r"“\1”是文件，不是文件夹。"),
    (r"\w+ '(.+)' is not readable\.", r"“\1”读不了。"),
    (r"\w+ '(.+)' is not writable\.", r"“\1”写不了。"),
)


def help_page(text: str) -> str:
    """Return a help page or a line of usage in Chinese, its columns kept."""
    for pattern, words in _HELP:
        text = pattern.sub(words, text)

    def kind(match: re.Match[str]) -> str:
        words, wider = _KINDS[match[1]]
        spaces = len(match[2])
        return words + " " * (max(1, spaces - wider) if spaces > 1 else spaces)

    return re.sub(f"({'|'.join(map(re.escape, _KINDS))})( *)", kind, text)


def fault(message: str) -> str:
    """Return in Chinese what is wrong with what was typed; an unknown message as it is."""
    for pattern, words in _FAULTS:
        if match := re.fullmatch(pattern, message.strip(), re.DOTALL):
            return words(match) if callable(words) else match.expand(words)
    return message


def _tell(error: Any) -> None:  # noqa: ANN401
    message = str(error.format_message())
    ctx = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        # Its message is the help page itself.
        typer.echo(message, err=True)
        return
    if ctx is not None:
        typer.echo(f"{ctx.get_usage()}\n用法见 {ctx.command_path} --help。\n", err=True)
    typer.echo(f"错误：{fault(message)}", err=True)


def _main(run: Callable[..., Any], standalone: bool, more: dict[str, Any]) -> Any:  # noqa: ANN401
    """Run a command; by itself, say what is wrong with what was typed and leave with the exit code."""
    try:
        answer = run(standalone_mode=False, **more)
    except typer.TyperException as error:
        if not standalone:
            raise
        _tell(error)
        sys.exit(getattr(error, "exit_code", 1))
    except typer.Abort:
        if not standalone:
            raise
        typer.echo("已中止。", err=True)
        sys.exit(1)
    if standalone:
        sys.exit(answer if isinstance(answer, int) else 0)
    return answer


class ChineseCommand(TyperCommand):
    """A command whose help and faults are in Chinese."""

    def get_help(self, ctx: Any) -> str:  # noqa: ANN401 – the context is of a module that moves
        """Return the help page."""
        return help_page(super().get_help(ctx))

    def get_usage(self, ctx: Any) -> str:  # noqa: ANN401
        """Return the line that says how the command is typed."""
        return help_page(super().get_usage(ctx))

    def main(self, *args: Any, standalone_mode: bool = True, **more: Any) -> Any:  # noqa: ANN401
        """Run the command."""
        return _main(partial(super().main, *args), standalone_mode, more)


class ChineseGroup(TyperGroup):
    """A group of commands whose help and faults are in Chinese."""

    def get_help(self, ctx: Any) -> str:  # noqa: ANN401
        """Return the help page."""
        return help_page(super().get_help(ctx))

    def get_usage(self, ctx: Any) -> str:  # noqa: ANN401
        """Return the line that says how the command is typed."""
        return help_page(super().get_usage(ctx))

    def main(self, *args: Any, standalone_mode: bool = True, **more: Any) -> Any:  # noqa: ANN401
        """Run the command."""
        return _main(partial(super().main, *args), standalone_mode, more)


class CommandLine(typer.Typer):
    """A command line in Chinese: its commands and groups are, unless they say otherwise."""

    def __init__(self, **more: Any) -> None:  # noqa: ANN401
        """Take what `typer.Typer` takes."""
        super().__init__(**{"cls": ChineseGroup, "rich_markup_mode": None, **more})

    def command(
        self,
        name: str | None = None,
        **more: Any,  # noqa: ANN401
    ) -> Callable[[_Told], _Told]:
        """Register a command as `typer.Typer.command` does, with whatever that takes."""
        return super().command(name, **{"cls": ChineseCommand, **more})
