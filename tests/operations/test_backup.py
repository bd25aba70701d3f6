"""What is backed up while the service writes comes back whole: rows, guards, keys, policies, the record."""

import io
import shutil
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from app.audit import log
from app.audit import service as audit
from app.domain.record.chain import FaultCode
from app.domain.vocabulary import Event
from app.infra import migrate
from app.infra.clock import system_clock
from app.infra.db import Database
from app.infra.paths import shipped
from app.infra.runtime import Runtime
from app.infra.settings import Settings
from app.operations import installation
from app.operations.backup import archive, making, restoring, sealing
from app.operations.backup.archive import Manifest, Unusable
from app.policies.start import start
from tests.operations.conftest import opened

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Make = Callable[[], Settings]
PASSPHRASE = "three-reviews-three-proofs"


def saved(runtime: Runtime, target: Path, *, keys: bool = True, passphrase: str | None = None) -> Manifest:
    return making.make(
        runtime.database, runtime.settings, target, keys=keys, passphrase=passphrase, at=system_clock()
    )


def restored(
    source: Path, settings: Settings, *, word: str | None = None, passphrase: str | None = None, **more: bool
) -> restoring.Restored:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with archive.unpacked(source, settings.data_dir, passphrase=passphrase) as (folder, manifest):
        return restoring.restore(
            folder,
            manifest,
            settings,
            word=word,
            despite_faults=more.get("despite_faults", False),
            at=system_clock(),
        )


def rows(database: Database) -> dict[str, list[str]]:
    """Return every row of every table but the signs of life, as text."""
    with database.read() as session:
        names = set(inspect(session.connection()).get_table_names()) - {"process_beat"}
        return {
            name: sorted(
                str(tuple(row)) for row in session.connection().execute(text(f'SELECT * FROM "{name}"'))
            )
            for name in names
        }


def shape(database: Database) -> list[str]:
    """Return what guards the tables: triggers with whether they are awake, and constraints."""
    with database.read() as session:
        if database.is_sqlite:
            queries = ["SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"]
        else:
            queries = [
                (
                    "SELECT tgrelid::regclass::text, tgname, tgenabled::text FROM pg_trigger "
                    "WHERE NOT tgisinternal"
                ),
                (
                    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated "
                    "FROM pg_constraint WHERE connamespace = current_schema()::regnamespace"
                ),
                "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()",
            ]
        return sorted(str(tuple(row)) for one in queries for row in session.connection().execute(text(one)))


def test_everything_comes_back(installed: Runtime, elsewhere: Make, tmp_path: Path) -> None:
    before, guarded = rows(installed.database), shape(installed.database)
    manifest = saved(installed, tmp_path / "backup")
    settings = elsewhere()
    done = restored(tmp_path / "backup", settings)
    there = opened(settings)

    assert rows(there) == before
    assert shape(there) == guarded
    assert done.verified.faults == ()
    assert done.verified.events == len(before["audit_event"]) > 40
    assert manifest.tables["draft"] == 2
    assert (tmp_path / "backup").stat().st_mode & 0o777 == 0o600
    for name in ("token.pem", "signing.pem"):
        ours, theirs = installed.settings.data_dir / "keys" / name, settings.data_dir / "keys" / name
        assert ours.read_bytes() == theirs.read_bytes()
        assert theirs.stat().st_mode & 0o777 == 0o600
    # It is the same installation, and is used as before: same keys, same folder.
    again = start(settings, database=there, negative_list=installed.negative_list)
    assert installation.join(again) == frozenset()
    there.close()


def test_a_backup_while_others_write_is_of_one_instant(
    installed: Runtime, elsewhere: Make, tmp_path: Path
) -> None:
    over, written = threading.Event(), []

    def write() -> None:
        while not over.is_set():
            with installed.database.write() as session:
                for stream in ("policy:test", "user:test"):
                    audit.record(
                        session, Event.JOB_RETRIED, stream=stream, actor=audit.SYSTEM, at=system_clock()
                    )
            written.append(1)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            saved(installed, tmp_path / f"backup-{number}")
    finally:
        over.set()
        writer.join()
    settings = elsewhere()
    done = restored(tmp_path / "backup-2", settings)
    there = opened(settings)
    kept = rows(there)
    there.close()

    assert done.verified.faults == ()
    streams = [
        sum(f"'{name}'" in row for row in kept["audit_event"]) for name in ("policy:test", "user:test")
    ]
    assert streams[0] == streams[1] > 0
    assert streams[0] <= len(written)


def test_it_goes_into_an_empty_place_or_with_the_word_of_what_is_there(
    installed: Runtime, elsewhere: Make, tmp_path: Path
) -> None:
    saved(installed, tmp_path / "backup")
    settings = elsewhere()
    restored(tmp_path / "backup", settings)
    there = opened(settings)
    with there.write() as session:
        audit.record(session, Event.JOB_RETRIED, stream="later", actor=audit.SYSTEM, at=system_clock())
    later = rows(there)
    words: list[str] = []
    for word in (None, "", "yes", "damaged"):
        with pytest.raises(restoring.NotEmpty) as refused:
            restored(tmp_path / "backup", settings, word=word)
        words.append(refused.value.word)
    assert rows(there) == later
    there.close()
    done = restored(tmp_path / "backup", settings, word=words[0])
    there = opened(settings)
    after = rows(there)
    there.close()

    assert len(set(words)) == 1
    assert after == rows(installed.database)
    if there.is_sqlite:
        # Nothing was destroyed: what was replaced lies aside.
        assert done.kept is not None
        aside = Database(f"sqlite:///{done.kept / 'sanshen.db'}")
        assert rows(aside) == later
        aside.close()


def test_tables_that_are_empty_count_as_an_empty_place(
    installed: Runtime, elsewhere: Make, tmp_path: Path
) -> None:
    saved(installed, tmp_path / "backup")
    settings = elsewhere()
    migrate.upgrade(settings.url)
    restored(tmp_path / "backup", settings)
    there = opened(settings)
    assert rows(there) == rows(installed.database)
    there.close()


def test_a_record_that_does_not_hold_is_not_put_in_place(
    installed: Runtime, elsewhere: Make, tmp_path: Path
) -> None:
    with installed.database.write() as session:
        if installed.database.is_sqlite:
            names = session.connection().execute(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_event'")
            )
            for name in names.scalars().all():
                session.connection().execute(text(f'DROP TRIGGER "{name}"'))
        else:
            session.connection().execute(text("ALTER TABLE audit_event DISABLE TRIGGER USER"))
        session.connection().execute(
            text("UPDATE audit_event SET body = replace(body, '\"done\"', '\"doze\"') WHERE seq = 2")
        )
    saved(installed, tmp_path / "backup")
    settings = elsewhere()
    with pytest.raises(restoring.Altered) as refused:
        restored(tmp_path / "backup", settings)
    left = migrate.revision(settings.url)
    done = restored(tmp_path / "backup", settings, despite_faults=True)

    assert refused.value.faults
    assert left is None
    assert done.verified.faults == refused.value.faults


def test_without_keys_it_says_so_and_keeps_none(installed: Runtime, elsewhere: Make, tmp_path: Path) -> None:
    saved(installed, tmp_path / "backup", keys=False)
    with tarfile.open(tmp_path / "backup") as tar:
        assert not [name for name in tar.getnames() if name.startswith("keys")]
    settings = elsewhere()
    done = restored(tmp_path / "backup", settings)

    assert done.keys_missing == ["token", "signing", "secret"]
    fresh = start(settings, negative_list=installed.negative_list)
    assert installation.join(fresh) == {"token", "signing"}
    fresh.database.close()


@ON_SQLITE
def test_policies_of_ones_own_and_another_secret(installed: Runtime, elsewhere: Make, tmp_path: Path) -> None:
    own = installed.settings.data_dir / "policies"
    shutil.copytree(shipped("policies"), own)
    (own / "workflows" / "ours.yaml").write_text("key: ours\n", encoding="utf-8")
    saved(installed, tmp_path / "backup")
    settings = elsewhere().model_copy(
        update={"secret_key": type(installed.settings.secret_key)("another" * 6)}
    )
    done = restored(tmp_path / "backup", settings)

    assert (settings.policies / "workflows" / "ours.yaml").read_text(encoding="utf-8") == "key: ours\n"
    assert done.secret_file is not None
    assert done.secret_file.read_text() == installed.settings.secret_key.get_secret_value()
    assert done.secret_file.stat().st_mode & 0o777 == 0o600


# --- files that are none -------------------------------------------------


@pytest.fixture
def whole(installed: Runtime, tmp_path: Path) -> Path:
    saved(installed, tmp_path / "whole")
    return tmp_path / "whole"


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def emptied(_data: bytes) -> bytes:
    return b""


def text_file(_data: bytes) -> bytes:
    return b"SQLite format 3\0 but no backup"


def without_a_member(data: bytes) -> bytes:
    return _packed_anew(data, lambda name, content: None if name.endswith("signing.pem") else content)


def with_a_changed_member(data: bytes) -> bytes:
    return _packed_anew(
        data, lambda name, content: content + b"#" if name.endswith("channels.yaml") else content
    )


def _packed_anew(data: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(data)) as old, tarfile.open(fileobj=out, mode="w:gz") as new:
        for info in old.getmembers():
            content = change(info.name, old.extractfile(info).read())  # type: ignore[union-attr]
            if content is not None:
                info.size = len(content)
                new.addfile(info, io.BytesIO(content))
    return out.getvalue()


@ON_SQLITE
@pytest.mark.parametrize(
    "broken",
    [cut, flipped, emptied, text_file, without_a_member, with_a_changed_member],
    ids=lambda one: one.__name__,
)
def test_a_file_that_is_no_whole_backup_changes_nothing(
    whole: Path, elsewhere: Make, tmp_path: Path, broken: Callable[[bytes], bytes]
) -> None:
    (tmp_path / "broken").write_bytes(broken(whole.read_bytes()))
    settings = elsewhere()
    with pytest.raises(Unusable):
        restored(tmp_path / "broken", settings)
    assert list(settings.data_dir.iterdir()) == []


@ON_SQLITE
def test_a_backup_is_never_written_over(installed: Runtime, whole: Path) -> None:
    before = whole.read_bytes()
    with pytest.raises(FileExistsError):
        saved(installed, whole)
    assert whole.read_bytes() == before
    assert [path.name for path in whole.parent.iterdir() if path.name.startswith(".")] == []


@ON_SQLITE
def test_a_passphrase_and_nothing_else_opens_it(installed: Runtime, elsewhere: Make, tmp_path: Path) -> None:
    saved(installed, tmp_path / "sealed", passphrase=PASSPHRASE)
    sealed = (tmp_path / "sealed").read_bytes()
    assert b"PRIVATE KEY" not in sealed
    for passphrase in (None, "", "three-reviews"):
        with pytest.raises(sealing.WrongPassphrase):
            restored(tmp_path / "sealed", elsewhere(), passphrase=passphrase)
    for number, broken in enumerate((cut(sealed), flipped(sealed), sealed + sealed[-40:])):
        (tmp_path / f"broken-{number}").write_bytes(broken)
        with pytest.raises((sealing.WrongPassphrase, Unusable)):
            restored(tmp_path / f"broken-{number}", elsewhere(), passphrase=PASSPHRASE)
    assert restored(tmp_path / "sealed", elsewhere(), passphrase=PASSPHRASE).verified.faults == ()


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_pieces_can_neither_be_cut_off_nor_exchanged(size: int) -> None:
    plain, sealed = bytes(range(256)) * (size // 256 + 1), io.BytesIO()
    sealing.seal(io.BytesIO(plain[:size]), sealed, PASSPHRASE)
    back = io.BytesIO()
    sealing.unseal(io.BytesIO(sealed.getvalue()), back, PASSPHRASE)
    assert back.getvalue() == plain[:size]
    box = (1 << 20) + 16 + 4
    head = len(sealing.MAGIC) + 23
    content = sealed.getvalue()
    for changed in (
        content[: head + box] if size > 1 << 20 else content[:-1],
        content[:head] + content[head + box :] if size > 1 << 20 else content[: head + 4],
    ):
        with pytest.raises(sealing.WrongPassphrase):
            sealing.unseal(io.BytesIO(changed), io.BytesIO(), PASSPHRASE)


@ON_SQLITE
def test_another_kind_of_database_and_a_newer_program(whole: Path, elsewhere: Make) -> None:
    settings = elsewhere()
    settings.data_dir.mkdir(parents=True)
    with archive.unpacked(whole, settings.data_dir, passphrase=None) as (folder, manifest):
        for changed in ({"database": "postgresql"}, {"revision": "9999_later"}):
            with pytest.raises(Unusable):
                restoring.restore(
                    folder,
                    manifest.model_copy(update=changed),
                    settings,
                    word=None,
                    despite_faults=False,
                    at=system_clock(),
                )


def test_the_checkpoints_of_the_place_are_compared(
    installed: Runtime, elsewhere: Make, tmp_path: Path
) -> None:
    settings = elsewhere()
    log.advance(installed.database, installed.signer, settings.checkpoints, at=system_clock())
    saved(installed, tmp_path / "backup")
    with installed.database.write() as session:
        audit.record(session, Event.JOB_RETRIED, stream="later", actor=audit.SYSTEM, at=system_clock())
    log.advance(installed.database, installed.signer, settings.checkpoints, at=system_clock())
    done = restored(tmp_path / "backup", settings)
    assert (done.verified.faults, done.later) == ((), 1)

    # Another past, signed by the same key: this backup is not what was checkpointed here.
    other = elsewhere()
    migrate.upgrade(other.url)
    there = opened(other)
    with there.write() as session:
        audit.record(session, Event.JOB_RETRIED, stream="other", actor=audit.SYSTEM, at=system_clock())
    log.advance(there, installed.signer, other.checkpoints, at=system_clock())
    there.close()
    third = elsewhere().model_copy(update={"checkpoint_dir": other.checkpoints})
    with pytest.raises(restoring.Altered) as refused:
        restored(tmp_path / "backup", third)
    assert {one.code for one in refused.value.faults} == {FaultCode.CHECKPOINT_DIFFERS}
