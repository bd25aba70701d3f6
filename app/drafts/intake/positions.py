"""The place where a picture was taken, out of the notes that cameras leave in it; the picture stays as it is.

Only the notes of the place are emptied: which way up a picture is stands beside them and is needed.
Source: CIPA DC-008 (Exif 2.32), 4.6.6 GPS attributes; ISO 16684-1 (XMP); PNG 3, 11.3.4.5 eXIf.
"""

import struct
import zlib
from collections.abc import Iterator

_GPS = 0x8825
_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_PNG = b"\x89PNG\r\n\x1a\n"
#: Bytes of one value by its type: byte, text, short, long, fraction, …
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_MOST_ENTRIES = 512


def without_position(content: bytes) -> bytes:
    """Return a picture (JPEG, PNG, WebP) without the place where it was taken; the same bytes without one."""
    try:
        if content.startswith(b"\xff\xd8"):
            return b"".join(_jpeg(content))
        if content.startswith(_PNG):
            return _PNG + b"".join(_png(content))
        if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            chunks = b"".join(_webp(content))
            return b"RIFF" + struct.pack("<I", len(chunks) + 4) + b"WEBP" + chunks
    except (struct.error, IndexError):
        # A broken picture is told as one when it is read.
        return content
    return content


def emptied(exif: bytes) -> bytes:
    """Return a block of Exif with the entries of its GPS directory and their values set to zero."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None:
        return exif
    made = bytearray(exif)
    start = struct.unpack_from(order + "I", exif, 4)[0]
    for tag, _, _, place in _entries(exif, start, order):
        if tag == _GPS:
            directory = struct.unpack_from(order + "I", exif, place)[0]
            for _, kind, count, at in list(_entries(exif, directory, order)):
                size = _SIZES.get(kind, 1) * count
                value = struct.unpack_from(order + "I", exif, at)[0] if size > 4 else at
                if value < len(made):
                    end = min(value + size, len(made))
                    made[value:end] = bytes(end - value)
                made[at - 8 : at + 4] = bytes(12)
            struct.pack_into(order + "H", made, directory, 0)
    return bytes(made)


def _entries(exif: bytes, start: int, order: str) -> Iterator[tuple[int, int, int, int]]:
    """Yield tag, type, count and the place of the value of each entry of a directory."""
    (count,) = struct.unpack_from(order + "H", exif, start)
    for number in range(min(count, _MOST_ENTRIES)):
        at = start + 2 + 12 * number
        yield (*struct.unpack_from(order + "HHI", exif, at), at + 8)


def _tells(words: bytes) -> bool:
    """Whether a block of XMP, or of text, tells a place."""
    low = words.lower()
    return b"gpslatitude" in low or b"gpslongitude" in low


def _jpeg(content: bytes) -> Iterator[bytes]:
    yield content[:2]
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF and content[at + 1] not in {0xDA, 0xD9}:
        if content[at + 1] == 0xFF or 0xD0 <= content[at + 1] <= 0xD8:
            step = 1 if content[at + 1] == 0xFF else 2
            yield content[at : at + step]
            at += step
            continue
        (size,) = struct.unpack_from(">H", content, at + 2)
        body = content[at + 4 : at + 2 + size]
        if content[at + 1] == 0xE1 and body.startswith(_EXIF):
            body = _EXIF + emptied(body[len(_EXIF) :])
        if not (content[at + 1] == 0xE1 and body.startswith(_XMP) and _tells(body)):
            yield content[at : at + 4] + body
        at += 2 + size
    yield content[at:]


def _png(content: bytes) -> Iterator[bytes]:
    at = len(_PNG)
    while at + 12 <= len(content):
        (size,) = struct.unpack_from(">I", content, at)
        kind, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + size]
        if kind == b"eXIf" and emptied(body) != body:
            body = emptied(body)
            yield struct.pack(">I", size) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        elif not (kind in {b"tEXt", b"zTXt", b"iTXt"} and _tells(_unpacked(kind, body))):
            yield content[at : at + 12 + size]
        at += 12 + size
    yield content[at:]


def _unpacked(kind: bytes, body: bytes) -> bytes:
    """Return the words of a chunk of text, also of one that is packed; no more than a picture's notes are."""
    name, _, rest = body.partition(b"\0")
    if kind == b"iTXt" and rest[:1] == b"\1":
        rest = rest[2:].split(b"\0", 2)[-1]
    elif kind == b"zTXt":
        rest = rest[1:]
    else:
        return body
    try:
        return name + zlib.decompressobj().decompress(rest, 1_000_000)
    except zlib.error:
        return body


def _webp(content: bytes) -> Iterator[bytes]:
    at = 12
    while at + 8 <= len(content):
        (size,) = struct.unpack_from("<I", content, at + 4)
        kind, body = content[at : at + 4], content[at + 8 : at + 8 + size]
        if kind == b"EXIF":
            lead = _EXIF if body.startswith(_EXIF) else b""
            body = lead + emptied(body[len(lead) :])
        elif kind == b"XMP " and _tells(body):
            # Its place stays, so that what the head says of it holds.
            body = b" " * size
        yield content[at : at + 8] + body + b"\0" * (size % 2)
        at += 8 + size + size % 2
