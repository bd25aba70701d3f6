"""`sanshen policy lint|test|show|diff|backtest`: the negative list of a bureau."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.check import BEIJING, load, policy_folder, read_file, read_handed_in, scope_of
from app.cli.chinese import CommandLine
from app.cli.output import err, fail, out, print_json
from app.cli.server import DataDir

if TYPE_CHECKING:
    from app.negative_list import Policy, Rule
    from app.negative_list.quality.backtest import Backtest, Item, Progress, RuleResult, Sample
    from app.negative_list.source.compare import Comparison

app = CommandLine(
    no_args_is_help=True, rich_markup_mode=None, help="负面清单：检查、测试、查看、比较、回测。"
)

Folder = Annotated[Path | None, typer.Argument(help="负面清单文件夹，默认用自带的。", metavar="文件夹")]
AsJson = Annotated[bool, typer.Option("--json", help="以 JSON 输出。")]

#: Facts of more days than that are to be looked at again.
_YEAR = 365
_STATES = {"added": "新增", "removed": "删除", "changed": "改动", "same": "不变"}
_TEXTS = (".txt", ".text", ".md", ".markdown", ".html", ".htm", ".xhtml", ".docx")


def _say(line: str = "") -> None:
    out.print(line, markup=False, soft_wrap=True)


@app.command(help="检查规则文件，一次列出全部问题；有问题时退出码为 1。")
def lint(folder: Folder = None, *, as_json: AsJson = False) -> None:
    """Say all that is wrong with a policy folder, and leave with 1 if anything is."""
    from app.negative_list.quality.lint import lint as run
    from app.words.policy_faults import located, plain

    chosen = policy_folder(folder)
    with err.status("检查负面清单") as status:
        result = run(chosen, _steps(status.update))
    if as_json:
        print_json(
            {
                "folder": str(chosen),
                "policy": result.digest,
                "rules": result.rules,
                "faults": [plain(fault) for fault in result.faults],
                "warnings": [plain(fault) for fault in result.warnings],
            }
        )
    else:
        for fault in result.faults:
            _say(f"{chosen}/{located(fault)}")
        for fault in result.warnings:
            _say(f"{chosen}/{located(fault)}（提醒）")
        said = f"共 {len(result.faults)} 处问题" if result.faults else "没有问题"
        _say(f"{chosen}  {result.rules} 条规则，{said}；摘要 {result.digest[:12]}")
    if result.faults:
        raise typer.Exit(1)


def _steps(update: Callable[[str], None]) -> Callable[[str, int, int], None]:
    return lambda step, done, of: update(f"{step}（{done}/{of}）")


@app.command(
    "test", help="在每个引擎上运行全部示例和标注稿件；--mutate 再试删去每条规则、每个例外会不会被发现。"
)
def run_examples(
    folder: Folder = None,
    *,
    mutate: Annotated[
        bool, typer.Option("--mutate", help="变异测试：删去规则和例外、改写成全角、繁体、零宽。")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run the examples of a policy on every backend, and leave with 1 if any does not behave."""
    from app.negative_list.engine import backends
    from app.negative_list.engine.program import Program
    from app.negative_list.quality.examples import faults_of
    from app.words.policy_faults import plain

    chosen = policy_folder(folder)
    with err.status("读取规则") as status:
        policy = load(folder)
        ran: list[dict[str, Any]] = []
        for name in backends.available():
            status.update(f"运行示例（{name}）")
            program = policy.program if name == policy.backend else Program(policy.rules, name)
            begun = perf_counter()
            faults = faults_of(program, policy.rules)
            took = round((perf_counter() - begun) * 1000)
            ran.append(
                {"backend": name, "milliseconds": took, "failures": [plain(fault) for fault in faults]}
            )
        golden = _golden(policy, chosen)
        told: dict[str, Any] = {
            "folder": str(chosen),
            "policy": policy.digest,
            "rules": len(policy.rules),
            "examples": sum(len(rule.hits) + len(rule.misses) for rule in policy.rules),
            "backends": ran,
            "golden": golden,
        }
        if mutate:
            status.update("变异测试")
            told["mutations"] = _mutations(policy)
    failures = [failure for backend in ran for failure in backend["failures"]] + golden["mismatches"]
    if mutate:
        failures += told["mutations"]["survivors"] + told["mutations"]["escaped"]
    if as_json:
        print_json(told)
    else:
        _say_tested(told)
    if failures:
        raise typer.Exit(1)


def _golden(policy: "Policy", folder: Path) -> dict[str, Any]:
    from app.negative_list.quality.golden import golden_files, mismatches

    files = golden_files(folder)
    today = datetime.now(UTC).astimezone(BEIJING).date()
    faults: list[str] = []
    wrong = [
        mismatch._asdict()
        for file in files
        if (text := read_file(file, faults)) is not None
        for mismatch in mismatches(policy, file.relative_to(folder).as_posix(), text, on=today)
    ]
    if faults:
        fail(*faults)
    return {"files": len(files), "mismatches": wrong}


def _mutations(policy: "Policy") -> dict[str, Any]:
    from app.negative_list.quality.mutate import escaped, survivors, variants_of

    return {
        "tried": sum(1 + len(rule.unless) for rule in policy.rules),
        "survivors": [mutant._asdict() for mutant in survivors(policy.program, policy.rules)],
        "variants": sum(1 for _ in variants_of(policy.rules)),
        "escaped": [mutant._asdict() for mutant in escaped(policy.program, policy.rules)],
    }


def _say_tested(told: dict[str, Any]) -> None:
    for backend in told["backends"]:
        for fault in backend["failures"]:
            _say(
                f"{fault['file']}:{fault['line']} {fault['key']}：{fault['message']}（{backend['backend']}）"
            )
        said = f"{len(backend['failures'])} 条不符" if backend["failures"] else "全部符合"
        _say(f"{backend['backend']}：{told['examples']} 条示例，{said}（{backend['milliseconds']} 毫秒）")
    golden = told["golden"]
    for mismatch in golden["mismatches"]:
        place = f"{mismatch['file']}:{mismatch['line']}:{mismatch['column']}"
        _say(f"{place} {mismatch['rule']}：{mismatch['problem']}")
    if golden["files"]:
        _say(f"标注稿件：{golden['files']} 篇，{len(golden['mismatches'])} 处不符")
    if "mutations" in told:
        mutations = told["mutations"]
        for mutant in mutations["survivors"]:
            _say(f"{mutant['rule']}：删去{mutant['what']}，没有示例发现")
        for mutant in mutations["escaped"]:
            _say(f"{mutant['rule']}：{mutant['what']}没有命中")
        _say(f"变异：试 {mutations['tried']} 处，{len(mutations['survivors'])} 处没有被发现")
        _say(f"变体：试 {mutations['variants']} 条，{len(mutations['escaped'])} 条没有命中")
    _say(f"{told['folder']}  {told['rules']} 条规则；摘要 {told['policy'][:12]}")


@app.command(
    help="列出全部规则，或者一条规则的依据、等级、适用范围和示例；写版本摘要的，显示这个版本：状态、申请、提醒、文件。"
)
def show(
    rule: Annotated[
        str | None, typer.Argument(help="规则编号，或者版本摘要；不写则列出全部规则。", metavar="规则")
    ] = None,
    *,
    data: DataDir = None,
    policies: Annotated[Path | None, typer.Option("--policies", help="政策文件夹，默认用自带的。")] = None,
    as_json: AsJson = False,
) -> None:
    """Print the rules of a policy, or one of them, or a stored version in full."""
    from app.cli import versions
    from app.negative_list.source.describe import as_plain, as_text, summary
    from app.negative_list.source.fields import nearest

    if rule is not None and policies is None and versions.DIGEST.fullmatch(rule):
        versions.show(rule, data, as_json=as_json)
        return
    policy = load(policies)
    if rule is None:
        if as_json:
            print_json({"policy": policy.digest, "rules": [as_plain(policy, each) for each in policy.rules]})
            return
        for each in policy.rules:
            _say(summary(each))
        _say(f"共 {len(policy.rules)} 条；{policy.title}，摘要 {policy.digest[:12]}")
        return
    wanted: Rule | None = policy.rule(rule)
    if wanted is None:
        fail(f"没有规则 {rule}{nearest(rule, [each.id for each in policy.rules])}")
    if as_json:
        print_json(as_plain(policy, wanted))
    else:
        _say(as_text(policy, wanted))


@app.command(
    help="比较两份负面清单：新增、删除、改动的规则，改了哪些键；写两个版本摘要的，逐个文件比较这两个版本。"
)
def diff(
    old: Annotated[Path, typer.Argument(help="原来的文件夹，或者版本摘要。", metavar="旧版")],
    new: Annotated[Path, typer.Argument(help="新的文件夹，或者版本摘要。", metavar="新版")],
    data: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Print what differs between two policy folders, or between two stored versions."""
    from dataclasses import asdict

    from app.cli import versions
    from app.negative_list.source.compare import compare

    if all(versions.DIGEST.fullmatch(str(side)) and not side.exists() for side in (old, new)):
        versions.compare(str(old), str(new), data, as_json=as_json)
        return
    folders = [policy_folder(folder) for folder in (old, new)]
    missing = [f"没有这个文件夹：{folder}" for folder in folders if not folder.is_dir()]
    if missing:
        fail(*missing)
    compared = compare(*folders)
    if as_json:
        told = asdict(compared)
        told["head"] = [change._asdict() for change in compared.head]
        told["lexicons"] = [change._asdict() for change in compared.lexicons]
        told["rules"] = [
            {**change._asdict(), "keys": [key._asdict() for key in change.keys]} for change in compared.rules
        ]
        print_json(told)
    else:
        _say_compared(compared)


def _say_compared(compared: "Comparison") -> None:
    for key in compared.head:
        _say(f"policy.yaml {key.key}：{_short(key.before)} → {_short(key.after)}")
    for rule in compared.rules:
        _say(f"{_STATES[rule.state]} {rule.rule} {rule.title}")
        for key in rule.keys:
            _say(f"    {key.key}：{_short(key.before)} → {_short(key.after)}")
    for lexicon in compared.lexicons:
        _say(f"词表 {lexicon.lexicon}：增 {len(lexicon.added)} 行，减 {len(lexicon.removed)} 行")
        for sign, lines in (("+", lexicon.added), ("-", lexicon.removed)):
            for line in lines[:10]:
                _say(f"    {sign} {line}")
            if len(lines) > 10:
                _say(f"    {sign} ……还有 {len(lines) - 10} 行")
    same = not (compared.head or compared.rules or compared.lexicons)
    _say(f"{compared.old[:12]} → {compared.new[:12]}{'：没有差别' if same else ''}")


def _short(value: Any) -> str:  # noqa: ANN401 – any YAML value
    if value is None:
        return "（无）"
    shown = value if isinstance(value, str) else str(value)
    return shown if len(shown) <= 60 else f"{shown[:59]}…"


@app.command(help="列出一年没有核对过的事实：机构、职务、法律和各个词表的编入日期；没有写日期的也列出。")
def facts(
    folder: Folder = None,
    *,
    on: Annotated[str | None, typer.Option("--on", help="按哪一天算，如 2027-01-31；默认今天。")] = None,
    all_of_them: Annotated[bool, typer.Option("--all", help="不论新旧全部列出。")] = False,
    as_json: AsJson = False,
) -> None:
    """List the facts of a policy folder that were entered more than a year ago."""
    from app.negative_list.quality.facts import facts_of

    try:
        today = datetime.fromisoformat(on).date() if on else datetime.now(BEIJING).date()
    except ValueError:
        fail(f"--on：“{on}”不是日期，应写成 2027-01-31")
    listed = [
        group
        for group in facts_of(policy_folder(folder))
        if all_of_them or group.entered is None or (today - group.entered).days > _YEAR
    ]
    if as_json:
        print_json([{**group._asdict(), "entered": str(group.entered or "")} for group in listed])
        return
    for group in listed:
        when = f"{group.entered} 编入" if group.entered else "没有写编入日期"
        _say(
            f"{group.file} 第 {group.line} 行起 {group.lines} 行：{when}"
            + f"；{group.source}" * bool(group.source)
        )
    _say(f"共 {sum(group.lines for group in listed)} 行" if listed else "没有一年以上的事实")


@app.command(help="回测：新旧两份负面清单过一遍旧稿，看命中增减、每万字命中、预计每月阻断。")
def backtest(
    files: Annotated[list[Path], typer.Argument(help="旧稿文件或文件夹。", metavar="文件…")],
    *,
    candidate: Annotated[Path, typer.Option("--candidate", help="新的负面清单文件夹。")],
    base: Annotated[Path | None, typer.Option("--base", help="现用的负面清单文件夹，默认用自带的。")] = None,
    channel: Annotated[list[str] | None, typer.Option("--channel", help="发往的阵地，可写多次。")] = None,
    section: Annotated[list[str] | None, typer.Option("--section", help="发往的栏目，可写多次。")] = None,
    lines: Annotated[bool, typer.Option("--lines", help="文件里每行是一篇。")] = False,
    a_month: Annotated[
        float | None, typer.Option("--a-month", min=0, help="每月发稿篇数，用于推算。")
    ] = None,
    samples: Annotated[int, typer.Option("--samples", min=0, max=100, help="每种变化留几例。")] = 5,
    as_json: AsJson = False,
) -> None:
    """Run two policies over old texts, with progress, and print what the change would do."""
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bar

    from app.negative_list.quality.backtest import backtest as run

    readable, faults = texts_of(files)
    if faults:
        fail(*faults)
    policies = load(base), load(candidate)
    scope = scope_of(policies[1], channel or [], section or [])
    columns = (
        TextColumn("回测"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=err, transient=True) as bar:
        task = bar.add_task("", total=sum(file.stat().st_size for file in readable))

        def told(progress: "Progress") -> None:
            bar.update(task, completed=progress.megabytes * 1e6)

        result = run(
            *policies,
            _items(readable, scope, faults, lines=lines),
            on=datetime.now(UTC).astimezone(BEIJING).date(),
            key=b"sanshen policy backtest",
            items_a_month=a_month,
            samples=samples,
            progress=told,
        )
    if as_json:
        print_json(result.as_json())
    else:
        _say_backtest(result)
    if faults:
        fail(*faults)


def texts_of(files: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """Return the files that are meant, those within folders too, and in Chinese which are not there."""
    readable: list[Path] = []
    faults: list[str] = []
    for file in files:
        if file.is_dir():
            below = [path for path in sorted(file.rglob("*")) if path.suffix.lower() in _TEXTS]
            readable += below
            if not below:
                faults.append(f"{file}：文件夹里没有 {'、'.join(_TEXTS[:1] + _TEXTS[2:6] + _TEXTS[7:])} 文件")
        elif file.is_file():
            readable.append(file)
        else:
            faults.append(f"{file}：没有这个文件")
    return readable, faults


def _items(files: Sequence[Path], scope: Any, faults: list[str], *, lines: bool) -> "Iterator[Item]":  # noqa: ANN401
    from app.negative_list.quality.backtest import Item

    for file in files:
        handed_in = read_handed_in(file, faults, most=None)
        if handed_in is None:
            continue
        text, read = handed_in[0], handed_in[1].parts
        if lines:
            for number, line in enumerate(text.splitlines(), 1):
                if line.strip():
                    yield Item.of_text(f"{file}:{number}", line, scope=scope)
        else:
            yield Item(str(file), read.parts, read.structure, scope, str(file))


def _say_backtest(result: "Backtest") -> None:
    for row in result.rules:
        if row.state != "same":
            _say_row(row)
            for sample in result.samples:
                if sample.rule == row.rule:
                    _say_sample(sample)
    if not any(row.state != "same" for row in result.rules):
        _say("两份负面清单的规则相同。")
    _say(f"命中最多的规则（每万字，共 {result.characters} 字）：")
    for row in sorted(result.rules, key=lambda counted: -counted.candidate_hits)[:10]:
        if row.candidate_hits:
            _say(f"    {row.candidate_per_10k:8.2f}  {row.rule} {row.title}")
    blocked = result.blocked
    _say(
        f"有阻断命中的稿件：原 {blocked.base} 篇，新 {blocked.candidate} 篇"
        f"（试运行规则也启用时 {blocked.candidate_active} 篇），共 {result.items} 篇"
    )
    if blocked.candidate_a_month is not None:
        _say(
            f"预计每月阻断：原 {blocked.base_a_month:.1f} 篇，新 {blocked.candidate_a_month:.1f} 篇"
            f"（试运行规则也启用时 {blocked.candidate_active_a_month:.1f} 篇）"
        )
    if result.incomplete:
        _say(f"有 {result.incomplete} 篇候选命中过多，没有查完")
    speed = f"，{result.megabytes / result.seconds:.1f} MB/秒" if result.seconds else ""
    _say(f"{result.base[:12]} → {result.candidate[:12]}  用时 {result.seconds:.1f} 秒{speed}")


def _say_row(row: "RuleResult") -> None:
    counts = f"新增命中 {row.added}，减少 {row.removed}，变化 {row.changed}"
    _say(f"{_STATES[row.state]} {row.rule} {row.title}：{counts}")
    severity = " → ".join(
        str(severity_then) for severity_then in (row.base_severity, row.candidate_severity) if severity_then
    )
    shadow = "（试运行）" if row.candidate_shadow else ""
    rates = f"每万字 {row.base_per_10k:.2f} → {row.candidate_per_10k:.2f}"
    scan = "" if row.scan_us is None else f"，单独扫描每万字 {row.scan_us:.0f} 微秒"
    _say(f"    {severity}{shadow}  {rates}  判定 {row.judging_us / 1000:.1f} 毫秒{scan}")


def _say_sample(sample: "Sample") -> None:
    _say(f"    {_STATES[sample.change]} {sample.item} …{sample.before}【{sample.excerpt}】{sample.after}…")
