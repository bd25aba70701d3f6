"""A folder on disk: of a web server, or one from which people carry files to boards and screens."""

import mimetypes
import os
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path

from app.connections.adapters.base import File, LaidIn, Later, Outcome, Parcel, Published, Refused, Tools
from app.proofs.layout.markup import asset

_FILES = "files"


class Site:
    """Static pages: `<number>.html`, and files by their digests in `files/`.

    A correction takes the place of the page that it corrects, so an address that was given out stays good.
    """

    def __init__(self, folder: Path, address: str) -> None:
        self._folder = folder
        self._address = address.rstrip("/")

    def publish(self, parcel: Parcel, tools: Tools) -> Outcome:
        """Write files, then the page: whoever sees the page finds all that it shows."""
        name = parcel.replaces or f"{parcel.number}.html"
        page, lies = parcel.page, {}
        for file in parcel.files:
            place = f"{_FILES}/{file.sha256}{_ending(file)}"
            lies[place] = file.sha256
            page = page.replace(asset(file.sha256).encode(), place.encode())
        tools.ask(page, lies)
        for place, digest in lies.items():
            _put(self._folder / place, tools.content_of(digest))
        _put(self._at(name), page)
        return Published(name, f"{self._address}/{name}")

    def take_down(self, external_id: str) -> None:
        """Delete a page; its files stay, for other pages may show them."""
        try:
            self._at(external_id).unlink(missing_ok=True)
        except OSError as error:
            raise Later(f"页面文件删不掉（{error.strerror}）") from error

    def _at(self, name: str) -> Path:
        if "/" in name or "\\" in name or not name.endswith(".html") or name.startswith("."):
            raise Refused(f"“{name}”不是这个网站目录里的页面。")
        return self._folder / name


class Carried:
    """A zip for each release, with its page, fragment and files; somebody hangs it up, and reports that."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def publish(self, parcel: Parcel, tools: Tools) -> Outcome:
        """Write the zip."""
        tools.ask(parcel.page, {})
        packed = BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{parcel.number}.html", parcel.page)
            archive.writestr("fragment.html", parcel.fragment)
            for file in parcel.files:
                archive.writestr(f"{_FILES}/{file.sha256}{_ending(file)}", tools.content_of(file.sha256))
        name = f"{parcel.number}.zip"
        _put(self._folder / name, packed.getvalue())
        return LaidIn(name)

    def take_down(self, external_id: str) -> None:
        """People take down what people hung up."""
        raise Refused(f"“{external_id}”由人张贴，请到现场撤下后回报。")


def _ending(file: File) -> str:
    return mimetypes.guess_extension(file.media_type.partition(";")[0]) or ""


def _put(path: Path, content: bytes) -> None:
    """Write a file so that whoever reads it meets the old one or the whole new one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as written:
            written.write(content)
            written.flush()
            os.fsync(written.fileno())
        Path(written.name).chmod(0o644)
        Path(written.name).replace(path)
    except OSError as error:
        raise Later(f"写不进目录（{error.strerror}），请检查磁盘空间和目录权限") from error
