"""`sanshen check`: files against the negative list."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import err, fail, out, print_json, said

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from app.drafts.intake.files import FileRead
    from app.negative_list import Part, Policy, Report, Scope
    from app.negative_list.engine.report import FileReport
    from app.screening.external.service import Source

MAX_BYTES = 5_000_000
#: Of files that are checked as attachments are.
MAX_HELD_BYTES = 20_000_000
BEIJING = timezone(timedelta(hours=8))
#: What keeps a file from being read, as intake names it.
_TOO_MUCH = {
    "nested_too_deep": "内容嵌套层次过深",
    "too_many_blocks": "内容多于 {limit} 段，请拆成几个文件",
    "table_too_large": "表格多于 {limit} 格，请拆成几个表",
    "conversion_too_heavy": "排版太复杂，在限定的时间和内存里读不完",
    "file_kind": "{what}",
    "package_damaged": "文件已损坏（{part} 读不出来），请在本机用 Word 或 WPS 打开，另存后再查",
    "package_has_dtd": "文件里带有 XML 实体声明（DTD），可能有害，没有读取",
    "package_inflates": "解压后过大（单个部件至多 {limit} MB），像是压缩炸弹，没有读取",
    "package_too_many_parts": "文件里的部件多于 {limit} 个，没有读取",
}
_SOURCE_KEYS = (
    "name",
    "title",
    "url",
    "secret_file",
    "channels",
    "severity（warn、info）",
    "seconds（至多 60）",
)
#: What is wrong with the description of a service outside, as pydantic names it.
_OF_SOURCE = {
    "missing": "没有写",
    "extra_forbidden": "不认识",
    "literal_error": "只能是 warn 或者 info",
    "value_error": "应是 http:// 或者 https:// 地址，不带用户名",
    "model_type": "应是键和值",
}
#: What becomes of tracked changes of a Word file, as intake names it.
CHANGES = ("original", "accepted")
#: From so many files on the work is shown while it runs.
_MANY = 20


def policy_folder(given: Path | None) -> Path:
    """Return the folder of the negative list: the given one, the one below it, or the shipped one."""
    from app.infra.paths import shipped

    folder = given or shipped("policies")
    below = folder / "negative_list"
    return below if not (folder / "policy.yaml").is_file() and below.is_dir() else folder


def cache_folder() -> Path:
    """Return where compiled rules are kept between two commands."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sanshen"


def load(given: Path | None, backend: str | None = None) -> "Policy":
    """Load a negative list, or say everything that is wrong with it and leave with 2."""
    from app.negative_list import Faults, load_policy
    from app.words.policy_faults import located

    try:
        return load_policy(policy_folder(given), backend=backend, cache_dir=cache_folder())
    except Faults as error:
        fail(f"负面清单不能使用，共{len(error.faults)}处错误：", *map(located, error.faults))
    except (ValueError, ImportError) as error:
        fail(f"规则引擎不能使用：{error}")


def scope_of(policy: "Policy", channels: Sequence[str], sections: Sequence[str]) -> "Scope":
    """Return the scope of these channel kinds and section codes; unknown ones end the command with 2."""
    from app.negative_list import Scope
    from app.negative_list.source.fields import nearest

    faults = [
        f"不认识{what}“{name}”，可用：{'、'.join(known)}{nearest(name, list(known))}"
        for what, names, known in (("阵地", channels, policy.channels), ("栏目", sections, policy.sections))
        for name in names
        if known and name not in known
    ]
    if faults:
        fail(*faults)
    return Scope(frozenset(channels), frozenset(sections), "")


def check(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="文件…", help="文本、Markdown、HTML、Word、表格（xlsx、csv）、PDF 或图片。"),
    ],
    *,
    channel: Annotated[list[str] | None, typer.Option("--channel", help="发往的阵地，可写多次。")] = None,
    section: Annotated[list[str] | None, typer.Option("--section", help="发往的栏目，可写多次。")] = None,
    policies: Annotated[Path | None, typer.Option("--policies", help="政策文件夹，默认用自带的。")] = None,
    changes: Annotated[
        str,
        typer.Option(
            "--tracked-changes", help="Word 文件里没有接受的修订：original 按修订前，accepted 全部接受。"
        ),
    ] = "original",
    external: Annotated[
        Path | None,
        typer.Option("--external", help="外部检查服务的说明文件；写明 --channel 且服务允许时才送出正文。"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON。")] = False,
    as_sarif: Annotated[bool, typer.Option("--sarif", help="输出 SARIF 2.1.0。")] = False,
) -> None:
    """用负面清单检查文件。有阻断级命中时返回 1，有文件不能检查时返回 2。"""
    from app.negative_list.engine import report

    if as_json and as_sarif:
        fail("--json 和 --sarif 只能选一个")
    policy = load(policies)
    scope = scope_of(policy, channel or [], section or [])
    if changes not in CHANGES:
        fail(f"--tracked-changes 只能是 {'、'.join(CHANGES)}")
    outside = external_source(external) if external else None
    held = [file for file in files if is_held(file)]
    reports, faults = _check_all(
        policy, [file for file in files if file not in held], scope, changes, outside
    )
    reports += [one for file in held if (one := check_held(policy, file, scope, faults)) is not None]
    if as_json:
        print_json(report.as_json(policy, reports))
    elif as_sarif:
        print_json(report.as_sarif(policy, reports, version=version("sanshen")))
    else:
        for one in reports:
            out.print(report.as_text(policy, one), markup=False, soft_wrap=True)
    if faults:
        fail(*faults)
    if any(found.finding.severity == "block" for one in reports for found in one.findings):
        raise typer.Exit(1)


def external_source(file: Path) -> "Source":
    """Return the service that a file describes, or say everything that is wrong with it and leave with 2."""
    from pydantic import ValidationError

    from app.screening.external.service import read_source

    try:
        return read_source(file)
    except OSError as error:
        fail(f"{file}：读不了，{said(error)}")
    except ValidationError as error:
        fail(*(_source_fault(file, fault) for fault in error.errors()))
    except ValueError:
        fail(f"{file}：不是 YAML")


def _source_fault(file: Path, fault: "ErrorDetails") -> str:
    key = ".".join(map(str, fault["loc"])) or "整个文件"
    what = _OF_SOURCE.get(fault["type"], "写法不对")
    return f"{file}：{key} {what}；可写 {'、'.join(_SOURCE_KEYS)}"


def is_held(file: Path) -> bool:
    """Tell whether a file is checked as an attachment is, by the end of its name."""
    from app.drafts.intake.kinds import HELD_ENDINGS

    return file.suffix.lower() in HELD_ENDINGS


def check_held(policy: "Policy", file: Path, scope: "Scope", faults: list[str]) -> "FileReport | None":
    """Return the report on a file as an attachment; None, with a fault added, when it is none."""
    from app.drafts.intake import kinds
    from app.drafts.intake.subprocess_reader import read_file as read_apart
    from app.screening.checks.files import report_on

    try:
        content = file.read_bytes()
    except OSError as error:
        faults.append(f"{file}：读不了，{said(error)}")
        return None
    if len(content) > MAX_HELD_BYTES:
        faults.append(f"{file}：{len(content)} 字节，超过 {MAX_HELD_BYTES} 字节")
        return None
    if kinds.kind_of(content) is None:
        faults.append(f"{file}：{kinds.trouble_of(content)}")
        return None
    today = datetime.now(UTC).astimezone(BEIJING).date()
    name, reading = str(file), read_apart(content)
    return report_on(policy, name, reading, scope=scope, on=today, key=b"sanshen check", document_id=name)


def _check_all(
    policy: "Policy", files: Sequence[Path], scope: "Scope", changes: str, outside: "Source | None"
) -> tuple[list["FileReport"], list[str]]:
    from rich.progress import track

    faults: list[str] = []
    shown = track(files, description="检查", console=err, transient=True) if len(files) > _MANY else files
    reports = [
        check_read(policy, str(file), *handed_in, scope, outside=outside)
        for file in shown
        if (handed_in := read_handed_in(file, faults, changes)) is not None
    ]
    return reports, faults


def read_handed_in(
    file: Path, faults: list[str], changes: str = "original", *, most: int | None = MAX_BYTES
) -> "tuple[str, FileRead] | None":
    """Return a file's text and its parts as the service would read them; None, with a fault, if it cannot.

    Of a Word file the text is what it says, a paragraph or a cell a line.
    """
    from app.drafts.intake.builder import TooMuch
    from app.drafts.intake.docx.changes import TrackedChanges
    from app.drafts.intake.files import WORD_ENDINGS, read_word
    from app.drafts.intake.files import read_file as read_as_handed_in

    is_word = file.suffix.lower() in WORD_ENDINGS
    try:
        if is_word:
            data = read_bytes(file, faults)
            return None if data is None else read_word(data, TrackedChanges(changes))
        text = read_file(file, faults, most=most)
        return None if text is None else (text, read_as_handed_in(text, file.suffix))
    except TooMuch as fault:
        faults.append(f"{file}：{_TOO_MUCH.get(fault.code, fault.code).format(**fault.data)}")
        return None


def read_bytes(file: Path, faults: list[str]) -> bytes | None:
    """Return the bytes of a file; None, with a fault added, where it cannot be read or is too large."""
    from app.drafts.intake.service import MAX_FILE_BYTES

    try:
        data = file.read_bytes()
    except OSError as error:
        faults.append(f"{file}：读不了，{said(error)}")
        return None
    if len(data) > MAX_FILE_BYTES:
        faults.append(f"{file}：{len(data)} 字节，超过 {MAX_FILE_BYTES} 字节")
        return None
    return data


def read_file(file: Path, faults: list[str], *, most: int | None = MAX_BYTES) -> str | None:
    """Return a file's text; None, with a fault added, when it is no text of a known kind, or too large."""
    from app.negative_list.source.files import KINDS, READ_AS, looks_like

    try:
        data = file.read_bytes()
    except OSError as error:
        faults.append(f"{file}：读不了，{said(error)}")
        return None
    if file.suffix.lower() not in READ_AS:
        faults.append(f"{file}：不支持 {file.suffix} 文件；可以检查 {KINDS}、docx，其他文档请另存为其中一种")
    elif most is not None and len(data) > most:
        faults.append(f"{file}：{len(data)} 字节，超过 {most} 字节")
    else:
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            what = looks_like(data)
            advice = f"，像是{what}，请另存为 UTF-8 编码的文本" if what else ""
            faults.append(f"{file}：不是 UTF-8 文本（第 {error.start + 1} 字节）{advice}")
    return None


def check_read(
    policy: "Policy",
    name: str,
    text: str,
    taken: "FileRead",
    scope: "Scope",
    *,
    outside: "Source | None" = None,
) -> "FileReport":
    """Return the report on a file's text, with positions in that text.

    It was read as the service reads what is handed in, so that both find the same. A service `outside` is
    asked beside the rules.
    """
    from app.negative_list import check as run
    from app.negative_list.engine.report import FileReport, located
    from app.negative_list.source.files import line_starts

    read = taken.parts
    found = run(
        policy,
        read.parts,
        scope=scope,
        on=datetime.now(UTC).astimezone(BEIJING).date(),
        key=b"sanshen check",
        document_id=name,
        structure=read.structure,
        not_checked=taken.not_checked(),
    )
    if outside is not None:
        found = asked_outside(found, outside, read.parts, scope)
    lines = line_starts(text)
    places = sorted(
        (located(finding, read, lines) for finding in found.findings),
        key=lambda item: (item.start, item.end),
    )
    return FileReport(name, places, found)


def asked_outside(found: "Report", outside: "Source", parts: Sequence["Part"], scope: "Scope") -> "Report":
    """Return a report with what a service outside says, or with why it said nothing."""
    from app.screening.external.service import ask

    answer = ask(outside, parts, scope, at=int(datetime.now(UTC).timestamp()))
    counts = {**found.counts}
    for one in answer.findings:
        counts[one.severity] += 1
    return found._replace(
        findings=(*found.findings, *answer.findings),
        not_checked=(*found.not_checked, *answer.not_checked),
        counts=counts,
    )
