"""`sanshen backup|restore`."""

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import err, fail, out, print_json, said
from app.cli.server import AsJson, DataDir, settings_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.operations.backup.restoring import Restored

PassphraseStdin = Annotated[
    bool, typer.Option("--passphrase-stdin", help="从标准输入读口令（第一行），不在终端里问。")
]
_KEY_NAMES = {"token": "令牌密钥", "signing": "签发密钥", "secret": "SANSHEN_SECRET_KEY"}
_SHORTEST = 12


def backup(
    file: Annotated[Path, typer.Argument(help="写成哪个文件。已有的文件不会被覆盖。", metavar="文件")],
    data: DataDir = None,
    *,
    keys: Annotated[
        bool, typer.Option("--keys/--without-keys", help="是否带上密钥；不带的备份恢复后见文档。")
    ] = True,
    encrypt: Annotated[bool, typer.Option("--encrypt", help="用口令加密。")] = False,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """备份：数据库、密钥、政策文件，写成一个文件。服务可以照常运行。"""
    from app.cli.local_access import opened
    from app.infra.clock import system_clock
    from app.operations.backup import making

    settings = settings_with(data)
    passphrase = _passphrase(twice=True, stdin=passphrase_stdin) if encrypt or passphrase_stdin else None
    with opened(settings) as database, _told(file), err.status("正在备份…") as status:
        manifest = making.make(
            database,
            settings,
            file,
            keys=keys,
            passphrase=passphrase,
            at=system_clock(),
            progress=lambda text: status.update(f"正在备份：{text}"),
        )
    size, rows = file.stat().st_size, sum(manifest.tables.values())
    if as_json:
        print_json(
            {
                "file": str(file),
                "bytes": size,
                "encrypted": passphrase is not None,
                "with_keys": keys,
                "installation": manifest.installation,
                "revision": manifest.revision,
                "rows": rows,
            }
        )
        return
    out.print(f"已备份到 {file}（{size / 1e6:.1f} MB，{rows} 行，权限 0600）。", markup=False, soft_wrap=True)
    if keys and passphrase is None:
        out.print("文件里有全部密钥和个人信息，没有加密：请放在只有管理员能到的地方，或者用 --encrypt 加密。")
    if passphrase is not None:
        out.print("文件已加密。口令不在文件里，丢了就打不开：请另外保管。")
    if not keys:
        out.print("文件里没有密钥：请另外保管密钥文件和 SANSHEN_SECRET_KEY，并限制能读这个文件的人。")


def restore(
    file: Annotated[Path, typer.Argument(help="备份文件。", metavar="文件")],
    data: DataDir = None,
    *,
    replace: Annotated[
        str | None,
        typer.Option("--replace", help="替换已有的数据：写上它的编号（不写时会告诉您）。", metavar="编号"),
    ] = None,
    despite_faults: Annotated[
        bool, typer.Option("--despite-faults", help="备份中的留痕核验不通过时仍然恢复。")
    ] = False,
    passphrase_stdin: PassphraseStdin = False,
    as_json: AsJson = False,
) -> None:
    """恢复备份：只恢复到空的安装里；恢复前核验全部留痕，不通过则什么都不改。恢复前先停止服务。"""
    from rich.progress import Progress

    from app.audit.verification import Verified  # noqa: F401 – the type of what is told below
    from app.cli.local_access import nobody_else, revision
    from app.infra.clock import system_clock
    from app.operations.backup import archive, restoring, sealing

    settings = settings_with(data)
    if not file.is_file():
        fail(f"没有备份文件 {file}。")
    revision(settings)
    with _told(file):
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        sealed = sealing.is_sealed(file)
        passphrase = _passphrase(twice=False, stdin=passphrase_stdin) if sealed else None
        lock = nobody_else(settings)
        with (
            archive.unpacked(file, settings.data_dir, passphrase=passphrase) as (folder, manifest),
            Progress(console=err, transient=True) as progress,
        ):
            task = progress.add_task("正在核验", total=None)
            done = restoring.restore(
                folder,
                manifest,
                settings,
                word=replace,
                despite_faults=despite_faults,
                at=system_clock(),
                progress=lambda made, of: progress.update(task, completed=made, total=of),
            )
        lock.release()
    faults = len(done.verified.faults)
    if as_json:
        print_json(
            {
                "installation": manifest.installation,
                "made_at": manifest.made_at,
                "streams": done.verified.streams,
                "events": done.verified.events,
                "faults": faults,
                "kept": str(done.kept) if done.kept else None,
                "later_checkpoints": done.later,
                "keys_missing": done.keys_missing,
                "secret_file": str(done.secret_file) if done.secret_file else None,
            }
        )
    else:
        _tell(done, manifest.made_at)
    if faults:
        raise SystemExit(1)


def _tell(done: "Restored", made_at: str) -> None:
    from datetime import datetime

    from app.infra.clock import moment

    def say(line: str) -> None:
        out.print(line, markup=False, soft_wrap=True)

    say(f"已恢复 {moment(datetime.fromisoformat(made_at))} 的备份。")
    if done.verified.faults:
        say(f"留痕核验不通过：{len(done.verified.faults)} 处，请用 sanshen audit verify 逐处查看。")
    else:
        say(f"留痕核验通过：{done.verified.streams} 条留痕，{done.verified.events} 个事件。")
    if done.later:
        say(f"检查点目录里有 {done.later} 个检查点晚于这份备份：备份之后的记录没有恢复，请核对备份是否最新。")
    if done.kept is not None:
        say(f"原来的文件没有删除，在 {done.kept}。")
    if done.secret_file is not None:
        say(f"备份时的 SANSHEN_SECRET_KEY 与现在的不同，在 {done.secret_file}：请设成它，再删去这个文件。")
    if done.keys_missing:
        names = "、".join(_KEY_NAMES[key] for key in done.keys_missing)
        say(f"备份里没有{names}：缺了会怎样、怎么办，见 docs/operations.md。")
    if done.policies is not None:
        say(f"备份时的政策文件在 {done.policies}。")
    say("下一步：运行 sanshen doctor，然后启动服务。备份之后的推送和通知可能会再发一次。")


@contextmanager
def _told(file: Path) -> "Iterator[None]":
    """Say in a sentence what went wrong with a backup."""
    import sqlite3

    from sqlalchemy.exc import SQLAlchemyError

    from app.cli.local_access import refused
    from app.infra.errors import AppError
    from app.operations.backup import archive, restoring, sealing

    try:
        yield
    except FileExistsError:
        fail(f"已有文件 {file}。请换一个名字，已有的备份不会被覆盖。")
    except restoring.NotEmpty as error:
        fail(
            "这里已经有数据，没有恢复，什么都没有改。",
            f"确实要替换的，先停止服务，再加 --replace {error.word}（这是现有数据的编号）。"
            "原来的 SQLite 文件和密钥会留着；PostgreSQL 的请先备份。",
        )
    except restoring.StillRunning as error:
        fail(f"服务还在运行（{'、'.join(error.processes)}），没有恢复。请先停止全部 serve 和 worker。")
    except restoring.Altered as error:
        fail(
            f"备份中的留痕核验不通过（{len(error.faults)} 处，第一处在“{error.faults[0].stream}”）。",
            "没有恢复，什么都没有改。请换一个更早的备份；只有这一个的，加 --despite-faults 恢复后逐处查看。",
            code=1,
        )
    except archive.Unusable as error:
        fail(f"{file} 不能恢复：{error}。")
    except sealing.WrongPassphrase:
        fail(f"{file} 打不开：口令不对，或者文件被改动。")
    except AppError as error:
        refused(error)
    except OSError as error:
        fail(f"{error.filename or file}：{said(error)}。")
    except (sqlite3.Error, SQLAlchemyError) as error:
        told = str(getattr(error, "orig", None) or error).strip().splitlines()
        fail(f"数据库出错，没有完成：{told[0] if told else type(error).__name__}")


def _passphrase(*, twice: bool, stdin: bool) -> str:
    """Return the passphrase, from standard input or asked for on the terminal."""
    if stdin:
        given = sys.stdin.readline().rstrip("\r\n")
    else:
        import getpass

        given = getpass.getpass("口令：")
        if twice and getpass.getpass("再输一次：") != given:
            fail("两次输入的口令不同。")
    if twice and len(given) < _SHORTEST:
        fail(f"口令至少 {_SHORTEST} 个字符。")
    if not given:
        fail("没有口令。")
    return given
