"""What a process does about policies when it starts, and when somebody changes the folder."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from sqlmodel import Session, select

from app.domain.vocabulary import ActivationState, PolicyKind, PolicySource
from app.infra.db import Database
from app.infra.errors import AppError
from app.infra.ids import new_id
from app.infra.paths import shipped
from app.infra.runtime import Runtime
from app.infra.settings import Environment, Settings
from app.infra.signing import load_signer
from app.infra.tokens import load_tokens
from app.policies import service as policies
from app.policies.files import first as first_files
from app.policies.files.following import FollowedFiles
from app.policies.models import PolicyActivation, PolicyInUse, PolicyVersion
from app.policies.negative_list.folder import Seen
from app.policies.negative_list.following import FollowedPolicies
from app.policies.versions import digest_in_use, files_of

log = structlog.get_logger()


def attach(runtime: Runtime) -> None:
    """Let this process store the first versions, and register what people put into the folder."""
    granted = runtime.granted
    if isinstance(granted, FollowedFiles):
        granted.on_folder = lambda files: _quietly(lambda: first_files.take_in(runtime, granted, files))
        granted.catch_up()
    store = runtime.negative_list
    if not isinstance(store, FollowedPolicies):
        return
    store.on_empty = lambda: _quietly(lambda: begin(runtime, store))
    store.on_seen = lambda seen: _quietly(lambda: _register(runtime.database, seen, runtime.clock()))
    store.on_empty()
    if store.seen is not None:
        store.on_seen(store.seen)


def begin(runtime: Runtime, store: FollowedPolicies) -> None:
    """Bring the first version into force in the system's name, or the same rules under a changed engine."""
    at = runtime.clock()
    with runtime.database.write() as session:
        of_list = select(PolicyInUse).where(PolicyInUse.kind == PolicyKind.NEGATIVE_LIST)
        in_use = session.exec(of_list.with_for_update()).one_or_none()
        if in_use is None:
            seen = store.seen
            if seen is None:
                return
            ours = store.folder == shipped("policies") / "negative_list"
            policies.keep(session, seen, source=PolicySource.SHIPPED if ours else PolicySource.FOLDER, at=at)
            _bring_in(session, seen.policy.digest, None, 1, at)
        elif store.renamed_from == in_use.digest:
            files = files_of(session, in_use.digest)
            assert files is not None
            seen = Seen(store.current, files)
            policies.keep(session, seen, source=PolicySource.ENGINE, base=in_use.digest, at=at)
            _bring_in(session, seen.policy.digest, in_use, in_use.seq + 1, at)


def _bring_in(session: Session, digest: str, in_use: PolicyInUse | None, seq: int, at: datetime) -> None:
    activation = PolicyActivation(
        id=new_id(),
        digest=digest,
        base=in_use.digest if in_use else None,
        state=ActivationState.GRANTED,
        asked_at=at,
        decided_at=at,
        activated=digest,
    )
    session.add(activation)
    if in_use is None:
        session.add(PolicyInUse(id=1, digest=digest, seq=seq, since_at=at))
    else:
        in_use.digest, in_use.seq, in_use.since_at = digest, seq, max(at, in_use.since_at)
    session.flush()
    policies.record_activated(session, activation, seq, actor=None, at=at)


def _register(database: Database, seen: Seen, at: datetime) -> None:
    with database.read() as session:
        if session.get(PolicyVersion, seen.policy.digest) is not None:
            return
    with database.write() as session:
        policies.keep(session, seen, source=PolicySource.FOLDER, base=digest_in_use(session), at=at)


def _quietly(act: Callable[[], None]) -> None:
    """Do what another process may do at the same moment, or what waits for the database to be there."""
    try:
        act()
    except AppError as error:
        log.warning("policy.not_stored", code=error.code)


def start(settings: Settings, **replaced: Any) -> Runtime:  # noqa: ANN401 – fields of Runtime
    """Return the runtime of these settings; `replaced` puts other parts (a clock, say) in place of ours.

    In development missing keys are made under the data folder; in production they must be there.
    Raises `FileNotFoundError` or `ValueError` for keys, `Faults` for a faulty negative list.
    """
    create = settings.environment is Environment.DEVELOPMENT
    # What is in it is for nobody else on this machine.
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys = settings.data_dir / "keys"
    database = replaced.pop("database", None) or Database(settings.url, pool_size=settings.threads + 4)
    if not settings.follows_folder:
        replaced.setdefault("granted", FollowedFiles(settings.policies, database))
    return Runtime(
        settings=settings,
        database=database,
        tokens=load_tokens(settings.token_key_file or keys / "token.pem", create=create),
        signer=load_signer(settings.signing_key_file or keys / "signing.pem", create=create),
        negative_list=replaced.pop("negative_list", None)
        or FollowedPolicies(settings.policies / "negative_list", database, cache_dir=settings.cache),
        **replaced,
    )
