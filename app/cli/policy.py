"""`sanshen policy lint|test|show|diff|backtest`: the negative list of a bureau."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.check import policy_folder
from app.cli.output import err, out, print_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.negative_list import Fault

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="负面清单：检查、测试、查看、比较、回测。"
)

Folder = Annotated[Path | None, typer.Argument(help="负面清单文件夹，默认用自带的。", metavar="FOLDER")]
AsJson = Annotated[bool, typer.Option("--json", help="以 JSON 输出。")]


@app.command(help="检查规则文件，一次列出全部问题；有问题时退出码为 1。")
def lint(folder: Folder = None, *, as_json: AsJson = False) -> None:
    """Say all that is wrong with a policy folder, and leave with 1 if anything is."""
    from app.negative_list.lint import lint as run

    chosen = policy_folder(folder)
    with err.status("检查负面清单") as status:
        result = run(chosen, _steps(status.update))
    if as_json:
        print_json(
            {
                "folder": str(chosen),
                "policy": result.digest,
                "rules": result.rules,
                "faults": [_plain(fault) for fault in result.faults],
                "warnings": [_plain(fault) for fault in result.warnings],
            }
        )
    else:
        for fault in result.faults:
            out.print(f"{chosen}/{fault}", markup=False, soft_wrap=True)
        for fault in result.warnings:
            out.print(f"{chosen}/{fault}（提醒）", markup=False, soft_wrap=True)
        said = f"共 {len(result.faults)} 处问题" if result.faults else "没有问题"
        out.print(
            f"{chosen}  {result.rules} 条规则，{said}；摘要 {result.digest[:12]}",
            markup=False,
            soft_wrap=True,
        )
    if result.faults:
        raise typer.Exit(1)


def _steps(update: "Callable[[str], None]") -> "Callable[[str, int, int], None]":
    return lambda step, done, of: update(f"{step}（{done}/{of}）")


def _plain(fault: "Fault") -> dict[str, Any]:
    return fault._asdict()
