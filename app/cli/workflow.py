"""`sanshen workflow lint|draw|schema`: policy files of stages, routing and the calendar."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from app.cli.chinese import CommandLine
from app.cli.output import err, fail, out, print_json, said
from app.domain.vocabulary import Role
from app.domain.workflow.needs import Qualification

if TYPE_CHECKING:
    from app.domain.files.faults import Fault
    from app.domain.workflow import Participant, Workflow

app = CommandLine(no_args_is_help=True, rich_markup_mode=None, help="审校流程：检查、画图、格式。")

Files = Annotated[list[Path], typer.Argument(help="流程、分流或者日历文件（YAML）。", metavar="文件…")]
People = Annotated[
    Path | None,
    typer.Option("--people", help="现有人员（JSON）：检查每个环节有没有人，不同人的要求凑不凑得齐。"),
]
Unit = Annotated[
    str | None,
    typer.Option("--unit", help="拿数据库里这个单位现有的人员对照：名称、用 / 连接的名称，或者编号。"),
]
Data = Annotated[Path | None, typer.Option("--data", help="数据目录，与 --unit 一起用。")]
AsJson = Annotated[bool, typer.Option("--json", help="以 JSON 输出。")]


class Grant(BaseModel):
    """A role as a people file says it; without channel and section it is held for all."""

    model_config = ConfigDict(extra="forbid")

    role: Role
    channel: str | None = None
    section: str | None = None


class Person(BaseModel):
    """One person of a people file."""

    model_config = ConfigDict(extra="forbid")

    name: str
    roles: tuple[Role | Grant, ...] = ()
    posts: frozenset[str] = frozenset()
    qualification: Qualification = "none"
    heads_department: bool = False

    def actor(self) -> "Participant":
        """Return them as the domain sees them."""
        from app.domain.workflow import Grant as Held
        from app.domain.workflow import Participant

        grants = tuple(
            Held(role.role, role.channel, role.section) if isinstance(role, Grant) else Held(role)
            for role in self.roles
        )
        return Participant(
            self.name, self.name, grants, self.posts, self.qualification, heads_author=self.heads_department
        )


@app.command(help="检查流程、分流和日历文件，一次列出全部问题；有问题时退出码为 1。")
def lint(
    files: Files, people: People = None, unit: Unit = None, data: Data = None, *, as_json: AsJson = False
) -> None:
    """Say all that is wrong with policy files, and leave with 1 if anything is."""
    from app.words.policy_faults import sentence

    actors = None if people is None else _people(people)
    if unit is not None:
        actors = [*(actors or ()), *_installed(unit, data)]
    told: list[dict[str, Any]] = []
    texts = {file: _text(file) for file in files}
    for file, text in texts.items():
        faults, remarks = _checked(file, text, actors, texts)
        shown = [
            {
                "line": fault.line, "key": fault.key, "code": fault.code, "message": sentence(fault),
                "data": fault.data,
            }
            for fault in faults
        ]  # fmt: skip
        told.append({"file": str(file), "faults": shown, "remarks": remarks})
        if not as_json:
            _say(file, shown, remarks)
    if as_json:
        print_json(told)
    if any(file["faults"] for file in told):
        raise typer.Exit(1)


@app.command(help="画出流程：终端里的文字图，或者 SVG。有问题的文件不画，退出码为 1。")
def draw(
    file: Annotated[Path, typer.Argument(help="流程文件（YAML）。", metavar="文件")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="写成 SVG 图；不写则在终端画出文字图。")
    ] = None,
) -> None:
    """Draw a workflow as text on the terminal, or as SVG into a file."""
    from app.domain.workflow import lint as read
    from app.domain.workflow.diagram import text_picture
    from app.domain.workflow.svg import svg
    from app.words.labels import label
    from app.words.policy_faults import sentence

    linted = read(_text(file))
    if linted.workflow is None or linted.faults:
        lines = [f"{file}:{fault.line}  {fault.key}  {sentence(fault)}" for fault in linted.faults]
        fail("文件有问题，没有画：", *lines, code=1)
    if output is None:
        out.print(text_picture(linted.workflow, label), markup=False, soft_wrap=True)
        return
    try:
        output.write_text(svg(linted.workflow, label), encoding="utf-8")
    except OSError as error:
        fail(f"不能写入 {output}（{said(error)}）。")
    err.print(f"已画出：{output}", markup=False, soft_wrap=True)


@app.command(help="输出文件格式的 JSON Schema，供编辑器校验和补全。")
def schema(
    of: Annotated[
        Literal["workflow", "routing", "calendar"],
        typer.Argument(metavar="种类", help="哪种文件：workflow、routing、calendar。"),
    ] = "workflow",
) -> None:
    """Print the JSON schema of a kind of policy file."""
    from app.domain.calendar import calendar_schema
    from app.domain.routing.rules import routing_schema
    from app.domain.workflow import workflow_schema

    made = {"workflow": workflow_schema, "routing": routing_schema, "calendar": calendar_schema}
    print_json(made[of]())


def _checked(
    file: Path, text: str, people: "list[Participant] | None", named: Mapping[Path, str]
) -> tuple[tuple["Fault", ...], list[dict[str, Any]]]:
    from app.domain import calendar, workflow
    from app.domain.routing import lint as routing_lint
    from app.domain.workflow.staffing import stuck_authors
    from app.words.policy_faults import sentence

    # The first key that only one kind of file has tells which it is; what has none is meant as a workflow.
    if _has(text, "choose"):
        workflows, where = _workflows(file.parent / "workflows", named)
        return routing_lint.lint(text, workflows).faults, [{"workflows_from": where}]
    if _has(text, "holidays"):
        return calendar.lint_year(text)[1], []
    linted = workflow.lint(text, people=people)
    if linted.workflow is None or linted.faults:
        return linted.faults, []
    warned = [
        {
            "warning": warning.code,
            "line": warning.line,
            "key": warning.key,
            "message": sentence(warning),
            "data": warning.data,
        }
        for warning in linted.warnings
    ]
    if people is None:
        return (), warned
    stuck = stuck_authors(linted.workflow, people)
    return (), [*warned, *({"author": author, "stages": list(stages)} for author, stages in stuck.items())]


def _has(text: str, key: str) -> bool:
    return any(line.startswith(f"{key}:") for line in text.splitlines())


def _workflows(folder: Path, named: Mapping[Path, str]) -> "tuple[Mapping[str, Workflow], str]":
    """Return the workflows that a routing file is held against, and where they lie.

    Those beside it, else those that came with the product; before all those named on the same command line.
    """
    from app.domain.workflow import lint as read
    from app.infra.paths import shipped

    beside = sorted(folder.glob("*.yaml"))
    came = shipped("policies") / "workflows"
    texts = [_text(path) for path in beside or sorted(came.glob("*.yaml"))]
    texts += [text for text in named.values() if not _has(text, "choose") and not _has(text, "holidays")]
    read_ones = (read(text).workflow for text in texts)
    where = str(folder) if beside else f"{came}（{folder} 里没有流程文件）"
    return {workflow.key: workflow for workflow in read_ones if workflow is not None}, where


def _people(file: Path) -> "list[Participant]":
    from app.domain.files.policy_text import Lines
    from app.words.policy_faults import sentence

    try:
        people = TypeAdapter(list[Person]).validate_json(_text(file))
    except ValidationError as error:
        faults = Lines(None).form(error)
        fail(
            f"人员文件 {file} 看不懂：",
            *(f"  {fault.key or '整个文件'}：{sentence(fault)}" for fault in faults),
            '应当是一个列表，例如：[{"name": "wang", "roles": ["second_reviewer"], "posts": ["科室负责人"]}]',
        )
    return [person.actor() for person in people]


def _installed(unit: str, data: Path | None) -> "tuple[Participant, ...]":
    """Return everybody who could act at a draft of this unit, from the database of an installation."""
    from app.cli.local_access import opened
    from app.cli.naming import unit_named
    from app.cli.server import settings_with
    from app.infra.migrate import load_tables
    from app.reviews.migration.plan import everybody_of

    load_tables()
    with opened(settings_with(data)) as database, database.read() as session:
        return everybody_of(session, unit_named(session, unit).path)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        fail(f"不能读取 {file}（{said(error)}）。")
    except UnicodeDecodeError:
        fail(f"{file} 不是 UTF-8 编码；请另存为 UTF-8。")


def _say(file: Path, faults: list[dict[str, Any]], remarks: list[dict[str, Any]]) -> None:
    for fault in faults:
        key = f"  {fault['key']}" if fault["key"] else ""
        out.print(f"{file}:{fault['line']}{key}  {fault['message']}", markup=False, soft_wrap=True)
    for remark in remarks:
        if "warning" in remark:
            out.print(
                f"{file}:{remark['line']}  {remark['key']}  提醒（须经第二人接受）：{remark['message']}",
                markup=False,
                soft_wrap=True,
            )
            continue
        if "workflows_from" in remark:
            told = f"说明：对照的流程文件在 {remark['workflows_from']}，以及同一条命令里写明的流程文件。"
            out.print(f"{file}  {told}", markup=False, soft_wrap=True)
            continue
        stages = "、".join(remark["stages"])
        said = f"提醒：{remark['author']} 自己写的稿件走不完：{stages} 没有别人能办。"
        out.print(f"{file}  {said}", markup=False, soft_wrap=True)
    if faults:
        out.print(f"{file}  共 {len(faults)} 处问题。", markup=False, soft_wrap=True)
    else:
        out.print(f"{file}  没有问题。", markup=False, soft_wrap=True)
