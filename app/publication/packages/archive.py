"""A release as one zip: `release.json`, `page.html`, `fragment.html`, and its files by their digests."""

import zipfile
from collections.abc import Callable, Iterator
from tempfile import SpooledTemporaryFile
from typing import IO

from app.publication.packages import forms
from app.publication.packages.queries import Package
from app.publication.packages.schemas import PackageOut

#: What is larger waits on disk.
_IN_MEMORY = 8_000_000
_AT_ONCE = 65_536
#: The earliest that a zip can say: the same release is the same bytes whenever it is asked for.
_NEVER = (1980, 1, 1, 0, 0, 0)


def written(package: Package, described: PackageOut, bytes_of: Callable[[str], bytes]) -> IO[bytes]:
    """Return a zip from its beginning; `bytes_of` gives the bytes of a file, which are read one by one."""
    spooled: IO[bytes] = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 – whoever sends it closes it
    with zipfile.ZipFile(spooled, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "release.json", described.model_dump_json(indent=2).encode())
        for form in forms.Form:
            _add(archive, f"{form}.html", forms.in_form(package.page, form))
        for file in package.files:
            _add(archive, f"files/{file.sha256}", bytes_of(file.sha256))
    spooled.seek(0)
    return spooled


def chunks(spooled: IO[bytes]) -> Iterator[bytes]:
    """Yield a file in parts, and close it."""
    with spooled:
        while part := spooled.read(_AT_ONCE):
            yield part


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, _NEVER), content, zipfile.ZIP_DEFLATED)
