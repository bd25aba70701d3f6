"""The urgent lane (紧急发布): out now, what is owed afterwards. One verb, one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from app.domain.files.policy_files import PolicyFiles, Unreadable
from app.domain.owed_reviews import Objection, UrgentCode, UrgentLane, Wish, lint_urgent, objections, owed
from app.domain.vocabulary import Event, Role, StageKind
from app.domain.workflow.commands import Approve
from app.events.emit import emit, refusal
from app.events.payloads.publication import ReleaseRefused, ReleaseUrgent
from app.identity.access import person
from app.identity.queries import Actor
from app.infra.errors import AppError, Conflict, Forbidden, Invalid, NotFound, Reason, Unavailable
from app.infra.ids import new_id
from app.infra.policy_faults import reason_of
from app.infra.runtime import Runtime
from app.jobs import service as jobs
from app.jobs.kinds import JobKind
from app.publication import gate, service
from app.publication.commands import SignLine
from app.publication.debts import service as debts
from app.publication.models import Release, ReviewDebt
from app.publication.urgent import errors as _words  # noqa: F401 – the words of the codes below
from app.reviews import calendar, screening
from app.reviews.cases import Loaded, load
from app.reviews.commands import perform

_FILE = "urgent.yaml"
_PERSONAL = frozenset({UrgentCode.ROLE, UrgentCode.OWN_DRAFT})
_OF_THE_FORM = frozenset({UrgentCode.REASON, UrgentCode.LINE})
#: Forgotten in the form: told, and not put on record.
_SLIPS = frozenset({UrgentCode.REASON})


@dataclass(frozen=True, slots=True)
class UrgentRelease:
    """What the urgent lane let out, and what is owed for it."""

    release: Release
    debts: tuple[ReviewDebt, ...]


def lane(policies: PolicyFiles) -> UrgentLane:
    """Return what the policies in force say of the urgent lane.

    Raises `Unavailable` without its file, or with every fault of a bad one: then nothing goes out by it.
    """
    try:
        read, faults = lint_urgent(policies.text(_FILE))
    except (FileNotFoundError, Unreadable) as error:
        raise Unavailable("urgent_lane_closed") from error
    if read is None or faults:
        raise Unavailable("urgent_lane_closed", reasons=[reason_of(fault, _FILE) for fault in faults])
    return read


def lay_out(
    session: Session, *, case_id: UUID, line: str, actor: Actor, runtime: Runtime, at: datetime
) -> None:
    """Have a line's proof laid out before its reviews are done, so that there is something to release.

    Nothing happens where it is laid out already. Raises `NotFound`, `Forbidden`, `Invalid` for another line.
    """
    loaded = load(session, case_id, actor)
    person(actor)
    allowed = lane(runtime.policies)
    if not roles_over(actor, loaded, line) & set(allowed.roles):
        raise _refused(loaded, line, "", [Objection(UrgentCode.ROLE)], actor=actor, at=at)
    if line not in loaded.case.lines:
        raise _refused(loaded, line, "", [Objection(UrgentCode.LINE, {"line": line})], actor=actor, at=at)
    if loaded.case.proof_of(line) is None:
        payload = {"case_id": str(case_id), "line": line, "revision": loaded.case.revision}
        jobs.enqueue(session, JobKind.LAY_OUT, payload, at=at, key=f"{case_id}:{line}:{loaded.case.revision}")


def release(
    session: Session,
    *,
    case_id: UUID,
    line: str,
    digest: str,
    reason: str,
    actor: Actor,
    runtime: Runtime,
    at: datetime,
) -> UrgentRelease:
    """Give permission to publish `digest` on a line now; return it, and what is owed by when.

    Raises `NotFound`, and `Forbidden`, `Conflict` or `Invalid` with everything that stands against it; the
    refusal goes on record.
    """
    loaded = load(session, case_id, actor)
    person(actor)
    rules = lane(runtime.policies)
    checked = screening.check(session, loaded, runtime=runtime, at=at)
    left = debts.refresh(session, debts.of_unit(session, loaded.draft.unit_id), at=at)
    due_at = calendar.due_by(runtime.policies)(at, rules.within.working_days)
    wish = Wish(
        line=line,
        digest=digest,
        reason=reason,
        roles=roles_over(actor, loaded, line),
        persons=frozenset(map(str, {actor.id, *actor.others})),
        findings=tuple(checked.blockers),
        overdue=debts.overdue(session, left, at=at),
        due_at=due_at,
    )
    if against := objections(loaded.case, loaded.workflow, rules, wish):
        raise _refused(loaded, line, digest, against, actor=actor, at=at)
    assert due_at is not None
    service.void_earlier(session, loaded, line)
    signed = service.store_release(
        session,
        loaded,
        line,
        digest,
        by=service.Signature(actor.as_audit(Role.PUBLISHER), actor.id),
        runtime=runtime,
        at=at,
    )
    session.flush()
    rows = _owe(session, loaded, signed, due_at=due_at, at=at)
    closed = gate.standing(session, loaded, line=line, digest=digest, runtime=runtime, at=at)
    if closed:
        raise Conflict("release_refused", reasons=service.reasons_of(closed))
    payload = ReleaseUrgent.of({**debts.data_of(rows), "release": signed.id, "comment": reason})
    emit(session, Event.RELEASE_URGENT, payload, about=loaded.draft.id, actor=actor.as_audit(), at=at)
    return UrgentRelease(signed, rows)


def settle(
    session: Session,
    *,
    debt_id: UUID,
    digest: str,
    comment: str,
    outcome: str,
    checklist: Sequence[str],
    actor: Actor,
    runtime: Runtime,
    at: datetime,
) -> ReviewDebt:
    """Make up for a stage that is owed: pass it as it is passed by anybody, on what was read.

    Raises what `reviews.decide` and `service.sign` raise, `NotFound`, `Conflict` when it is settled.
    """
    row = session.get(ReviewDebt, debt_id)
    if row is None:
        raise NotFound("not_found")
    loaded = load(session, row.case_id, actor)
    session.refresh(row)
    if row.settled_at is not None:
        raise Conflict("debt_settled")
    stage = loaded.workflow.by_key.get(row.stage)
    ticked = frozenset(checklist)
    if stage is not None and StageKind.SIGN_OFF in stage.kinds:
        sign = SignLine(row.line, digest, comment, outcome, ticked)
        service.sign(session, row.case_id, sign, actor=actor, runtime=runtime, at=at)
    else:
        approval = Approve(row.stage, row.line, digest, comment, outcome, ticked)
        perform(session, row.case_id, approval, actor=actor, runtime=runtime, at=at)
    session.flush()
    debts.refresh(session, [row], at=at)
    return row


def look(runtime: Runtime, *, at: datetime) -> int:
    """Settle debts whose stages were passed, and tell of those that ran out; return how many are new."""
    with runtime.database.read() as session:
        query = select(ReviewDebt).where(col(ReviewDebt.settled_at).is_(None)).order_by(col(ReviewDebt.id))
        ids = [row.id for row in session.exec(query).all()]
    made = 0
    for debt_id in ids:
        with runtime.database.write() as session:
            left = debts.refresh(session, [session.get_one(ReviewDebt, debt_id)], at=at)
            for row in left:
                if row.due_at < at and row.overdue_told_at is None:
                    debts.call_overdue(session, row, at=at)
                    made += 1
    return made


def may_ask(policies: PolicyFiles, actor: Actor) -> bool:
    """Say whether somebody holds a role of the urgent lane anywhere; nobody does while it is closed."""
    try:
        allowed = lane(policies).roles
    except Unavailable:
        return False
    return any(actor.has(role) for role in allowed)


def roles_over(actor: Actor, loaded: Loaded, line: str) -> frozenset[Role]:
    """Return the roles that somebody holds themselves over a draft on one of its lines."""
    return frozenset(role for role in Role if actor.has(role, unit_path=loaded.draft.unit_path, channel=line))


def _owe(
    session: Session, loaded: Loaded, signed: Release, *, due_at: datetime, at: datetime
) -> tuple[ReviewDebt, ...]:
    """Store what is owed for a line; what was owed for it already keeps its time."""
    query = select(ReviewDebt).where(
        ReviewDebt.case_id == loaded.row.id, ReviewDebt.channel == signed.channel
    )
    known = {(row.stage, row.line): row for row in session.exec(query).all()}
    rows = []
    for one in owed(loaded.case, loaded.workflow, signed.channel):
        row = known.get(one.spot) or ReviewDebt(
            id=new_id(),
            release_id=signed.id,
            unit_id=loaded.draft.unit_id,
            draft_id=loaded.draft.id,
            case_id=loaded.row.id,
            channel=signed.channel,
            stage=one.stage,
            line=one.line,
            title=one.title,
            levels=[str(level) for level in one.levels],
            due_at=due_at,
            owed_since=at,
        )
        row.settled_at = None
        session.add(row)
        rows.append(row)
    session.flush()
    return tuple(rows)


def _refused(
    loaded: Loaded, line: str, digest: str, against: Sequence[Objection], *, actor: Actor, at: datetime
) -> AppError:
    codes = {one.code for one in against}
    told = [Reason(str(one.code), dict(one.data)) for one in against]
    payload = ReleaseRefused(
        draft=loaded.draft.id,
        case=loaded.row.id,
        channel=line,
        digest=digest,
        reasons=sorted(map(str, codes)),
    )
    record = refusal(
        Event.RELEASE_REFUSED,
        payload,
        about=loaded.draft.id,
        actor=actor.as_audit(),
        at=at,
        reason="urgent_refused",
    )
    if codes & _PERSONAL:
        return Forbidden("urgent_refused", reasons=told, record=record)
    if codes - _OF_THE_FORM:
        return Conflict("urgent_refused", reasons=told, record=record)
    return Invalid("urgent_refused", reasons=told, record=None if codes <= _SLIPS else record)
