"""`sanshen up|serve|worker|migrate`."""

import os
import signal
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.output import err, fail, notice, out, print_json, said

if TYPE_CHECKING:
    from collections.abc import Callable

    import uvicorn

    from app.infra.runtime import Runtime
    from app.infra.settings import Settings

DataDir = Annotated[Path | None, typer.Option("--data", help="数据目录（数据库、密钥、缓存）。")]
Host = Annotated[str, typer.Option(help="监听地址。")]
Port = Annotated[int, typer.Option(help="监听端口；0 表示任选一个空闲端口。", min=0, max=65535)]
NewDatabase = Annotated[
    bool, typer.Option("--new-database", help="数据目录里有密钥而没有数据库时，仍然新建一个空的。")
]
AsJson = Annotated[bool, typer.Option("--json", help="以 JSON 输出。")]


def settings_with(data: Path | None, **more: Any) -> "Settings":  # noqa: ANN401 – fields of Settings
    """Return the settings from the environment, with what the command line says on top."""
    from app.infra.settings import Settings

    given = {name: value for name, value in {"data_dir": data, **more}.items() if value is not None}
    return Settings(**given)


def prepared(settings: "Settings") -> "Runtime":
    """Configure logs and return the runtime; what is missing or broken is told in a sentence."""
    from app.cli.local_access import joined
    from app.infra import logs
    from app.infra.paths import keep_private
    from app.negative_list import Faults
    from app.policies.start import start
    from app.words.policy_faults import located

    logs.configure(level=settings.log_level, json=settings.log_json)
    keep_private(settings.data_dir)
    try:
        runtime = start(settings)
        joined(runtime)
    except Faults as error:
        fail("负面清单有误，服务没有启动：", *map(located, error.faults))
    except OSError as error:
        fail(f"无法启动：{error.filename or settings.data_dir}：{said(error)}")
    except ValueError as error:
        fail(f"无法启动：{error}")
    return runtime


def up(
    data: DataDir = None,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    *,
    as_json: AsJson = False,
    demo: Annotated[bool, typer.Option(help="首次启动时装入演示单位。")] = True,
    drafts: Annotated[bool, typer.Option(help="演示单位带上各种状态的稿件。")] = True,
    new: NewDatabase = False,
) -> None:
    """一条命令跑起来：建库、装入演示单位、在一个进程里提供网页、接口和后台任务。"""
    from app.cli.local_access import occupied

    if os.environ.get("SANSHEN_ENVIRONMENT") == "production":
        fail(
            "sanshen up 只供试用，它的地址是本机的 http。",
            "生产环境请用 sanshen migrate、sanshen serve 和 sanshen worker。",
        )
    began = time.perf_counter()
    listener = _listen(host, port)
    address = f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
    settings = settings_with(data, public_url=address, log_level="WARNING")
    _writable(settings.data_dir)
    lock = occupied(settings, f"sanshen up {address}")
    with err.status("正在准备数据库…") as status:
        _upgrade(settings, new=new)
        runtime = prepared(settings)
        accounts = []
        if demo:
            from app.demo import load

            accounts = load.bureau_once(
                runtime, drafts=drafts, progress=lambda text: status.update(f"正在装入演示单位：{text}")
            )
        _channels(runtime)
    server = _server(runtime)

    def announce() -> None:
        took = time.perf_counter() - began
        if as_json:
            print_json(
                {
                    "url": address,
                    "data": str(settings.data_dir),
                    "accounts": accounts,
                    "seconds": round(took, 2),
                }
            )
            return
        out.print(f"\n三审已就绪：[bold]{address}[/bold]（用时 {took:.1f} 秒，数据在 {settings.data_dir}/）")
        if accounts:
            out.print("演示账号（密码均为 [bold]" + accounts[0]["password"] + "[/bold]）：")
            for account in accounts:
                out.print(f"  {account['login']:<16}{account['name']}　{account['duties']}")
        out.print("按 Ctrl+C 停止。")

    _run(server, listener, runtime, jobs=True, ready=announce)
    lock.release()


def serve(
    host: Host = "127.0.0.1",
    port: Port = 8000,
    data: DataDir = None,
    *,
    jobs: Annotated[bool, typer.Option(help="在同一进程里也跑后台任务。")] = False,
    workers: Annotated[
        int,
        typer.Option(help="进程数，每个处理器一个为宜；多于 1 个须用 PostgreSQL。", min=1, max=64),
    ] = 1,
) -> None:
    """提供网页和接口（生产用；后台任务另由 worker 跑，或加 --jobs）。"""
    from app.cli import workers as several
    from app.cli.local_access import migrated, occupied

    settings = settings_with(data)
    if workers > 1 and settings.url.startswith("sqlite"):
        fail("SQLite 数据库只能由一个进程提供服务。请去掉 --workers，或者改用 PostgreSQL。")
    listener = _listen(host, port, patient=True)
    migrated(settings, patient=True)
    lock = occupied(settings, "sanshen serve {}:{}".format(*listener.getsockname()[:2]))
    if workers == 1:
        _serve(settings, listener, jobs=jobs)
        lock.release()
        return
    place = listener.getsockname()[:2]
    listener.close()
    # Once before there are several: keys are made, and what is wrong with keys and policies is said once.
    prepared(settings).database.close()
    # Kept for the processes to come, so that a port that was chosen by the system stays ours.
    with several.bound(*place):
        code = several.run(workers, lambda: _serve(settings, several.bound(*place), jobs=jobs))
    raise SystemExit(code)


def _serve(settings: "Settings", listener: socket.socket, *, jobs: bool) -> None:
    """Serve in this process until it is told to stop."""
    import structlog

    runtime = prepared(settings)
    _channels(runtime)

    def announce() -> None:
        structlog.get_logger().info("server.started", address="{}:{}".format(*listener.getsockname()[:2]))

    _run(_server(runtime), listener, runtime, jobs=jobs, ready=announce)


def worker(data: DataDir = None) -> None:
    """跑后台任务：排版、投递、通知。可以同时跑多个。"""
    import structlog

    from app.cli.local_access import beside_others, migrated
    from app.jobs.registry import Lane
    from app.jobs.runner import Runner
    from app.operations.pulse import Pulse
    from app.policies.negative_list.following import settle

    settings = settings_with(data)
    migrated(settings, patient=True)
    lock = beside_others(settings)
    runtime = prepared(settings)
    runner = Runner(runtime)
    settle()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: runner.ask_to_stop())
    pulse = Pulse(runtime, serves=False, works=True)
    pulse.working = lambda: runner.alive
    pulse.start()
    structlog.get_logger().info("worker.started", lanes=sorted(Lane))
    ended_well = runner.run_forever()
    pulse.stop()
    runtime.database.close()
    lock.release()
    if not ended_well:
        fail("后台任务的线程意外停止，进程已经结束。请把日志交给开发方，并重新启动 sanshen worker。", code=1)


def migrate(
    to: Annotated[str, typer.Option(help="目标版本。")] = "head",
    data: DataDir = None,
    *,
    down: Annotated[bool, typer.Option("--down", help="回退到目标版本，会丢失其后的数据。")] = False,
    new: NewDatabase = False,
    as_json: AsJson = False,
) -> None:
    """把数据库升级到最新结构。"""
    from app.infra import migrate as migrations

    settings = settings_with(data)
    _upgrade(settings, to, down=down, new=new, alone=True)
    now = migrations.revision(settings.url)
    role = "" if down else _granted(settings)
    if as_json:
        print_json({"revision": now, "role": role or None})
    else:
        out.print(f"数据库结构已在 {now or '空'}。" + (f"服务使用角色 {role}。" if role else ""))


def _granted(settings: "Settings") -> str:
    """Give the roles of the service and of auditors their rights, where they are named; return the former."""
    import psycopg

    from app.infra.database_roles import RoleRefused, grant

    auditor = settings.auditor_role
    if auditor and auditor == settings.database_role:
        fail("SANSHEN_AUDITOR_ROLE 和 SANSHEN_DATABASE_ROLE 要用两个角色。")
    roles = (
        (settings.database_role, settings.database_role_password, False),
        (auditor, settings.auditor_role_password, True),
    )
    for role, password, only_reads in roles:
        if not role:
            continue
        if settings.url.startswith("sqlite"):
            fail("SQLite 没有数据库角色，请去掉 SANSHEN_DATABASE_ROLE 和 SANSHEN_AUDITOR_ROLE。")
        try:
            grant(settings.url, role, password.get_secret_value(), only_reads=only_reads)
        except RoleRefused as error:
            fail(f"不能给数据库角色授权：{error}。")
        except psycopg.Error as error:
            fail(f"不能给数据库角色授权：{str(error).partition(chr(10))[0]}")
    return settings.database_role


def _upgrade(
    settings: "Settings", to: str = "head", *, down: bool = False, new: bool = False, alone: bool = False
) -> None:
    """Bring the database to a revision, or say why that cannot be.

    Tables are made anew beside what another database has left only when that is asked for (`new`). With
    `alone` nobody may serve a SQLite database while its tables change.
    """
    from alembic.util import CommandError

    from app.cli.local_access import nobody_else, not_beside_remains, refused, revision, shown
    from app.infra.paths import keep_private

    keep_private(settings.data_dir)
    from app.infra import migrate as migrations
    from app.infra.errors import AppError

    if settings.url.startswith("sqlite"):
        _writable(settings.data_dir)
    there = revision(settings, patient=alone)
    if there is None and not down:
        not_beside_remains(settings, new=new)
    if alone and (down or there != migrations.head()):
        nobody_else(settings)
    try:
        (migrations.downgrade if down else migrations.upgrade)(settings.url, to)
    except CommandError as error:
        fail(f"没有结构版本“{to}”，或者数据库 {shown(settings.url)} 是更新的程序建的：{error}")
    except AppError as error:
        refused(error)


def _writable(folder: Path) -> None:
    """Make the data folder, and leave with a sentence when nothing can be written there."""
    import tempfile

    try:
        # What is in it is for nobody else on this machine.
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        fail(f"不能在数据目录 {folder} 里写文件：{said(error)}。请改权限，或者用 --data 换一个目录。")


def _channels(runtime: "Runtime") -> None:
    """Bring the channels of the policy file into the database, as every start does."""
    from sqlmodel import col, select

    from app.channels import service as channels
    from app.cli.local_access import refused
    from app.identity.models import Unit
    from app.infra.errors import AppError

    try:
        with runtime.database.write() as session:
            # Several servers may start at once; one row keeps their turns.
            session.exec(
                select(Unit).where(col(Unit.parent_id).is_(None)).order_by(Unit.path).with_for_update()
            ).all()
            channels.sync(session, runtime.policies.text("channels.yaml"), at=runtime.clock())
    except AppError as error:
        refused(error)
    except FileNotFoundError as error:
        fail(f"没有阵地文件 {runtime.settings.policies / str(error)}。")


#: Seconds in which processes whose parent was killed have ended what they were at.
_PORT_SECONDS = 20


def _listen(host: str, port: int, *, patient: bool = False) -> socket.socket:
    """Return a socket bound to an address; say so when it is taken, and by whom if that can be seen.

    With `patient` the processes of a service that was killed get the time to end what they are at.
    """
    import errno

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    until, told = time.monotonic() + (_PORT_SECONDS if patient else 0), False
    while True:
        try:
            listener.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() >= until:
                ours = "（那里已经有一个三审服务在运行，请先停止它）" if _ours(host, port) else ""
                fail(
                    f"不能在 {host}:{port} 上监听：{said(error)}{ours}。"
                    "请用 --port 换一个端口，--port 0 任选空闲端口。"
                )
            if not told:
                told = True
                notice(f"{host}:{port} 已被占用，最多再等 {_PORT_SECONDS} 秒…")
            time.sleep(0.2)
        else:
            return listener


def _ours(host: str, port: int) -> bool:
    """Say whether a service of ours answers at an address."""
    import httpx

    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 – where it listens, not we
    try:
        answer = httpx.get(
            f"http://{f'[{name}]' if ':' in name else name}:{port}/readyz", timeout=2, trust_env=False
        )
        return answer.json().get("status") in {"ready", "not_ready"}
    except (httpx.HTTPError, ValueError, AttributeError):
        return False


def _server(runtime: "Runtime") -> "uvicorn.Server":
    import uvicorn

    from app.infra.http.connections import LimitedConnection
    from app.main import create_app

    config = uvicorn.Config(
        create_app(runtime),
        # The parser in C, with limits of our own around it.
        http=LimitedConnection,
        ws="none",
        # Who stands in between is ours to judge: see `TrustedProxies`.
        proxy_headers=False,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )
    return uvicorn.Server(config)


def _run(
    server: "uvicorn.Server",
    listener: socket.socket,
    runtime: "Runtime",
    *,
    jobs: bool,
    ready: "Callable[[], None] | None" = None,
) -> None:
    from app.jobs.runner import Runner
    from app.operations.pulse import Pulse
    from app.policies.negative_list.following import settle

    settle()
    # uvicorn raises the signal that ended it once more; this is then its handler, and the exit code is 0.
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: setattr(server, "should_exit", True))
    runner = Runner(runtime) if jobs else None
    pulse = Pulse(runtime, serves=True, works=jobs)
    readiness = server.config.app.state.readiness  # type: ignore[union-attr]
    readiness.pulse = pulse
    if runner:
        pulse.working = readiness.working = lambda: runner.alive
        runner.start()
    pulse.start()
    if ready:
        threading.Thread(target=_when_started, args=(server, ready), daemon=True).start()
    try:
        server.run(sockets=[listener])
    finally:
        if runner:
            runner.stop()
        pulse.stop()
        runtime.database.close()


def _when_started(server: "uvicorn.Server", ready: "Callable[[], None]") -> None:
    while not server.started:
        if server.should_exit:
            return
        time.sleep(0.01)
    ready()
