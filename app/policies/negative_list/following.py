"""The negative list in force: followed through the database by every process, kept when a change is faulty.

The versions lie in the database, so that any of them can be run again. The folder on disk only proposes: what
is in it and not in force is a candidate, which two people bring into force.
"""

import gc
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog
from prometheus_client import Gauge

from app.domain.files.faults import Fault, Faults, said
from app.domain.vocabulary import PolicyKind
from app.infra.db import Database, statements
from app.infra.errors import AppError
from app.negative_list import Policy, load_policy
from app.policies.negative_list.folder import Seen, read_folder, stamp, unfolded
from app.policies.versions import digest_in_use, files_of

#: Seconds between two looks at the database and the folder.
LOOK_EVERY = 2.0
#: No check keeps another thread waiting for more than 10 ms; Python's own 5 ms are half of that.
_SWITCH_SECONDS = 0.002
#: Older policies that are held ready at a time.
_HELD = 4

FAULTY = Gauge("sanshen_policy_folder_faults", "Faults in the folder of the negative list as it is now")

log = structlog.get_logger()


class EngineChanged(Exception):
    """A stored version gives another digest today, or (`found` is empty) does not load: another engine."""

    def __init__(self, wanted: str, found: str) -> None:
        super().__init__(f"{wanted} is {found} under this engine")
        self.wanted, self.found = wanted, found


def settle() -> None:
    """Let the garbage collector leave alone what is loaded now, and clear away what was loaded before.

    A full pass over a large negative list keeps every thread waiting for 70 ms, again and again. And let a
    thread that waits for the interpreter have it after `_SWITCH_SECONDS`.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.unfreeze()
    gc.collect()
    gc.freeze()


class FollowedPolicies:
    """Holds the version in force, and loads another beside the running work as soon as it is activated.

    `current` may be asked by any thread, and asks the database for one row at most every two seconds. Before
    anything is stored the folder's policy is in use. A changed folder is loaded and handed to `on_seen`; one
    that is faulty is told in `faults` and changes nothing.
    """

    def __init__(
        self,
        folder: Path,
        database: Database,
        *,
        cache_dir: Path | None = None,
        backend: str | None = None,
        look_every: float = LOOK_EVERY,
    ) -> None:
        """Load the version in force, else the folder's. Raises `Faults` when there is no good one."""
        self.folder = folder
        #: Told of a good policy in the folder that is not in force; from a thread of its own.
        self.on_seen: Callable[[Seen], None] | None = None
        #: Asked to store a first version while there is none, or the version in force under a changed engine.
        self.on_empty: Callable[[], None] | None = None
        self.cache_dir = cache_dir
        self._database = database
        self._backend, self._look_every = backend, look_every
        self._looking, self._catching = threading.Lock(), threading.Lock()
        self._held: OrderedDict[str, Policy] = OrderedDict()
        self._faults: tuple[Fault, ...] = ()
        self._seen: Seen | None = None
        self._stamp: object = None
        self._unusable = ""
        self._looked = time.monotonic()
        #: The version in force under the digest of another engine; empty when it is loaded as it is.
        self.renamed_from = ""
        self._current = self._first(self._wanted())

    def _first(self, wanted: str | None) -> Policy:
        files = self._stored(wanted) if wanted else None
        if wanted is not None and files is not None:
            try:
                policy = self._load(files)
            except Faults as error:
                # Good when it was stored, refused by this engine: an alarm, and nothing is released.
                self._unusable = wanted
                log.error("policy.unusable", digest=wanted, faults=len(error.faults))  # noqa: TRY400 – told
            else:
                self.renamed_from = wanted if wanted != policy.digest else ""
                self._look_at_folder()
                return policy
        self._stamp = stamp(self.folder)
        files = read_folder(self.folder)
        self._seen = Seen(self._load(files), files)
        return self._seen.policy

    @property
    def current(self) -> Policy:
        """The policy in use."""
        if time.monotonic() - self._looked >= self._look_every and self._looking.acquire(blocking=False):
            try:
                self._looked = time.monotonic()
                if self._is_behind() and not self._catching.locked():
                    threading.Thread(target=self.catch_up, name="policy-follow", daemon=True).start()
            finally:
                self._looking.release()
        return self._current

    @property
    def faults(self) -> tuple[Fault, ...]:
        """What is wrong with the folder as it is now, or with what is in force; empty when all is well."""
        if not self._unusable:
            return self._faults
        used = self._current.digest[:12]
        behind = f"已经启用的版本 {self._unusable[:12]} 在这里不能载入，仍在使用 {used}"
        return (*self._faults, said(self._unusable[:12], 0, "", behind))

    @property
    def unusable(self) -> bool:
        """Whether the version in force does not load here, so that another one is still in use."""
        return bool(self._unusable)

    @property
    def seen(self) -> Seen | None:
        """The good policy of the folder as it is now; None when it is faulty."""
        return self._seen

    def catch_up(self) -> None:
        """Use the version in force now, and look at the folder; returns when both are done."""
        with self._catching:
            if self._wanted() is None and self.on_empty is not None:
                self.on_empty()
            wanted = self._wanted()
            if wanted == self._current.digest:
                self._unusable = ""
            elif wanted is not None:
                self._follow(wanted)
            if self._stamp != stamp(self.folder):
                self._look_at_folder()

    def policy(self, digest: str) -> Policy:
        """Return any stored version, ready to run. Raises `KeyError` for an unknown one, `EngineChanged`."""
        if digest == self._current.digest:
            return self._current
        if (held := self._held.get(digest)) is not None:
            return held
        if self._seen is not None and digest == self._seen.policy.digest:
            return self._seen.policy
        files = self._stored(digest)
        if files is None:
            raise KeyError(digest)
        try:
            policy = self._load(files)
        except Faults as error:
            raise EngineChanged(digest, "") from error
        if policy.digest != digest:
            raise EngineChanged(digest, policy.digest)
        self._held[digest] = policy
        while len(self._held) > _HELD:
            self._held.popitem(last=False)
        return policy

    def _is_behind(self) -> bool:
        wanted = self._wanted()
        if wanted is None:
            return self.on_empty is not None
        if wanted == self._current.digest:
            self._unusable = ""
        return wanted not in {self._current.digest, self._unusable} or self._stamp != stamp(self.folder)

    def _wanted(self) -> str | None:
        # Not a statement of whoever happens to ask for the policy.
        token = statements.set(None)
        try:
            with self._database.read() as session:
                return digest_in_use(session)
        except AppError as error:
            log.warning("policy.not_followed", code=error.code)
            return None
        finally:
            statements.reset(token)

    def _follow(self, wanted: str) -> None:
        try:
            self._current = self.policy(wanted)
        except (EngineChanged, KeyError) as error:
            self._unusable = wanted
            log.error("policy.unusable", digest=wanted, error=type(error).__name__)  # noqa: TRY400 – told, not traced
        else:
            self._unusable = self.renamed_from = ""
            settle()
            log.info("policy.followed", digest=wanted)

    def _look_at_folder(self) -> None:
        before = stamp(self.folder)
        try:
            files = read_folder(self.folder)
            seen = Seen(self._load(files), files)
        except Faults as error:
            self._faults, self._seen = error.faults, None
            log.error("policy.folder_faulty", faults=len(error.faults))  # noqa: TRY400 – told, not traced
        else:
            self._faults, self._seen = (), seen
        FAULTY.set(len(self._faults))
        self._stamp = before
        if self._seen is not None and self.on_seen is not None:
            self.on_seen(self._seen)

    def _stored(self, digest: str) -> dict[str, str] | None:
        token = statements.set(None)
        try:
            with self._database.read() as session:
                return files_of(session, digest, PolicyKind.NEGATIVE_LIST)
        finally:
            statements.reset(token)

    def _load(self, files: Mapping[str, str]) -> Policy:
        with unfolded(files) as folder:
            return load_policy(folder, backend=self._backend, cache_dir=self.cache_dir)
