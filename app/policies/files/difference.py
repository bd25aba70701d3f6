"""How the files of two versions differ, for whoever is to grant one."""

import difflib
from collections.abc import Mapping
from typing import NamedTuple


class FileChange(NamedTuple):
    """A file that was added, changed or removed; `lines` is a unified diff without its head."""

    file: str
    state: str
    lines: tuple[str, ...]


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[FileChange, ...]:
    """Return the files that differ, by path; empty when none does."""
    found = []
    for path in sorted({*before, *after}):
        was, now = before.get(path), after.get(path)
        if was == now:
            continue
        state = "added" if was is None else "removed" if now is None else "changed"
        lines = difflib.unified_diff((was or "").splitlines(), (now or "").splitlines(), lineterm="", n=3)
        found.append(FileChange(path, state, tuple(lines)[2:]))
    return tuple(found)
