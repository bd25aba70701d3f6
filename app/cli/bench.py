"""`sanshen bench`."""

import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.output import err, fail, out, print_json
from app.cli.server import AsJson

if TYPE_CHECKING:
    from app.bench.figures import Figure

#: The benchmarks by name, in the order of a run: the module, and what people read.
BENCHMARKS = {
    "approvals": ("app.bench.approvals", "审批"),
    "cycle": ("app.bench.cycle", "审校流转"),
    "rules": ("app.bench.rules", "负面清单"),
    "documents": ("app.bench.documents", "文件读取"),
    "anchors": ("app.bench.anchors", "选文定位"),
    "desk": ("app.bench.desk", "案头"),
    "publication": ("app.bench.publication", "发布与留痕"),
}
_STATES = {
    "reached": "[green]达到[/green]",
    "missed": "[red]未达到[/red]",
    "not_measured": "[yellow]未测[/yellow]",
    "no_bar": "—",
}


def bench(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="名称",
            help="approvals（审批）、cycle（审校流转）、rules（负面清单）、documents（文件读取）、anchors（选文定位）、desk（案头）、publication（发布与留痕）；缺省全部。",
        ),
    ] = None,
    *,
    as_json: AsJson = False,
    quick: Annotated[bool, typer.Option("--quick", help="次数减到最少，只看能不能跑，数字不作数。")] = False,
    postgres: Annotated[
        str | None, typer.Option("--postgres", help="PostgreSQL 服务地址（postgresql://…）；缺省自找一个。")
    ] = None,
    wagtail: Annotated[
        Path | None, typer.Option("--wagtail", help="装有 Wagtail 的 Python 解释器，用来同场比较。")
    ] = None,
    corpus: Annotated[
        Path | None,
        typer.Option(
            "--corpus",
            help="rules：用这个 UTF-8 文本代替自带的文字；documents：逐字核对这个文件夹里的文件。",
            exists=True,
        ),
    ] = None,
    beside: Annotated[
        Path | None,
        typer.Option(
            "--beside",
            metavar="文件夹",
            help="approvals：这个文件夹里的另一份代码，轮流来量，同场比较。",
            exists=True,
            file_okay=False,
            resolve_path=True,
        ),
    ] = None,
) -> None:
    """量速度，并与同一次运行里的参照相比。

    结果逐项列出实测、参照、比值和要求；进度写到标准错误。
    有要求而未达到的，退出码为 1；未测的和 --quick 的不算。
    """
    if name is not None and name not in BENCHMARKS:
        fail(f"没有名为 {name} 的测速；可用：{'、'.join(BENCHMARKS)}")
    if corpus is not None and corpus.is_dir() != (name == "documents"):
        fail("--corpus：documents 要文件夹，其他测速要 UTF-8 文本文件")
    if beside is not None and name != "approvals":
        fail("--beside 只用于 approvals")
    names = [name] if name else list(BENCHMARKS)
    asked = {"quick": quick, "postgres": postgres, "wagtail": wagtail, "corpus": corpus, "beside": beside}
    results = {name: _run(name, asked) for name in names}
    if as_json:
        print_json(_as_json(results, quick=quick))
    else:
        _print(results, quick=quick)
    if not quick and any(figure.state == "missed" for figures, _ in results.values() for figure in figures):
        raise typer.Exit(1)


def _run(name: str, asked: dict[str, Any]) -> "tuple[list[Figure], float]":
    from app.bench.figures import Broken, Options

    module, title = BENCHMARKS[name]
    figures, began = [], time.perf_counter()
    with err.status(f"{title}：准备") as status:
        options = Options(**asked, say=lambda text: status.update(f"{title}：{text}"))
        try:
            for figure in import_module(module).run(options):
                figures.append(figure)
                err.print(f"{_title(figure)}：{_amount(figure.value, figure.unit)}", markup=False)
        except Broken as error:
            fail(f"{title}没有量成：{error}", code=1)
    return figures, time.perf_counter() - began


def _as_json(results: "dict[str, tuple[list[Figure], float]]", *, quick: bool) -> dict[str, Any]:
    from app.bench.figures import machine

    return {
        "quick": quick,
        "machine": machine(),
        "benchmarks": {
            name: {"seconds": round(seconds, 2), "figures": [figure.as_json() for figure in figures]}
            for name, (figures, seconds) in results.items()
        },
    }


def _print(results: "dict[str, tuple[list[Figure], float]]", *, quick: bool) -> None:
    from rich.table import Table

    from app.bench.figures import machine

    where = machine()
    for name, (figures, seconds) in results.items():
        table = Table(title=f"{BENCHMARKS[name][1]}（{seconds:.0f} 秒）", title_justify="left")
        databases = any(figure.on for figure in figures)
        for heading, side in (
            ("项目", "left"),
            *([("数据库", "left")] if databases else []),
            ("实测", "right"),
            ("参照", "left"),
            ("比值", "right"),
            ("要求", "right"),
            ("结论", "left"),
        ):
            table.add_column(heading, justify=side, overflow="fold")  # type: ignore[arg-type]
        for figure in figures:
            table.add_row(
                figure.title,
                *([figure.on] if databases else []),
                _amount(figure.value, figure.unit),
                f"{figure.peer} {_amount(figure.peer_value, figure.unit)}" if figure.peer else "",
                "" if figure.ratio is None else f"{figure.ratio:.2f}",
                _bar(figure),
                _STATES[figure.state],
            )
        out.print(table)
        for figure in figures:
            if figure.note:
                out.print(f"· {_title(figure)}：{figure.note}", markup=False, soft_wrap=True)
    out.print(f"{where['cpus_usable']} 个处理器，{where['system']}，Python {where['python']}")
    if quick:
        out.print("以上是 --quick 的试跑，数字不作数。", style="yellow")


def _amount(value: float | None, unit: str) -> str:
    if value is None:
        return "未测"
    size = abs(value)
    digits = 0 if value == int(value) or size >= 1000 else 1 if size >= 10 else 2 if size >= 1 else 3
    return f"{value:,.{digits}f} {unit}".rstrip()


def _title(figure: "Figure") -> str:
    return f"{figure.title}（{figure.on}）" if figure.on else figure.title


def _bar(figure: "Figure") -> str:
    if figure.bar is None:
        return ""
    sign = "≥" if figure.bar.at_least else "≤"
    if figure.bar.of_ratio:
        return f"{sign} {figure.bar.limit:g} 倍"
    return f"{sign} {figure.bar.limit:g} {figure.unit}".rstrip()
