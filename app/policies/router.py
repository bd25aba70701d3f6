"""Versions of policy files: proposed, and brought into force by two people."""

import json
from uuid import UUID

from fastapi import FastAPI, Request

from app.domain.vocabulary import PolicyKind, PolicySource
from app.identity.access import CurrentActor
from app.infra.db import ReadSession, WriteSession
from app.infra.http.links import made
from app.infra.http.problems import sentence
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of
from app.negative_list.source.policy import ENGINE_SCHEMA
from app.policies import granting, proposals, start
from app.policies import queries as policy_queries
from app.policies import service as policies
from app.policies.models import PolicyActivation, PolicyVersion
from app.policies.queries import Version
from app.policies.schemas import (
    ActivationOut,
    AskIn,
    DifferenceOut,
    Digest,
    FileChangeOut,
    PolicyFaultOut,
    RiskOfVersionOut,
    VersionDetailOut,
    VersionIn,
    VersionOut,
    VersionsOut,
    WishDecisionIn,
)
from app.policies.versions import digest_in_use
from app.words.policy_faults import plain
from app.words.policy_faults import sentence as fault_sentence

router = ApiRouter(tags=["negative list"])


@router.get("/policies")
def list_versions(
    request: Request,
    _actor: CurrentActor,
    session: ReadSession,
    kind: PolicyKind = PolicyKind.NEGATIVE_LIST,
) -> VersionsOut:
    """List the versions of a kind of policies, and what is wrong with the folder as it is now."""
    runtime = runtime_of(request)
    in_force = digest_in_use(session, kind)
    if kind is PolicyKind.NEGATIVE_LIST:
        store = runtime.negative_list
        in_force = in_force or store.current.digest
        faults = [PolicyFaultOut(**plain(fault)) for fault in store.faults]
    else:
        faults = [
            PolicyFaultOut(
                file=reason.field or "",
                line=reason.data.get("line", 0),
                key=reason.data.get("key", ""),
                message=sentence(reason),
            )
            for reason in proposals.folder_faults(runtime, kind)
        ]
    return VersionsOut(
        kind=kind,
        in_force=in_force,
        follows_folder=kind is not PolicyKind.NEGATIVE_LIST and runtime.granted is None,
        items=[VersionOut(**_version(one)) for one in policy_queries.versions(session, kind)],
        folder_faults=faults,
    )


@router.post("/policies", status_code=201, responses={201: made("show_version", digest="digest")})
def propose_version(request: Request, body: VersionIn, actor: CurrentActor) -> VersionOut:
    """Propose a version; every fault of its files is told at once, with file, line and key."""
    policies.admit(actor, *policies.KEEPERS)
    version = proposals.propose(
        runtime_of(request),
        proposals.Proposal(body.kind, body.files, body.base, body.note),
        source=PolicySource.API,
        actor=actor,
    )
    return VersionOut(**_version(Version(version, "candidate", ())))


@router.get("/policies/{digest}")
def show_version(
    request: Request, digest: Digest, _actor: CurrentActor, session: ReadSession
) -> VersionDetailOut:
    """Show a version, its files' digests, and the wishes to bring it into force."""
    found = policy_queries.version(session, digest)
    return VersionDetailOut(
        **_version(found),
        files=json.loads(found.row.files),
        activations=[_activation(one, found.row) for one in found.activations],
        risks=[
            RiskOfVersionOut(
                workflow=one.workflow.key,
                fingerprint=one.fingerprint,
                code=one.risk.code,
                data=dict(one.risk.data),
                message=fault_sentence(one.risk),
                accepted=one.accepted is not None,
            )
            for one in policy_queries.warnings(session, found, runtime_of(request).policies)
        ],
    )


@router.get("/policies/{digest}/difference")
def show_difference(
    digest: Digest, actor: CurrentActor, session: ReadSession, against: Digest | None = None
) -> DifferenceOut:
    """Show how a version differs, file by file, from another of its kind; else from the one in force."""
    policies.admit(actor, *policies.GRANTERS)
    kind = PolicyKind(policy_queries.version(session, digest).row.kind)
    other = against or digest_in_use(session, kind)
    return DifferenceOut(
        digest=digest,
        against=other,
        files=[
            FileChangeOut.model_validate(change._asdict())
            for change in policy_queries.differences(session, digest, other)
        ],
    )


@router.get("/policies/{digest}/activations")
def list_activations(digest: Digest, _actor: CurrentActor, session: ReadSession) -> list[ActivationOut]:
    """List the wishes to bring a version into force, the newest first."""
    found = policy_queries.version(session, digest)
    return [_activation(one, found.row) for one in found.activations]


@router.post(
    "/policies/{digest}/activations",
    status_code=201,
    responses={201: made("list_activations", digest="path.digest")},
)
def ask_activation(
    request: Request, digest: Digest, body: AskIn, actor: CurrentActor, session: WriteSession
) -> ActivationOut:
    """Ask that a version be brought into force; somebody else grants it."""
    runtime = runtime_of(request)
    wish = proposals.ask(session, runtime, digest=digest, note=body.note, actor=actor, at=runtime.clock())
    return _activation(wish, session.get_one(PolicyVersion, digest))


@router.post("/policies/{digest}/activations/{activation_id}/decision")
def decide_activation(
    request: Request, digest: Digest, activation_id: UUID, body: WishDecisionIn, actor: CurrentActor
) -> ActivationOut:
    """Grant or refuse what somebody else asked for.

    Without the digest of a back-test's report rules that would newly block come into force as shadow.
    """
    runtime = runtime_of(request)
    policies.admit(actor, *policies.GRANTERS)
    with runtime.database.read() as session:
        policies.about(session, activation_id, digest)
        version = session.get_one(PolicyVersion, digest)
    decided = granting.decide(
        runtime,
        activation_id=activation_id,
        grant=body.grant,
        back_test=body.back_test or "",
        accepted={one.fingerprint: one.reason for one in body.accepted},
        comment=body.comment,
        actor=actor,
    )
    return _activation(decided, version)


def _version(found: Version) -> dict[str, object]:
    row = found.row.model_dump(exclude={"files"})
    runnable = found.row.kind != PolicyKind.NEGATIVE_LIST or found.row.engine == ENGINE_SCHEMA
    return {**row, "state": found.state, "runnable": runnable}


def _activation(one: PolicyActivation, version: PolicyVersion) -> ActivationOut:
    shadowed = policy_queries.shadowed(one)
    return ActivationOut.model_validate({**one.model_dump(), "kind": version.kind, "shadowed": shadowed})


def install(app: FastAPI) -> None:
    """Add this feature's routes, and let the process bring in the first version of the negative list."""
    app.include_router(router)
    start.attach(app.state.runtime)
