"""Making a backup: the database as of one instant, the keys, and the policies, in one file."""

import shutil
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from app.infra import migrate
from app.infra.db import Database
from app.infra.paths import shipped
from app.infra.settings import Settings
from app.operations import installation
from app.operations.backup import archive, contents
from app.operations.backup.archive import Manifest
from app.operations.doctor import key_files

#: Folders and files of a backup beside the database.
KEYS, POLICIES, SECRET = "keys", "policies", "secret"


def make(
    database: Database,
    settings: Settings,
    target: Path,
    *,
    keys: bool,
    passphrase: str | None,
    at: datetime,
    progress: Callable[[str], None] = lambda _: None,
) -> Manifest:
    """Write a backup to `target` while the service runs; return what is in it.

    What is put together lies beside the target meanwhile, for its owner alone. Raises `FileExistsError` for a
    target that is there, `OSError`, `sqlite3.Error` and `sqlalchemy.exc.SQLAlchemyError`.
    """
    if target.exists():
        raise FileExistsError(17, "File exists", str(target))
    with TemporaryDirectory(prefix=".backup-", dir=target.parent) as name:
        folder = Path(name)
        progress("数据库")
        tables = contents.dump(database, settings.url, folder)
        with database.read() as session:
            row = installation.row(session)
        if keys:
            progress("密钥")
            (folder / KEYS).mkdir(mode=0o700)
            for kind, path in key_files(settings).items():
                if path.exists():
                    shutil.copyfile(path, folder / KEYS / f"{kind}.pem")
            (folder / KEYS / SECRET).write_text(settings.secret_key.get_secret_value(), encoding="utf-8")
        progress("政策文件")
        shutil.copytree(settings.policies, folder / POLICIES)
        progress("压缩")
        return archive.pack(
            folder,
            Manifest(
                product=version("sanshen"),
                made_at=at.isoformat(),
                database="sqlite" if database.is_sqlite else "postgresql",
                revision=migrate.revision(settings.url) or "",
                installation=str(row.id),
                with_keys=keys,
                keys=installation.noted(row),
                own_policies=settings.policies != shipped("policies"),
                tables=tables,
            ),
            target,
            passphrase=passphrase,
        )
