"""`sanshen audit verify`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.machine import opened
from app.cli.output import err, out, print_json
from app.cli.server import AsJson, DataDir, settings_with

if TYPE_CHECKING:
    from app.audit.queries import Verified
    from app.domain.evidence import Fault

app = typer.Typer(no_args_is_help=True)

_FAULTS = {
    "body_unreadable": "记录读不出来",
    "body_not_canonical": "记录的写法不是规范形式",
    "version_unknown": "记录的版本或算法不认识",
    "leaf_differs": "记录的内容被改动",
    "prev_differs": "与前一条接不上",
    "stream_differs": "不属于这条留痕",
    "events_missing": "缺少第 {first} 至 {last} 号记录",
    "event_repeated": "编号重复",
    "out_of_order": "次序颠倒",
    "time_goes_back": "时间早于前一条",
    "column_differs": "列 {column} 与记录不符",
    "private_differs": "个人信息 {field} 与承诺不符",
    "private_unknown": "个人信息 {field} 没有承诺",
    "tail_missing": "末尾第 {first} 至 {last} 号记录被截去",
    "tail_unknown": "末尾多出第 {first} 至 {last} 号记录",
    "head_differs": "末尾与登记的不符",
}


@app.callback()
def _topic() -> None:
    """留痕的核验。"""


@app.command("verify")
def verify(
    prefix: Annotated[str, typer.Option("--stream", help="只核验名称以此开头的留痕，如 draft:。")] = "",
    data: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """逐条核验数据库里的全部留痕；发现改动时逐处指出，退出码 1。"""
    from rich.progress import Progress

    from app.audit import queries

    with (
        opened(settings_with(data)) as database,
        Progress(console=err, transient=True) as progress,
        database.read() as session,
    ):
        task = progress.add_task("正在核验", total=None)

        def told(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        verified = queries.verify_all(session, prefix=prefix, progress=told)
    if as_json:
        print_json(_as_json(verified))
    else:
        _print(verified)
    if verified.faults:
        raise typer.Exit(1)


def _as_json(verified: "Verified") -> dict[str, Any]:
    return {
        "whole": not verified.faults,
        "streams": verified.streams,
        "events": verified.events,
        "redacted": verified.redacted,
        "faults": [
            {"stream": one.stream, "seq": one.seq, "code": str(one.code), "data": dict(one.data)}
            for one in verified.faults
        ],
    }


def _print(verified: "Verified") -> None:
    out.print(f"核验了 {verified.streams} 条留痕、{verified.events} 条记录。")
    if verified.redacted:
        out.print(f"其中 {verified.redacted} 项个人信息已依法删除。")
    if not verified.faults:
        out.print("核验通过：没有发现任何改动。", style="green")
        return
    out.print(f"核验不通过，共 {len(verified.faults)} 处：", style="red")
    for fault in verified.faults:
        out.print(f"  {fault.stream} 第 {fault.seq} 号：{_sentence(fault)}", markup=False, soft_wrap=True)


def _sentence(fault: "Fault") -> str:
    return _FAULTS[fault.code].format_map({"first": "", "last": "", "column": "", "field": "", **fault.data})
