"""签发: permission to publish one digest on one channel. One verb, one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, select

from app.audit.service import AuditActor
from app.domain.record.chain import timestamp
from app.domain.release import Blocker
from app.domain.vocabulary import CaseState, DraftState, Event, ReleaseState, Role, StageKind, StageState
from app.domain.workflow.commands import Approve
from app.drafts import service as drafts
from app.events.emit import emit, refusal
from app.events.payloads.base import ABSENT
from app.events.payloads.publication import ReleaseRefused, ReleaseSigned
from app.identity.access import authorize, person
from app.identity.queries import Actor
from app.infra.errors import AppError, Conflict, NotFound, Reason
from app.infra.runtime import Runtime
from app.policies.in_use import policy_of
from app.publication import errors as _words  # noqa: F401 – the words of the codes below
from app.publication import gate, tickets
from app.publication.commands import SignLine
from app.publication.models import Publication, Release, ReleaseTicket
from app.publication.orders import service as orders
from app.publication.tickets import Ticket
from app.reviews import service as reviews
from app.reviews.apply import Step
from app.reviews.cases import Loaded, load


@dataclass(frozen=True, slots=True)
class Signature:
    """Who puts a release on record, whose signature it is, and whom that was given for.

    `due_at` is the instant that the line was scheduled for: then the service itself acts, for the signer.
    """

    actor: AuditActor
    person: UUID
    behalf: AuditActor | None = None
    due_at: datetime | None = None


def sign(
    session: Session, case_id: UUID, command: SignLine, *, actor: Actor, runtime: Runtime, at: datetime
) -> Release | None:
    """Sign a line off (签发) and give permission to publish what was read; None while others must sign too.

    Raises what `sign_off` raises.
    """
    loaded = sign_off(session, case_id, command, goes_out_at=at, actor=actor, runtime=runtime, at=at)
    if loaded is None:
        return None
    release = store_release(
        session,
        loaded,
        command.line,
        command.digest,
        by=Signature(actor.as_audit(Role.PUBLISHER), actor.id, _behalf(loaded, command.line, actor)),
        runtime=runtime,
        at=at,
    )
    settle_state(session, loaded, at=at)
    return release


def sign_off(
    session: Session,
    case_id: UUID,
    command: SignLine,
    *,
    goes_out_at: datetime,
    actor: Actor,
    runtime: Runtime,
    at: datetime,
) -> Loaded | None:
    """Decide at the sign-off of a line, and ask the gate about the case as it stands afterwards.

    The gate is asked whether the line may go out at `goes_out_at`. Returns the case, with tickets that were
    signed before void; `None` while others must sign too. Raises what `reviews.decide` raises, and `Conflict`
    with everything that stands in the way; that refusal goes on record.
    """
    loaded, line, digest = load(session, case_id, actor), command.line, command.digest
    stage = _sign_off(loaded)
    approval = Approve(stage, line, digest, command.comment, command.outcome, command.ticked)
    reviews.approve_sign_off(Step(session, loaded, actor, runtime, at), approval)
    if loaded.case.current()[stage, line].state is not StageState.PASSED:
        return None
    session.flush()
    against = gate.standing(
        session, loaded, line=line, digest=digest, runtime=runtime, at=at, goes_out_at=goes_out_at
    )
    if against:
        raise _refused(loaded, line, digest, against, actor=actor, at=at)
    void_earlier(session, loaded, line)
    return loaded


def settle_state(session: Session, loaded: Loaded, *, at: datetime) -> None:
    """Let a draft be published again whose case is cleared and of which something is out."""
    if loaded.case.state is CaseState.CLEARED and _is_published(session, loaded.draft.id):
        drafts.set_state(loaded.draft, DraftState.PUBLISHED, at)


def renew(session: Session, release_id: UUID, *, actor: Actor, runtime: Runtime, at: datetime) -> Release:
    """Give an unused release a fresh ticket; the one before is void. The gate is asked anew.

    Raises `NotFound`, `Forbidden` without a publisher's role on the channel, `Conflict` for a used release or
    with everything that stands in the way.
    """
    release = session.get(Release, release_id)
    if release is None:
        raise NotFound("not_found")
    loaded = load(session, release.case_id, actor)
    session.refresh(release)
    person(actor)
    authorize(actor, Role.PUBLISHER, unit_path=loaded.draft.unit_path, channel=release.channel)
    if release.state != ReleaseState.SIGNED:
        raise Conflict("release_not_renewable", data={"state": release.state})
    against = gate.standing(
        session, loaded, line=release.channel, digest=release.digest, runtime=runtime, at=at
    )
    if against:
        raise _refused(loaded, release.channel, release.digest, against, actor=actor, at=at)
    ticket = _ticket(
        session, loaded, release.channel, release.digest, runtime=runtime, at=at, release_id=release.id
    )
    release.ticket, release.nonce, release.expires_at = ticket.text, ticket.nonce, ticket.expires_at
    release.policy = policy_of(session, runtime).digest
    session.add(release)
    by = Signature(actor.as_audit(Role.PUBLISHER), actor.id)
    _tell_signed(session, loaded, release, ticket, by=by, at=at, renewed=True)
    return release


def _behalf(loaded: Loaded, line: str, actor: Actor) -> AuditActor | None:
    """Return whom a signature was given for (代); `None` for one in the signer's own place."""
    (vote, *_) = reversed(loaded.case.current()[_sign_off(loaded), line].votes)
    for stand_in in actor.standing_in:
        if vote.principal == str(stand_in.principal):
            return AuditActor(id=stand_in.principal, name=stand_in.name, unit=str(stand_in.unit_id))
    return None


def _sign_off(loaded: Loaded) -> str:
    keys = [stage.key for stage in loaded.workflow.stages if StageKind.SIGN_OFF in stage.kinds]
    if not keys:
        raise Conflict("no_sign_off")
    return keys[-1]


def store_release(
    session: Session,
    loaded: Loaded,
    line: str,
    digest: str,
    *,
    by: Signature,
    runtime: Runtime,
    at: datetime,
) -> Release:
    """Store the permission to publish `digest` on a line, with its ticket, and tell of it."""
    ticket = _ticket(session, loaded, line, digest, runtime=runtime, at=at)
    release = Release(
        id=ticket.release_id,
        draft_id=loaded.draft.id,
        case_id=loaded.row.id,
        channel=line,
        digest=digest,
        revision=loaded.revision.digest,
        policy=policy_of(session, runtime).digest,
        state=ReleaseState.SIGNED,
        ticket=ticket.text,
        nonce=ticket.nonce,
        expires_at=ticket.expires_at,
        signed_by=by.person,
        signed_at=at,
    )
    session.add(release)
    # First what follows for another draft: what a transaction wrote is sealed with its last events.
    orders.give(session, loaded, release, by=by.actor, runtime=runtime, at=at)
    _tell_signed(session, loaded, release, ticket, by=by, at=at, renewed=False)
    return release


def _ticket(
    session: Session,
    loaded: Loaded,
    line: str,
    digest: str,
    *,
    runtime: Runtime,
    at: datetime,
    release_id: UUID | None = None,
) -> Ticket:
    return tickets.issue(
        runtime.signer,
        draft_id=loaded.draft.id,
        channel=line,
        digest=digest,
        revision=loaded.revision.digest,
        policy=policy_of(session, runtime).digest,
        at=at,
        good_for=timedelta(hours=runtime.settings.ticket_hours),
        release_id=release_id,
    )


def _tell_signed(
    session: Session,
    loaded: Loaded,
    release: Release,
    ticket: Ticket,
    *,
    by: Signature,
    at: datetime,
    renewed: bool,
) -> None:
    session.add(ReleaseTicket(name=ticket.name, release_id=release.id, text=ticket.text, issued_at=at))
    payload = ReleaseSigned(
        draft=release.draft_id,
        case=release.case_id,
        release=release.id,
        channel=release.channel,
        digest=release.digest,
        revision=release.revision,
        policy=release.policy,
        workflow=loaded.row.workflow_digest,
        ticket=ticket.name,
        expires_at=timestamp(ticket.expires_at),
        renewed=renewed,
        scheduled_for=ABSENT if by.due_at is None else timestamp(by.due_at),
        number=loaded.draft.number,
        signed_ticket=ticket.signed.model_dump(mode="json"),
    )
    emit(
        session,
        Event.RELEASE_SIGNED,
        payload,
        about=release.draft_id,
        actor=by.actor,
        at=at,
        on_behalf_of=by.behalf,
    )


def void_earlier(session: Session, loaded: Loaded, line: str) -> None:
    """Let no ticket that was signed before for a line be good any more."""
    earlier = select(Release).where(
        Release.draft_id == loaded.draft.id, Release.channel == line, Release.state == ReleaseState.SIGNED
    )
    for release in session.exec(earlier).all():
        release.state = ReleaseState.EXPIRED
        session.add(release)
    session.flush()


def _is_published(session: Session, draft_id: UUID) -> bool:
    return (
        session.exec(select(Publication.id).where(Publication.draft_id == draft_id).limit(1)).first()
        is not None
    )


def reasons_of(against: Iterable[Blocker]) -> list[Reason]:
    """Return the gate's blockers as reasons."""
    return [Reason(str(blocker.code), dict(blocker.data)) for blocker in against]


def _refused(
    loaded: Loaded, line: str, digest: str, against: Sequence[Blocker], *, actor: Actor, at: datetime
) -> AppError:
    record = refusal(
        Event.RELEASE_REFUSED,
        ReleaseRefused(
            draft=loaded.draft.id,
            case=loaded.row.id,
            channel=line,
            digest=digest,
            reasons=sorted(str(blocker.code) for blocker in against),
        ),
        about=loaded.draft.id,
        actor=actor.as_audit(Role.PUBLISHER),
        at=at,
        reason="release_refused",
    )
    return Conflict("release_refused", reasons=reasons_of(against), record=record)
