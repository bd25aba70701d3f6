"""What becomes of the policy folder where two people grant: first versions, then candidates."""

from datetime import datetime

import structlog
from sqlmodel import Session, col, select

from app.domain.files.policy_files import PolicyFiles
from app.domain.vocabulary import ActivationState, PolicyKind, PolicySource
from app.infra.errors import Invalid, Reason, TooLarge
from app.infra.ids import new_id
from app.infra.paths import shipped
from app.infra.runtime import Runtime
from app.policies import kinds
from app.policies import service as policies
from app.policies.files import checks, service
from app.policies.files.following import FollowedFiles
from app.policies.models import PolicyActivation, PolicyInUse, PolicyVersion
from app.policies.versions import digests_in_use

log = structlog.get_logger()


def take_in(runtime: Runtime, store: FollowedFiles, files: PolicyFiles) -> None:
    """Bring the folder's files into force where none ever were, and register the others as candidates.

    Both in the system's name, on record. What is faulty changes nothing and is told in `store.faults`.
    """
    at = runtime.clock()
    with runtime.database.read() as session:
        in_use = digests_in_use(session)
        candidates = _differing(session, in_use, files)
        around = service.in_force(session, runtime)
    faults: list[Reason] = []
    for kind in kinds.FILE_KINDS:
        told: list[Reason] = []
        if kind in kinds.OPTIONAL and not kinds.part(kind, files):
            continue
        if kind not in in_use:
            told = _begin(runtime, store, kind, files, at)
        elif kind in candidates:
            told = _register(runtime, kind, files, at, around=around)
        if not told:
            # What was changed together is held against each other; the grant asks what is in force by then.
            around = kinds.put(kind, kinds.part(kind, files), around)
        faults += told
    store.faults = tuple(faults)
    if faults:
        log.error(
            "policy.folder_faulty", faults=len(faults), files=sorted({one.field or "" for one in faults})
        )


def _differing(session: Session, in_use: dict[PolicyKind, str], files: PolicyFiles) -> list[PolicyKind]:
    """Return the kinds of which the folder has other files than any version that is stored."""
    digests = {
        kind: kinds.digest_of(kind, kinds.part(kind, files)) for kind in kinds.FILE_KINDS if kind in in_use
    }
    query = select(PolicyVersion.digest).where(col(PolicyVersion.digest).in_(digests.values()))
    known = set(session.exec(query).all())
    return [kind for kind, digest in digests.items() if digest not in known]


def _begin(
    runtime: Runtime, store: FollowedFiles, kind: PolicyKind, files: PolicyFiles, at: datetime
) -> list[Reason]:
    """Bring the first version of a kind into force.

    A workflow that routing names and that is faulty or not there stops the drafts that are to walk it, as it
    did before there were versions; it does not keep the routing from being one.
    """
    texts = kinds.part(kind, files)
    faults = checks.unreadable(kind, files)
    faults += [
        one
        for one in checks.own(kind, texts, files)
        if not (kind is PolicyKind.ROUTING and one.data.get("fault") in checks.OF_WORKFLOWS)
    ]
    if faults:
        return faults
    source = PolicySource.SHIPPED if store.folder == shipped("policies") else PolicySource.FOLDER
    with runtime.database.write() as session:
        in_use = session.exec(
            select(PolicyInUse).where(PolicyInUse.kind == kind).with_for_update()
        ).one_or_none()
        if in_use is not None:
            return []
        version = service.keep(session, kind, texts, source=source, at=at)
        activation = PolicyActivation(
            id=new_id(),
            digest=version.digest,
            state=ActivationState.GRANTED,
            asked_at=at,
            decided_at=at,
            activated=version.digest,
        )
        session.add(activation)
        seq = service.put_in_use(session, kind, None, version.digest, at=at)
        policies.record_activated(session, activation, seq, kind=kind, actor=None, at=at)
    return []


def _register(
    runtime: Runtime, kind: PolicyKind, files: PolicyFiles, at: datetime, *, around: PolicyFiles
) -> list[Reason]:
    faults = checks.unreadable(kind, files)
    texts = kinds.part(kind, files)
    with runtime.database.write() as session:
        if not faults:
            try:
                service.refuse_faulty(session, kind, texts, around=around)
            except (Invalid, TooLarge) as error:
                return list(error.reasons)
            base = digests_in_use(session).get(kind)
            service.keep(session, kind, texts, source=PolicySource.FOLDER, base=base, at=at)
    return faults
