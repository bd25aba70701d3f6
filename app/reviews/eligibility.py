"""Who could act at a stage: the one answer for services, board, notices, escalation and pages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel import Session

from app.domain.roles import UserKind
from app.domain.vocabulary import CaseState, StageState
from app.domain.workflow import Participant, Stage, bars
from app.drafts import queries as drafts
from app.identity import staff
from app.identity.absences import service as absences
from app.identity.queries import Actor
from app.identity.staff import Meant
from app.reviews.cases import CaseInHand, Loaded, as_participant, stand_ins


class Opening(NamedTuple):
    """A stage of a case on one of its lines, open or yet to come."""

    walking: CaseInHand
    stage: Stage
    line: str


@dataclass(frozen=True, slots=True)
class Eligible:
    """Who could act at a stage in their own right, and who only in another's place (代), each by name."""

    own: tuple[Actor, ...]
    deputies: tuple[Actor, ...]

    @property
    def persons(self) -> frozenset[UUID]:
        """All of them, by id."""
        return frozenset(actor.id for actor in (*self.own, *self.deputies))


def who_could_act(session: Session, openings: Sequence[Opening], at: datetime) -> tuple[Eligible, ...]:
    """Return for each of these stages who could act there once it is open, in the order given.

    People named by role, by post, as author, by sign-in name, by id in a stage added to the case, or instead
    of somebody, and their deputies. Left out is whoever may not: for their channels and sections, as author,
    by a distinct set, a recusal or marks of their own, for having decided already or for another's claim,
    and who may not know of the draft. Five statements at most, however many stages there are.
    """
    candidates = _candidates(session, openings)
    deputies = staff.deputies(session, candidates, at)
    eligible = [_eligible(opening, candidates.values(), deputies.values()) for opening in openings]
    return _knowing(session, openings, eligible)


def at_open_stage(
    session: Session, walking: CaseInHand, stage: Stage, line: str, *, at: datetime
) -> frozenset[UUID]:
    """Return who may act at this stage now, in their own or another's place; nobody where it is not open."""
    if not is_open(walking, stage, line):
        return frozenset()
    return who_could_act(session, [Opening(walking, stage, line)], at)[0].persons


def body_of(session: Session, loaded: Loaded, stage: Stage, line: str) -> frozenset[str]:
    """Return everybody who could decide at this stage now in their own right, or has; perhaps nobody.

    Those who must all decide, where the workflow asks for all: also who is named and was not let in yet.
    """
    run = loaded.case.current().get((stage.key, line))
    done = run.persons if run is not None else frozenset[str]()
    if not is_open(loaded, stage, line):
        return done
    opening = Opening(loaded, stage, line)
    return done | {str(actor.person) for actor in _own(opening, _candidates(session, [opening]).values())}


def only_away(
    session: Session, loaded: Loaded, stage: Stage, line: str, *, at: datetime, until: datetime | None
) -> frozenset[UUID]:
    """Return who is awaited at a stage where everybody who may act there is away, now and up to `until`.

    Empty where somebody at work may act, and where nobody may, away or not.
    """
    awaited = at_open_stage(session, loaded, stage, line, at=at)
    return awaited if awaited and awaited == absences.away(session, awaited, at, until=until) else frozenset()


def is_open(walking: CaseInHand, stage: Stage, line: str) -> bool:
    """Say whether a stage of a case that goes on is open now on a line."""
    run = walking.case.current().get((stage.key, line))
    return walking.case.state is CaseState.RUNNING and run is not None and run.state is StageState.OPEN


def _meant(openings: Iterable[Opening]) -> Meant:
    """Return who is named at any of these stages, in whatever way."""
    openings = tuple(openings)
    seats = [(opening.walking, who) for opening in openings for who in opening.stage.who]
    names = {who.person for _, who in seats if who.person is not None}
    by_id = {name.removeprefix("id:") for name in names if name.startswith("id:")}
    by_id |= {
        person for walking, who in seats for login, person in walking.case.instead if login == who.person
    }
    by_id |= {person for walking, who in seats if who.author for person in walking.case.authors}
    return Meant(
        roles=frozenset(who.role for _, who in seats if who.role is not None),
        unit_paths=frozenset(walking.draft.unit_path for walking, _ in seats),
        posts=any(who.post is not None or who.head_of_author for _, who in seats),
        logins=frozenset(name for name in names if not name.startswith("id:")),
        ids=frozenset(map(UUID, by_id)),
    )


def _candidates(session: Session, openings: Sequence[Opening]) -> dict[UUID, Actor]:
    people = staff.actors(session, _meant(openings))
    return {person: actor for person, actor in people.items() if actor.kind is not UserKind.SERVICE}


def _eligible(opening: Opening, candidates: Iterable[Actor], deputies: Iterable[Actor]) -> Eligible:
    own = _own(opening, candidates)
    ids, path = {actor.id for actor in own}, opening.walking.draft.unit_path
    acting = (
        actor
        for actor in deputies
        if actor.id not in ids and any(_could(opening, place) for place in stand_ins(actor, path))
    )
    return Eligible(own, _by_name(acting))


def _knowing(
    session: Session, openings: Sequence[Opening], eligible: Sequence[Eligible]
) -> tuple[Eligible, ...]:
    """Return those among the eligible who may see the draft: somebody only named may not know of it."""
    seen = drafts.seen(
        session,
        (
            (opening.walking.draft, actor)
            for opening, able in zip(openings, eligible, strict=True)
            for actor in (*able.own, *able.deputies)
        ),
    )

    def knowing(opening: Opening, actors: tuple[Actor, ...]) -> tuple[Actor, ...]:
        return tuple(actor for actor in actors if (opening.walking.draft.id, actor.id) in seen)

    return tuple(
        Eligible(knowing(opening, able.own), knowing(opening, able.deputies))
        for opening, able in zip(openings, eligible, strict=True)
    )


def _own(opening: Opening, candidates: Iterable[Actor]) -> tuple[Actor, ...]:
    path = opening.walking.draft.unit_path
    return _by_name(actor for actor in candidates if _could(opening, as_participant(actor, path)))


def _could(opening: Opening, place: Participant) -> bool:
    walking, stage, line = opening
    return not bars(walking.case, walking.workflow, stage, line, place)


def _by_name(actors: Iterable[Actor]) -> tuple[Actor, ...]:
    return tuple(sorted(actors, key=lambda actor: (actor.name, actor.id)))
