"""The YAML files of a folder as one state, read again only when something in it changed."""

import os
from collections.abc import Iterator
from pathlib import Path

from app.domain.files.policy_files import PolicyFiles

#: Folders whose state is remembered.
_KEPT = 8
#: Path from the folder, time of change and size.
Stamp = tuple[tuple[str, int, int], ...]
_states: dict[Path, tuple[Stamp, PolicyFiles]] = {}


def files_in(folder: Path) -> PolicyFiles:
    """Return the YAML files of a folder and of the folders in it; empty when there is none.

    The same object as before while name, time of change and size of every file are the same.
    """
    stamp = tuple(sorted(_stamps(folder)))
    known = _states.get(folder)
    if known is not None and known[0] == stamp:
        return known[1]
    texts: dict[str, str] = {}
    unreadable = set()
    for path, _, _ in stamp:
        try:
            texts[path] = (folder / path).read_bytes().decode("utf-8-sig")
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError):
            unreadable.add(path)
    files = PolicyFiles(texts, frozenset(unreadable))
    if len(_states) >= _KEPT:
        _states.clear()
    _states[folder] = stamp, files
    return files


def _stamps(folder: Path, *, depth: int = 1) -> Iterator[tuple[str, int, int]]:
    """Yield the stamps of the YAML files of a folder, and of those one below; hidden folders are left out."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(".yaml"):
                    try:
                        status = entry.stat()
                    except OSError:
                        yield entry.name, 0, 0
                    else:
                        yield entry.name, status.st_mtime_ns, status.st_size
                elif depth and not entry.name.startswith(".") and entry.is_dir():
                    for path, changed, size in _stamps(Path(entry.path), depth=depth - 1):
                        yield f"{entry.name}/{path}", changed, size
    except OSError:
        return
