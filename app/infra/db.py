"""The database: one engine, read and write transactions, and nothing that commits behind your back.

SQLite: WAL, `synchronous=FULL`, foreign keys on; reads `BEGIN`, writes `BEGIN IMMEDIATE` behind one lock of
this process. PostgreSQL: read committed, rows locked with `FOR UPDATE`.
"""

import threading
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, TypeVar

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar
from fastapi import Depends, Request
from sqlalchemy import CheckConstraint, DateTime, Engine, MetaData, TypeDecorator, create_engine, event
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    DisconnectionError,
    IntegrityError,
    PendingRollbackError,
    ResourceClosedError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import SessionTransaction, class_mapper
from sqlmodel import Session, SQLModel

from app.infra.errors import AppError, Conflict, Invalid, Unavailable
from app.infra.sqlite_file import SqliteFile, path_of

SQLModel.metadata.naming_convention = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
).naming_convention


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant in UTC, in both dialects; a naive one is a programmer's mistake."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ANN401, ARG002
        """Return the instant in UTC. Raises `ValueError` for a naive one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ANN401, ARG002
        """Return the stored instant, aware and in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def one_of(column: str, values: type) -> CheckConstraint:
    """Return the CHECK that keeps `column` to the members of a `StrEnum`; named `<column>_known`."""
    listed = ", ".join(f"'{member}'" for member in values)  # type: ignore[attr-defined]
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


T = TypeVar("T", bound=SQLModel)


def new_row(table: type[T], /, **columns: Any) -> T:  # noqa: ANN401 – values of columns
    """Return a new row of a table, to be added to a session: what `table(**columns)` makes, for less.

    SQLModel sets column by column, and tells SQLAlchemy of each: 27 µs a row, ten rows a decision. This is
    how SQLAlchemy makes what it has read. Columns that are not given get their default.
    """
    plain, made = _defaults(table)
    row: T = class_mapper(table).class_manager.new_instance()
    row.__dict__.update(plain)
    for name in made - columns.keys():
        field = table.model_fields[name]
        row.__dict__[name] = field.get_default(call_default_factory=True, validated_data={})
    row.__dict__.update(columns)
    return row


@cache
def _defaults(table: type[SQLModel]) -> tuple[dict[str, Any], frozenset[str]]:
    """Return the defaults of a table's columns, and the columns whose default is made anew for each row."""
    fields = table.model_fields
    made = frozenset(name for name, field in fields.items() if field.default_factory is not None)
    plain = {
        name: field.default for name, field in fields.items() if name not in made and not field.is_required()
    }
    return plain, made


#: Statements executed in this context since it was last set to 0; for `sanshen bench` and tests.
statements: ContextVar[list[str] | None] = ContextVar("statements", default=None)


#: Seconds that a PostgreSQL may take to take a connection, and to say that it got what was sent to it.
_CONNECT_SECONDS, _SILENT_SECONDS = 5, 20

_WRITER, _WRITING, _PROMISED = "sanshen_writer", "sanshen_writing", "sanshen_promised"


def note_promise(session: Session, kind: str) -> None:
    """Let those who listen to commits hear with this one that work of this kind was promised."""
    session.info.setdefault(_PROMISED, set()).add(kind)


class _WriteSession(Session):
    """A session that takes this process's turn to write when it first touches the database.

    A request's session is made by one worker thread and used by another: were the turn taken when it is made,
    the threads that wait for it could be all there are, and whoever has it would find none to go on with.
    """


def _take_turn(session: Session, transaction: SessionTransaction) -> None:
    writer = session.info.get(_WRITER)
    if writer is None or transaction.parent is not None or session.info.get(_WRITING):
        return
    if not writer.acquire(timeout=30):
        raise Unavailable("database_busy", headers={"Retry-After": "1"})
    session.info[_WRITING] = True


event.listen(_WriteSession, "after_transaction_create", _take_turn)


def connect_arguments(url: str) -> dict[str, int]:
    """Return what bounds the wait for a PostgreSQL that is away or gone silent, unless the address says it.

    Without, a server that vanished from the network holds a request for two minutes and more.
    """
    if url.startswith("sqlite"):
        return {}
    bounds = {"connect_timeout": _CONNECT_SECONDS, "tcp_user_timeout": _SILENT_SECONDS * 1000}
    return {name: value for name, value in bounds.items() if f"{name}=" not in url}


class Database:
    """One database and the two ways into it."""

    def __init__(self, url: str, *, pool_size: int = 10, create: bool = False) -> None:
        """Open the database at `url`, when it is first used; only with `create` is a SQLite file made."""
        self.is_sqlite = url.startswith("sqlite")
        self._writer = threading.Lock()
        #: Called after each commit of a write, with what it promised; the job runner wakes up by it.
        self.after_commit: list[Callable[[Collection[str]], None]] = []
        self._file: SqliteFile | None = None
        if (path := path_of(url)) is not None:
            if create:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._file = SqliteFile(str(path), create=create)
            self.engine = create_engine(
                url, pool_size=pool_size, max_overflow=pool_size, creator=self._file.connect
            )
            event.listen(self.engine, "connect", self._file.opened)
            event.listen(self.engine, "begin", self._begin_sqlite)
        else:
            self.engine = create_engine(
                url,
                pool_size=pool_size,
                max_overflow=pool_size,
                pool_pre_ping=True,
                connect_args=connect_arguments(url),
            )
        event.listen(self.engine, "before_cursor_execute", _count)
        self._write_engine: Engine = self.engine.execution_options(sanshen_write=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Yield a session whose work is rolled back at the end; raise `Unavailable` without a database."""
        try:
            # The rollback at the end speaks to the database too, and may find it gone.
            with Session(self.engine, expire_on_commit=False) as session:
                yield session
        except (DBAPIError, OverflowError, *_NO_CONNECTION) as error:
            raise _translated(error) from error

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Yield a session, and commit when the block ends well; roll back when it raises.

        A refusal that wants to be on record (`AppError.record`) is recorded afterwards, on its own.
        Raises `Unavailable` when the commit fails, so that nobody is told of success that is not stored.
        """
        try:
            with self._transaction() as session:
                yield session
        except AppError as error:
            if error.record is not None:
                with self._transaction() as session:
                    error.record(session)
            raise
        for call in self.after_commit:
            call(session.info.get(_PROMISED, ()))

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        session = _WriteSession(self._write_engine, expire_on_commit=False)
        if self.is_sqlite:
            session.info[_WRITER] = self._writer
        try:
            # A session that ends without a commit is rolled back; that too may find the database gone.
            with session:
                try:
                    yield session
                    self._commit(session)
                except DBAPIError:
                    # Where the commit itself failed, ending the session alone leaves the transaction open.
                    session.rollback()
                    raise
        except (DBAPIError, OverflowError, *_NO_CONNECTION) as error:
            raise _translated(error) from error
        finally:
            if session.info.pop(_WRITING, False):
                self._writer.release()

    def _commit(self, session: Session) -> None:
        session.flush()
        try:
            session.commit()
        except DBAPIError as error:
            if error.connection_invalidated:
                # The database went away over this very word: it may have been done.
                raise Unavailable("outcome_unknown", headers={"Retry-After": "2"}) from error
            raise
        if self._file is not None and session.info.get(_WRITING):
            self._file.committed()

    def _begin_sqlite(self, connection: Any) -> None:  # noqa: ANN401 – SQLAlchemy's event signature
        assert self._file is not None
        writes = connection.get_execution_options().get("sanshen_write", False)
        self._file.begun(connection.info, writes=writes)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _count(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:  # noqa: ANN401 – event signature
    if (seen := statements.get()) is not None:
        seen.append(statement)


#: What SQLAlchemy says of connections that are all taken, or went away while they were handed out.
_NO_CONNECTION = (PoolTimeout, PendingRollbackError, ResourceClosedError, DisconnectionError)


def _translated(error: SQLAlchemyError | OverflowError) -> AppError:
    """Return what to tell the caller; a value that cannot be stored is no reason to try again."""
    if isinstance(error, IntegrityError):
        return Conflict("concurrent_change")
    if isinstance(error, (DataError, OverflowError)):
        return Invalid("value_unusable")
    return Unavailable("database_unavailable", headers={"Retry-After": "2"})


def database_of(request: Request) -> Database:
    """Return the application's database."""
    database: Database = request.app.state.database
    return database


def _read_session(request: Request) -> Iterator[Session]:
    with database_of(request).read() as session:
        yield session


#: How many requests of this event loop may write at once.
_gate: RunVar[anyio.Semaphore] = RunVar("sanshen_writing")


def _writing() -> anyio.Semaphore:
    """Return the gate before writes: half of the threads may be taken by requests that write.

    FastAPI turns what an endpoint returns into JSON on a thread of the same pool, while the transaction is
    open. Were all threads held by requests that wait for that transaction, it could never end.
    """
    try:
        return _gate.get()
    except LookupError:
        threads = int(anyio.to_thread.current_default_thread_limiter().total_tokens)
        gate = anyio.Semaphore(max(1, threads // 2))
        _gate.set(gate)
        return gate


async def _write_session(request: Request) -> AsyncIterator[Session]:
    block = database_of(request).write()
    async with _writing():
        # The session first touches the database where it is used: making it waits for nothing, and needs no
        # thread. It ends on a thread beside the pool, which may be full of requests that wait for its end.
        session = block.__enter__()
        try:
            yield session
        except BaseException as error:
            with anyio.CancelScope(shield=True):
                ended = await _beside_the_pool(block.__exit__, type(error), error, error.__traceback__)
            if not ended:
                raise
        else:
            with anyio.CancelScope(shield=True):
                await _beside_the_pool(block.__exit__, None, None, None)


async def _beside_the_pool(leave: Callable[..., bool | None], *why: Any) -> bool | None:  # noqa: ANN401
    return await anyio.to_thread.run_sync(leave, *why, limiter=anyio.CapacityLimiter(1))


# scope="function": the transaction ends before the answer leaves, so a failed commit cannot answer success.
ReadSession = Annotated[Session, Depends(_read_session, scope="function")]
WriteSession = Annotated[Session, Depends(_write_session, scope="function")]

__all__ = [
    "Database",
    "ReadSession",
    "UtcDateTime",
    "WriteSession",
    "database_of",
    "new_row",
    "note_promise",
    "one_of",
    "statements",
]
