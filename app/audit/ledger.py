"""What the chains say, set down so that the tables can be held against it, in a file that is gone afterwards.

A million events seal some million rows: more than a process should hold.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Self


class Sealed(NamedTuple):
    """The last seal of a row in one stream: where it stands, and the salt that it was made with."""

    stream: str
    seq: int
    seal: str
    salt: str


class Named(NamedTuple):
    """Content that an event names by its digest, and the tables where it may lie."""

    stream: str
    seq: int
    field: str
    digest: str
    tables: tuple[str, ...]


class Ledger:
    """Seals by row, content by digest; to be used as a context, and once."""

    def __init__(self) -> None:
        self._base = sqlite3.connect("")  # on disk, under no name, once it is large
        self._base.executescript(
            """PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -64000;
            CREATE TABLE sealed (name TEXT, key TEXT, stream TEXT, seq INTEGER, seal TEXT, salt TEXT,
                                 seen INTEGER DEFAULT 0, PRIMARY KEY (name, key, stream)) WITHOUT ROWID;
            CREATE TABLE named (digest TEXT, tables TEXT, field TEXT, stream TEXT, seq INTEGER,
                                PRIMARY KEY (digest, tables, field, stream)) WITHOUT ROWID;
            CREATE TABLE content (name TEXT, digest TEXT, PRIMARY KEY (name, digest)) WITHOUT ROWID;"""
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._base.close()

    def seal(self, table: str, key: str, sealed: Sealed) -> None:
        """Set down that an event seals a row; a later one of the same stream takes its place."""
        self._base.execute(
            "INSERT OR REPLACE INTO sealed (name, key, stream, seq, seal, salt) VALUES (?, ?, ?, ?, ?, ?)",
            (table, key, *sealed),
        )

    def name(self, named: Named) -> None:
        """Set down that an event names content; the first one of a stream is kept."""
        self._base.execute(
            "INSERT OR IGNORE INTO named VALUES (?, ?, ?, ?, ?)",
            (named.digest, ",".join(named.tables), named.field, named.stream, named.seq),
        )

    def seals(self, table: str, keys: Sequence[str]) -> dict[str, list[Sealed]]:
        """Return the seals of rows by key, and note that these rows were there."""
        marks = ", ".join("?" * len(keys))
        which = f"name = ? AND key IN ({marks})"
        found: dict[str, list[Sealed]] = {key: [] for key in keys}
        columns = "key, stream, seq, seal, salt"
        for key, *sealed in self._base.execute(
            f"SELECT {columns} FROM sealed WHERE {which}",  # noqa: S608 – question marks
            (table, *keys),
        ):
            found[key].append(Sealed(*sealed))
        self._base.execute(f"UPDATE sealed SET seen = 1 WHERE {which}", (table, *keys))  # noqa: S608 – the same
        return found

    def content(self, table: str, digest: str) -> None:
        """Set down that a table holds this content."""
        self._base.execute("INSERT OR IGNORE INTO content VALUES (?, ?)", (table, digest))

    def not_seen(self, table: str) -> Iterator[tuple[str, Sealed]]:
        """Yield the rows that are sealed, were not removed, and were not there: key and a seal."""
        query = """SELECT key, stream, max(seq), seal, salt FROM sealed
                   WHERE name = ? AND NOT seen GROUP BY key HAVING min(seal) <> '' ORDER BY key"""
        for key, *sealed in self._base.execute(query, (table,)):
            yield key, Sealed(*sealed)

    def not_found(self) -> Iterator[Named]:
        """Yield what events name and no table holds."""
        query = "SELECT stream, seq, field, digest, tables FROM named ORDER BY stream, seq"
        for stream, seq, field, digest, tables in self._base.execute(query):
            where = tuple(tables.split(","))
            marks = ", ".join("?" * len(where))
            held = self._base.execute(
                f"SELECT 1 FROM content WHERE digest = ? AND name IN ({marks})",  # noqa: S608 – question marks
                (digest, *where),
            ).fetchone()
            if held is None:
                yield Named(stream, seq, field, digest, where)
