"""What the commands say, to people and to programs."""

import json
import sys
from typing import Any, NoReturn

from rich.console import Console

#: For people; progress and complaints go to standard error, so that standard output stays clean.
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:  # noqa: ANN401 – any JSON value
    """Print one JSON value on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
    sys.stdout.flush()


def fail(*lines: str, code: int = 2) -> NoReturn:
    """Say what is wrong on standard error and leave with `code`."""
    for line in lines:
        err.print(line, markup=False, style="red", soft_wrap=True)
    raise SystemExit(code)
