"""The negative list as files: read from a folder, laid out in one to be loaded."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from app.domain.files.faults import Fault, Faults, said
from app.negative_list import Policy

#: Folders below a policy that are not part of it.
_OTHER = frozenset({"tests", "waivers"})


class Seen(NamedTuple):
    """A good policy in the folder, with the files that it was loaded from, path to text."""

    policy: Policy
    files: Mapping[str, str]


#: Name, time of change and size of every policy file.
Stamp = tuple[tuple[str, int, int], ...]


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


def read_folder(folder: Path) -> dict[str, str]:
    """Return the files of a policy folder, path to text. Raises `Faults` for what cannot be read."""
    files: dict[str, str] = {}
    faults: list[Fault] = []
    for name, _, _ in stamp(folder):
        if Path(name).parts[0] in _OTHER:
            continue
        try:
            files[name] = (folder / name).read_bytes().decode("utf-8-sig")
        except OSError as error:
            faults.append(said(name, 0, "", f"读不了：{error.strerror}"))
        except UnicodeDecodeError:
            faults.append(said(name, 0, "", "不是 UTF-8 文本"))
    faults += unstorable(files)
    if not files and not faults:
        faults.append(said(str(folder), 0, "", "没有这个文件夹，或者其中没有规则文件"))
    if faults:
        raise Faults(faults)
    return files


def unstorable(files: Mapping[str, str]) -> list[Fault]:
    """Return a fault for each file with a name outside the folder, or with a NUL, which cannot be stored."""
    faults = []
    for name, text in files.items():
        path = Path(name)
        if path.is_absolute() or ".." in path.parts or path.suffix not in {".yaml", ".tsv"}:
            faults.append(said(name, 0, "", "文件名应是文件夹内的 .yaml 或 .tsv 文件"))
        if "\0" in text:
            faults.append(said(name, text[: text.index("\0")].count("\n") + 1, "", "含有空字符（U+0000）"))
    return faults


@contextmanager
def unfolded(files: Mapping[str, str]) -> Iterator[Path]:
    """Yield a temporary folder that holds these files, path to text."""
    with tempfile.TemporaryDirectory(prefix="sanshen-policy-") as name:
        folder = Path(name)
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(text.encode())
        yield folder
