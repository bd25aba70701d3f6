"""What the commands say, to people and to programs."""

import errno
import json
import sys
from typing import Any, NoReturn

from rich.console import Console

#: For people; progress and complaints go to standard error, so that standard output stays clean.
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

#: What the operating system says, in words; anything else is told as it says it.
_FAULTS = {
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EROFS: "文件系统只读",
    errno.ENOENT: "没有这个文件",
    errno.ENOTDIR: "路径中有一段不是目录",
    errno.EISDIR: "是文件夹，不是文件",
    errno.EEXIST: "已有同名文件",
    errno.ENOSPC: "磁盘已满",
    errno.EADDRINUSE: "端口已被占用",
    errno.EADDRNOTAVAIL: "本机没有这个地址",
}


def said(error: OSError) -> str:
    """Return in Chinese what the operating system says is wrong."""
    return _FAULTS.get(error.errno or 0) or error.strerror or str(error)


def print_json(value: Any) -> None:  # noqa: ANN401 – any JSON value
    """Print one JSON value on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
    sys.stdout.flush()


def notice(line: str) -> None:
    """Tell something by the way, on standard error."""
    err.print(line, markup=False, soft_wrap=True)


def fail(*lines: str, code: int = 2) -> NoReturn:
    """Say what is wrong on standard error and leave with `code`."""
    for line in lines:
        err.print(line, markup=False, style="red", soft_wrap=True)
    raise SystemExit(code)
