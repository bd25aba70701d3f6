"""`sanshen audit verify`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.chinese import CommandLine
from app.cli.local_access import opened
from app.cli.output import err, fail, out, print_json, said
from app.cli.server import AsJson, DataDir, settings_with

if TYPE_CHECKING:
    from app.audit.verification import Verified
    from app.infra.settings import Settings
    from app.infra.signing import Signer

app = CommandLine(no_args_is_help=True)


@app.callback()
def _topic() -> None:
    """留痕的核验。"""


@app.command("verify")
def verify(
    prefix: Annotated[str, typer.Option("--stream", help="只核验名称以此开头的留痕，如 draft:。")] = "",
    checkpoint: Annotated[
        list[Path] | None, typer.Option("--checkpoint", help="保存在别处的检查点文件，可给多个。")
    ] = None,
    data: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """核验全部留痕，并拿各表内容与留痕核对；发现改动时逐处指出，退出码 1，也说明有哪些没有核对。"""
    from rich.progress import Progress

    from app.audit import verification
    from app.infra.migrate import load_tables

    load_tables()
    settings = settings_with(data)
    outside = [_checkpoints(path) for path in checkpoint or ()]
    with (
        opened(settings) as database,
        Progress(console=err, transient=True) as progress,
        database.read() as session,
    ):
        task = progress.add_task("正在核验", total=None)

        def told(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        verified = verification.verify(
            session,
            prefix=prefix,
            signer=_signer(settings),
            outside=outside,
            folder=settings.checkpoints,
            progress=told,
        )
    if as_json:
        print_json(_as_json(verified))
    else:
        _print(verified)
    if verified.faults:
        raise typer.Exit(1)


@app.command("checkpoint")
def checkpoint(data: DataDir = None) -> None:
    """现在就签发一个检查点，写到检查点目录并显示；请把它保存到别处。"""
    from app.audit import log
    from app.infra import logs
    from app.infra.clock import system_clock
    from app.infra.migrate import load_tables

    load_tables()
    settings = settings_with(data)
    logs.configure(level="WARNING", json=settings.log_json)
    signer = _signer(settings)
    if signer is None:
        fail("读不了签名密钥，不能签发检查点。")
    with opened(settings) as database:
        try:
            made = log.advance(database, signer, settings.checkpoints, at=system_clock())
        except OSError as error:
            fail(f"检查点已存入数据库，但写不进 {settings.checkpoints}：{said(error)}")
        with database.read() as session:
            note = made.note if made is not None else log.newest(session)
    out.print(note or "还没有任何记录。", markup=False, soft_wrap=True, end="")


def _checkpoints(path: Path) -> str:
    from app.domain.record import checkpoints

    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"读不了 {path}：{said(error) if isinstance(error, OSError) else '不是 UTF-8 文本'}")
    if not checkpoints.read(text):
        fail(f"{path} 里没有检查点。")
    return text


def _signer(settings: "Settings") -> "Signer | None":
    from app.infra.signing import load_signer

    path = settings.signing_key_file or settings.data_dir / "keys" / "signing.pem"
    try:
        return load_signer(path, create=False)
    except (OSError, ValueError):
        return None


def _as_json(verified: "Verified") -> dict[str, Any]:
    return {
        "whole": verified.whole,
        "streams": verified.streams,
        "events": verified.events,
        "redacted": verified.redacted,
        "tables": dict(verified.tables),
        "checkpoints": verified.checkpoints,
        "faults": [
            {"stream": fault.stream, "seq": fault.seq, "code": str(fault.code), "data": dict(fault.data)}
            for fault in verified.faults
        ],
        "unseen": [
            {"code": entry.code, "what": entry.what, "count": entry.count} for entry in verified.unseen
        ],
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
        for line in unseen:
            out.print(f"  {line}", markup=False, soft_wrap=True)
    if verified.whole:
        out.print("核验通过：在核对过的范围内没有发现任何改动。", style="green")
        return
    out.print(f"核验不通过，共 {len(verified.faults)} 处：", style="red")
    for fault in verified.faults:
        out.print(f"  {words.place(fault)}：{words.sentence(fault)}", markup=False, soft_wrap=True)
