"""`sanshen tour`: one draft all the way, on a server of its own."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.output import err, fail, out, print_json, said
from app.cli.server import AsJson

#: How long the server may take to be ready, in seconds.
STARTING = 120


def tour(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="文件", help="任意文本、Markdown 或 HTML 文件；缺省用自带的文章。"),
    ] = None,
    *,
    title: Annotated[
        str, typer.Option("--title", help="稿件标题；缺省用原文的标题，原文没有就用文件名。")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """从交稿到核验证据，把每个角色走一遍：临时目录、空闲端口，走完即停。全部成立时退出码为 0。"""
    with as_file(files("app.demo").joinpath("tour.md")) as own:
        chosen = file or own
        _readable(chosen)
        if len(title) > 200:
            fail("标题太长，至多 200 个字符。")
        raise SystemExit(_walk(chosen, title.strip(), as_json=as_json))


def _readable(file: Path) -> None:
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        fail(f"读不了 {file}：{said(error)}")
    except UnicodeDecodeError as error:
        fail(f"{file} 不是 UTF-8 文本（第 {error.start} 字节处）。")
    if not text.strip():
        fail(f"{file} 是空的。")


def _walk(file: Path, title: str, *, as_json: bool) -> int:
    from app.demo.receiver import Receiver
    from app.demo.tour import Tour

    steps: list[dict[str, Any]] = []
    failed = ""
    receiver, began = Receiver(), time.perf_counter()
    try:
        with err.status("正在启动服务…"), _server(receiver.host) as ready:
            if not as_json:
                out.print(
                    f"服务已在 {ready['url']} 启动（{time.perf_counter() - began:.1f} 秒）；稿件：{file.name}"
                )
            walk = Tour(ready["url"], file, receiver, title)
            for step in walk.steps():
                steps.append({"step": step.title, "seen": step.seen, "milliseconds": step.milliseconds})
                if not as_json:
                    _print(len(steps), steps[-1], walk.findings if step.title == "负面清单检查" else [])
    except Exception as error:  # noqa: BLE001 – whatever went wrong, the tour did not hold
        failed = f"{type(error).__name__}：{error}"
    finally:
        receiver.close()
    took = round(time.perf_counter() - began, 2)
    if as_json:
        print_json(
            {"file": str(file), "held": not failed, "failed": failed or None, "steps": steps, "seconds": took}
        )
    elif failed:
        err.print(f"✗ 第 {len(steps) + 1} 步没有成立：{failed}", markup=False, soft_wrap=True, style="red")
    else:
        out.print(f"全部 {len(steps)} 步成立，共 {took} 秒。", style="green")
    return 1 if failed else 0


def _print(number: int, step: dict[str, Any], findings: list[dict[str, Any]]) -> None:
    out.print(f"[green]✓[/green] {number:>2} {step['step']}（{step['milliseconds']:.0f} 毫秒）", end="　")
    out.print(step["seen"], markup=False, soft_wrap=True)
    words = {"block": "阻断", "warn": "提醒", "info": "提示"}
    for finding in findings[:20]:
        rule = finding["rule"]
        place = f"{finding['ref']}:{finding['start']}–{finding['end']}"
        out.print(
            f"      {words[finding['severity']]} {rule} {place}　{finding['excerpt']}　{finding['message']}",
            markup=False,
            soft_wrap=True,
        )
    if len(findings) > 20:
        out.print(f"      ……另有 {len(findings) - 20} 条")


@contextmanager
def _server(webhook_host: str) -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="sanshen-tour-") as folder:
        own = {name: value for name, value in os.environ.items() if not name.startswith("SANSHEN_")}
        own |= {
            "SANSHEN_WEBHOOK_HOSTS": json.dumps([webhook_host]),
            "SANSHEN_WEBHOOK_LOOPBACK": "true",
            "PYTHONUTF8": "1",
        }
        command = [
            sys.executable,
            "-m",
            "app",
            "up",
            "--data",
            folder,
            "--port",
            "0",
            "--json",
            "--no-drafts",
        ]
        log = Path(folder) / "server.log"
        with log.open("wb") as errors:
            server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, env=own)  # noqa: S603
        try:
            yield _announcement(server, log)
        finally:
            server.terminate()
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
            if server.stdout:
                server.stdout.close()


def _announcement(server: "subprocess.Popen[bytes]", log: Path) -> dict[str, Any]:
    assert server.stdout is not None
    said, until = b"", time.monotonic() + STARTING
    for line in server.stdout:
        said += line
        if line.rstrip() == b"}":
            ready: dict[str, Any] = json.loads(said)
            return ready
        if time.monotonic() > until:
            break
    raise RuntimeError("服务没有启动：" + log.read_text(encoding="utf-8", errors="replace")[-2000:])
