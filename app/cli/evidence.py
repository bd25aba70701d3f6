"""`sanshen evidence export|verify|verifier`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from app.cli.chinese import CommandLine
from app.cli.local_access import opened, operator
from app.cli.output import err, fail, out, print_json, said
from app.cli.server import AsJson, DataDir, settings_with

if TYPE_CHECKING:
    from sqlmodel import Session

    from app.infra.settings import Settings
    from app.infra.signing import Signer

app = CommandLine(no_args_is_help=True)


@app.command("export")
def export(
    draft: Annotated[str, typer.Argument(metavar="稿件", help="稿件编号（如 2026-000123）或 UUID。")],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="写到这个文件。")] = None,
    data: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """导出一篇稿件的证据包：全部留痕、各版本、校样、意见、凭证和核验程序。"""
    from app.evidence import export as evidence
    from app.infra import logs
    from app.infra.clock import system_clock

    settings = settings_with(data)
    logs.configure(level="WARNING", json=settings.log_json)
    with opened(settings) as database, err.status("正在收集留痕…"):
        with database.read() as session:
            draft_id = _draft_id(session, draft)
        if draft_id is None:
            fail(f"没有稿件 {draft}。")
        package = evidence.export(database, _signer(settings), draft_id, actor=operator(), at=system_clock())
    path = output or Path(package.filename)
    try:
        path.write_bytes(package.content)
    except OSError as error:
        fail(f"写不了 {path}：{said(error)}")
    if as_json:
        head = {"seq": package.head.seq, "leaf": package.head.leaf}
        print_json({"file": str(path), "bytes": len(package.content), "head": head})
    else:
        out.print(
            f"证据包已写到 {path}（{len(package.content):,} 字节，{package.head.seq} 条记录）。",
            markup=False,
            soft_wrap=True,
        )
        out.print(f"核验：python3 verify_evidence.py {path}，程序就在包里。", markup=False, soft_wrap=True)


@app.command("verify")
def verify(
    package: Annotated[Path, typer.Argument(metavar="证据包", help="证据包文件。")],
    key: Annotated[str | None, typer.Option(help="单位公布的公钥指纹。")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """核验证据包：说明谁在何时批准了什么，或者指出每一处改动（退出码 1）。不连接数据库。"""
    from app.evidence.verifier import command

    arguments = [str(package), *(["--key", key] if key is not None else []), *(["--json"] if as_json else [])]
    with err.status("正在核验…"):
        code, told = command.run(arguments)
    if code == command.UNUSABLE:
        fail(told)
    typer.echo(told)
    if code:
        raise typer.Exit(code)


@app.command("verifier")
def verifier(
    output: Annotated[Path | None, typer.Option("-o", "--output", help="写到这个文件。")] = None,
) -> None:
    """写出核验程序（一个 Python 文件，只用标准库），与放进每个证据包的相同，并显示它的摘要。"""
    from app.domain.document.model import sha256
    from app.evidence.verifier import build

    path = output or Path(build.FILENAME)
    try:
        path.write_bytes(build.built())
    except OSError as error:
        fail(f"写不了 {path}：{said(error)}")
    out.print(f"{sha256(build.built())}  {path}", markup=False, soft_wrap=True)


def _draft_id(session: "Session", named: str) -> UUID | None:
    from sqlmodel import select

    from app.drafts.models import Draft

    try:
        condition = Draft.id == UUID(named)
    except ValueError:
        condition = Draft.number == named
    return session.exec(select(Draft.id).where(condition)).one_or_none()


def _signer(settings: "Settings") -> "Signer":
    from app.infra.signing import load_signer

    try:
        return load_signer(
            settings.signing_key_file or settings.data_dir / "keys" / "signing.pem", create=False
        )
    except (FileNotFoundError, ValueError) as error:
        fail(f"读不了签名密钥：{error}")
