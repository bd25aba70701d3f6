"""What is wrong with the policy files of stages that are in force: for who starts and watches the service."""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from app.domain import calendar
from app.domain.files.faults import Fault
from app.domain.files.policy_files import PolicyFiles
from app.domain.routing import lint as routing_lint
from app.domain.workflow import lint
from app.reviews import routing

#: Told with the workflow's own file.
_OF_WORKFLOWS = frozenset({"faulty_workflow"})


@lru_cache(maxsize=4)
def faults(policies: PolicyFiles) -> tuple[Fault, ...]:
    """Return every fault of workflows, routing and calendar, file by file; empty when all is well."""
    paths = ("routing.yaml", *policies.below("workflows"), *policies.below("calendar"))
    return tuple(replace(fault, file=path) for path in paths for fault in _of(policies, path))


def _of(policies: PolicyFiles, path: str) -> Iterator[Fault]:
    if path in policies.unreadable:
        yield Fault(0, "", "unreadable")
    elif path not in policies.texts:
        yield Fault(0, "", "file_missing")
    elif path.startswith("workflows/"):
        yield from lint(policies.texts[path]).faults
    elif path.startswith("calendar/"):
        yield from calendar.lint_year(policies.texts[path])[1]
    else:
        linted = routing_lint.lint(policies.texts[path], routing.InForce(policies))
        yield from (one for one in linted.faults if one.code not in _OF_WORKFLOWS)
