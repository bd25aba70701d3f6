"""Versions of the negative list: proposed, tried on the archive, brought into force by two people."""

import json
from uuid import UUID

from fastapi import FastAPI, Request

from app.domain.vocabulary import PolicySource
from app.identity.access import CurrentActor
from app.infra.db import ReadSession, WriteSession
from app.infra.errors import Conflict
from app.infra.http.links import made
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of
from app.negative_list.source.policy import ENGINE_SCHEMA
from app.policies import proposals, start
from app.policies import queries as policy_queries
from app.policies import service as policies
from app.policies.models import PolicyActivation, PolicyVersion
from app.policies.queries import Version
from app.policies.schemas import (
    ActivationOut,
    AskIn,
    Digest,
    PolicyFaultOut,
    VersionDetailOut,
    VersionIn,
    VersionOut,
    VersionsOut,
    WishDecisionIn,
)
from app.policies.versions import digest_in_use

router = ApiRouter(tags=["negative list"])


@router.get("/policies")
def list_versions(request: Request, _actor: CurrentActor, session: ReadSession) -> VersionsOut:
    """List the versions of the negative list, and what is wrong with the folder as it is now."""
    store = runtime_of(request).negative_list
    return VersionsOut(
        in_force=digest_in_use(session) or store.current.digest,
        items=[VersionOut(**_version(one)) for one in policy_queries.versions(session)],
        folder_faults=[PolicyFaultOut(**fault._asdict()) for fault in store.faults],
    )


@router.post("/policies", status_code=201, responses={201: made("show_version", digest="digest")})
def propose_version(request: Request, body: VersionIn, actor: CurrentActor) -> VersionOut:
    """Propose a version; every fault of its files is told at once, with file, line and key."""
    policies.admit(actor, *policies.KEEPERS)
    runtime = runtime_of(request)
    files: dict[str, str] = {}
    if body.base is not None:
        with runtime.database.read() as session:
            files = policy_queries.files(session, body.base)
    for name, text in body.files.items():
        if text is None:
            files.pop(name, None)
        else:
            files[name] = text
    seen = proposals.screened(files, cache_dir=runtime.settings.data_dir / "cache")
    with runtime.database.write() as session:
        if session.get(PolicyVersion, seen.policy.digest) is not None:
            raise Conflict("policy_unchanged", data={"policy": seen.policy.digest})
        version = policies.keep(
            session,
            seen,
            source=PolicySource.API,
            base=body.base,
            note=body.note,
            actor=actor,
            at=runtime.clock(),
        )
        return VersionOut(**_version(Version(version, "candidate", ())))


@router.get("/policies/{digest}")
def show_version(digest: Digest, _actor: CurrentActor, session: ReadSession) -> VersionDetailOut:
    """Show a version, its files' digests, and the wishes to bring it into force."""
    found = policy_queries.version(session, digest)
    return VersionDetailOut(
        **_version(found),
        files=json.loads(found.row.files),
        activations=[_activation(one) for one in found.activations],
    )


@router.get("/policies/{digest}/activations")
def list_activations(digest: Digest, _actor: CurrentActor, session: ReadSession) -> list[ActivationOut]:
    """List the wishes to bring a version into force, the newest first."""
    return [_activation(one) for one in policy_queries.version(session, digest).activations]


@router.post(
    "/policies/{digest}/activations",
    status_code=201,
    responses={201: made("list_activations", digest="path.digest")},
)
def ask_activation(
    request: Request, digest: Digest, body: AskIn, actor: CurrentActor, session: WriteSession
) -> ActivationOut:
    """Ask that a version be brought into force; somebody else grants it."""
    return _activation(
        policies.ask(session, digest=digest, note=body.note, actor=actor, at=runtime_of(request).clock())
    )


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
    decided = policies.decide(
        runtime,
        activation_id=activation_id,
        grant=body.grant,
        back_test=body.back_test or "",
        comment=body.comment,
        actor=actor,
    )
    return _activation(decided)


def _version(found: Version) -> dict[str, object]:
    row = found.row.model_dump(exclude={"files"})
    return {**row, "state": found.state, "runnable": found.row.engine == ENGINE_SCHEMA}


def _activation(one: PolicyActivation) -> ActivationOut:
    return ActivationOut.model_validate({**one.model_dump(), "shadowed": policy_queries.shadowed(one)})


def install(app: FastAPI) -> None:
    """Add this feature's routes, and let the process bring in the first version of the negative list."""
    app.include_router(router)
    start.attach(app.state.runtime)
