"""Whether the policy files in force can be used: workflows, routing, calendar, channels."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import structlog

from app.channels import service as channels
from app.domain.files.policy_files import PolicyFiles, Unreadable
from app.infra.errors import Reason
from app.infra.http.problems import sentence
from app.operations.faults import Fault, Gravity
from app.reviews import workflow_faults
from app.words import policy_faults

log = structlog.get_logger()


def faults(policies: PolicyFiles, folder: Path) -> tuple[Fault, ...]:
    """Return what is wrong with the files in force, a fault a file; empty when all can be used.

    `folder` is where files are named from. A file that cannot be read any more stops nothing that has begun:
    nothing new begins on it. Broken channels stop no service that runs, only its next start.
    """
    return (*_of_stages(policies, folder), *_channels(policies, folder))


def proposed(faults: tuple[Reason, ...]) -> tuple[Fault, ...]:
    """Return the fault that the folder proposes what cannot be granted; empty when it does not."""
    if not faults:
        return ()
    first = sentence(faults[0]).rstrip("。")
    return (Fault("folder_faulty", {"count": len(faults), "first": first}, Gravity.WARNING),)


def told(policies: PolicyFiles) -> tuple[str, ...]:
    """Return in sentences all that is wrong with the policy files as they are now; empty when all is well.

    Workflows, routing and the calendar, each fault with its file, line and key. For whoever starts the
    service or watches over it: nothing new is handed in while routing or a chosen workflow has faults.
    """
    return tuple(map(policy_faults.located, workflow_faults.faults(policies)))


def report(policies: PolicyFiles) -> None:
    """Log every fault of the policy files as they are now."""
    for fault in workflow_faults.faults(policies):
        log.error(
            "policy.file_faulty",
            file=fault.file,
            line=fault.line,
            key=fault.key,
            fault=fault.code,
            said=policy_faults.sentence(fault),
        )


def _of_stages(policies: PolicyFiles, folder: Path) -> Iterator[Fault]:
    for file, group in groupby(workflow_faults.faults(policies), key=lambda fault: fault.file):
        first, *more = group
        said = f"第 {first.line} 行 {first.key} {policy_faults.sentence(first)}".rstrip("。")
        count = f"，共 {len(more) + 1} 处" if more else ""
        yield Fault("policies_broken", {"file": str(folder / file), "first": said + count}, stops=True)


def _channels(policies: PolicyFiles, folder: Path) -> tuple[Fault, ...]:
    path = folder / channels.FILE
    try:
        _, faults = channels.lint(policies.text(channels.FILE))
    except FileNotFoundError:
        return (Fault("channels_broken", {"first": f"没有 {path}"}),)
    except Unreadable:
        return (Fault("channels_broken", {"first": f"{path} 读不了，应是 UTF-8 文本"}),)
    if not faults:
        return ()
    return (Fault("channels_broken", {"first": policy_faults.located(faults[0]).lstrip("：").rstrip("。")}),)
