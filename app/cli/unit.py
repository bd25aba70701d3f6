"""`sanshen unit`: the tree of units, kept on the machine itself. The first unit is made here."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.chinese import CommandLine
from app.cli.local_access import opened, operator, refused
from app.cli.naming import chosen, unit_named, unit_names
from app.cli.output import out, print_json
from app.cli.server import AsJson, DataDir, settings_with
from app.domain.vocabulary import UnitKind
from app.words.labels import label

if TYPE_CHECKING:
    from sqlmodel import Session

app = CommandLine(no_args_is_help=True)


@app.callback()
def _topic() -> None:
    """单位（在本机直接操作数据库，每一步都留痕）。"""


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="单位名称。", metavar="名称")],
    kind: Annotated[str, typer.Option("--kind", help="层级：province、city、county、street、department。")],
    parent: Annotated[
        str | None,
        typer.Option("--parent", help="上级单位：名称、用 / 连接的名称，或者编号。不写就是最上级。"),
    ] = None,
    data: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """新建单位；最上级单位建好后，政策文件里的阵地随之建立。"""
    from pydantic import TypeAdapter, ValidationError

    from app.channels import service as channels
    from app.identity import service
    from app.identity.schemas import UnitName
    from app.infra.clock import system_clock
    from app.infra.http.problems import malformed
    from app.policies.files.following import files_in_force

    wanted = chosen(UnitKind, kind, "层级")
    try:
        named = TypeAdapter(UnitName).validate_python(name)
    except ValidationError as error:
        refused(malformed(error, prefix="name"))
    settings = settings_with(data)
    with opened(settings) as database:
        files = files_in_force(settings, database)
    with opened(settings) as database, database.write() as session:
        above = None if parent is None else unit_named(session, parent).id
        made = service.create_unit(
            session, name=named, kind=wanted, parent_id=above, actor=operator(), at=system_clock()
        )
        channels.sync(session, files.text("channels.yaml"), at=system_clock())
        told = next(unit for unit in _told(session) if unit["id"] == str(made.id))
    if as_json:
        print_json(told)
    else:
        out.print(f"已建立单位 {told['name']}（{label(wanted)}）。", markup=False, soft_wrap=True)


@app.command("list")
def list_(data: DataDir = None, *, as_json: AsJson = False) -> None:
    """列出单位，上级在前。"""
    with opened(settings_with(data)) as database, database.read() as session:
        told = _told(session)
    if as_json:
        print_json(told)
        return
    for unit in told:
        out.print(f"{unit['name']}　{label(UnitKind(unit['kind']))}", markup=False, soft_wrap=True)
    out.print(f"共 {len(told)} 个单位。")


def _told(session: "Session") -> list[dict[str, str]]:
    from sqlmodel import select

    from app.identity.models import Unit

    kinds = {unit.id: unit.kind for unit in session.exec(select(Unit))}
    return [
        {"id": str(unit_id), "name": name, "kind": kinds[unit_id]}
        for unit_id, name in unit_names(session).items()
    ]
