"""The active policy of a process: the last good one, whatever happens to its files."""

import threading
from pathlib import Path

from app.negative_list.faults import Fault, PolicyFaults
from app.negative_list.load import load_policy
from app.negative_list.policy import Policy


class PolicyStore:
    """Holds the policy of `folder`, and swaps one reference when its files have changed for good ones.

    Threads that are checking finish on the policy that they began with. `faults` says why the newest files are
    not the active ones; empty when they are. Raises `PolicyFaults` when there is no good policy to begin with.
    """

    def __init__(self, folder: Path, *, backend: str | None = None, cache_dir: Path | None = None) -> None:
        self._folder, self._backend, self._cache_dir = folder, backend, cache_dir
        self._turn = threading.Lock()
        self._seen = _stamp(folder)
        self._current = load_policy(folder, backend=backend, cache_dir=cache_dir)
        self._faults: tuple[Fault, ...] = ()

    @property
    def current(self) -> Policy:
        """The active policy."""
        return self._current

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Why the files are not what is active; empty when they are."""
        return self._faults

    def reload(self) -> tuple[Fault, ...]:
        """Load the files if they have changed since they were last read; return what keeps them from being active.

        With a fault the last good policy stays active.
        """
        with self._turn:
            stamp = _stamp(self._folder)
            if stamp == self._seen:
                return self._faults
            self._seen = stamp
            try:
                self._current = load_policy(self._folder, backend=self._backend, cache_dir=self._cache_dir)
            except PolicyFaults as error:
                self._faults = error.faults
            else:
                self._faults = ()
            return self._faults


def _stamp(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Return names, sizes and times of all files below `folder`: cheap to compare, and different when one changed."""
    found = ((path, path.stat()) for path in sorted(folder.rglob("*")) if path.is_file())
    return tuple((str(path), stat.st_size, stat.st_mtime_ns) for path, stat in found)
