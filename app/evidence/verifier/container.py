"""The container: a zip of stored members, every byte of which is known."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from app.evidence.verifier.report import Members, Report

#: What is read at most of a package that was packed anew: compressed, it may say more than it should.
MOST_MEMBERS, MOST_BYTES = 100_000, 4 * 2**30


def zipped(members: list[tuple[str, bytes]]) -> bytes:
    """Return the one container that holds these members.

    Raises `UnicodeEncodeError` for a name beyond ASCII.
    """
    parts, directory, offset = [], b"", 0
    for name, data in members:
        encoded = name.encode("ascii")
        part = _local_header(encoded, data) + data
        directory += _central_header(encoded, data, offset)
        parts.append(part)
        offset += len(part)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, len(members), len(members), len(directory), offset, 0)
    return b"".join(parts) + directory + end


def _local_header(name: bytes, data: bytes) -> bytes:
    crc, size = zlib.crc32(data), len(data)
    return struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 0, 0, 33, crc, size, size, len(name), 0) + name


def _central_header(name: bytes, data: bytes, offset: int) -> bytes:
    crc, size = zlib.crc32(data), len(data)
    fixed = (
        b"PK\x01\x02",
        0x0314,
        20,
        0,
        0,
        0,
        33,
        crc,
        size,
        size,
        len(name),
        0,
        0,
        0,
        0,
        0o100644 << 16,
        offset,
    )
    return struct.pack("<4s6H3I5H2I", *fixed) + name


def read_container(raw: bytes, report: Report) -> Members:
    """Return the members of a package; what can be read of one that was touched."""
    packed = _repacked(raw)
    if packed is not None:
        report.facts["repacked"] = True
        said = "这个文件是解开后重新压缩的，不是导出时的原文件；里面的内容仍逐个与签了名的清单核对"
        report.notes.append(said)
        return packed
    members: Members = {}
    order, offset = [], 0
    while raw[offset : offset + 4] == b"PK\x03\x04" and offset + 30 <= len(raw):
        size, length = struct.unpack_from("<I4xH", raw, offset + 18)
        start = offset + 30 + length
        if start + size > len(raw):
            report.fault(f"第 {offset} 字节", "成员的长度超出文件末尾")
            break
        name, data = raw[offset + 30 : start], raw[start : start + size]
        text = name.decode("ascii", "replace")
        expected = _local_header(name, data)
        if raw[offset:start] != expected:
            at = offset + _first_difference(raw[offset:start], expected)
            report.fault(f"{text}（第 {at} 字节）", "成员的文件头或校验和与内容不符")
        if text in members:
            report.fault(f"第 {offset} 字节", f"成员 {text} 出现了两次")
        members[text] = data
        order.append((text, data))
        offset = start + size
    try:
        whole = zipped(order)
    except UnicodeEncodeError:
        report.fault("压缩包", "成员名含有不该有的字符")
        return members
    at = _first_difference(raw, whole)
    if raw != whole and (at >= offset or not order):
        report.fault(f"第 {at} 字节", "压缩包的目录或结尾与成员不符，或文件不完整")
    return members


def _repacked(raw: bytes) -> Members | None:
    """Return the members of a package that somebody unpacked and packed anew; None for any other file.

    Not one of its members has the head that an export gives it, or it was compressed; a file in which single
    bytes were changed is not taken for such a one.
    """
    members: Members = {}
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as file:
            entries = [entry for entry in file.infolist() if not entry.is_dir()]
            if (
                file.comment
                or len(entries) > MOST_MEMBERS
                or sum(entry.file_size for entry in entries) > MOST_BYTES
            ):
                return None
            shared = _shared_folder([entry.filename for entry in entries])
            for entry in entries:
                data = file.read(entry)
                at, name = entry.header_offset, entry.filename.encode("utf-8", "replace")
                if raw[at : at + 30 + len(name)] == _local_header(name, data):
                    return None
                if entry.filename[len(shared) :] in members:
                    return None
                members[entry.filename[len(shared) :]] = data
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OSError, RuntimeError, zlib.error):
        return None
    return members if "manifest.json" in members else None


def _shared_folder(names: list[str]) -> str:
    """Return the folder that the whole package was packed in, with its slash; else nothing."""
    folders = [name[: -len("manifest.json")] for name in names if name.endswith("manifest.json")]
    if len(folders) == 1 and all(name.startswith(folders[0]) for name in names):
        return folders[0]
    return ""


def _first_difference(mine: bytes, other: bytes) -> int:
    for at in range(min(len(mine), len(other))):
        if mine[at] != other[at]:
            return at
    return min(len(mine), len(other))
