"""Checkpoints: what the log over all events was at an instant, signed, in a few lines that leave the house.

The form is that of C2SP: the text of a tlog-checkpoint (origin, size, root in base64, then lines of our own)
and the Ed25519 signature line of a signed note. Sources: c2sp.org/tlog-checkpoint, c2sp.org/signed-note.
"""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from app.domain.record.chain import timestamp

_ED25519 = b"\x01"
_FORM = re.compile(
    r"(?P<text>(?P<origin>[^\n+ ]+)\n(?P<size>0|[1-9]\d{0,18})\n(?P<root>[A-Za-z0-9+/]{43}=)\n"
    r"time (?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)\nstreams (?P<streams>\d{1,19})\n)"
    r"\n— (?P<name>[^\n+ ]+) (?P<signature>[A-Za-z0-9+/]+={0,2})\n"
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint: the log's size and root (32 bytes), how many streams had events, and when it was made.

    `note` is the whole text with its signature.
    """

    origin: str
    size: int
    root: bytes
    streams: int
    at: str
    note: str


def make(
    *,
    key_id: str,
    public: bytes,
    sign: Callable[[bytes], bytes],
    size: int,
    root: bytes,
    streams: int,
    at: datetime,
) -> Checkpoint:
    """Return a signed checkpoint; `sign` returns the 64 bytes of an Ed25519 signature."""
    origin, when = origin_of(key_id), timestamp(at)
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\ntime {when}\nstreams {streams}\n"
    signature = base64.b64encode(key_hash(origin, public) + sign(text.encode())).decode()
    return Checkpoint(origin, size, root, streams, when, f"{text}\n— {origin} {signature}\n")


def origin_of(key_id: str) -> str:
    """Return the name of the log that a key signs."""
    return f"sanshen-record/{key_id}"


def key_hash(name: str, public: bytes) -> bytes:
    """Return the four bytes by which a signature line names its key."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


def read(text: str) -> list[Checkpoint]:
    """Return the checkpoints that stand in a text, in their order; what is no checkpoint is passed over."""
    return [
        Checkpoint(
            match["origin"],
            int(match["size"]),
            base64.b64decode(match["root"]),
            int(match["streams"]),
            match["at"],
            match[0],
        )
        for match in _FORM.finditer(text.replace("\r\n", "\n"))
    ]


def is_signed(checkpoint: Checkpoint, *, public: bytes, verify: Callable[[bytes, bytes], bool]) -> bool:
    """Say whether the key signed exactly this; `verify` takes a signature and what it is over."""
    match = _FORM.fullmatch(checkpoint.note)
    if match is None or match["name"] != match["origin"]:
        return False
    try:
        signature = base64.b64decode(match["signature"], validate=True)
    except ValueError:
        return False
    named = signature[:4] == key_hash(match["origin"], public)
    return named and verify(signature[4:], match["text"].encode())
