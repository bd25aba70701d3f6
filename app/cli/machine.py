"""Working on the machine itself, straight on the database: opening it, who acts, refusals as sentences."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from app.cli.output import fail

if TYPE_CHECKING:
    from app.identity.queries import Actor
    from app.infra.db import Database
    from app.infra.errors import AppError
    from app.infra.settings import Settings

#: What the fields of the services are called on the command line.
_FIELDS = {"login": "登录名", "name": "名称", "password": "密码", "role": "角色", "section": "栏目"}


def revision(settings: "Settings") -> str | None:
    """Return the revision of the database's tables, `None` for none; say so when it does not answer."""
    from sqlalchemy.exc import SQLAlchemyError

    from app.infra import migrate

    if not settings.url.startswith(("sqlite:///", "postgresql+psycopg://")):
        fail("SANSHEN_DATABASE_URL 只能是 sqlite:///文件 或者 postgresql://用户:密码@主机/库名。")
    try:
        return migrate.revision(settings.url)
    except (SQLAlchemyError, ValueError) as error:
        told = str(getattr(error, "orig", None) or error).strip().splitlines()
        fail(f"连不上数据库 {shown(settings.url)}：{told[0] if told else type(error).__name__}")


def migrated(settings: "Settings") -> None:
    """Leave with a sentence unless the database is there, answers, and has this version's tables."""
    from app.infra import migrate

    where = shown(settings.url)
    path = settings.url.removeprefix("sqlite:///")
    if path != settings.url and not Path(path).is_file():
        fail(f"没有数据库 {where}。请先运行 sanshen migrate 建库，或者用 --data 指明数据目录。")
    found, wanted = revision(settings), migrate.head()
    if found is None:
        fail(f"数据库 {where} 还没有建表。请先运行 sanshen migrate。")
    if found != wanted:
        fail(
            f"数据库 {where} 的结构是 {found}，这个版本需要 {wanted}。"
            "请先运行 sanshen migrate；如果数据库更新，请换用相应版本的程序。"
        )


@contextmanager
def opened(settings: "Settings") -> Iterator["Database"]:
    """Yield the database of these settings, migrated; whatever stands in the way or is refused is told."""
    from app.infra.db import Database
    from app.infra.errors import AppError

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
    from app.infra.problems import problem_body, sentence

    reasons = [
        f"  {_FIELDS.get(one.field, one.field)}：{sentence(one)}" if one.field else f"  {sentence(one)}"
        for one in error.reasons
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
