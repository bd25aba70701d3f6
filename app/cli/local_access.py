"""Working on the machine itself, straight on the database: opening it, who acts, refusals as sentences."""

import getpass
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from app.cli.output import fail, notice

if TYPE_CHECKING:
    from app.identity.queries import Actor
    from app.infra.db import Database
    from app.infra.errors import AppError
    from app.infra.runtime import Runtime
    from app.infra.settings import Settings
    from app.operations.lock import Lock, Occupied

#: What the fields of the services are called on the command line.
_FIELDS = {
    "login": "登录名",
    "name": "名称",
    "password": "密码",
    "role": "角色",
    "section": "栏目",
    "posts": "职务",
}


#: Seconds between two looks at a database that is still starting.
_LOOK_EVERY = 0.5
#: What PostgreSQL says of what waiting does not mend: no such database or role, a wrong password, no entry.
#: Its codes are not told to who could not connect.
_FOR_GOOD = re.compile("does not exist|不存在|authentication failed|认证失败|pg_hba")


def revision(settings: "Settings", *, patient: bool = False) -> str | None:
    """Return the revision of the database's tables, `None` for none; say so when it does not answer.

    With `patient` a server that is still starting is waited for, as long as the settings say.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from app.infra import migrate

    if not settings.url.startswith(("sqlite:///", "postgresql+psycopg://")):
        fail("SANSHEN_DATABASE_URL 只能是 sqlite:///文件 或者 postgresql://用户:密码@主机/库名。")
    until = time.monotonic() + (settings.database_wait_seconds if patient else 0)
    told = False
    while True:
        try:
            return migrate.revision(settings.url)
        except (SQLAlchemyError, ValueError) as error:
            cause = getattr(error, "orig", None) or error
            said = str(cause).strip().splitlines()
            for_good = isinstance(error, ValueError) or _FOR_GOOD.search(str(cause))
            if for_good or time.monotonic() >= until:
                fail(f"连不上数据库 {shown(settings.url)}：{said[0] if said else type(error).__name__}")
        if not told:
            told = True
            notice(f"数据库 {shown(settings.url)} 还没有答复，最多再等 {settings.database_wait_seconds} 秒…")
        time.sleep(_LOOK_EVERY)


def migrated(settings: "Settings", *, patient: bool = False) -> None:
    """Leave with a sentence unless the database is there, answers, and has this version's tables.

    With `patient` a server that is starting, and tables that are being made or changed, are waited for.
    """
    from app.infra import migrate
    from app.infra.sqlite_file import path_of

    where, file = shown(settings.url), path_of(settings.url)
    if file is not None and not file.is_file():
        fail(
            f"没有数据库 {where}。新装请先运行 sanshen migrate 建库，或者用 --data 指明数据目录；"
            "数据库丢失的，请用 sanshen restore 恢复备份。"
        )
    until = time.monotonic() + (settings.database_wait_seconds if patient and file is None else 0)
    current, wanted = revision(settings, patient=patient), migrate.head()
    if current != wanted and time.monotonic() < until and (current is None or migrate.is_older(current)):
        notice(f"数据库 {where} 的结构还没有升级，最多再等 {settings.database_wait_seconds} 秒…")
        while current != wanted and time.monotonic() < until:
            time.sleep(_LOOK_EVERY)
            current = revision(settings)
    if current is None:
        fail(f"数据库 {where} 还没有建表。请先运行 sanshen migrate。")
    if current != wanted:
        fail(
            f"数据库 {where} 的结构是 {current}，这个版本需要 {wanted}。"
            "请先运行 sanshen migrate；如果数据库更新，请换用相应版本的程序。"
        )


def occupied(settings: "Settings", what: str) -> "Lock":
    """Take the one place of a server at a SQLite database, or say who has it."""
    from app.infra.clock import system_clock
    from app.operations.lock import Lock, Occupied

    lock = Lock(settings.url)
    try:
        lock.serve(what, at=system_clock())
    except Occupied as error:
        _taken(settings, error)
    return lock


def beside_others(settings: "Settings") -> "Lock":
    """Take a worker's place at a SQLite database, or say that somebody wants it alone."""
    from app.operations.lock import Lock, Occupied

    lock = Lock(settings.url)
    try:
        lock.work()
    except Occupied as error:
        _taken(settings, error)
    return lock


def nobody_else(settings: "Settings") -> "Lock":
    """Take a SQLite database for oneself, or say who uses it; other databases are not locked."""
    from app.operations.lock import Lock, Occupied

    lock = Lock(settings.url)
    try:
        lock.alone()
    except Occupied as error:
        _taken(settings, error)
    return lock


def _taken(settings: "Settings", error: "Occupied") -> NoReturn:
    who = "后台任务或者恢复"
    if error.holder:
        who = f"{error.holder.get('what', '')}，进程 {error.holder.get('pid', '')}"
    fail(
        f"数据库 {shown(settings.url)} 正由另一个进程使用（{who}）。",
        "一个 SQLite 数据库只能有一个服务。请先停止它，或者用 --data 换一个数据目录，或者改用 PostgreSQL。",
    )


def not_beside_remains(settings: "Settings", *, new: bool) -> None:
    """Leave with a sentence when a database has gone from beside its keys, unless a new one is asked for."""
    from app.operations.installation import MARKER, remains

    left = remains(settings.data_dir, settings.url)
    if not left:
        return
    if not new:
        fail(
            f"数据库 {shown(settings.url)} 里什么都没有，数据目录里却还有：",
            *(f"  {file.name}" for file in left),
            "这里以前有过数据库。请找回它，或者用 sanshen restore 恢复备份；"
            "确实要从头开始的，加 --new-database。",
        )
    (settings.data_dir / MARKER).unlink(missing_ok=True)


def joined(runtime: "Runtime") -> None:
    """Bind a process to its installation, or say that the folder is another one's; changed keys are told."""
    import structlog

    from app.infra.errors import AppError
    from app.operations import installation

    try:
        changed = installation.join(runtime)
    except AppError as error:
        refused(error)
    except installation.Foreign as error:
        fail(
            f"数据目录 {runtime.settings.data_dir} 属于另一个数据库，不是 {shown(runtime.settings.url)}。",
            f"请改正 SANSHEN_DATABASE_URL 或者 --data；确实要换数据库的，删去 {error.marker}。",
        )
    if changed:
        structlog.get_logger().error("installation.keys_changed", keys=sorted(changed))


@contextmanager
def opened(settings: "Settings") -> Iterator["Database"]:
    """Yield the database of these settings, migrated; whatever stands in the way or is refused is told."""
    import structlog

    from app.infra import logs
    from app.infra.db import Database
    from app.infra.errors import AppError

    if not structlog.is_configured():
        # What a command prints is its answer: logs go where complaints go.
        logs.configure(level="WARNING", json=False)
    migrated(settings)
    database = Database(settings.url, pool_size=2)
    try:
        yield database
    except AppError as error:
        refused(error)
    finally:
        database.close()


def operator() -> "Actor":
    """Return who works at this machine: the system's own rights, recorded with the name of the login here."""
    from app.identity.access import SYSTEM

    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number that has no name
        name = ""
    return replace(SYSTEM, name=f"本机操作员 {name}".strip())


def refused(error: "AppError") -> NoReturn:
    """Say a refusal with all its reasons, and leave with 2."""
    from app.infra.http.problems import problem_body, sentence

    reasons = [
        f"  {_FIELDS.get(reason.field, reason.field)}：{sentence(reason)}"
        if reason.field
        else f"  {sentence(reason)}"
        for reason in error.reasons
    ]
    fail(problem_body(error, "")["title"], *reasons)


def shown(url: str) -> str:
    """Return a database address without its password."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except ArgumentError:
        return "（地址无法识别）"
    if parsed.drivername.startswith("sqlite"):
        return str(parsed.database)
    return parsed.render_as_string(hide_password=True)
