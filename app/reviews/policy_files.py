"""What is wrong with the policy files of stages as they are now: for who starts and watches the service."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from app.domain import calendar
from app.domain.files.policy_text import Fault
from app.domain.routing import lint as routing_lint
from app.domain.workflow import lint
from app.reviews import routing

#: Told with the workflow's own file.
_OF_WORKFLOWS = frozenset({"faulty_workflow"})

Stamps = tuple[tuple[Path, int], ...]


@dataclass(frozen=True, slots=True)
class FileFault:
    """A fault and the file that has it, as named from the folder of policies."""

    file: str
    fault: Fault


def faults(policies: Path) -> tuple[FileFault, ...]:
    """Return every fault of workflows, routing and calendar, file by file; empty when all is well.

    Cheap while no file changes: a look at the times of their change.
    """
    return _faults(policies, _stamps(policies))


def _stamps(policies: Path) -> Stamps:
    found = []
    paths = (policies / "workflows").glob("*.yaml"), (policies / "calendar").glob("*.yaml")
    for path in (policies / "routing.yaml", *sorted(paths[0]), *sorted(paths[1])):
        try:
            found.append((path, path.stat().st_mtime_ns))
        except OSError:
            found.append((path, 0))
    return tuple(found)


@lru_cache(maxsize=4)
def _faults(policies: Path, stamps: Stamps) -> tuple[FileFault, ...]:
    return tuple(
        FileFault(path.relative_to(policies).as_posix(), fault)
        for path, _ in stamps
        for fault in _of(policies, path)
    )


def _of(policies: Path, path: Path) -> Iterator[Fault]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        yield Fault(0, "", "file_missing")
    except (OSError, UnicodeDecodeError):
        yield Fault(0, "", "unreadable")
    else:
        if path.parent.name == "workflows":
            yield from lint(text).faults
        elif path.parent.name == "calendar":
            yield from calendar.lint_year(text)[1]
        else:
            linted = routing_lint.lint(text, routing.InForce(policies))
            yield from (one for one in linted.faults if one.code not in _OF_WORKFLOWS)
