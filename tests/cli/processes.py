"""Real processes of `sanshen`: begun with an environment of their own, waited for, and ended by their id.

They are forked from a process that has loaded the product (`forked.py`), but for the first of each command.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from tests.cli import forked

ROOT = Path(__file__).parents[2]
#: How long anything may take on a busy machine, in seconds.
PATIENCE = 120
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH, _PR_CAPBSET_DROP = 1, 2, 24


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment with `more` on top; of our settings only where rules are compiled."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("SANSHEN_") or name == "SANSHEN_CACHE_DIR"
    }
    return kept | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "200"} | more


def sanshen(*arguments: object) -> list[str]:
    """Return the command for a process that loads the product itself."""
    return [sys.executable, "-m", "app", *map(str, arguments)]


#: Commands that have loaded the product themselves. Each does once, so that what loads only after
#: something else is noticed.
_alone: set[str] = set()


def _is_first(command: str) -> bool:
    first = command not in _alone
    _alone.add(command)
    return first


def run(
    *arguments: object, cwd: Path, mortal: bool = False, given: str | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end. `mortal` takes from root what lets it write where permissions forbid it."""
    argv = [str(each) for each in arguments]
    mortal = mortal and os.geteuid() == 0
    if mortal or _is_first(argv[0]):
        return _run_anew(argv, cwd=cwd, env=environment(**env), given=given, mortal=mortal)
    with TemporaryFile() as stdin, TemporaryFile() as stdout, TemporaryFile() as stderr:
        stdin.write((given or "").encode())
        stdin.seek(0)
        process = forked.start(
            argv, cwd=cwd, env=environment(**env), stdin=stdin, stdout=stdout, stderr=stderr
        )
        try:
            code = process.wait(PATIENCE)
        finally:
            process.kill()
        return subprocess.CompletedProcess(argv, code, _text(stdout), _text(stderr))


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _run_anew(
    argv: list[str], *, cwd: Path, env: dict[str, str], given: str | None, mortal: bool
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        sanshen(*argv),
        cwd=cwd,
        env=env,
        input=given,
        stdin=subprocess.DEVNULL if given is None else None,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        # What is taken from root is gone from the next program on; a fork alone keeps it.
        preexec_fn=_without_privileges if mortal else None,
    )


def _without_privileges() -> None:
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
        if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


@dataclass
class Running:
    """A process that runs until it is told to end; what it says is in two files."""

    process: subprocess.Popen[bytes] | forked.Forked
    out: Path
    err: Path

    def announced(self) -> dict[str, Any]:
        """Return the JSON that `up --json` prints when it is ready."""
        return self._until(lambda: _json(self.out.read_text(encoding="utf-8")))

    def event(self, name: str) -> dict[str, Any]:
        """Return the first log line of this event."""
        return self._until(lambda: next((one for one in self.events() if one.get("event") == name), None))

    def events(self) -> list[dict[str, Any]]:
        lines = self.err.read_text(encoding="utf-8").splitlines()
        return [found for line in lines if (found := _json(line)) is not None]

    def _until(self, tell: Callable[[], dict[str, Any] | None]) -> dict[str, Any]:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            # What a process said before it ended counts, so the end is looked at first.
            ended = self.process.poll()
            if (found := tell()) is not None:
                return found
            assert ended is None, f"ended with {ended}:\n{self.err.read_text(encoding='utf-8')}"
            time.sleep(0.05)
        raise AssertionError(f"not in time:\n{self.err.read_text(encoding='utf-8')}")

    def end(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Ask the process to end, and return its exit code."""
        self.process.send_signal(by)
        return self.process.wait(PATIENCE)


def _json(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


@contextmanager
def running(*arguments: object, folder: Path, cwd: Path | None = None, **env: str) -> Iterator[Running]:
    """Start a command; it is killed at the end if it still runs. Its output goes to files in `folder`."""
    number = len(list(folder.glob("*.out")))
    out, err = folder / f"{number}.out", folder / f"{number}.err"
    argv = [str(each) for each in arguments]
    with Path(os.devnull).open("rb") as none, out.open("wb") as to_out, err.open("wb") as to_err:
        place, env = cwd or folder, environment(**env)
        process: subprocess.Popen[bytes] | forked.Forked
        if _is_first(argv[0]):
            process = subprocess.Popen(
                sanshen(*argv), cwd=place, env=env, stdin=none, stdout=to_out, stderr=to_err
            )
        else:
            process = forked.start(argv, cwd=place, env=env, stdin=none, stdout=to_out, stderr=to_err)
    try:
        yield Running(process, out, err)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(PATIENCE)
