"""Whether the policy files in the folder could be used: workflows, routing, calendar, channels."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from app.channels import service as channels
from app.domain import calendar, routing_lint, workflow
from app.domain.policy_text import Fault as PolicyFault
from app.domain.workflow import Workflow
from app.infra.errors import AppError
from app.infra.problems import sentence
from app.operations.faults import Fault, Level
from app.web import policy_faults

#: Path, time of change and size of each file.
Stamps = tuple[tuple[str, int, int], ...]


def faults(policies: Path) -> tuple[Fault, ...]:
    """Return what is wrong with the files below `policies`, a fault a file; empty when all can be used.

    A file that cannot be read any more stops nothing that has begun: nothing new begins on it.
    """
    return _faults(policies, _stamps(policies))


def _stamps(policies: Path) -> Stamps:
    found = []
    for pattern in ("*.yaml", "workflows/*.yaml", "calendar/*.yaml"):
        for path in policies.glob(pattern):
            try:
                status = path.stat()
            except OSError:
                continue
            found.append((str(path), status.st_mtime_ns, status.st_size))
    return tuple(sorted(found))


@lru_cache(maxsize=4)
def _faults(policies: Path, _stamps_of: Stamps) -> tuple[Fault, ...]:
    known: dict[str, Workflow] = {}
    return (
        *_workflows(policies, known),
        *_routing(policies, known),
        *_calendar(policies),
        *_channels(policies),
    )


def _workflows(policies: Path, known: dict[str, Workflow]) -> Iterator[Fault]:
    files = sorted((policies / "workflows").glob("*.yaml"))
    if not files:
        yield _broken(policies / "workflows", "没有流程文件")
    for path in files:
        text = _text(path)
        if isinstance(text, Fault):
            yield text
            continue
        linted = workflow.lint(text)
        if linted.workflow is not None:
            known[linted.workflow.key] = linted.workflow
        yield from _told(path, linted.faults)


def _routing(policies: Path, known: Mapping[str, Workflow]) -> Iterator[Fault]:
    path = policies / "routing.yaml"
    if not path.exists():
        return
    text = _text(path)
    if isinstance(text, Fault):
        yield text
    else:
        yield from _told(path, routing_lint.lint(text, known).faults)


def _calendar(policies: Path) -> Iterator[Fault]:
    for path in sorted((policies / "calendar").glob("*.yaml")):
        text = _text(path)
        if isinstance(text, Fault):
            yield text
        else:
            yield from _told(path, calendar.lint_year(text)[1])


def _channels(policies: Path) -> Iterator[Fault]:
    path = policies / "channels.yaml"
    try:
        channels.read(path)
    except AppError as error:
        first = "；".join(sentence(reason) for reason in error.reasons[:1]) or error.code
        yield Fault("channels_broken", {"first": first}, Level.ERROR)
    except (OSError, UnicodeDecodeError) as error:
        yield Fault("channels_broken", {"first": f"{path}：{error}"}, Level.ERROR)


def _told(path: Path, found: tuple[PolicyFault, ...]) -> Iterator[Fault]:
    if found:
        first = found[0]
        more = f"，共 {len(found)} 处" if len(found) > 1 else ""
        yield _broken(
            path, f"第 {first.line} 行 {first.key} {policy_faults.sentence(first)}".rstrip("。") + more
        )


def _text(path: Path) -> str | Fault:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return _broken(path, "读不了" if isinstance(error, OSError) else "不是 UTF-8 文本")


def _broken(path: Path, first: str) -> Fault:
    return Fault("policies_broken", {"file": str(path), "first": first}, stops=True)
