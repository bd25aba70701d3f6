"""Compound files (OLE2) of our own making: streams in a folder, as old Word documents are kept.

Source: [MS-CFB], with sectors of 512 bytes; streams have at least 4096 bytes, so that none is a small one.
"""

import struct

_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def compound(streams: dict[str, bytes]) -> bytes:
    """Return a compound file with these streams; each is filled up to 4096 bytes with zeros."""
    sectors: list[bytes] = []
    chains: list[int] = []
    starts: dict[str, tuple[int, int]] = {}
    for name, content in streams.items():
        whole = content.ljust(max(4096, -(-len(content) // 512) * 512), b"\0")
        starts[name] = (len(sectors), len(whole))
        count = len(whole) // 512
        chains += [len(sectors) + step + 1 for step in range(count - 1)] + [_END]
        sectors += [whole[at : at + 512] for at in range(0, len(whole), 512)]
    entries = [_entry("Root Entry", 5, child=1 if streams else _FREE)]
    names = list(streams)
    for index, name in enumerate(names):
        following = index + 2 if index + 1 < len(names) else _FREE
        entries.append(_entry(name, 2, right=following, start=starts[name][0], size=starts[name][1]))
    folder = b"".join(entries).ljust(-(-len(entries) // 4) * 512, b"\0")
    folder_at = len(sectors)
    count = len(folder) // 512
    chains += [folder_at + step + 1 for step in range(count - 1)] + [_END]
    sectors += [folder[at : at + 512] for at in range(0, len(folder), 512)]
    tables = 1
    while (len(sectors) + tables) > tables * 128:
        tables += 1
    table_at = len(sectors)
    chains += [_FAT] * tables
    chains += [_FREE] * (tables * 128 - len(chains))
    table = struct.pack(f"<{len(chains)}I", *chains)
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<IIIIIIIII", 0, tables, folder_at, 0, 4096, _END, 0, _END, 0)
    places = [table_at + step for step in range(tables)] + [_FREE] * (109 - tables)
    return head + struct.pack("<109I", *places) + b"".join(sectors) + table


def _entry(
    name: str, kind: int, *, right: int = _FREE, child: int = _FREE, start: int = 0, size: int = 0
) -> bytes:
    encoded = (name + "\0").encode("utf-16-le")
    first = encoded.ljust(64, b"\0") + struct.pack("<HBB", len(encoded), kind, 1)
    return first + struct.pack("<III", _FREE, right, child) + bytes(36) + struct.pack("<IQ", start, size)
