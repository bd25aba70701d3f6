"""Bringing policy files into the house, and by two people into force: all kinds but the negative list.

What a version is, who asks and who grants is the same for every kind; only here nothing is compiled, and the
kinds are held against each other, at the proposal and again at the grant.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import yaml
from sqlmodel import Session, col, select

from app.channels import service as channels
from app.domain.files.policy_files import PolicyFiles
from app.domain.vocabulary import ActivationState, PolicyKind, PolicySource
from app.identity.queries import Actor
from app.infra.errors import Conflict, Invalid, Reason, TooLarge
from app.infra.runtime import Runtime
from app.policies import errors as _words  # noqa: F401 – the words of the codes below
from app.policies import kinds, risks
from app.policies import service as policies
from app.policies.files import checks
from app.policies.files.following import FollowedFiles
from app.policies.models import PolicyActivation, PolicyInUse, PolicyVersion
from app.policies.versions import digests_in_use, files_of
from app.words.labels import label

#: The schema of files that are used as they are.
SCHEMA = 1
#: All files of a version together, and how many.
MAX_BYTES, MAX_FILES = 5_000_000, 500


def in_force(session: Session, runtime: Runtime) -> PolicyFiles:
    """Return the files in force as this transaction sees them."""
    files = runtime.policies
    if runtime.granted is None:
        return files
    for kind, digest in digests_in_use(session).items():
        if kind in kinds.FILE_KINDS:
            files = kinds.put(kind, files_of(session, digest) or {}, files)
    return files


def refuse_faulty(
    session: Session, kind: PolicyKind, files: Mapping[str, str], *, around: PolicyFiles
) -> None:
    """Raise `Invalid` with everything that is wrong with files of a kind, `TooLarge`."""
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in files.values())
    if size > MAX_BYTES or len(files) > MAX_FILES:
        raise TooLarge("too_large", reasons=[Reason("policy_too_large", {"limit": MAX_BYTES})])
    strange = [
        Reason("policy_file_misplaced", {"file": path, "kind": label(kind)}, field=path)
        for path in sorted(files)
        if kinds.kind_of(path) is not kind
    ]
    told = [*strange, *checks.reasons(kind, files, around)]
    if not told and kind is PolicyKind.CHANNELS:
        try:
            channels.check(session, files[checks.CHANNELS])
        except Invalid as error:
            told += error.reasons
    if told:
        raise Invalid("policy_faulty", reasons=told)


def keep(
    session: Session,
    kind: PolicyKind,
    files: Mapping[str, str],
    *,
    source: PolicySource,
    at: datetime,
    actor: Actor | None = None,
    base: str | None = None,
    note: str = "",
) -> PolicyVersion:
    """Store files as a version and return it; one that is there already stays as it is.

    Whether they are good, and whether the actor may, is the caller's business.
    """
    return policies.store(
        session,
        policies.Content(kind, kinds.digest_of(kind, files), label(kind), SCHEMA, _count(kind, files), files),
        source=source,
        at=at,
        actor=actor,
        base=base,
        note=note,
    )


def decide(
    runtime: Runtime,
    *,
    activation_id: UUID,
    grant: bool,
    accepted: Mapping[str, str],
    comment: str = "",
    actor: Actor,
) -> PolicyActivation:
    """Grant or refuse a wish in a transaction of its own, and use what came into force in this process.

    Raises what `bring_in` raises.
    """
    at = runtime.clock()
    with runtime.database.write() as session:
        if not grant:
            return policies.refuse(session, activation_id=activation_id, comment=comment, actor=actor, at=at)
        activation = bring_in(
            session,
            runtime,
            activation_id=activation_id,
            accepted=accepted,
            comment=comment,
            actor=actor,
            at=at,
        )
    if isinstance(runtime.granted, FollowedFiles):
        runtime.granted.catch_up()
    return activation


def bring_in(
    session: Session,
    runtime: Runtime,
    *,
    activation_id: UUID,
    accepted: Mapping[str, str],
    comment: str = "",
    actor: Actor,
    at: datetime,
) -> PolicyActivation:
    """Bring what somebody else asked for into force.

    Raises `Forbidden`, `NotFound`, `Conflict` when it was decided, when another version of its kind came into
    force meanwhile or the folder is followed, and `Invalid` when it no longer fits the other kinds, or leaves
    a warning of a workflow without a reason in `accepted`.
    """
    followed_by_two(runtime)
    activation = policies.undecided(session, activation_id, actor)
    version = session.get_one(PolicyVersion, activation.digest)
    kind = PolicyKind(version.kind)
    # One grant after another, of whatever kind: they are held against each other.
    rows = session.exec(select(PolicyInUse).order_by(col(PolicyInUse.id)).with_for_update()).all()
    in_use = next((row for row in rows if row.kind == kind), None)
    now = in_use.digest if in_use else None
    if now != activation.base:
        raise Conflict("activation_stale", data={"base": activation.base, "now": now})
    files = files_of(session, activation.digest) or {}
    around = in_force(session, runtime)
    refuse_faulty(session, kind, files, around=around)
    warned = risks.of_files(session, kind, kinds.put(kind, files, around))
    risks.accept(session, activation, warned, accepted, actor=actor, role=policies.granter(actor), at=at)
    if kind is PolicyKind.CHANNELS:
        channels.sync(session, files[checks.CHANNELS], at=at)
    activation.state, activation.activated = ActivationState.GRANTED, activation.digest
    activation.decided_by, activation.decided_at, activation.comment = actor.id, at, comment
    seq = put_in_use(session, kind, in_use, activation.digest, at=at)
    policies.record_activated(session, activation, seq, kind=kind, actor=actor, at=at, comment=comment)
    return activation


def put_in_use(
    session: Session, kind: PolicyKind, in_use: PolicyInUse | None, digest: str, *, at: datetime
) -> int:
    """Say that a version is in force now, and return how many of its kind were."""
    if in_use is None:
        in_use = PolicyInUse(id=kinds.ROWS[kind], kind=kind, digest=digest, seq=1, since_at=at)
        session.add(in_use)
    else:
        in_use.digest, in_use.seq, in_use.since_at = digest, in_use.seq + 1, max(at, in_use.since_at)
    session.flush()
    return in_use.seq


def followed_by_two(runtime: Runtime) -> None:
    """Raise `Conflict` where the files of the folder are in force as they lie there."""
    if runtime.granted is None:
        raise Conflict("policies_follow_folder")


def _count(kind: PolicyKind, files: Mapping[str, str]) -> int:
    """Return how much files hold: workflows, years, channels, rules, profiles; 1 for the urgent lane."""
    if kind in {PolicyKind.WORKFLOWS, PolicyKind.CALENDAR}:
        return len(files)
    content = yaml.safe_load(next(iter(files.values())))
    if kind is PolicyKind.CHANNELS:
        return len(content["channels"])
    if kind is PolicyKind.QUALITY:
        return len(content["profiles"])
    if kind is PolicyKind.ROUTING:
        return len(content.get("choose") or ()) + len(content.get("add") or ())
    return 1
