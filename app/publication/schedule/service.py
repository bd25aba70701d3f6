"""定时发布: a line is signed now and goes out later, if nothing stands in the way by then.

Signing stores a `ScheduledRelease` and promises a job; no ticket is out before the instant. The job loads the
case afresh, asks the whole gate again under the newest negative list, and gives the ticket or withholds it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from app.audit import service as audit
from app.audit.service import AuditActor
from app.domain.release import Blocker, BlockerCode
from app.domain.vocabulary import Role, ScheduledState
from app.domain.workflow.commands import Schedule, Unschedule
from app.identity.models import User
from app.identity.queries import SYSTEM, Actor
from app.infra.clock import utc
from app.infra.errors import Invalid, NotFound, Reason, Unavailable
from app.infra.ids import new_id
from app.infra.runtime import Runtime
from app.jobs import service as jobs
from app.jobs.kinds import JobKind
from app.publication import gate, service
from app.publication.commands import SignLine
from app.publication.models import Release, ScheduledRelease
from app.publication.service import Signature
from app.reviews import scheduling
from app.reviews.apply import Step
from app.reviews.cases import Loaded, load
from app.reviews.commands import perform


def sign_later(
    session: Session,
    case_id: UUID,
    command: SignLine,
    *,
    release_at: datetime,
    actor: Actor,
    runtime: Runtime,
    at: datetime,
) -> ScheduledRelease | None:
    """Sign a line off (签发) for `release_at`; `None` while others must sign too: the last one says when.

    The gate is asked at once, as for that instant. Raises what `service.sign` raises, and what
    `reviews.scheduling` refuses: an instant that is past, too far or under an embargo.
    """
    release_at = utc(release_at)
    if release_at <= at:
        # Before anything else: this is a slip of the form, and no signature is spent on it.
        given = {"given": release_at.isoformat(), "now": at.isoformat()}
        raise Invalid("instant_past", reasons=[Reason("instant_past", given, field="body.release_at")])
    loaded = service.sign_off(
        session, case_id, command, goes_out_at=release_at, actor=actor, runtime=runtime, at=at
    )
    if loaded is None:
        return None
    step = Step(session, loaded, actor, runtime, at)
    scheduling.schedule(step, Schedule(command.line, command.digest, release_at))
    for earlier in waiting(session, case_id=case_id, line=command.line):
        _end(session, earlier, ScheduledState.WITHDRAWN, at=at)
    session.flush()
    row = ScheduledRelease(
        id=new_id(),
        draft_id=loaded.draft.id,
        case_id=loaded.row.id,
        channel=command.line,
        digest=command.digest,
        release_at=release_at,
        state=ScheduledState.WAITING,
        signed_by=actor.id,
        signed_at=at,
    )
    session.add(row)
    jobs.enqueue(
        session, JobKind.GO_OUT, {"scheduled": str(row.id)}, at=at, run_at=release_at, key=str(row.id)
    )
    return row


def unschedule(
    session: Session, case_id: UUID, command: Unschedule, *, actor: Actor, runtime: Runtime, at: datetime
) -> Loaded:
    """Take a line back from its time (取消定时). Raises what `reviews.perform` raises."""
    loaded = perform(session, case_id, command, actor=actor, runtime=runtime, at=at)
    for row in waiting(session, case_id=case_id, line=command.line):
        _end(session, row, ScheduledState.WITHDRAWN, at=at)
    return loaded


def go_out(
    session: Session, scheduled_id: UUID, *, patient: bool, runtime: Runtime, at: datetime
) -> Release | None:
    """Let a scheduled line go out whose time has come; `None` when it does not.

    Done twice, or for a line that was taken back, nothing happens. Everything is asked anew: what stands in
    the way is put on record and withholds it, and its sign-off opens again. A process that is still behind
    the negative list in force raises `Unavailable` while it is `patient`: a moment later it will not be.
    """
    known = session.get(ScheduledRelease, scheduled_id)
    if known is None:
        raise NotFound("not_found")
    loaded = load(session, known.case_id, SYSTEM)
    row = session.get_one(ScheduledRelease, scheduled_id, populate_existing=True, with_for_update=True)
    if row.state != ScheduledState.WAITING:
        return None
    if loaded.case.scheduled_at(row.channel) != row.release_at:
        _end(session, row, ScheduledState.WITHDRAWN, at=at)
        return None
    if at < row.release_at:
        jobs.enqueue(session, JobKind.GO_OUT, {"scheduled": str(row.id)}, at=at, run_at=row.release_at)
        return None
    against = gate.standing(session, loaded, line=row.channel, digest=row.digest, runtime=runtime, at=at)
    if patient and any(blocker.code is BlockerCode.NOT_CHECKED for blocker in against):
        raise Unavailable("policy_behind")
    if against:
        _withhold(session, loaded, row, against, runtime=runtime, at=at)
        return None
    scheduling.fulfil(session, loaded, line=row.channel, at=at)
    _end(session, row, ScheduledState.RELEASED, at=at)
    by = Signature(audit.SYSTEM, row.signed_by, _signer(session, row), due_at=row.release_at)
    release = service.store_release(session, loaded, row.channel, row.digest, by=by, runtime=runtime, at=at)
    service.settle_state(session, loaded, at=at)
    return release


def waiting(session: Session, *, case_id: UUID, line: str) -> tuple[ScheduledRelease, ...]:
    """Return what waits for its time on a line of a case: one, or none."""
    query = select(ScheduledRelease).where(
        ScheduledRelease.case_id == case_id,
        ScheduledRelease.channel == line,
        col(ScheduledRelease.state) == ScheduledState.WAITING,
    )
    return tuple(session.exec(query).all())


def _withhold(
    session: Session,
    loaded: Loaded,
    row: ScheduledRelease,
    against: Sequence[Blocker],
    *,
    runtime: Runtime,
    at: datetime,
) -> None:
    reasons: list[dict[str, Any]] = [
        {"code": str(blocker.code), "data": dict(blocker.data)} for blocker in against
    ]
    codes = [reason["code"] for reason in reasons]
    scheduling.withhold(session, loaded, line=row.channel, against=codes, runtime=runtime, at=at)
    row.reasons = reasons
    _end(session, row, ScheduledState.WITHHELD, at=at)


def _end(session: Session, row: ScheduledRelease, state: ScheduledState, *, at: datetime) -> None:
    row.state, row.ended_at = state, at
    session.add(row)


def _signer(session: Session, row: ScheduledRelease) -> AuditActor:
    """Return who had signed, as the record names them: also somebody who has left since."""
    user = session.get_one(User, row.signed_by)
    return AuditActor(id=user.id, name=user.name, role=Role.PUBLISHER, unit=str(user.unit_id))
