"""The `sanshen` command. One module a topic; each loads what it needs when it runs."""

from typing import TYPE_CHECKING

from app.cli import (
    audit,
    backup,
    bench,
    check,
    convert,
    doctor,
    evidence,
    grant,
    health,
    policy,
    policy_words,
    propose,
    server,
    tour,
    unit,
    usage,
    user,
    user_posts,
    versions,
    workflow,
)
from app.cli.chinese import CommandLine
from app.cli.output import fail

if TYPE_CHECKING:
    from pydantic import ValidationError

app = CommandLine(
    name="sanshen",
    help="三审三校：稿件审校、负面清单检查、签发与留痕。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("up")(server.up)
app.command("serve")(server.serve)
app.command("worker")(server.worker)
app.command("migrate")(server.migrate)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("doctor")(doctor.doctor)
app.command("tour")(tour.tour)
app.command("check")(check.check)
app.command("convert")(convert.convert)
app.command("diff")(convert.diff)
app.command("bench")(bench.bench)
app.add_typer(unit.app, name="unit", help="单位。")
app.add_typer(user.app, name="user", help="用户与角色。")
app.add_typer(audit.app, name="audit", help="留痕的核验。")
app.add_typer(evidence.app, name="evidence", help="证据包的导出与核验。")
app.add_typer(workflow.app, name="workflow", help="审校流程：检查、画图、格式。")
user.app.command("posts")(user_posts.posts)
policy.app.command("words", help="供应商的词表：看收入哪些词、各命中旧稿多少处，写成词表文件。")(
    policy_words.words
)
policy.app.command("propose")(propose.propose)
policy.app.command("list")(versions.listed)
policy.app.command("changes")(versions.changes)
policy.app.command("ask")(grant.ask)
policy.app.command("grant")(grant.grant)
policy.app.command("decline")(grant.decline)
policy.app.command("health")(health.health)
app.add_typer(usage.app, name="usage", help="用语证据：公文里几乎没有的写法，只供参考。")
app.add_typer(
    policy.app,
    name="policy",
    help="负面清单和其他政策文件：检查、测试、查看、比较、回测、词表、登记、申请、批准、使用情况。",
)


def main() -> None:
    """Run the command line; configuration faults are told in a sentence, not in a traceback."""
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    try:
        app()
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith(("app.demo", "app.bench")):
            raise
        fail("这份安装是生产用的，不带演示数据和测速；试用请用源码安装。")
    except ValidationError as error:
        if error.title != "Settings":
            raise
        fail("配置有误：", *_faults(error))
    except SettingsError as error:
        field = str(error).partition('"')[2].partition('"')[0]
        fail("配置有误：", f"  SANSHEN_{field.upper()} 应为 JSON。")


def _faults(error: "ValidationError") -> list[str]:
    from app.infra.http.problems import field_reasons, sentence

    told = []
    for fault in field_reasons(error.errors()):
        name = f"SANSHEN_{fault.field.upper()}：" if fault.field else ""
        told += [f"  {name}{clause}" for clause in sentence(fault).split("；")]
    return told
