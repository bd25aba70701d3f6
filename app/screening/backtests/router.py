"""Trying a version of the negative list over the archive."""

import json
from uuid import UUID

from fastapi import Request

from app.identity.access import CurrentActor
from app.infra.db import ReadSession, WriteSession
from app.infra.http.routing import ApiRouter
from app.infra.runtime import runtime_of
from app.policies import service as policies
from app.policies.models import BackTest
from app.policies.schemas import Digest
from app.screening.backtests import service as backtests
from app.screening.backtests.schemas import BackTestDetailOut, BackTestIn, BackTestOut, SampleOut

router = ApiRouter(tags=["negative list"])


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
    return [_back_test(test) for test in backtests.listing(session, candidate=candidate)]


@router.get("/backtests/{test_id}")
def show_back_test(test_id: UUID, actor: CurrentActor, session: ReadSession) -> BackTestDetailOut:
    """Show a back-test: how far it is, and when it is over what would be found, no more, or otherwise."""
    test = backtests.shown(session, test_id, actor)
    report = json.loads(test.report) if test.report else None
    samples, hidden = backtests.samples(session, report, actor) if report else ((), 0)
    return BackTestDetailOut(
        **_back_test(test).model_dump(),
        figures={name: value for name, value in report.items() if name != "samples"} if report else None,
        samples=[SampleOut.model_validate(sample, from_attributes=True) for sample in samples],
        hidden=hidden,
    )


def _back_test(test: BackTest) -> BackTestOut:
    return BackTestOut.model_validate(test.model_dump())
