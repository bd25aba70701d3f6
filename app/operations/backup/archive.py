"""The file that a backup is: a tar archive with a manifest that names every other member with its digest."""

import hashlib
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from pydantic import BaseModel, ConfigDict, ValidationError

from app.operations.backup import sealing

FORMAT = 1
MANIFEST = "manifest.json"
_PART = 1 << 20


class Unusable(Exception):
    """A file that is no backup, or no whole one; the sentence says why."""


class Member(BaseModel):
    """A member of the archive as it was when it was put in."""

    model_config = ConfigDict(frozen=True)

    sha256: str
    size: int


class Manifest(BaseModel):
    """What a backup holds. `keys` are the keys' names, not the keys; `tables` the rows of each table."""

    format: int = FORMAT
    product: str
    made_at: str
    database: str
    revision: str
    installation: str
    with_keys: bool
    keys: dict[str, str | None]
    own_policies: bool
    tables: dict[str, int]
    members: dict[str, Member] = {}


def _names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def digest(path: Path) -> Member:
    """Return digest and size of a file."""
    sha256, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while part := file.read(_PART):
            sha256.update(part)
            size += len(part)
    return Member(sha256=sha256.hexdigest(), size=size)


def pack(folder: Path, manifest: Manifest, target: Path, *, passphrase: str | None) -> Manifest:
    """Write what is in `folder` as a backup to `target`, whole or not at all; return its manifest.

    Only the owner can read it. Raises `FileExistsError`, `OSError`.
    """
    members = {
        path.relative_to(folder).as_posix(): digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    told = manifest.model_copy(update={"members": members})
    (folder / MANIFEST).write_text(told.model_dump_json(indent=2) + "\n", encoding="utf-8")
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "w+b") as file:
            if passphrase is None:
                _tar(folder, members, file)
            else:
                with (folder / "plain.tar.gz").open("w+b") as plain:
                    _tar(folder, members, plain)
                    plain.seek(0)
                    sealing.seal(plain, file, passphrase)
            file.flush()
            os.fsync(file.fileno())
        # Like a rename, but never over a file that is there.
        os.link(fresh, target)
    finally:
        fresh.unlink(missing_ok=True)
    return told


def _tar(folder: Path, members: dict[str, Member], file: BinaryIO) -> None:
    with tarfile.open(fileobj=file, mode="w:gz", compresslevel=3) as tar:
        for name in (MANIFEST, *members):
            tar.add(folder / name, arcname=name, filter=_nobody)


def _nobody(info: tarfile.TarInfo) -> tarfile.TarInfo:
    """Leave out whose files these are on this machine."""
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mode = 0o600
    return info


@contextmanager
def unpacked(source: Path, beside: Path, *, passphrase: str | None) -> Iterator[tuple[Path, Manifest]]:
    """Yield a folder with everything that a backup holds, checked against its manifest, and the manifest.

    The folder lies in `beside`, and goes at the end. Raises `Unusable`, `sealing.WrongPassphrase`, `OSError`.
    """
    with TemporaryDirectory(prefix=".restore-", dir=beside) as name:
        folder = Path(name)
        try:
            if sealing.is_sealed(source):
                if passphrase is None:
                    raise sealing.WrongPassphrase
                plain = folder / "plain.tar.gz"
                with source.open("rb") as sealed, plain.open("w+b") as opened:
                    sealing.unseal(sealed, opened, passphrase)
                _extract(plain, folder / "content")
                plain.unlink()
            else:
                _extract(source, folder / "content")
        except (tarfile.TarError, EOFError, KeyError) as error:
            raise Unusable(f"不是完整的备份文件（{error}）") from error
        except OSError as error:
            if error.errno is None:  # gzip's own: not a gzip file, a wrong checksum
                raise Unusable(f"不是完整的备份文件（{error}）") from error
            raise
        yield folder / "content", _checked(folder / "content")


def _extract(path: Path, folder: Path) -> None:
    folder.mkdir(mode=0o700)
    with tarfile.open(path, mode="r:gz") as tar:
        tar.extractall(folder, filter="data")


def _checked(folder: Path) -> Manifest:
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        raise Unusable("没有可读的清单 manifest.json") from error
    if manifest.format != FORMAT:
        raise Unusable(f"备份的格式是 {manifest.format}，这个版本只认识 {FORMAT}")
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {MANIFEST}
    wrong = sorted(there ^ manifest.members.keys())
    wrong += [
        name for name, told in manifest.members.items() if name in there and digest(folder / name) != told
    ]
    if wrong:
        raise Unusable(f"备份里的这些内容缺失或者与清单不符：{'、'.join(wrong[:5])}")
    return manifest
