"""Pictures that lie within a source itself: in a Word file, in an address of data. They come with the text.

They are kept as what an upload would keep: told by their bytes, without the place where they were taken.
"""

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from typing import NamedTuple, Self
from urllib.parse import unquote

from app.drafts.intake import kinds
from app.drafts.intake.positions import without_position

#: All pictures of a source together, in bytes, and how many there may be.
MOST_BYTES = 20_000_000
MOST_PICTURES = 200
#: What has no more pixels says nothing: it holds a place, or counts readers.
_NOTHING = 4
#: RFC 2397: a media type with its parameters, and the data.
_DATA = re.compile(r"data:image/[\w.+-]+(?:;[^,;]*)*;base64,(?P<data>[A-Za-z0-9+/\s%=]+)$", re.IGNORECASE)
#: Formats that are cropped here as Word shows them.
_CROPPED = {kinds.Kind.PNG: "PNG", kinds.Kind.JPEG: "JPEG", kinds.Kind.WEBP: "WEBP"}


class Crop(NamedTuple):
    """What is cut off at each side, as shares of width or height from 0 to 1."""

    left: float = 0.0
    top: float = 0.0
    right: float = 0.0
    bottom: float = 0.0


class SourcePicture(NamedTuple):
    """A picture that came with a text: the SHA-256 of its bytes, a name for it, and the bytes."""

    sha256: str
    name: str
    content: bytes

    def to_json(self) -> list[str]:
        """Return it as JSON values."""
        return [self.sha256, self.name, b64encode(self.content).decode()]

    @classmethod
    def from_json(cls, said: list[str]) -> Self:
        """Return a picture as `to_json` wrote it."""
        return cls(said[0], said[1], b64decode(said[2]))


@dataclass(slots=True)
class SourcePictures:
    """The pictures of one source, as they are come upon; equal ones once."""

    by_digest: dict[str, SourcePicture] = field(default_factory=dict)
    size: int = 0

    def take(self, content: bytes, name: str, crop: Crop | None = None) -> str | None:
        """Keep a picture and return its SHA-256; `None` for one that a draft does not hold."""
        kind = kinds.kind_of(content)
        if kind not in kinds.PICTURES or _says_nothing(content):
            return None
        if crop is not None:
            cropped = _cropped(content, crop) if kind in _CROPPED else None
            if cropped is None:
                return None
            content = cropped
        kept = without_position(content)
        digest = sha256(kept).hexdigest()
        if digest not in self.by_digest:
            if len(self.by_digest) >= MOST_PICTURES or self.size + len(kept) > MOST_BYTES:
                return None
            ending = kind.rpartition("/")[2].replace("jpeg", "jpg")
            stem = name.rpartition(".")[0] or name or "图片"
            self.by_digest[digest] = SourcePicture(digest, f"{stem}.{ending}", kept)
            self.size += len(kept)
        return digest


def data_of(address: str) -> bytes | None:
    """Return the bytes in an address of data; `None` where it is none, or holds none."""
    match = _DATA.match(address.strip())
    if match is None:
        return None
    try:
        return b64decode("".join(unquote(match["data"]).split()))
    except ValueError:
        return None


def _says_nothing(content: bytes) -> bool:
    from PIL import Image

    try:
        with Image.open(BytesIO(content)) as picture:
            return picture.width * picture.height <= _NOTHING
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError):
        # A broken one is told as one when it is read.
        return False


def _cropped(content: bytes, crop: Crop) -> bytes | None:
    """Return the part of a picture that is shown; `None` where that cannot be made."""
    from PIL import Image

    try:
        with Image.open(BytesIO(content)) as picture:
            width, height = picture.size
            box = (
                round(width * crop.left),
                round(height * crop.top),
                round(width * (1 - crop.right)),
                round(height * (1 - crop.bottom)),
            )
            if min(box) < 0 or box[0] >= box[2] or box[1] >= box[3] or box[2] > width or box[3] > height:
                return None
            out = BytesIO()
            picture.crop(box).save(out, format=picture.format, quality=92)
            return out.getvalue()
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError):
        return None
