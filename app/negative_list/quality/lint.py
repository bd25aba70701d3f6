"""What is wrong or doubtful about a policy before it is used."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from app.domain.files.faults import Fault, in_order, said
from app.negative_list.engine import backends
from app.negative_list.engine.program import Program, view_of
from app.negative_list.pattern import sandbox
from app.negative_list.pattern.compiling import patterns_of
from app.negative_list.quality.examples import faults_of
from app.negative_list.quality.soundness import dead_exceptions, warnings_of
from app.negative_list.source.load import parse_source, read_source
from app.negative_list.text.model import View

_OUTSIDE = "不在 policy.yaml 的 includes 里，其中的规则不起作用"

Progress = Callable[[str, int, int], None]


class LintResult(NamedTuple):
    """All faults and warnings of a policy folder; `digest` names the policy, faulty or not."""

    digest: str
    rules: int
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]


def _silent(_step: str, _done: int, _of: int) -> None:
    return


def lint(folder: Path, progress: Progress = _silent) -> LintResult:
    """Read a policy folder, compile its patterns in a child process, run its examples on every backend.

    Never raises for a faulty policy: every fault is in the result.
    """
    source = read_source(folder)
    parsed = parse_source(source)
    faults = parsed.faults
    progress("编译正则", 0, 1)
    owners = [
        (rule, key, source, view_of(rule) is View.FOLD)
        for rule in parsed.rules
        for key, source, _ in patterns_of(rule)
    ]
    bad = sandbox.problems([(source, fold) for _, _, source, fold in owners])
    faults.extend(
        said(
            owners[number][0].file,
            owners[number][0].line,
            f"{owners[number][0].id}.{owners[number][1]}",
            problem,
        )
        for number, problem in bad.items()
    )
    faults.extend(dead_exceptions(parsed.rules))
    refused = {owners[number][0].id for number in bad}
    sound = tuple(rule for rule in parsed.rules if rule.id not in refused)
    names = backends.available()
    for number, name in enumerate(names):
        progress(f"示例 {name}", number, len(names))
        for fault in faults_of(Program(sound, name), sound):
            faults.append(said(fault.file, fault.line, fault.key, f"{fault.data['message']}（{name}）"))
    progress("完成", len(names), len(names))
    outside = [said(name, 0, "", _OUTSIDE) for name in source.outside]
    warnings = (*outside, *warnings_of(parsed.rules))
    return LintResult(parsed.digest, len(parsed.rules), in_order(faults), warnings)
