"""One step of a case: the domain decides, the tables follow, the record and the outbox hear of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from app.audit.service import AuditActor
from app.domain.document.changes import changed_fields, differing_texts
from app.domain.refusals import Refusal, RefusalCode, Refused
from app.domain.roles import UserKind
from app.domain.routing.rules import Routed
from app.domain.vocabulary import VOTED, Event, Role, Verb
from app.domain.workflow import (
    AssessedText,
    Command,
    Effects,
    Facts,
    Participant,
    extended,
    seats,
    transition,
)
from app.domain.workflow.commands import Decide, OnReading, Override, Schedule, SendBack, Submit
from app.domain.workflow.effects import Decided, Happened
from app.drafts import queries as drafts
from app.events.catalogue import CATALOGUE
from app.events.emit import SYSTEM, emit, emit_step, refusal
from app.events.payloads.base import Payload
from app.events.payloads.cases import CaseRouted, DecisionRefused
from app.identity import queries as identity
from app.identity.access import person
from app.identity.queries import Actor
from app.infra.db import new_row
from app.infra.errors import NotFound
from app.infra.ids import new_id
from app.infra.runtime import Runtime
from app.jobs import service as jobs
from app.jobs.kinds import JobKind
from app.reviews import calendar, screening, workflows
from app.reviews.cases import Loaded, acting, as_participant, save
from app.reviews.errors import SLIPS, refused
from app.reviews.models import Decision
from app.reviews.screening import Checked

#: All that a tool does with a case: hand a text in, and take it back. People do the rest.
_FOR_MACHINES = frozenset({Verb.SUBMIT, Verb.RESUBMIT, Verb.RECALL})
#: What authors do, whose role is no seat at a stage.
_BY_EDITORS = frozenset({*_FOR_MACHINES, Verb.CARRY_OUT})
#: Differences told with a stale digest, and characters of each of their texts; the page shows all of them.
_MOST, _LONGEST = 50, 2000
#: The role of a decision is stored in so many characters.
_LONGEST_ROLE = 60


@dataclass(frozen=True, slots=True)
class Step:
    """Somebody at work on a case in hand: who, when, and on whose behalf if they said so."""

    session: Session
    loaded: Loaded
    actor: Actor
    runtime: Runtime
    at: datetime
    on_behalf_of: UUID | None = None

    @property
    def own_place(self) -> Participant:
        """The actor as the domain sees them, in their own place."""
        return as_participant(self.actor, self.loaded.draft.unit_path)

    def place_at(self, stage: str, line: str) -> Participant:
        """Return in whose place they act at a stage. Raises `Forbidden` without the delegation named."""
        place = acting(self.actor, self.loaded, stage, line, on_behalf_of=self.on_behalf_of)
        if place is None:
            raise refused([Refusal(RefusalCode.NO_DELEGATION, {"principal": str(self.on_behalf_of)})])
        return place

    def assess(self, *, open_marks: int = 0) -> AssessedText:
        """Run the rules on the present text if need be, and return what they and the calendar say."""
        checked = screening.check(self.session, self.loaded, runtime=self.runtime, at=self.at)
        self.loaded.known = checked.known
        return assessed(checked, self.runtime, open_marks=open_marks)

    def apply(self, command: Command, place: Participant, facts: Facts) -> Effects:
        """Do what the command says. Raises as `apply`."""
        return apply(self.session, self.loaded, command, place, facts, by=self.actor, at=self.at)


def assessed(checked: Checked, runtime: Runtime, *, open_marks: int = 0) -> AssessedText:
    """Return what the rules and the calendar say of a text, for a step."""
    return AssessedText(
        blockers=checked.blockers,
        due=calendar.due_by(runtime.policies),
        findings=checked.findings,
        open_marks=open_marks,
    )


def apply(
    session: Session,
    loaded: Loaded,
    command: Command,
    actor: Participant,
    facts: Facts,
    *,
    by: Actor,
    at: datetime,
) -> Effects:
    """Let the domain decide on a command, and store what follows.

    Raises `Forbidden`, `Conflict` or `Invalid` with every reason.
    """
    answer = attempt(session, loaded, command, actor, facts, by=by, at=at)
    if not isinstance(answer, Refused):
        return answer
    error = refused(
        answer.refusals,
        channels=drafts.channel_names(session, loaded.draft.id),
        record=_recorder(loaded, command, actor, answer, by, at),
    )
    if RefusalCode.STALE_DIGEST in answer.codes and isinstance(command, OnReading | Submit | Schedule):
        error.data |= _meanwhile(session, loaded, command.digest)
    raise error


def attempt(
    session: Session,
    loaded: Loaded,
    command: Command,
    actor: Participant,
    facts: Facts,
    *,
    by: Actor,
    at: datetime,
) -> Effects | Refused:
    """Let the domain decide; store what follows: decision, runs, case, record, messages, jobs.

    Returns what follows, or every reason against it: then nothing is stored, and nothing put on record.
    """
    if command.verb not in _FOR_MACHINES:
        person(by)
    answer = transition(loaded.case, loaded.workflow, command, actor, facts, at)
    if isinstance(answer, Refused):
        return answer
    if answer.moved_to is not None:
        workflows.keep(session, answer.moved_to, at=at)
        loaded.row.workflow_digest = answer.moved_to.digest
        loaded.workflow = extended(answer.moved_to, answer.case.added)
    role = _role(loaded, command, actor)
    if answer.decided is not None and isinstance(command, Decide):
        _store_decision(session, loaded, answer.decided, command, actor, by, role, at)
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


def _meanwhile(session: Session, loaded: Loaded, digest: str) -> dict[str, Any]:
    """Say who changed what since the text that was read: by whom, when, which fields, and the difference.

    Of a proof that was read, only that there is another now; nothing for a digest that the draft never had.
    """
    now = loaded.revision
    told: dict[str, Any] = {"revision": now.digest}
    try:
        read = drafts.revision_by_digest(session, loaded.draft.id, digest)
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
    decided: Decided,
    command: Decide,
    actor: Participant,
    by: Actor,
    role: str,
    at: datetime,
) -> None:
    run, back = decided.run, command if isinstance(command, SendBack) else None
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
            bench=run.votes[-1].group if decided.verdict in VOTED else None,
            own=not actor.persons.isdisjoint(loaded.case.authors),
            workflow_digest=loaded.row.workflow_digest,
            revision_id=loaded.row.revision_id,
            digest=command.digest,
            comment=command.comment,
            checklist=sorted(command.ticked),
            sent_to=(back.send_back_to or "author") if back else None,
            then=back.then if back else None,
            decided_at=at,
        )
    )


def _role(loaded: Loaded, command: Command, actor: Participant) -> str:
    stage_key, line = command.spot
    stage = loaded.workflow.by_key.get(stage_key)
    if stage is None:
        return str(Role.EDITOR) if command.verb in _BY_EDITORS else ""
    taken = seats(loaded.case, stage, line, actor)
    if any(seat.outside for seat in taken[:1]):
        return str(UserKind.OUTSIDE)
    names = [str(seat.role or seat.post or ("author" if seat.author else "named")) for seat in taken]
    if stage.need == "one_of_each":
        # Whoever may sit on several benches is on record with all: which one they fill is seen in the end.
        return "、".join(dict.fromkeys(names))[:_LONGEST_ROLE]
    return next(iter(names), "")


def _emit(
    session: Session, loaded: Loaded, effects: Effects, actor: Participant, by: Actor, role: str, at: datetime
) -> None:
    known: dict[str, Any] = {"through": actor.through} if actor.through else {}
    if same_as := {account: person for account, person in actor.same_as if account != person}:
        known["same_as"] = same_as
    emit_step(
        session,
        [(happened.event, step_payload(loaded, effects, happened, known)) for happened in effects.events],
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


def on_behalf(by: Actor, actor: Participant) -> AuditActor | None:
    """Return whom a step was done for, as the record names them; `None` for a step in one's own name."""
    for stand_in in by.standing_in:
        if actor.principal == str(stand_in.principal):
            return AuditActor(id=stand_in.principal, name=stand_in.name, unit=str(stand_in.unit_id))
    return None


def _recorder(
    loaded: Loaded, command: Command, actor: Participant, answer: Refused, by: Actor, at: datetime
) -> Callable[[Session], None] | None:
    # What the trade wants on record: that somebody decided, or overrode, who may not.
    if not isinstance(command, Decide | Override) or answer.codes <= SLIPS:
        return None
    payload = DecisionRefused(
        draft=loaded.draft.id,
        case=loaded.row.id,
        verb=command.verb,
        stage=command.stage,
        line=command.line,
        digest=command.digest,
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
