"""`sanshen audit verify`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.machine import opened
from app.cli.output import err, out, print_json
from app.cli.server import AsJson, DataDir, settings_with

if TYPE_CHECKING:
    from app.audit.verification import Verified

app = typer.Typer(no_args_is_help=True)


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
    """核验全部留痕，并拿各表内容与留痕核对；发现改动时逐处指出，退出码 1，也说明有哪些没有核对。"""
    from rich.progress import Progress

    from app.audit import verification
    from app.infra.migrate import load_tables

    load_tables()
    with (
        opened(settings_with(data)) as database,
        Progress(console=err, transient=True) as progress,
        database.read() as session,
    ):
        task = progress.add_task("正在核验", total=None)

        def told(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        verified = verification.verify(session, prefix=prefix, progress=told)
    if as_json:
        print_json(_as_json(verified))
    else:
        _print(verified)
    if verified.faults:
        raise typer.Exit(1)


def _as_json(verified: "Verified") -> dict[str, Any]:
    return {
        "whole": verified.whole,
        "streams": verified.streams,
        "events": verified.events,
        "redacted": verified.redacted,
        "tables": dict(verified.tables),
        "checkpoints": verified.checkpoints,
        "faults": [
            {"stream": one.stream, "seq": one.seq, "code": str(one.code), "data": dict(one.data)}
            for one in verified.faults
        ],
        "unseen": [{"code": one.code, "what": one.what, "count": one.count} for one in verified.unseen],
    }


def _print(verified: "Verified") -> None:
    from app.cli import record_words as words

    out.print(f"核验了 {verified.streams} 条留痕、{verified.events} 条记录。")
    if verified.tables:
        rows = sum(verified.tables.values())
        out.print(f"与留痕逐行核对了 {len(verified.tables)} 张表、{rows} 行。")
    if verified.checkpoints:
        out.print(f"对照了 {verified.checkpoints} 个检查点。")
    if verified.redacted:
        out.print(f"其中 {verified.redacted} 项个人信息已依法删除，各有记录。")
    if unseen := list(words.unseen(verified)):
        out.print("没有核对的：")
        for one in unseen:
            out.print(f"  {one}", markup=False, soft_wrap=True)
    if verified.whole:
        out.print("核验通过：在核对过的范围内没有发现任何改动。", style="green")
        return
    out.print(f"核验不通过，共 {len(verified.faults)} 处：", style="red")
    for fault in verified.faults:
        out.print(f"  {words.place(fault)}：{words.sentence(fault)}", markup=False, soft_wrap=True)
