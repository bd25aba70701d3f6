"""What waits for one person and is handed on, so that nothing is stranded when they leave or lose a role."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy import false, or_
from sqlmodel import Session, col, select

from app.domain.refusals import Refusal, RefusalCode, Refused
from app.domain.vocabulary import WITH_AUTHOR, CaseState, Event, Role, StageState
from app.domain.workflow import SERVICE, AddedStage, Facts, Participant, Stage, seats
from app.domain.workflow.case import DONE
from app.domain.workflow.commands import Free, HandOverForLeaver
from app.drafts import service as draft_service
from app.drafts.models import Draft, DraftReader, ReadingFor
from app.events.emit import emit
from app.events.payloads.accounts import WorkHandedOver
from app.identity import service as identity_service
from app.identity.models import User
from app.identity.queries import SYSTEM, Actor, user_actor
from app.infra.errors import Conflict, NotFound
from app.reviews import eligibility, service, workflows
from app.reviews.apply import apply, attempt
from app.reviews.cases import Loaded, as_participant, load
from app.reviews.collaboration.service import named_person
from app.reviews.models import ReviewCase, StageRun

#: Cases looked at for one person; a body of people never comes near.
MOST = 500
_GOING_ON = (CaseState.RUNNING, CaseState.HELD, CaseState.BLOCKED, CaseState.RETURNED)

Why = Literal["claimed", "added", "named", "only_one", "opinion", "draft"]


@dataclass(frozen=True, slots=True)
class Item:
    """Something that waits for one person: a stage of a case, or with `why` "draft" a draft of theirs."""

    why: Why
    draft: Draft
    case_id: UUID | None = None
    stage: str = ""
    stage_title: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """Something that could not be handed over, and why not."""

    item: Item
    refusals: tuple[Refusal, ...]


class Waiting(NamedTuple):
    """What waits for a user, oldest first."""

    user: User
    items: tuple[Item, ...]


class HandedOver(NamedTuple):
    """What was handed over, and what was not."""

    handed: tuple[Item, ...]
    left: tuple[Left, ...]


def work_of(session: Session, *, user_id: UUID, actor: Actor) -> Waiting:
    """Return a user and what would be stranded without them, oldest first.

    Claims, stages added for them or that name them, stages that nobody else could decide now, opinions that
    somebody waits for, and drafts in their hands. Raises `NotFound`, and `Forbidden` for whoever does not
    administer the user's unit.
    """
    user, _ = identity_service.user_in_reach(session, user_id, actor, Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN)
    return Waiting(user, tuple(_work(session, user)))


def hand_over_all(
    session: Session, *, user_id: UUID, to: UUID, reason: str, actor: Actor, at: datetime
) -> HandedOver:
    """Hand all that waits for a user to one person, in one transaction; return what was handed, what not.

    What the person may not take (their own draft, a second place of a distinct set, no role) is left with
    every reason; nobody waits for an opinion of somebody who leaves. Raises as `work_of`, `NotFound` for an
    unknown successor, `Conflict` when it is the same person.
    """
    user, items = work_of(session, user_id=user_id, actor=actor)
    successor = user_actor(session, to)
    if successor is None:
        raise NotFound("not_found")
    if to == user.id:
        raise Conflict("successor_is_same")
    handed, left = [], []
    for item in items:
        refusals = (
            _give_draft(session, item, successor, actor, at)
            if item.case_id is None
            else _give_stage(session, item, item.case_id, user, successor, reason, actor, at)
        )
        if refusals:
            left.append(Left(item, refusals))
        else:
            handed.append(item)
    payload = WorkHandedOver(user=user.id, to=to, handed=len(handed), left=len(left), reason=reason)
    emit(session, Event.USER_WORK_HANDED_OVER, payload, about=user.id, actor=actor.as_audit(), at=at)
    return HandedOver(tuple(handed), tuple(left))


def free_all(session: Session, *, user_id: UUID, at: datetime) -> int:
    """Free what waits at open stages for somebody who may not act there any more; return in how many cases.

    Somebody deactivated may act nowhere; somebody who lost a role, no more where it was needed.
    """
    person = user_actor(session, user_id)
    claimed = select(StageRun.case_id).where(
        StageRun.claimed_by == user_id, StageRun.state == StageState.OPEN
    )
    asked = (
        select(ReviewCase.id)
        .join(DraftReader, col(DraftReader.draft_id) == col(ReviewCase.draft_id))
        .where(DraftReader.user_id == user_id, DraftReader.why == ReadingFor.ASKED)
    )
    query = (
        select(ReviewCase.id)
        .where(
            or_(
                col(ReviewCase.id).in_(claimed),
                col(ReviewCase.id).in_(asked) if person is None else false(),
            ),
            col(ReviewCase.state).in_(_GOING_ON),
        )
        .order_by(col(ReviewCase.id))
    )
    freed = 0
    for case_id in session.exec(query).all():
        if person is None or _lost(load(session, case_id, SYSTEM), person):
            freed += not service.free(session, case_id=case_id, user_id=user_id, at=at)
    return freed


def _lost(loaded: Loaded, person: Actor) -> bool:
    """Tell whether a person has claimed a stage of this case where they have no seat any more."""
    place = as_participant(person, loaded.draft.unit_path)
    return any(
        run.state is StageState.OPEN
        and run.claimed_by == str(person.id)
        and not seats(loaded.case, loaded.workflow.by_key[run.stage], run.line, place)
        for run in loaded.case.current().values()
    )


def _work(session: Session, user: User) -> Iterator[Item]:
    for case_id in _cases(session, user):
        loaded = load(session, case_id, SYSTEM, lock=False)
        for stage, line, why in _places(session, loaded, user):
            yield Item(why, loaded.draft, case_id, stage.key, stage.title, line)
    mine = select(Draft).where(Draft.submitter_id == user.id, col(Draft.state).in_(WITH_AUTHOR))
    for draft in session.exec(mine.order_by(col(Draft.id)).limit(MOST)).all():
        yield Item("draft", draft)


def _cases(session: Session, user: User) -> tuple[UUID, ...]:
    """Return the cases in which something may wait for a user: those of their unit's body that go on."""
    claimed = select(StageRun.case_id).where(
        StageRun.claimed_by == user.id, StageRun.state == StageState.OPEN
    )
    let_in = select(DraftReader.draft_id).where(DraftReader.user_id == user.id)
    digests = [
        digest
        for digest in session.scalars(
            select(ReviewCase.workflow_digest).where(col(ReviewCase.state).in_(_GOING_ON)).distinct()
        ).all()
        if _may_name(session, digest, user)
    ]
    query = (
        select(ReviewCase.id)
        .where(
            col(ReviewCase.state).in_(_GOING_ON),
            or_(
                col(ReviewCase.id).in_(claimed),
                col(ReviewCase.draft_id).in_(let_in),
                col(ReviewCase.workflow_digest).in_(digests),
            ),
        )
        .order_by(col(ReviewCase.id))
        .limit(MOST)
    )
    return tuple(session.exec(query).all())


def _may_name(session: Session, digest: str, user: User) -> bool:
    roles = identity_service.held_roles(session, user.id)
    return any(
        who.person == user.login or who.role in roles
        for stage in workflows.version(session, digest).stages
        for who in stage.who
    )


def _places(session: Session, loaded: Loaded, user: User) -> Iterator[tuple[Stage, str, Why]]:
    person, current = str(user.id), loaded.case.current()
    for stage in loaded.workflow.ordered:
        for line in loaded.case.lines_of(stage):
            run = current.get((stage.key, line))
            if not stage.by_people or (run is not None and run.state in DONE):
                continue
            is_open = run is not None and run.state is StageState.OPEN
            if isinstance(stage, AddedStage) and stage.person == person:
                yield stage, line, "added"
            elif run is not None and is_open and run.claimed_by == person:
                yield stage, line, "claimed"
            elif stage.who and all(who.person == user.login for who in stage.who):
                if not any(login == user.login for login, _ in loaded.case.instead):
                    yield stage, line, "named"
            elif is_open and _alone(session, loaded, stage, line, str(user.person_id or user.id)):
                yield stage, line, "only_one"
            if run is not None and is_open and person in loaded.case.awaited(run):
                yield stage, line, "opinion"


def _alone(session: Session, loaded: Loaded, stage: Stage, line: str, person: str) -> bool:
    return eligibility.body_of(session, loaded, stage, line) == {person}


def _give_draft(session: Session, item: Item, to: Actor, actor: Actor, at: datetime) -> tuple[Refusal, ...]:
    if not to.has(Role.EDITOR, unit_path=item.draft.unit_path):
        return (Refusal(RefusalCode.PERSON_CANNOT_ACT, {"to": str(to.id), "why": ["not_allowed"]}),)
    draft_service.let_in(session, item.draft, to.id, ReadingFor.LEFT, by=actor.id, at=at)
    return ()


def _give_stage(
    session: Session,
    item: Item,
    case_id: UUID,
    user: User,
    to: Actor,
    reason: str,
    actor: Actor,
    at: datetime,
) -> tuple[Refusal, ...]:
    loaded = load(session, case_id, SYSTEM)
    if item.why == "opinion":
        apply(session, loaded, Free(str(user.id)), SERVICE, Facts(), by=SYSTEM, at=at)
        return ()
    command = HandOverForLeaver(item.stage, item.line, str(to.id), reason, user.login)
    office, named = Participant(person=str(actor.id)), named_person(session, loaded, to.id, at)
    answer = attempt(session, loaded, command, office, named, by=actor, at=at)
    if isinstance(answer, Refused):
        return answer.refusals
    if item.why in {"added", "named"}:
        draft_service.let_in(session, loaded.draft, to.id, ReadingFor.NAMED, by=actor.id, at=at)
    session.flush()
    return ()
