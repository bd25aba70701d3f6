"""One step of a case: the domain decides, the tables follow, the record and the outbox hear of it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from app.audit.service import AuditActor
from app.domain.document.changes import changed_fields, differing_texts
from app.domain.refusals import RefusalCode, Refused
from app.domain.roles import UserKind
from app.domain.routing.rules import Routed
from app.domain.vocabulary import Event, Role, Verb, Verdict
from app.domain.workflow import Act, Actor, Effects, Facts, extended, seats, transition
from app.domain.workflow.effects import Happened
from app.drafts import queries as drafts
from app.events.catalogue import CATALOGUE
from app.events.emit import SYSTEM, emit, emit_step, refusal
from app.events.payloads.base import Payload
from app.events.payloads.cases import CaseRouted, DecisionRefused
from app.identity import queries as identity
from app.identity.access import person
from app.identity.queries import Actor as Person
from app.infra.db import new_row
from app.infra.errors import NotFound
from app.infra.ids import new_id
from app.jobs import service as jobs
from app.jobs.kinds import JobKind
from app.reviews import workflows
from app.reviews.cases import Loaded, save
from app.reviews.errors import SLIPS, refused
from app.reviews.models import Decision

#: All that a tool does with a case: hand a text in, and take it back. People do the rest.
_FOR_MACHINES = frozenset({Verb.SUBMIT, Verb.RESUBMIT, Verb.RECALL})
#: Verbs whose refusal the trade wants on record.
_ON_RECORD = frozenset({Verb.APPROVE, Verb.CONFIRM_MARKS, Verb.SEND_BACK, Verb.DECLINE, Verb.OVERRIDE})
#: Differences told with a stale digest, and characters of each of their texts; the page shows all of them.
_MOST, _LONGEST = 50, 2000
#: The role of a decision is stored in so many characters.
_LONGEST_ROLE = 60


def take(
    session: Session,
    loaded: Loaded,
    act: Act,
    actor: Actor,
    facts: Facts,
    *,
    by: Person,
    at: datetime,
    quietly: bool = False,
) -> Effects | None:
    """Let the domain decide on `act`, and store what follows: decision, runs, case, record, messages, jobs.

    Raises `Forbidden`, `Conflict` or `Invalid` with every reason; `quietly` answers `None` instead, for jobs
    that may come late.
    """
    if act.verb not in _FOR_MACHINES:
        person(by)
    answer = transition(loaded.case, loaded.workflow, act, actor, facts, at)
    if isinstance(answer, Refused):
        if quietly:
            return None
        error = refused(
            answer.refusals,
            channels=drafts.channel_names(session, loaded.draft.id),
            record=_recorder(loaded, act, actor, answer, by, at),
        )
        if RefusalCode.STALE_DIGEST in answer.codes:
            error.data |= _meanwhile(session, loaded, act)
        raise error
    if answer.moved_to is not None:
        workflows.keep(session, answer.moved_to, at=at)
        loaded.row.workflow_digest = answer.moved_to.digest
        loaded.workflow = extended(answer.moved_to, answer.case.added)
    role = _role(loaded, act, actor)
    if answer.decided is not None:
        _store_decision(session, loaded, answer, act, actor, by, role, at)
    save(session, loaded, answer, at=at)
    _emit(session, loaded, answer, actor, by, role, at)
    for line in answer.needs_proof:
        payload = {"case_id": str(loaded.row.id), "line": line, "revision": answer.case.revision}
        key = f"{loaded.row.id}:{line}:{answer.case.revision}"
        jobs.enqueue(session, JobKind.LAY_OUT, payload, at=at, key=key)
    return answer


def record_routing(
    session: Session,
    loaded: Loaded,
    routed: Routed,
    told: Mapping[str, Sequence[str]],
    *,
    at: datetime,
    **more: Any,  # noqa: ANN401 – JSON values
) -> None:
    """Put on record which rule chose the workflow, which stages rules may add to it, and the facts of both.

    `told` says of each fact what told of it: a rule, a word of the policy or a field, never a piece of text.
    `more` stands beside it: what was kept of an earlier case of the draft.
    """
    payload = CaseRouted.of({"case": loaded.row.id, **routed.record(), "told": told, **more})
    emit(session, Event.CASE_ROUTED, payload, about=loaded.draft.id, actor=SYSTEM, at=at)


def _meanwhile(session: Session, loaded: Loaded, act: Act) -> dict[str, Any]:
    """Say who changed what since the text that was read: by whom, when, which fields, and the difference.

    Of a proof that was read, only that there is another now; nothing for a digest that the draft never had.
    """
    now = loaded.revision
    told: dict[str, Any] = {"revision": now.digest}
    try:
        read = drafts.revision_by_digest(session, loaded.draft.id, act.digest)
    except NotFound:
        return told
    names = identity.names(session, [now.author_id])
    old, new = drafts.document_of(read), drafts.document_of(now)
    differing = differing_texts(old, new)
    return told | {
        "read": read.digest,
        "changed_by": names.get(now.author_id, ""),
        "changed_at": now.created_at.isoformat(),
        "fields": sorted(changed_fields(old, new)),
        "differences": [
            {"place": place, "before": before[:_LONGEST], "after": after[:_LONGEST]}
            for place, before, after in differing[:_MOST]
        ],
        "differences_left_out": max(0, len(differing) - _MOST),
    }


def _store_decision(
    session: Session,
    loaded: Loaded,
    effects: Effects,
    act: Act,
    actor: Actor,
    by: Person,
    role: str,
    at: datetime,
) -> None:
    decided = effects.decided
    assert decided is not None
    run, sent_back = decided.run, decided.verdict is Verdict.SENT_BACK
    session.add(
        new_row(
            Decision,
            id=new_id(),
            case_id=loaded.row.id,
            draft_id=loaded.draft.id,
            stage_run_id=loaded.run_ids[run.stage, run.line, run.round],
            stage=run.stage,
            line=run.line,
            round=run.round,
            verdict=decided.verdict,
            outcome=decided.outcome,
            final=decided.final,
            actor_id=by.id,
            principal_id=UUID(actor.principal) if actor.principal else None,
            through_id=UUID(actor.through) if actor.through else None,
            role=role,
            bench=run.votes[-1].group if decided.verdict is Verdict.APPROVED else None,
            own=not actor.persons.isdisjoint(loaded.case.authors),
            workflow_digest=loaded.row.workflow_digest,
            revision_id=loaded.row.revision_id,
            digest=act.digest,
            comment=act.comment,
            checklist=sorted(act.ticked),
            sent_to=(act.send_back_to or "author") if sent_back else None,
            then=act.then if sent_back else None,
            decided_at=at,
        )
    )


def _role(loaded: Loaded, act: Act, actor: Actor) -> str:
    stage = loaded.workflow.by_key.get(act.stage)
    if stage is None:
        return (
            str(Role.EDITOR) if act.verb in {Verb.SUBMIT, Verb.RESUBMIT, Verb.RECALL, Verb.CARRY_OUT} else ""
        )
    taken = seats(loaded.case, stage, act.line, actor)
    if any(seat.outside for seat in taken[:1]):
        return str(UserKind.OUTSIDE)
    names = [str(seat.role or seat.post or ("author" if seat.author else "named")) for seat in taken]
    if stage.need == "one_of_each":
        # Whoever may sit on several benches is on record with all: which one they fill is seen in the end.
        return "、".join(dict.fromkeys(names))[:_LONGEST_ROLE]
    return next(iter(names), "")


def _emit(
    session: Session, loaded: Loaded, effects: Effects, actor: Actor, by: Person, role: str, at: datetime
) -> None:
    known: dict[str, Any] = {"through": actor.through} if actor.through else {}
    emit_step(
        session,
        [(one.event, step_payload(loaded, effects, one, known)) for one in effects.events],
        about=loaded.draft.id,
        actor=by.as_audit(Role(role) if role in set(Role) else None),
        at=at,
        on_behalf_of=on_behalf(by, actor),
    )


def step_payload(loaded: Loaded, effects: Effects, happened: Happened, more: Mapping[str, Any]) -> Payload:
    """Return what one thing that a step made happen carries: what the domain said of it, and where it was."""
    payload = CATALOGUE[happened.event].payload
    assert payload is not None
    data = {
        "draft": loaded.draft.id,
        "case": loaded.row.id,
        "revision": effects.case.revision,
        **more,
        "workflow": loaded.row.workflow_digest,
        **happened.data,
        "state": effects.case.state,
        "opened": [{"stage": run.stage, "line": run.line, "digest": run.digest} for run in effects.opened],
    }
    return payload.of({**data, "comment": data.get("comment") or None})


def on_behalf(by: Person, actor: Actor) -> AuditActor | None:
    """Return whom a step was done for, as the record names them; `None` for a step in one's own name."""
    for one in by.standing_in:
        if actor.principal == str(one.principal):
            return AuditActor(id=one.principal, name=one.name, unit=str(one.unit_id))
    return None


def _recorder(
    loaded: Loaded, act: Act, actor: Actor, answer: Refused, by: Person, at: datetime
) -> Callable[[Session], None] | None:
    if act.verb not in _ON_RECORD or answer.codes <= SLIPS:
        return None
    payload = DecisionRefused(
        draft=loaded.draft.id,
        case=loaded.row.id,
        verb=act.verb,
        stage=act.stage,
        line=act.line,
        digest=act.digest,
        reasons=sorted(map(str, answer.codes)),
    )
    return refusal(
        Event.DECISION_REFUSED,
        payload,
        about=loaded.draft.id,
        actor=by.as_audit(),
        at=at,
        reason=min(map(str, answer.codes)),
        on_behalf_of=on_behalf(by, actor),
    )
