"""Fresh, migrated databases of both kinds, as durable as in production."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from app.bench import postgres
from app.bench.figures import Options
from app.infra import migrate
from app.infra.settings import Settings

#: The kinds, in the order in which they are measured, as people call them.
KINDS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
#: What is said where there is no PostgreSQL.
NO_POSTGRES = "没有可用的 PostgreSQL：用 --postgres 指定一个，或安装 test 附加组件"
_numbers = count(1)


@dataclass(slots=True)
class Place:
    """Where databases of one run are made: a temporary folder, and a PostgreSQL server or none."""

    folder: Path
    server: str | None
    _made: list[str] = field(default_factory=list)

    def has(self, kind: str) -> bool:
        """Tell whether databases of this kind can be made."""
        return kind == "sqlite" or self.server is not None

    def empty(self, kind: str) -> str:
        """Make an empty database; return its address (`sqlite:///…`, `postgresql://…`).

        Raises `ValueError` without a server.
        """
        number = next(_numbers)
        if kind == "sqlite":
            return f"sqlite:///{self.folder / f'bench-{number}.db'}"
        if self.server is None:
            raise ValueError("there is no PostgreSQL")
        name = f"sanshen_bench_{os.getpid()}_{number}"
        url = postgres.create_database(self.server, name)
        self._made.append(name)
        return url

    def settings(self, kind: str) -> Settings:
        """Make a migrated database; return settings for it, with a data folder of their own."""
        settings = self.unmigrated(kind)
        migrate.upgrade(settings.url)
        return settings

    def unmigrated(self, kind: str) -> Settings:
        """Make an empty database; return settings for it, with a data folder of their own."""
        url = self.empty(kind)
        data = self.folder / f"data-{next(_numbers)}"
        settings = Settings(data_dir=data, database_url=url, log_level="ERROR")
        # What is measured begins when the rules are there: they are compiled once for all places.
        settings.cache_dir = settings.cache_dir or self.folder / "cache"
        return settings

    def drop(self) -> None:
        """Drop what was made on the server."""
        while self.server is not None and self._made:
            postgres.drop_database(self.server, self._made.pop())


@contextmanager
def place(options: Options) -> Iterator[Place]:
    """Yield where databases can be made: on the server that was named, else on one started for this run."""
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="sanshen-bench-"))
        options.say("启动 PostgreSQL")
        server = options.postgres or stack.enter_context(postgres.server(durable=True))
        made = Place(Path(folder), server)
        stack.callback(made.drop)
        yield made
