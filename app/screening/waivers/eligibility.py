"""Who may decide a waiver, and who may ask for one: the one answer for service, pages and notices."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from app.domain.roles import UserKind, at_least
from app.domain.vocabulary import Role, WaiverState
from app.drafts import queries as drafts
from app.drafts.models import Draft
from app.drafts.queries import Target
from app.identity import queries as identity
from app.identity.queries import Actor
from app.infra.errors import Forbidden, Reason
from app.screening.models import Waiver
from app.screening.waivers import errors as _words  # noqa: F401 – the words of the codes below

#: Rules of these groups protect people and secrets.
_SENSITIVE = ("privacy.", "secrecy.")
#: Who may ask for a waiver.
ASKERS = (Role.EDITOR, Role.INITIAL_REVIEWER, Role.SECOND_REVIEWER, Role.FINAL_REVIEWER)


@dataclass(frozen=True, slots=True)
class Request:
    """A waiver that was asked for, with all of its draft that says who may decide it."""

    waiver: Waiver
    unit_path: str
    places: tuple[Target, ...]
    authors: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Eligibility:
    """The role in which somebody would decide a waiver, if they hold one, and what bars them nevertheless."""

    role: Role | None
    lacking: tuple[Reason, ...]
    barred: tuple[Reason, ...]

    def __bool__(self) -> bool:
        return self.role is not None and not self.barred


def sensitive(rule: str) -> bool:
    """Say whether a rule protects people or secrets: then a waiver needs evidence, and the final reviewer."""
    return rule.startswith(_SENSITIVE)


def deciding_roles(rule: str) -> tuple[Role, ...]:
    """Return the roles whose holders decide waivers of a rule, the lowest first."""
    return at_least(Role.FINAL_REVIEWER if sensitive(rule) else Role.SECOND_REVIEWER)


def may_decide(request: Request, actor: Actor) -> Eligibility:
    """Say whether somebody may grant or refuse a waiver, whatever has become of it.

    A person who holds the role over the draft's unit and all of its channels and sections, who did not ask
    for it and wrote none of the draft. Asks no database.
    """
    lacking: list[Reason] = []
    roles = deciding_roles(request.waiver.rule)
    role = next((role for role in roles if _holds(actor, role, request)), None)
    if actor.kind is UserKind.SERVICE:
        role = None
        lacking.append(Reason("machine_decides"))
    elif role is None:
        lacking.append(Reason("role_needed", {"roles": [str(role) for role in roles]}))
    barred: list[Reason] = []
    if actor.is_one_of(request.waiver.asked_by):
        barred.append(Reason("own_request"))
    if actor.is_one_of(*request.authors):
        barred.append(Reason("author_of_draft"))
    return Eligibility(role, tuple(lacking), tuple(barred))


def require(request: Request, actor: Actor) -> Role:
    """Return the role in which the actor decides. Raises `Forbidden` for whoever may not."""
    answer = may_decide(request, actor)
    if answer.role is None:
        raise Forbidden("forbidden", reasons=answer.lacking)
    if answer.barred:
        raise Forbidden("waiver_refused_by_rule", reasons=answer.barred)
    return answer.role


def request_of(session: Session, waiver: Waiver, draft: Draft) -> Request:
    """Return a waiver with what says who may decide it. Two statements."""
    return requests_of(session, [(waiver, draft)])[waiver.id]


def requests_of(session: Session, asked: Collection[tuple[Waiver, Draft]]) -> dict[UUID, Request]:
    """Return these waivers, by their ids, with what says who may decide each. Two statements for all."""
    ids = {draft.id for _, draft in asked}
    places, authors = drafts.targets_of(session, ids), drafts.authors_of(session, ids)
    return {
        waiver.id: Request(waiver, draft.unit_path, places.get(draft.id, ()), authors[draft.id])
        for waiver, draft in asked
    }


def awaited_of(requests: Iterable[Request], actor: Actor) -> frozenset[UUID]:
    """Return which of these waivers, by id, nobody has decided yet and the actor may decide."""
    return frozenset(
        request.waiver.id
        for request in requests
        if request.waiver.state == WaiverState.ASKED and may_decide(request, actor)
    )


def deciders(session: Session, waiver: Waiver, draft: Draft) -> frozenset[UUID]:
    """Return everybody who may decide a waiver; empty when nobody may. Five statements at most."""
    request = request_of(session, waiver, draft)
    held = {
        user.id
        for role in deciding_roles(waiver.rule)
        for user in identity.holders(session, role, unit_path=draft.unit_path)
    }
    people = identity.user_actors(session, held)
    return frozenset(person for person, actor in people.items() if may_decide(request, actor))


def may_ask(actor: Actor, draft: Draft) -> bool:
    """Say whether the actor may ask for waivers on a draft that they see."""
    held = any(actor.has(role, unit_path=draft.unit_path) for role in ASKERS)
    return held and actor.kind is not UserKind.SERVICE


def _holds(actor: Actor, role: Role, request: Request) -> bool:
    return all(
        actor.has(role, unit_path=request.unit_path, channel=place.channel, section=place.section)
        for place in request.places
    )
