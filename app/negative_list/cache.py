"""Compiled databases on disk, by policy digest, backend and machine."""

import functools
import json
import os
import platform
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = {"hyperscan": "hyperscan", "ahocorasick": "ahocorasick_rs", "plain": ""}
_DIGEST = 32


class Cache:
    """A folder of compiled policies; a file that is cut short or from another machine counts as none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, digest: str, backend: str) -> Path:
        return self._folder / f"{digest}-{backend}-{_code()}-{_machine(backend)}.hsdb"

    def read(self, digest: str, backend: str) -> Mapping[str, bytes] | None:
        """Return the databases by view; None when the policy is not there."""
        try:
            data = self._path(digest, backend).read_bytes()
        except OSError:
            return None
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
            handle, name = tempfile.mkstemp(dir=self._folder)
            with os.fdopen(handle, "wb") as file:
                file.write(sha256(body).digest() + body)
            Path(name).replace(path)
        except OSError:
            return


@functools.cache
def _code() -> str:
    """Return a digest of this package: other code may compile the same rules into another database.

    It may judge examples otherwise, too, and a policy from the cache is not tried again.
    """
    found = sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
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
