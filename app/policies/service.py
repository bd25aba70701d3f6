"""Bringing versions of policy files into the house, and by two people into force.

A version is named by its digest and never changes. What is in force is one row, which every process follows.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.document.model import sha256
from app.domain.record.canonical import canonical
from app.domain.vocabulary import ActivationState, BackTestState, Event, PolicyKind, PolicySource, Role
from app.events.emit import SYSTEM, emit
from app.events.payloads.policies import ActivationAsked, ActivationRefused, PolicyActivated, PolicyProposed
from app.identity.access import authorize
from app.identity.queries import Actor
from app.infra.errors import Conflict, Forbidden, NotFound, Reason
from app.infra.ids import new_id
from app.infra.runtime import Runtime
from app.negative_list import Policy, Severity, load_policy
from app.negative_list.source.policy import ENGINE_SCHEMA
from app.policies import errors as _words  # noqa: F401 – the words of the codes below
from app.policies.models import BackTest, PolicyActivation, PolicyFile, PolicyInUse, PolicyVersion
from app.policies.negative_list import rule_text
from app.policies.negative_list.folder import Seen, unfolded
from app.policies.negative_list.following import EngineChanged, FollowedPolicies
from app.policies.versions import digest_in_use, files_of

#: The record of which negative list is in force; of the other kinds with their name behind.
ACTIVE = "policy:active"
_ABOUT = "active"
#: Who may propose versions, ask for their activation and have them tried on the archive.
KEEPERS = (Role.POLICY_KEEPER,)
#: Who may grant what somebody else asked for.
GRANTERS = (Role.POLICY_KEEPER, Role.FINAL_REVIEWER)


@dataclass(frozen=True, slots=True)
class Content:
    """What a version holds; `rules` counts it, `engine` is the schema that its digest was made under."""

    kind: PolicyKind
    digest: str
    title: str
    engine: int
    rules: int
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """What an activation would change, loaded before its transaction begins.

    `new_blocks` are the rules that would block and do not yet; `tried` is the candidate with these only
    tried.
    """

    base: str
    candidate: Policy
    new_blocks: tuple[str, ...]
    tried: Seen | None


def may(actor: Actor, *roles: Role) -> bool:
    """Say whether the actor holds one of `roles` over a whole bureau: the list is the same for all units."""
    return actor.via == "system" or any(
        grant.role in roles
        and grant.channel is None
        and grant.section is None
        and grant.unit_path.count("/") == 2
        for grant in actor.grants
    )


def admit(actor: Actor, *roles: Role) -> None:
    """Let pass who holds one of `roles` over a whole bureau. Raises `Forbidden` for everybody else."""
    authorize(actor, *roles)
    if not may(actor, *roles):
        raise Forbidden("forbidden", reasons=[Reason("role_over_all", {"roles": sorted(map(str, roles))})])


def keep(
    session: Session,
    seen: Seen,
    *,
    source: PolicySource,
    at: datetime,
    actor: Actor | None = None,
    base: str | None = None,
    note: str = "",
) -> PolicyVersion:
    """Store a good negative list as a version and return it; one that is there already stays as it is.

    Without an actor the system stores it. Whether the actor may is the caller's business.
    """
    policy, files = seen
    content = Content(
        PolicyKind.NEGATIVE_LIST, policy.digest, policy.title, ENGINE_SCHEMA, len(policy.rules), files
    )
    return store(session, content, source=source, at=at, actor=actor, base=base, note=note)


def store(
    session: Session,
    content: Content,
    *,
    source: PolicySource,
    at: datetime,
    actor: Actor | None = None,
    base: str | None = None,
    note: str = "",
) -> PolicyVersion:
    """Store a version of any kind and return it; one that is there already stays as it is."""
    stored = session.get(PolicyVersion, content.digest)
    if stored is not None:
        return stored
    names = {path: sha256(text.encode()) for path, text in content.files.items()}
    texts = {names[path]: text for path, text in content.files.items()}
    known = set(session.exec(select(PolicyFile.sha256).where(col(PolicyFile.sha256).in_(texts))).all())
    session.add_all(PolicyFile(sha256=one, content=text) for one, text in texts.items() if one not in known)
    version = PolicyVersion(
        digest=content.digest,
        kind=content.kind,
        title=content.title[:200],
        engine=content.engine,
        rules=content.rules,
        files=json.dumps(names, ensure_ascii=False, sort_keys=True),
        source=source,
        base=base,
        note=note,
        proposed_by=actor.id if actor and actor.via != "system" else None,
        created_at=at,
    )
    session.add(version)
    session.flush()
    payload = PolicyProposed(
        policy=content.digest,
        kind=content.kind,
        base=base,
        source=source,
        engine=content.engine,
        files=sha256(canonical(names)),
        rules=content.rules,
    )
    keeper = actor.as_audit(Role.POLICY_KEEPER) if actor else SYSTEM
    emit(session, Event.POLICY_PROPOSED, payload, about=content.digest, actor=keeper, at=at)
    return version


def ask(session: Session, *, digest: str, note: str, actor: Actor, at: datetime) -> PolicyActivation:
    """Ask that a stored version be brought into force.

    Raises `Forbidden`, `NotFound`, and `Conflict` when it is in force, asked for already, or made by another
    engine.
    """
    admit(actor, *KEEPERS)
    version = session.get(PolicyVersion, digest)
    if version is None:
        raise NotFound("policy_unknown")
    kind = PolicyKind(version.kind)
    in_use = digest_in_use(session, kind)
    if in_use == digest:
        raise Conflict("policy_in_force")
    if kind is PolicyKind.NEGATIVE_LIST and version.engine != ENGINE_SCHEMA:
        raise Conflict("policy_engine_changed", data={"engine": version.engine, "now": ENGINE_SCHEMA})
    if _asked(session, digest) is not None:
        raise Conflict("activation_asked")
    activation = PolicyActivation(
        id=new_id(),
        digest=digest,
        base=in_use,
        note=note,
        state=ActivationState.ASKED,
        asked_by=actor.id,
        asked_at=at,
    )
    session.add(activation)
    session.flush()
    payload = ActivationAsked(
        policy=digest, kind=version.kind, base=in_use, activation=activation.id, note=note
    )
    keeper = actor.as_audit(Role.POLICY_KEEPER)
    emit(session, Event.POLICY_ACTIVATION_ASKED, payload, about=digest, actor=keeper, at=at)
    return activation


def change_of(runtime: Runtime, activation_id: UUID) -> Change:
    """Load what an activation would change. Takes its time, so it is done before the transaction.

    Raises `NotFound`, and `Conflict` when the engine gives another digest today.
    """
    store = following(runtime)
    with runtime.database.read() as session:
        activation = session.get(PolicyActivation, activation_id)
        if activation is None:
            raise NotFound("activation_unknown")
        digest, base = activation.digest, activation.base
        files = files_of(session, digest) or {}
    candidate = loaded(runtime, digest)
    try:
        before = loaded(runtime, base) if base else None
    except Conflict:
        # What is in force does not run under this engine: what people see is what this process uses.
        before = store.current
    new = new_blocks(before, candidate)
    return Change(base or "", candidate, new, _tried(store, files, new) if new else None)


def new_blocks(before: Policy | None, after: Policy) -> tuple[str, ...]:
    """Return the rules that block under `after` and did not under `before` (None: nothing did)."""
    old = {rule.id: rule for rule in before.rules} if before else {}
    return tuple(
        rule.id
        for rule in after.rules
        if rule.severity is Severity.BLOCK
        and not rule.shadow
        and ((one := old.get(rule.id)) is None or one.shadow or one.severity is not Severity.BLOCK)
    )


def _tried(store: FollowedPolicies, files: Mapping[str, str], rules: tuple[str, ...]) -> Seen:
    shadowed = rule_text.with_shadow(files, rules)
    with unfolded(shadowed) as folder:
        return Seen(load_policy(folder, cache_dir=store.cache_dir), shadowed)


def about(session: Session, activation_id: UUID, digest: str) -> PolicyActivation:
    """Return the wish with this id about this version. Raises `NotFound`."""
    activation = session.get(PolicyActivation, activation_id)
    if activation is None or activation.digest != digest:
        raise NotFound("activation_unknown")
    return activation


def decide(
    runtime: Runtime,
    *,
    activation_id: UUID,
    grant: bool,
    back_test: str = "",
    comment: str = "",
    actor: Actor,
) -> PolicyActivation:
    """Grant or refuse a wish in a transaction of its own, and use what came into force in this process.

    Loading a version takes its time, so that is done before the transaction. Raises what `bring_in` raises.
    """
    admit(actor, *GRANTERS)
    at = runtime.clock()
    if not grant:
        with runtime.database.write() as session:
            return refuse(session, activation_id=activation_id, comment=comment, actor=actor, at=at)
    with runtime.database.read() as session:
        undecided(session, activation_id, actor)
    change = change_of(runtime, activation_id)
    with runtime.database.write() as session:
        activation = bring_in(
            session,
            activation_id=activation_id,
            change=change,
            back_test=back_test,
            comment=comment,
            actor=actor,
            at=at,
        )
    following(runtime).catch_up()
    return activation


def bring_in(
    session: Session,
    *,
    activation_id: UUID,
    change: Change,
    back_test: str = "",
    comment: str = "",
    actor: Actor,
    at: datetime,
) -> PolicyActivation:
    """Bring what somebody else asked for into force.

    `back_test` is the digest of the back-test's report that the granter read; without it rules that would
    newly block come into force as shadow. Raises `Forbidden`, `NotFound`, `Conflict` when it was decided,
    when another version came into force meanwhile, when there is no such report.
    """
    activation = undecided(session, activation_id, actor)
    of_list = select(PolicyInUse).where(PolicyInUse.kind == PolicyKind.NEGATIVE_LIST)
    in_use = session.exec(of_list.with_for_update()).one()
    if in_use.digest != activation.base or change.base != activation.base:
        raise Conflict("activation_stale", data={"base": activation.base, "now": in_use.digest})
    test = _report_read(session, activation, back_test) if back_test else None
    activated = change.candidate.digest
    shadowed: tuple[str, ...] = ()
    if change.tried is not None and test is None:
        keep(session, change.tried, source=PolicySource.SHADOWED, base=activation.digest, at=at, actor=actor)
        activated, shadowed = change.tried.policy.digest, change.new_blocks
    activation.state = ActivationState.GRANTED
    activation.decided_by, activation.decided_at, activation.comment = actor.id, at, comment
    activation.back_test_id, activation.back_test_digest = (test.id, back_test) if test else (None, "")
    activation.activated, activation.shadowed = activated, json.dumps(shadowed)
    in_use.digest, in_use.seq, in_use.since_at = activated, in_use.seq + 1, max(at, in_use.since_at)
    session.flush()
    record_activated(session, activation, in_use.seq, actor=actor, at=at, comment=comment)
    return activation


def refuse(
    session: Session, *, activation_id: UUID, comment: str, actor: Actor, at: datetime
) -> PolicyActivation:
    """Refuse what somebody else asked for. Raises what `bring_in` raises."""
    activation = undecided(session, activation_id, actor)
    activation.state = ActivationState.REFUSED
    activation.decided_by, activation.decided_at, activation.comment = actor.id, at, comment
    session.flush()
    emit(
        session,
        Event.POLICY_ACTIVATION_REFUSED,
        ActivationRefused(policy=activation.digest, activation=activation.id, comment=comment),
        about=activation.digest,
        actor=actor.as_audit(granter(actor)),
        at=at,
    )
    return activation


def undecided(session: Session, activation_id: UUID, actor: Actor) -> PolicyActivation:
    """Return a wish that the actor may grant or refuse. Raises `Forbidden`, `NotFound`, `Conflict`."""
    admit(actor, *GRANTERS)
    activation = session.exec(
        select(PolicyActivation).where(PolicyActivation.id == activation_id).with_for_update()
    ).one_or_none()
    if activation is None:
        raise NotFound("activation_unknown")
    if actor.is_one_of(activation.asked_by):
        raise Forbidden("activation_refused_by_rule", reasons=[Reason("own_activation")])
    if activation.state != ActivationState.ASKED:
        raise Conflict("activation_decided", data={"state": activation.state})
    return activation


def _asked(session: Session, digest: str) -> UUID | None:
    return session.exec(
        select(PolicyActivation.id).where(
            PolicyActivation.digest == digest, PolicyActivation.state == ActivationState.ASKED
        )
    ).first()


def _report_read(session: Session, activation: PolicyActivation, digest: str) -> BackTest:
    test = session.exec(
        select(BackTest)
        .where(
            BackTest.candidate == activation.digest,
            BackTest.base == activation.base,
            BackTest.state == BackTestState.DONE,
            BackTest.report_digest == digest,
        )
        .order_by(col(BackTest.id).desc())
        .limit(1)
    ).first()
    if test is None:
        raise Conflict("back_test_unknown")
    return test


def record_activated(
    session: Session,
    activation: PolicyActivation,
    seq: int,
    *,
    kind: PolicyKind = PolicyKind.NEGATIVE_LIST,
    actor: Actor | None,
    at: datetime,
    comment: str = "",
) -> None:
    """Put on record, and tell the outside, that a version came into force; `seq` counts these of a kind."""
    assert activation.activated is not None
    payload = PolicyActivated(
        policy=activation.activated,
        kind=kind,
        asked=activation.digest,
        base=activation.base,
        activation=activation.id,
        asked_by=activation.asked_by,
        back_test=activation.back_test_digest or None,
        shadowed=json.loads(activation.shadowed),
        number=seq,
        comment=comment or None,
    )
    by = actor.as_audit(granter(actor)) if actor else SYSTEM
    about = _ABOUT if kind is PolicyKind.NEGATIVE_LIST else f"{_ABOUT}:{kind}"
    emit(session, Event.POLICY_ACTIVATED, payload, about=about, actor=by, at=at)


def granter(actor: Actor) -> Role:
    """Return the role by which the actor grants."""
    return next((role for role in GRANTERS if may(actor, role)), Role.POLICY_KEEPER)


def following(runtime: Runtime) -> FollowedPolicies:
    """Return the store that follows the database. Raises `Conflict` where the list is a fixed one."""
    if not isinstance(runtime.negative_list, FollowedPolicies):
        raise Conflict("policy_fixed")
    return runtime.negative_list


def loaded(runtime: Runtime, digest: str) -> Policy:
    """Return a stored version, ready to run. Raises `NotFound`, `Conflict` when the engine changed."""
    if digest == runtime.negative_list.current.digest:
        return runtime.negative_list.current
    if not isinstance(runtime.negative_list, FollowedPolicies):
        raise NotFound("policy_unknown")
    try:
        return runtime.negative_list.policy(digest)
    except KeyError as error:
        raise NotFound("policy_unknown") from error
    except EngineChanged as error:
        raise Conflict("policy_engine_changed", data={"wanted": digest, "found": error.found}) from error
