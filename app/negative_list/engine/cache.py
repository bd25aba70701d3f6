"""Compiled databases on disk, by policy digest, backend and machine."""

import functools
import json
import os
import platform
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

#: So many files, and bytes in all, are kept; those used last stay.
MOST_FILES = 16
MOST_BYTES = 256_000_000
#: Seconds after which a file that was never finished belongs to a writer that is gone.
_ABANDONED = 3600
_SUFFIX = ".hsdb"
_UNFINISHED = "unfinished-"
_PACKAGES = {"hyperscan": "hyperscan", "ahocorasick": "ahocorasick_rs", "plain": ""}
_DIGEST = 32


class Cache:
    """A folder of compiled policies; a file that is cut short or from another machine counts as none.

    Reading one counts as use. Whoever writes one removes those that were used longest ago, and those of other
    code before them, as far as there are too many or they are too large together.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, digest: str, backend: str) -> Path:
        return self._folder / f"{digest}-{backend}-{_code()}-{_machine(backend)}{_SUFFIX}"

    def read(self, digest: str, backend: str) -> Mapping[str, bytes] | None:
        """Return the databases by view; None when the policy is not there."""
        path = self._path(digest, backend)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        with suppress(OSError):
            os.utime(path)
        body = data[_DIGEST:]
        if sha256(body).digest() != data[:_DIGEST]:
            return None
        head, _, blob = body.partition(b"\n")
        sizes: dict[str, int] = json.loads(head)
        found: dict[str, bytes] = {}
        place = 0
        for view, size in sizes.items():
            found[view] = blob[place : place + size]
            place += size
        return found

    def write(self, digest: str, backend: str, databases: Mapping[str, bytes]) -> None:
        """Keep the databases. Where the folder cannot be written to, the next load compiles again."""
        head = json.dumps({view: len(data) for view, data in databases.items()}).encode()
        body = head + b"\n" + b"".join(databases.values())
        path = self._path(digest, backend)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder, prefix=_UNFINISHED)
            with os.fdopen(handle, "wb") as file:
                file.write(sha256(body).digest() + body)
            Path(name).replace(path)
            self._prune(path)
        except OSError:
            return

    def _prune(self, written: Path) -> None:
        """Remove what is over the bounds, never what was written just now; others may be doing the same."""
        now = time.time()
        found: list[tuple[bool, float, int, Path]] = []
        for path in self._folder.iterdir():
            with suppress(OSError):
                status = path.stat()
                if path.name.startswith(_UNFINISHED) and now - status.st_mtime > _ABANDONED:
                    path.unlink()
                elif path.suffix == _SUFFIX and path != written:
                    found.append((_code() in path.name, status.st_mtime, status.st_size, path))
        left, size = MOST_FILES - 1, MOST_BYTES - written.stat().st_size
        for _, _, bytes_of_it, path in sorted(found, reverse=True):
            left, size = left - 1, size - bytes_of_it
            if left < 0 or size < 0:
                path.unlink(missing_ok=True)


@functools.cache
def _code() -> str:
    """Return a digest of this package: other code may compile the same rules into another database.

    It may judge examples otherwise, too, and a policy from the cache is not tried again.
    """
    found = sha256()
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


@functools.cache
def _machine(backend: str) -> str:
    package = _PACKAGES[backend]
    try:
        number = version(package) if package else "0"
    except PackageNotFoundError:
        number = "0"
    features = sha256("".join(_cpu_flags()).encode()).hexdigest()[:8]
    return f"{number}-{platform.machine() or 'unknown'}-{features}"


def _cpu_flags() -> list[str]:
    """Return what the processor can do: a hyperscan database fits only one like the one it was made on."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return [platform.processor()]
    return next(
        (sorted(line.split()[2:]) for line in text.splitlines() if line.startswith(("flags", "Features"))), []
    )
