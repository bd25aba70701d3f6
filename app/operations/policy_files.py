"""Whether the policy files in the folder could be used: workflows, routing, calendar, channels."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from app.channels import service as channels
from app.infra.errors import AppError
from app.infra.http.problems import sentence
from app.operations.faults import Fault
from app.reviews import policy_files
from app.web.components import policy_faults


def faults(policies: Path) -> tuple[Fault, ...]:
    """Return what is wrong with the files below `policies`, a fault a file; empty when all can be used.

    A file that cannot be read any more stops nothing that has begun: nothing new begins on it. Broken
    channels stop no service that runs, only its next start.
    """
    return (*_of_stages(policies), *_channels(policies / "channels.yaml"))


def _of_stages(policies: Path) -> Iterator[Fault]:
    for file, group in groupby(policy_files.faults(policies), key=lambda one: one.file):
        first, *more = (one.fault for one in group)
        said = f"第 {first.line} 行 {first.key} {policy_faults.sentence(first)}".rstrip("。")
        count = f"，共 {len(more) + 1} 处" if more else ""
        yield Fault("policies_broken", {"file": str(policies / file), "first": said + count}, stops=True)


def _channels(path: Path) -> tuple[Fault, ...]:
    try:
        status = path.stat()
    except OSError:
        return (Fault("channels_broken", {"first": f"没有 {path}"}),)
    return _read(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int, _size: int) -> tuple[Fault, ...]:
    try:
        channels.read(path)
    except AppError as error:
        first = "；".join(sentence(reason) for reason in error.reasons[:1]) or error.code
        return (Fault("channels_broken", {"first": first.rstrip("。")}),)
    except (OSError, UnicodeDecodeError):
        return (Fault("channels_broken", {"first": f"{path} 读不了，应是 UTF-8 文本"}),)
    return ()
