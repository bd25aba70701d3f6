"""The policy in use: swapped in one piece, kept when a change is faulty, followed across processes."""

import shutil
import tempfile
import threading
import time
from pathlib import Path

from app.negative_list.faults import Fault, PolicyFaults
from app.negative_list.load import load_policy, parse_source, read_source
from app.negative_list.policy import Policy

#: Seconds between two looks at the folder.
_LOOK_EVERY = 2.0

Stamp = tuple[tuple[str, int, int], ...]


class PolicyStore:
    """Holds the newest policy of a folder that loads.

    `current` may be asked by any thread; checks that run go on with the policy that they began with. A
    changed folder is noticed within seconds, in every process, and loaded beside the running work. If the
    changed policy is faulty the last good one stays, and `faults` is the alarm.
    """

    def __init__(
        self,
        folder: Path,
        *,
        cache_dir: Path | None = None,
        archive_dir: Path | None = None,
        backend: str | None = None,
        look_every: float = _LOOK_EVERY,
    ) -> None:
        """Load the policy. Raises `PolicyFaults` when there is no good one to begin with."""
        self.folder = folder
        self._cache_dir = cache_dir
        self._archive_dir = archive_dir
        self._backend = backend
        self._look_every = look_every
        self._reloading = threading.Lock()
        self._looking = threading.Lock()
        self._faults: tuple[Fault, ...] = ()
        self._stamp = stamp(folder)
        self._looked = time.monotonic()
        self._current = self._load()

    def _load(self) -> Policy:
        policy = load_policy(self.folder, backend=self._backend, cache_dir=self._cache_dir)
        if self._archive_dir is not None:
            archive(self.folder, self._archive_dir, policy.digest)
        return policy

    @property
    def current(self) -> Policy:
        """The policy in use."""
        if time.monotonic() - self._looked >= self._look_every and self._looking.acquire(blocking=False):
            try:
                self._looked = time.monotonic()
                if stamp(self.folder) != self._stamp and not self._reloading.locked():
                    threading.Thread(target=self.reload, name="policy-reload", daemon=True).start()
            finally:
                self._looking.release()
        return self._current

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong with the folder as it is now; empty when the policy in use is the folder's."""
        return self._faults

    def reload(self) -> tuple[Fault, ...]:
        """Load the folder again and use it if it is good; return what is wrong with it."""
        with self._reloading:
            before = stamp(self.folder)
            try:
                self._current = self._load()
            except PolicyFaults as error:
                self._faults = error.faults
            except OSError as error:
                self._faults = (Fault(str(self.folder), 0, "", f"读不了：{error.strerror}"),)
            else:
                self._faults = ()
            self._stamp = before
            return self._faults

    def archived(self, digest: str) -> Policy:
        """Load an older policy from the archive. Raises `KeyError` when it is not there."""
        if self._archive_dir is None:
            raise KeyError(digest)
        return load_archived(self._archive_dir, digest, backend=self._backend, cache_dir=self._cache_dir)


def stamp(folder: Path) -> Stamp:
    """Return name, time of change and size of every policy file; empty when there is no folder."""
    found = []
    for pattern in ("*.yaml", "*.tsv"):
        for path in folder.rglob(pattern):
            try:
                status = path.stat()
            except OSError:
                continue
            found.append((path.relative_to(folder).as_posix(), status.st_mtime_ns, status.st_size))
    return tuple(sorted(found))


def archive(folder: Path, archive_dir: Path, digest: str) -> Path:
    """Keep a copy of a policy folder under its digest; one that is there already is left as it is."""
    target = archive_dir / digest
    if not target.is_dir():
        archive_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=archive_dir) as work:
            copy = Path(work) / "policy"
            shutil.copytree(folder, copy)
            try:
                copy.rename(target)
            except OSError:
                # Another process was faster; what it kept has the same digest.
                if not target.is_dir():
                    raise
    return target


def load_archived(
    archive_dir: Path, digest: str, *, backend: str | None = None, cache_dir: Path | None = None
) -> Policy:
    """Load the policy of a digest, to run an old check again.

    Raises `KeyError` when the archive does not hold it, and `PolicyFaults` when what it holds is no longer
    that policy, because a file or the engine changed.
    """
    folder = archive_dir / digest
    if len(digest) != 64 or not digest.isalnum() or not folder.is_dir():
        raise KeyError(digest)
    found = parse_source(read_source(folder)).digest
    if found != digest:
        raise PolicyFaults([Fault(str(folder), 0, "", f"内容与摘要不符：文件或引擎已经改变，现为 {found}")])
    return load_policy(folder, backend=backend, cache_dir=cache_dir)
