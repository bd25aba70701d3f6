"""From files to a version: every fault at once, or a version that is stored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from app.domain.files.faults import Fault, Faults
from app.domain.vocabulary import PolicyKind, PolicySource
from app.identity.queries import Actor
from app.infra.errors import AppError, Conflict, Invalid, NotFound, Reason, TooLarge
from app.infra.policy_faults import reason_of
from app.infra.runtime import Runtime
from app.negative_list import load_policy
from app.negative_list.quality.lint import lint
from app.policies import errors as _words  # noqa: F401 – the words of the codes below
from app.policies import kinds
from app.policies import service as policies
from app.policies.files import checks
from app.policies.files import service as granted
from app.policies.files.following import FollowedFiles
from app.policies.models import PolicyActivation, PolicyVersion
from app.policies.negative_list.folder import Seen, unfolded, unstorable
from app.policies.versions import digest_in_use, files_of

#: All files of a version together.
MAX_BYTES = 20_000_000
MAX_FILES = 500


def screened(files: Mapping[str, str], *, cache_dir: Path | None = None) -> Seen:
    """Lint the files of a policy and load it.

    Patterns are compiled in a child process and examples run on every backend, which takes seconds: no
    transaction may be open. Raises `Invalid` with every fault, `TooLarge`.
    """
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in files.values())
    if size > MAX_BYTES or len(files) > MAX_FILES:
        raise TooLarge("too_large", reasons=[Reason("policy_too_large", {"limit": MAX_BYTES})])
    if faults := unstorable(files):
        raise faulty(faults)
    with unfolded(files) as folder:
        result = lint(folder)
        if result.faults:
            raise faulty(result.faults)
        try:
            return Seen(load_policy(folder, cache_dir=cache_dir), dict(files))
        except Faults as error:
            raise faulty(error.faults) from error


def faulty(faults: Iterable[Fault]) -> AppError:
    """Return the refusal that tells every fault of a policy."""
    return Invalid("policy_faulty", reasons=[reason_of(fault) for fault in faults])


@dataclass(frozen=True, slots=True)
class Proposal:
    """Files in place of those of `base` (a digest), null for one that is taken away, and why."""

    kind: PolicyKind
    files: Mapping[str, str | None]
    base: str | None = None
    note: str = ""


def propose(runtime: Runtime, proposal: Proposal, *, source: PolicySource, actor: Actor) -> PolicyVersion:
    """Store a proposed version in a transaction of its own and return it.

    Whether the actor may is the caller's business. Raises `NotFound` for a base unknown, `Invalid` with every
    fault, `TooLarge`, `Conflict` for what is there already.
    """
    kind, base = proposal.kind, proposal.base
    files = _proposed(runtime, proposal)
    if kind is PolicyKind.NEGATIVE_LIST:
        seen = screened(files, cache_dir=runtime.settings.cache)
        with runtime.database.write() as session:
            _new(session, seen.policy.digest)
            return policies.keep(
                session, seen, source=source, base=base, note=proposal.note, actor=actor, at=runtime.clock()
            )
    with runtime.database.write() as session:
        around = granted.in_force(session, runtime)
        granted.refuse_faulty(session, kind, files, around=around)
        _new(session, kinds.digest_of(kind, files))
        return granted.keep(
            session,
            kind,
            files,
            source=source,
            base=base or digest_in_use(session, kind),
            note=proposal.note,
            actor=actor,
            at=runtime.clock(),
        )


def look(runtime: Runtime, proposal: Proposal) -> None:
    """Raise what `propose` would raise for files that are used as they are; stores nothing."""
    files = _proposed(runtime, proposal)
    with runtime.database.read() as session:
        granted.refuse_faulty(session, proposal.kind, files, around=granted.in_force(session, runtime))
        _new(session, kinds.digest_of(proposal.kind, files))


def _proposed(runtime: Runtime, proposal: Proposal) -> dict[str, str]:
    """Return the files of the version that is proposed. Raises `NotFound` for a base unknown."""
    files: dict[str, str] = {}
    if proposal.base is not None:
        with runtime.database.read() as session:
            known = session.get(PolicyVersion, proposal.base)
            if known is None or known.kind != proposal.kind:
                raise NotFound("policy_unknown")
            files = files_of(session, proposal.base) or {}
    for name, text in proposal.files.items():
        if text is None:
            files.pop(name, None)
        else:
            files[name] = text
    return files


def _new(session: Session, digest: str) -> None:
    if session.get(PolicyVersion, digest) is not None:
        raise Conflict("policy_unchanged", data={"policy": digest})


def ask(
    session: Session, runtime: Runtime, *, digest: str, note: str, actor: Actor, at: datetime
) -> PolicyActivation:
    """Ask that a version be brought into force.

    Raises what `service.ask` raises, and `Conflict` where the folder is followed.
    """
    version = session.get(PolicyVersion, digest)
    if version is not None and version.kind != PolicyKind.NEGATIVE_LIST:
        policies.admit(actor, *policies.KEEPERS)
        granted.followed_by_two(runtime)
    return policies.ask(session, digest=digest, note=note, actor=actor, at=at)


def folder_faults(runtime: Runtime, kind: PolicyKind) -> tuple[Reason, ...]:
    """Return what is wrong with the files of a kind in the folder; empty when all is well.

    Where the folder is followed these are the files in force.
    """
    if isinstance(runtime.granted, FollowedFiles):
        return tuple(reason for reason in runtime.granted.faults if _is_of(kind, reason.field or ""))
    return checks.reasons(kind, kinds.part(kind, runtime.policies), runtime.policies)


def _is_of(kind: PolicyKind, path: str) -> bool:
    return (
        path == kind
        or kinds.kind_of(path) is kind
        or (kind is PolicyKind.CHANNELS and not path.endswith(".yaml"))
    )
