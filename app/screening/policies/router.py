"""Versions of the negative list: proposed, tried on the archive, brought into force by two people."""

import json
from uuid import UUID

from fastapi import Request

from app.domain.vocabulary import PolicySource
from app.identity.access import CurrentActor
from app.infra.db import ReadSession, WriteSession
from app.infra.errors import Conflict
from app.infra.http.links import made
from app.infra.http.routing import ApiRouter
from app.infra.models import PolicyVersion
from app.infra.policies import digest_in_use
from app.infra.runtime import runtime_of
from app.negative_list.source.policy import ENGINE_SCHEMA
from app.screening.backtests import service as backtests
from app.screening.models import BackTest, PolicyActivation
from app.screening.policies import proposals
from app.screening.policies import queries as policy_queries
from app.screening.policies import service as policies
from app.screening.policies.queries import Version
from app.screening.policies.schemas import (
    ActivationOut,
    AskIn,
    BackTestDetailOut,
    BackTestIn,
    BackTestOut,
    PolicyFaultOut,
    SampleOut,
    VersionDetailOut,
    VersionIn,
    VersionOut,
    VersionsOut,
    WishDecisionIn,
)
from app.screening.schemas import Digest

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


@router.post("/backtests", status_code=202)
def ask_back_test(
    request: Request, body: BackTestIn, actor: CurrentActor, session: WriteSession
) -> BackTestOut:
    """Ask that a version be tried over the archive of one's bureau; it runs behind the scenes."""
    test = backtests.ask(
        session,
        candidate=body.candidate,
        base=body.base,
        which=body.drafts,
        since=body.since,
        actor=actor,
        at=runtime_of(request).clock(),
    )
    return _back_test(test)


@router.get("/backtests")
def list_back_tests(
    actor: CurrentActor, session: ReadSession, candidate: Digest | None = None
) -> list[BackTestOut]:
    """List back-tests, the newest first."""
    policies.admit(actor, *policies.GRANTERS)
    return [_back_test(one) for one in backtests.listing(session, candidate=candidate)]


@router.get("/backtests/{test_id}")
def show_back_test(test_id: UUID, actor: CurrentActor, session: ReadSession) -> BackTestDetailOut:
    """Show a back-test: how far it is, and when it is over what would be found, no more, or otherwise."""
    test = backtests.shown(session, test_id, actor)
    report = json.loads(test.report) if test.report else None
    found, hidden = backtests.samples(session, report, actor) if report else ((), 0)
    return BackTestDetailOut(
        **_back_test(test).model_dump(),
        figures={name: value for name, value in report.items() if name != "samples"} if report else None,
        samples=[SampleOut.model_validate(one, from_attributes=True) for one in found],
        hidden=hidden,
    )


def _version(found: Version) -> dict[str, object]:
    row = found.row.model_dump(exclude={"files"})
    return {**row, "state": found.state, "runnable": found.row.engine == ENGINE_SCHEMA}


def _activation(one: PolicyActivation) -> ActivationOut:
    return ActivationOut.model_validate({**one.model_dump(), "shadowed": policy_queries.shadowed(one)})


def _back_test(one: BackTest) -> BackTestOut:
    return BackTestOut.model_validate(one.model_dump())
