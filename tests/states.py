"""States of a database that tests start from: walked to once by the real verbs, then copied.

A state is named by the way to it: where it began (an empty database of a kind, at an instant, under which
settings and keys) and the verbs since. As long as nothing but such verbs was done, doing the next one again
is no different from copying what it led to the first time; once anything else was written, or the clock was
moved, the way has no name any more, and every verb is walked.
"""

import itertools
import sqlite3
import weakref
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

import psycopg
from sqlalchemy import event, text

from app.bench import postgres
from app.infra.db import Database
from app.infra.runtime import Runtime
from app.infra.sqlite_file import identity, path_of

#: What leads to a state: where it began, then each verb with what it was given.
Way = tuple[Any, ...]


class Walker(Protocol):
    """Whoever does the verbs, and what it knows of the way so far."""

    runtime: Runtime
    way: "Standing"

    def knows(self) -> dict[str, Any]:
        """Return what the walker has learnt on its way, such as ids."""

    def learn(self, known: dict[str, Any]) -> None:
        """Take over what another one learnt on the same way."""


Verb = TypeVar("Verb", bound=Callable[..., Any])


@dataclass
class _State:
    """A copy of a database, what the walker knew there, and what the last verb returned."""

    copy: Path | str
    known: dict[str, Any]
    result: Any


class _States:
    """The states of this worker, made as they are first asked for."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self._kept: dict[Way, _State] = {}
        self._seen: Counter[Way] = Counter()
        self._numbers = itertools.count()

    def get(self, way: Way) -> _State | None:
        return self._kept.get(way)

    def offer(self, way: Way, walker: Walker, result: Any, *, plain: bool) -> None:
        """Keep a state that others will want: that of a plain way at once, of another when it comes again."""
        self._seen[way] += 1
        if plain or self._seen[way] > 1:
            self.keep(way, walker.runtime.database, walker.knows(), None if result is walker else result)

    def keep(self, way: Way, database: Database, known: dict[str, Any], result: Any) -> None:
        """Copy a database, unless others are using it."""
        assert self.folder is not None
        copy = _copied(database, self.folder / f"{next(self._numbers)}.db")
        if copy is not None:
            self._kept[way] = _State(copy, deepcopy(known), deepcopy(result))


kept = _States()


@dataclass
class Standing:
    """Where a walker stands: the way there, and by what one sees that nothing else was done since."""

    way: Way | None
    plain: bool = True
    _seal: Any = field(default=None, repr=False)

    @classmethod
    def at_start(cls, runtime: Runtime) -> "Standing":
        """Return where a runtime stands that has the bureau of the tests and nothing else."""
        settings = runtime.settings
        if _commits(runtime.database) != 1 or settings.policies_dir is not None:
            return cls(None)
        return cls((runtime.database.engine.dialect.name, _circumstances(runtime)), _seal=_sealed(runtime))

    def holds(self, runtime: Runtime) -> bool:
        """Say whether nothing was done since."""
        return self.way is not None and self._seal == _sealed(runtime)

    def after(self, runtime: Runtime, verb: str, given: tuple[Any, ...], more: dict[str, Any]) -> "Standing":
        assert self.way is not None
        plain = self.plain and not given and not more
        return Standing((*self.way, (verb, repr(given), repr(sorted(more.items())))), plain, _sealed(runtime))


def step(*, keep: bool = True) -> Callable[[Verb], Verb]:
    """Make a verb of a walker a step on its way; what it leads to is kept, unless that costs more than it."""

    def decorated(verb: Verb) -> Verb:
        @wraps(verb)
        def taken(walker: Walker, *given: Any, **more: Any) -> Any:
            runtime, before = walker.runtime, walker.way
            if not before.holds(runtime):
                walker.way = Standing(None)
                return verb(walker, *given, **more)
            ahead = before.after(runtime, verb.__qualname__, given, more)
            assert ahead.way is not None
            if (state := kept.get(ahead.way)) is not None:
                _restore(runtime.database, state.copy)
                walker.learn(deepcopy(state.known))
                walker.way = Standing(ahead.way, ahead.plain, _sealed(runtime))
                return walker if state.result is None else deepcopy(state.result)
            at = runtime.clock()
            result = verb(walker, *given, **more)
            if runtime.clock() != at:
                walker.way = Standing(None)
                return result
            if keep:
                kept.offer(ahead.way, walker, result, plain=ahead.plain)
            walker.way = Standing(ahead.way, ahead.plain, _sealed(runtime))
            return result

        return cast("Verb", taken)

    return decorated


def reach(runtime: Runtime, name: str, walk: Callable[[], object]) -> None:
    """Bring a database that is as it was made to a named state: by `walk` the first time, then by a copy."""
    assert _commits(runtime.database) == 0
    way = (runtime.database.engine.dialect.name, name, *_vouched(runtime))
    if (state := kept.get(way)) is not None:
        _restore(runtime.database, state.copy)
        return
    walk()
    kept.keep(way, runtime.database, {}, None)


#: Grows with every transaction that writes, anywhere on the server.
_NEXT_TRANSACTION = text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")

#: How many transactions were committed through the engine of a database.
_committed: weakref.WeakKeyDictionary[Database, int] = weakref.WeakKeyDictionary()


def watch(database: Database) -> None:
    """Count what is committed in a database that was just made."""
    _committed[database] = 0

    def count(_connection: object) -> None:
        _committed[database] += 1

    event.listen(database.engine, "commit", count)


#: Negative lists by their id, held so that no other one gets it.
_alive: dict[int, object] = {}


def _commits(database: Database) -> int:
    return _committed.get(database, -1)


def _sealed(runtime: Runtime) -> Any:
    """Return what changes with whatever is written, by this process or another, and with circumstances."""
    database = runtime.database
    url = database.engine.url
    if (path := path_of(str(url))) is not None:
        files = [path, path.with_name(path.name + "-wal")]
        on_disk: Any = [(*(identity(str(file)) or ()), *_size(file)) for file in files]
    else:
        with database.engine.connect() as connection:
            on_disk = connection.execute(_NEXT_TRANSACTION).scalar()
    return _circumstances(runtime), _commits(database), on_disk


def _circumstances(runtime: Runtime) -> Way:
    """Return what else a verb goes by: settings, keys, the negative list, the clock."""
    settings = repr(runtime.settings.model_copy(update={"data_dir": None, "database_url": ""}))
    return (settings, *_vouched(runtime), runtime.clock())


def _vouched(runtime: Runtime) -> Way:
    """Return by what the contents of a database were signed, hashed and checked."""
    _alive[id(runtime.negative_list)] = runtime.negative_list
    secret, tokens = runtime.settings.secret_key.get_secret_value(), runtime.tokens.public_pem
    return secret, tokens, runtime.signer.key_id, id(runtime.negative_list)


def _size(file: Path) -> tuple[int, int]:
    try:
        status = file.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _copied(database: Database, path: Path) -> Path | str | None:
    """Return a copy: a file at `path`, or a template of its name; `None` while others use the database."""
    if (source := path_of(str(database.engine.url))) is not None:
        with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(path)) as copy:
            live.backup(copy)
        return path
    database.engine.dispose()
    admin, name = _postgres(database)
    template = f"state_{name}_{path.stem}"
    try:
        postgres.create_database(admin, template, name)
    except psycopg.errors.ObjectInUse:
        return None
    return template


def _restore(database: Database, copy: Path | str) -> None:
    """Put a copy in the place of a database, under the engine that is open on it."""
    if isinstance(copy, Path):
        path = path_of(str(database.engine.url))
        assert path is not None
        with closing(sqlite3.connect(copy)) as source, closing(sqlite3.connect(path)) as live:
            source.backup(live)
        return
    database.engine.dispose()
    admin, name = _postgres(database)
    postgres.drop_database(admin, name)
    postgres.create_database(admin, name, copy)


def _postgres(database: Database) -> tuple[str, str]:
    """Return the address of the server's own database, and the name of this one."""
    url = database.engine.url
    admin = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    return admin, str(url.database)
