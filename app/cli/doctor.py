"""`sanshen doctor`."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import err, fail, out, print_json
from app.cli.server import AsJson, DataDir, settings_with

if TYPE_CHECKING:
    from app.infra.settings import Settings
    from app.operations.doctor import Section

_SIGNS = {"error": "✗", "warning": "!", "note": "·"}
_STYLES = {"error": "red", "warning": "yellow", "note": None}


def doctor(
    data: DataDir = None,
    *,
    full: Annotated[
        bool, typer.Option("--full", help="连同全部留痕和数据库文件一起核验，可能要几分钟。")
    ] = False,
    accept_keys: Annotated[
        bool, typer.Option("--accept-keys", help="密钥是有意更换的：记下现在的密钥。")
    ] = False,
    clock_is_right: Annotated[
        bool, typer.Option("--clock-is-right", help="现在的时钟是对的：不再报告以前快过时留下的记录。")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """检查密钥、设置、数据库、留痕、磁盘、时钟、政策文件、后台任务和推送；有问题时说明怎么办，退出码 1。"""
    from rich.progress import Progress

    from app.operations.doctor import errors, examine
    from app.operations.readiness import told

    settings = settings_with(data)
    if accept_keys or clock_is_right:
        _accept(settings, keys=accept_keys, clock=clock_is_right)
    with Progress(console=err, transient=True) as progress:
        task = progress.add_task("正在核验留痕", total=None, visible=full)
        sections = examine(
            settings, full=full, progress=lambda done, of: progress.update(task, completed=done, total=of)
        )
    faults = errors(sections)
    if as_json:
        print_json(
            {
                "well": not faults,
                "sections": [
                    {
                        "name": section.name,
                        "facts": section.facts,
                        "faults": [told(fault) for fault in section.faults],
                    }
                    for section in sections
                ],
            }
        )
    else:
        _print(sections)
        out.print(f"发现 {len(faults)} 处问题。" if faults else "没有发现问题。")
        if not full:
            out.print("留痕只看了末尾；逐条核验请用 sanshen doctor --full 或者 sanshen audit verify。")
    if faults:
        raise SystemExit(1)


def _print(sections: "list[Section]") -> None:
    for section in sections:
        bad = [fault for fault in section.faults if fault.level != "note"]
        out.print(f"{'✓' if not bad else ' '} {section.name}", markup=False)
        for fault in section.faults:
            style = _STYLES[fault.level]
            out.print(f"  {_SIGNS[fault.level]} {fault.said}", markup=False, soft_wrap=True, style=style)
            out.print(f"    → {fault.advice}", markup=False, soft_wrap=True)


def _accept(settings: "Settings", *, keys: bool, clock: bool) -> None:
    """Note what somebody at this machine says: that keys were changed on purpose, that the clock is right."""
    from app.cli.local_access import opened, refused
    from app.infra.errors import AppError
    from app.infra.signing import load_signer
    from app.infra.tokens import load_tokens
    from app.operations import installation
    from app.operations.doctor import key_files

    with opened(settings) as database:
        try:
            if keys:
                files = key_files(settings)
                named = installation.Keys(
                    installation.secret_check(settings.secret_key.get_secret_value().encode()),
                    load_signer(files["signing"], create=False).key_id,
                    installation.key_name(load_tokens(files["token"], create=False).public_pem),
                )
                installation.accept(database, named)
            if clock:
                installation.settle_clock(database)
        except AppError as error:
            refused(error)
        except (OSError, ValueError) as error:
            fail(f"密钥不能使用：{error}")
