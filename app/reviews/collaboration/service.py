"""What people do with each other at a case; the rules stand in `domain.workflow.collaboration`."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from app.domain.roles import UserKind
from app.domain.vocabulary import ADMINISTRATORS
from app.domain.workflow import AddedStage, Facts, NamedPerson
from app.domain.workflow.commands import (
    AddReviewer,
    AskOpinion,
    Copy,
    GiveOpinion,
    HandOver,
    Override,
    TakeBack,
)
from app.drafts import service as drafts
from app.drafts.models import ReadingFor
from app.identity import queries as identity
from app.identity.absences import service as absences
from app.identity.models import User
from app.identity.queries import Actor
from app.reviews import stranding
from app.reviews.apply import Step
from app.reviews.cases import Loaded, acting_at_case, as_participant


def take_back(step: Step, command: TakeBack) -> None:
    """Take one's own approval back while nobody has begun on what it opened (拿回)."""
    loaded = step.loaded
    facts = step.assess(open_marks=sum(loaded.marks_of(line) for line in loaded.case.lines))
    step.apply(command, step.own_place, facts)


def override(step: Step, command: Override) -> None:
    """Let the text go past an open stage without a decision, as its workflow allows (越过).

    A refusal goes on record.
    """
    facts = step.assess(open_marks=step.loaded.marks_of(command.line))
    step.apply(command, step.own_place, facts)


def hand_over(step: Step, command: HandOver) -> None:
    """Give an open stage to a named person who may act there (转办)."""
    named = _named(step, command.to)
    if named.person is not None and not command.knowing:
        named = replace(named, stranded=stranding.by_handing_over(step, command))
    step.apply(command, step.place_at(*command.spot), named)
    # Who may act there by a role of theirs sees the draft by that role, and only as long as they have it.
    if isinstance(step.loaded.workflow.by_key[command.stage], AddedStage):
        _let_in(step, command.to, ReadingFor.NAMED)


def ask_opinion(step: Step, command: AskOpinion) -> None:
    """Ask a named person for an opinion that is no vote (征求意见)."""
    step.apply(command, step.place_at(*command.spot), _named(step, command.to))
    _let_in(step, command.to, ReadingFor.ASKED)


def give_opinion(step: Step, command: GiveOpinion) -> None:
    """Give the opinion that was asked for, on the text that was read."""
    place = step.own_place if step.on_behalf_of is None else step.place_at(*command.spot)
    step.apply(command, place, Facts())


def add_reviewer(step: Step, command: AddReviewer) -> None:
    """Add a stage for a named reviewer to this case alone (加签)."""
    named, known = _named(step, command.to), step.assess()
    facts = replace(named, blockers=known.blockers, due=known.due)
    if named.person is not None and command.stage in step.loaded.workflow.by_key and not command.knowing:
        facts = replace(facts, stranded=stranding.by_adding(step, command))
    step.apply(command, step.place_at(*command.spot), facts)
    _let_in(step, command.to, ReadingFor.ADDED)


def copy(step: Step, command: Copy) -> None:
    """Let a named person see the draft and its case from now on (抄送)."""
    place = acting_at_case(step.actor, step.loaded)
    step.apply(command, place, _named(step, command.to))
    _let_in(step, command.to, ReadingFor.COPIED)


def named_person(session: Session, loaded: Loaded, to: UUID, at: datetime) -> NamedPerson:
    """Return what the domain asks about a person who is named; without a person where there is nobody.

    Administrators and tools take no part in reviews, so for reviews they are nobody.
    """
    named = identity.user_actor(session, to)
    if named is None or named.roles() & ADMINISTRATORS or not _of_one_body(named, loaded):
        return NamedPerson()
    user = session.get_one(User, to)
    if user.kind != UserKind.PERSON:
        return NamedPerson()
    absent = to in absences.away(session, [to], at)
    return NamedPerson(person=as_participant(named, loaded.draft.unit_path), absent=absent)


def _named(step: Step, to: str) -> NamedPerson:
    return named_person(step.session, step.loaded, UUID(to), step.at)


def _let_in(step: Step, to: str, why: ReadingFor) -> None:
    drafts.let_in(step.session, step.loaded.draft, UUID(to), why, by=step.actor.id, at=step.at)


def _of_one_body(named: Actor, loaded: Loaded) -> bool:
    roots = {path.strip("/").split("/")[0] for path in (named.unit_path, loaded.draft.unit_path)}
    return len(roots) == 1
