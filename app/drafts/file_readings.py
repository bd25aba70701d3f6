"""What files say that drafts hold: read when they come, kept, and read again where the readers got better."""

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from sqlmodel import Session, col, select

from app.drafts import errors as _words  # noqa: F401 – the words of the code below
from app.drafts.intake import kinds, subprocess_reader
from app.drafts.intake.positions import without_position
from app.drafts.intake.reading import VERSION, Reading
from app.drafts.models import Asset, AssetReading, AssetRole
from app.infra.errors import Unavailable

#: Readings of files that came before their reader, kept by each process.
_KEPT = 16
_kept: OrderedDict[tuple[str, int], Reading] = OrderedDict()
_lock = threading.Lock()


class Uploaded(NamedTuple):
    """A file as it came in, with what it says; `None` for one that will be refused."""

    content: bytes
    filename: str
    role: AssetRole
    reading: Reading | None


def upload(content: bytes, filename: str, role: AssetRole, *, most: int) -> Uploaded:
    """Return a file that came in as it is to be stored, read. Raises `Unavailable` for the moment.

    Nothing is refused here: that is told once it is known whose draft it is for.
    """
    if not content or len(content) > most or kinds.kind_of(content) is None:
        return Uploaded(content, filename, role, None)
    kept = without_position(content)
    with in_turn():
        reading = subprocess_reader.read_file(kept)
    return Uploaded(kept, filename, role, None if reading is subprocess_reader.TOO_HEAVY else reading)


def of_assets(session: Session, names: Collection[str]) -> dict[str, Reading]:
    """Return what the files with these SHA-256 say. Raises `Unavailable` where one cannot be read now."""
    if not names:
        return {}
    rows = session.exec(
        select(AssetReading.sha256, AssetReading.reading).where(
            col(AssetReading.sha256).in_(names), AssetReading.version == VERSION
        )
    ).all()
    readings = {name: Reading.from_json(text) for name, text in rows}
    for name in set(names) - set(readings):
        if (reading := _read(session, name)) is not None:
            readings[name] = reading
    return readings


def _read(session: Session, name: str) -> Reading | None:
    with _lock:
        known = _kept.get((name, VERSION))
    if known is not None:
        return known
    content = session.exec(select(Asset.content).where(Asset.sha256 == name)).first()
    if content is None:
        return None
    with in_turn():
        reading = subprocess_reader.read_file(content)
    with _lock:
        _kept[name, VERSION] = reading
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)
    return reading


@contextmanager
def in_turn() -> Iterator[None]:
    """Tell that others are being read as `Unavailable`."""
    try:
        yield
    except subprocess_reader.Busy as busy:
        raise Unavailable("conversion_busy", headers={"Retry-After": "30"}) from busy
