"""Policy files in force: read from the database, and again as soon as another version is granted."""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

from app.domain.files.policy_files import PolicyFiles
from app.domain.vocabulary import PolicyKind
from app.infra.db import Database, statements
from app.infra.errors import AppError, Reason
from app.infra.folders import files_in
from app.infra.settings import Settings
from app.policies import kinds
from app.policies.versions import digests_in_use, files_of

#: Seconds between two looks at the database and the folder.
LOOK_EVERY = 2.0

log = structlog.get_logger()


class FollowedFiles:
    """Holds the files in force; what lies in the folder only proposes.

    `current` may be asked by any thread, and asks the database for what is in force at most every two
    seconds. Of a kind of which no version was ever stored, the folder's files are in use: then a first
    version is on its way, or the folder has faults.
    """

    def __init__(self, folder: Path, database: Database, *, look_every: float = LOOK_EVERY) -> None:
        self.folder = folder
        #: Told of the folder's files when they are not those that it was told of before.
        self.on_folder: Callable[[PolicyFiles], None] | None = None
        #: What is wrong with what the folder proposes; kept by whoever is told of it.
        self.faults: tuple[Reason, ...] = ()
        self._database, self._look_every = database, look_every
        self._looking, self._catching = threading.Lock(), threading.Lock()
        self._in_use: Mapping[PolicyKind, str] = {}
        self._told: PolicyFiles | None = None
        self._stored: dict[PolicyKind, dict[str, str]] = {}
        self._looked = time.monotonic()
        self._folder = files_in(folder)
        self._current = self._folder
        self._follow()

    @property
    def current(self) -> PolicyFiles:
        """The files in force; the same object until something in them changes."""
        if time.monotonic() - self._looked >= self._look_every and self._looking.acquire(blocking=False):
            try:
                self._looked = time.monotonic()
                if self._is_behind() and not self._catching.locked():
                    threading.Thread(target=self.catch_up, name="policy-files", daemon=True).start()
            finally:
                self._looking.release()
        return self._current

    @property
    def missing(self) -> tuple[PolicyKind, ...]:
        """The kinds of which no version was ever stored, so that the folder's files are in use."""
        return tuple(kind for kind in kinds.FILE_KINDS if kind not in self._in_use)

    def catch_up(self) -> None:
        """Use what is in force now, and look at the folder; returns when both are done."""
        with self._catching:
            files = files_in(self.folder)
            if files is not self._told and self.on_folder is not None:
                self._told = files
                self.on_folder(files)
            self._follow()

    def _is_behind(self) -> bool:
        files = files_in(self.folder)
        untold = files is not self._told and self.on_folder is not None
        return untold or (files is not self._folder and bool(self.missing)) or self._wanted() != self._in_use

    def _follow(self) -> None:
        wanted = self._wanted()
        files = files_in(self.folder)
        if wanted is None or (wanted == self._in_use and (files is self._folder or not self.missing)):
            return
        token = statements.set(None)
        try:
            with self._database.read() as session:
                for kind, digest in wanted.items():
                    if self._in_use.get(kind) != digest:
                        self._stored[kind] = files_of(session, digest) or {}
        finally:
            statements.reset(token)
        current = files
        for kind, texts in self._stored.items():
            current = kinds.put(kind, texts, current)
        self._in_use, self._folder, self._current = wanted, files, current
        log.info("policy.files_followed", **{str(kind): digest[:12] for kind, digest in wanted.items()})

    def _wanted(self) -> Mapping[PolicyKind, str] | None:
        # Not a statement of whoever happens to ask.
        token = statements.set(None)
        try:
            with self._database.read() as session:
                in_use = digests_in_use(session)
        except AppError as error:
            log.warning("policy.not_followed", code=error.code)
            return self._in_use or None
        finally:
            statements.reset(token)
        return {kind: digest for kind, digest in in_use.items() if kind in kinds.FILE_KINDS}


def files_in_force(settings: Settings, database: Database) -> PolicyFiles:
    """Return the policy files in force now, for a command that holds no runtime."""
    if settings.follows_folder:
        return files_in(settings.policies)
    return FollowedFiles(settings.policies, database).current
