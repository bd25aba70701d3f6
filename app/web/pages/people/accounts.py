"""People and their posts (人员与岗位): the unit tree, accounts with roles and posts, the chains."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.channels import queries as channels
from app.channels.models import Channel
from app.domain.deadlines import CHAIN, Rung
from app.domain.roles import UserKind
from app.domain.vocabulary import Role, UnitKind
from app.domain.workflow.needs import QUALIFICATIONS
from app.identity import permissions, queries, service
from app.identity.models import RoleGrant, Unit, User
from app.identity.persons import queries as persons
from app.identity.posts.service import version_of
from app.identity.roles.alone import given_alone, is_given_alone
from app.infra.db import ReadSession, database_of
from app.infra.errors import AppError, Forbidden, NotFound, PreconditionFailed
from app.web.shell.render import page
from app.web.shell.viewer import Form, Reader, Viewer
from app.words.labels import choices, label

router = APIRouter()

PAGE = 100
#: Empty rows for posts beside those that somebody holds.
MORE_POSTS = 2
TITLES = {"none": "无", "assistant": "初级", "intermediate": "中级", "senior": "高级"}


@dataclass(frozen=True, slots=True)
class Node:
    """A unit in the tree, with how many active people belong to it itself."""

    id: UUID
    name: str
    kind: str
    people: int
    below: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Row:
    """An account in words."""

    id: UUID
    name: str
    login: str
    unit: str
    kind: str
    active: bool
    roles: tuple[str, ...]
    posts: tuple[str, ...]
    title: str


@dataclass(frozen=True, slots=True)
class Step:
    """A rung of a channel's chain and who stands on it; nobody is a gap when the chain comes there."""

    rung: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """The responsibility chain of a channel, from the bottom."""

    channel: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """A grant in force."""

    id: UUID
    role: str
    scope: str
    since: datetime
    alone: bool


@dataclass(frozen=True, slots=True)
class Held:
    """A row of the form of posts."""

    post: str
    unit: str
    heads: bool


@router.get("/accounts")
def show(
    request: Request,
    viewer: Reader,
    session: ReadSession,
    unit: UUID | None = None,
    after: UUID | None = None,
) -> Response:
    """Show the accounts that the viewer administers or audits, by unit, and the chains there."""
    return listing(request, viewer, session, unit, after=after)


def listing(
    request: Request,
    viewer: Viewer,
    session: Session,
    unit_id: UUID | None,
    *,
    after: UUID | None = None,
    error: AppError | None = None,
    form: Form | None = None,
) -> Response:
    """Return the page of accounts. Raises `Forbidden`, and `NotFound` for a unit out of reach."""
    units = reach(session, viewer)
    by_id = {one.id: one for one in units}
    chosen = by_id.get(unit_id) if unit_id else None
    if unit_id and chosen is None:
        raise NotFound("not_found")
    found = queries.accounts(
        session, viewer.actor, after=after, limit=PAGE + 1, within=chosen.path if chosen else "/"
    )
    shown = found[:PAGE]
    within = [chosen] if chosen else units
    place = chosen or (units[0] if units else None)
    query = f"unit={chosen.id}&" if chosen else ""
    return page(
        request,
        "accounts.html",
        viewer=viewer,
        section="/accounts",
        error=error,
        form=form or Form(),
        tree=_tree(units, queries.head_counts(session, by_id)),
        chosen=str(chosen.id) if chosen else "",
        where=chosen.name if chosen else "",
        rows=_rows(session, shown, {one.id: one.name for one in units}),
        alone=[
            (user.id, user.name, label(Role(grant.role)), over.name)
            for grant, user, over in given_alone(session, [one.path for one in within])
        ],
        chain_of=place.name if place else "",
        chains=_chains(session, place.path) if place else (),
        units=unit_choices(units),
        kinds=choices(UnitKind),
        account_kinds=[(str(one), label(one)) for one in (UserKind.PERSON, UserKind.SERVICE)],
        makes=permissions.administers(viewer.actor),
        persons=permissions.sees_persons(viewer.actor),
        more=f"/accounts?{query}after={shown[-1].id}" if len(found) > PAGE else "",
        first=after is None,
    )


@router.get("/accounts/{user_id}")
def show_one(request: Request, viewer: Reader, session: ReadSession, user_id: UUID) -> Response:
    """Show one account, and what the viewer may change about it. Raises `NotFound`."""
    return one_account(request, viewer, session, user_id)


def show_again(request: Request, viewer: Viewer, user_id: UUID, error: AppError, form: Form) -> Response:
    """Show an account with what was refused on top and what was typed kept."""
    with database_of(request).read() as session:
        return one_account(request, viewer, session, user_id, error=error, form=form)


def one_account(
    request: Request,
    viewer: Viewer,
    session: Session,
    user_id: UUID,
    *,
    error: AppError | None = None,
    form: Form | None = None,
) -> Response:
    """Return the page of one account. Raises `NotFound`, `Forbidden`."""
    user, unit = service.user_in_reach(session, user_id, viewer.actor, *service.SEE_ACCOUNTS)
    units = reach(session, viewer)
    grants = queries.grants_in_force(session, [user.id]).get(user.id, ())
    open_to = channels.open_to(session, unit.path)
    own = user.id == viewer.actor.id
    keeps = permissions.gives_roles(viewer.actor, unit.path)
    (row,) = _rows(session, [user], {one.id: one.name for one in units})
    return page(
        request,
        "account.html",
        viewer=viewer,
        section="/accounts",
        error=error,
        form=form or Form(),
        account=row,
        email=user.email or "",
        created_at=user.created_at,
        closed_at=user.deactivated_at,
        given=tuple(_given(session, one) for one in grants),
        held=_held(user, form),
        version=form.word("version") if form and form.word("version") else str(version_of(user)),
        present_version=version_of(user),
        overtaken=isinstance(error, PreconditionFailed),
        known_posts=_known_posts(session, unit.path, open_to.values()),
        titles=[(one, TITLES[one]) for one in QUALIFICATIONS],
        title=form.word("qualification") if form and form.word("qualification") else user.qualification,
        units=unit_choices(units),
        unit_id=str(unit.id),
        roles=choices(Role),
        places=_places(session, open_to),
        own=own,
        keeps=keeps and user.active and not own,
        staff_number=persons.staff_number(session, user),
        has_phone=persons.has_phone(session, user),
        accounts=tuple(one for one in persons.accounts_of(session, user) if one.id != user.id),
        is_person=user.kind == UserKind.PERSON,
        reopens=permissions.administers(viewer.actor, unit.path) and not user.active and not own,
        closes=permissions.administers(viewer.actor, unit.path) and user.active and not own,
        resets=not permissions.is_administrator(frozenset(Role(grant.role) for grant in grants)),
    )


def reach(session: Session, viewer: Viewer) -> tuple[Unit, ...]:
    """Return the units whose accounts the viewer administers or audits. Raises `Forbidden` without any."""
    offices = permissions.known_units(viewer.actor)
    if not offices:
        raise Forbidden("forbidden")
    return queries.units_within(session, offices)


def unit_choices(units: Sequence[Unit]) -> list[tuple[str, str]]:
    """Return the units for a select box, those below moved in."""
    top = min((one.path.count("/") for one in units), default=0)
    return [
        (str(one.id), "\u3000" * (one.path.count("/") - top) + one.name)
        for one in sorted(units, key=lambda one: _key(one, units))
    ]


def _key(unit: Unit, units: Sequence[Unit]) -> tuple[str, ...]:
    names = {str(one.id): one.name for one in units}
    return tuple(names.get(part, "") for part in unit.path.strip("/").split("/"))


def _tree(units: Sequence[Unit], people: Mapping[UUID, int]) -> tuple[Node, ...]:
    known = {one.id for one in units}

    def below(parent: UUID | None) -> tuple[Node, ...]:
        return tuple(
            Node(one.id, one.name, label(UnitKind(one.kind)), people.get(one.id, 0), below(one.id))
            for one in sorted(units, key=lambda one: one.name)
            if (one.parent_id if one.parent_id in known else None) == parent
        )

    return below(None)


def _rows(session: Session, users: Sequence[User], units: Mapping[UUID, str]) -> tuple[Row, ...]:
    grants = queries.grants_in_force(session, [one.id for one in users])
    return tuple(
        Row(
            one.id,
            one.name,
            one.login,
            units.get(one.unit_id, ""),
            label(UserKind(one.kind)),
            one.active,
            tuple(dict.fromkeys(label(Role(grant.role)) for grant in grants.get(one.id, ()))),
            tuple(
                f"{units.get(UUID(held['unit']), '')} · {held['post']}{'（负责人）' if held['heads'] else ''}"
                for held in one.posts
            ),
            TITLES[one.qualification] if one.qualification != "none" else "",
        )
        for one in users
    )


def _given(session: Session, grant: RoleGrant) -> Given:
    unit = session.get(Unit, grant.unit_id)
    places = dict(_places(session, channels.open_to(session, unit.path))) if unit else {}
    code = f"{grant.channel}/{grant.section}" if grant.section else grant.channel
    words = (unit.name if unit else "", places.get(code, code))
    scope = " · ".join(word for word in words if word)
    return Given(grant.id, label(Role(grant.role)), scope, grant.granted_at, is_given_alone(grant))


def _held(user: User, form: Form | None) -> tuple[Held, ...]:
    """Return the rows of the form: as it was sent, else what is held, with room for more."""
    if form is not None and form.all("post_unit"):
        rows = [
            Held(form.text(f"post{number}"), form.word(f"unit{number}"), bool(form.word(f"heads{number}")))
            for number in range(len(form.all("post_unit")))
        ]
    else:
        rows = [Held(one["post"], one["unit"], one["heads"]) for one in user.posts]
    return (*rows, *(Held("", str(user.unit_id), heads=False) for _ in range(MORE_POSTS)))


def _known_posts(session: Session, unit_path: str, open_to: Iterable[Channel]) -> list[str]:
    """Return the posts that chains name and that others hold: a post has to be spelt alike everywhere."""
    named = {
        one["post"]
        for channel in open_to
        for holders in channel.chain.values()
        for one in holders
        if "post" in one
    }
    named |= {one["post"] for user in queries.posted(session, unit_path=unit_path) for one in user.posts}
    return sorted(named)


def _places(session: Session, open_to: Mapping[str, Channel]) -> list[tuple[str, str]]:
    """Return `(channel or channel/section, words)` of where a role may be narrowed to."""
    sections = channels.sections_of(session, [one.id for one in open_to.values()])
    found = []
    for code, channel in open_to.items():
        found.append((code, channel.name))
        found += [
            (f"{code}/{one.code}", f"{channel.name} · {one.name}") for one in sections.get(channel.id, ())
        ]
    return found


def _chains(session: Session, unit_path: str) -> tuple[Chain, ...]:
    return tuple(
        Chain(channel.name, tuple(_step(session, channel, rung, unit_path) for rung in CHAIN))
        for channel in channels.open_to(session, unit_path).values()
    )


def _step(session: Session, channel: Channel, rung: Rung, unit_path: str) -> Step:
    found = channels.on_rung(session, [channel.id], rung, unit_path=unit_path)
    return Step(label(rung), tuple(sorted(queries.names(session, found).values())))
