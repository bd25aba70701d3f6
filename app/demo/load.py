"""Loading the demo bureau: units, people, channels, and drafts walked to every state through the services."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any
from uuid import UUID

import yaml
from sqlmodel import Session, select

from app.channels import service as channels
from app.demo import case_driver
from app.domain.vocabulary import ADMINISTRATORS, Role, UnitKind
from app.identity import queries, service
from app.identity.access import SYSTEM
from app.identity.models import RoleGrant, Unit, User
from app.identity.posts import service as posts
from app.identity.queries import Actor
from app.infra.runtime import Runtime
from app.infra.settings import Environment

#: Everybody's password in the demo bureau; production never loads it.
PASSWORD = "qinghe-demo-2026"  # noqa: S105 – printed for whoever tries the product out

#: Stands in the data folder while the demo is being loaded.
UNFINISHED = "demo-unfinished"


@dataclass(slots=True)
class Bureau:
    """The demo bureau's people, as the services know them."""

    actors: dict[str, Actor] = field(default_factory=dict)

    def __getitem__(self, login: str) -> Actor:
        return self.actors[login]


def texts(name: str) -> Any:  # noqa: ANN401 – YAML
    """Return one of the demo's YAML files, parsed."""
    return yaml.safe_load(files("app.demo").joinpath(name).read_text(encoding="utf-8"))


def bureau_once(
    runtime: Runtime, *, drafts: bool = True, progress: Callable[[str], None] = lambda _: None
) -> list[dict[str, str]]:
    """Load the demo bureau, with its drafts unless told otherwise, into an empty database.

    Returns its accounts `{login, name, duties, password}`.
    A database that has units already is left as it is, unless a load of the demo was cut off: that is taken
    up where it ended. Its accounts are told only if they are the demo's. Raises `ValueError` in production.
    """
    if runtime.settings.environment is Environment.PRODUCTION:
        raise ValueError("the demo bureau has published passwords; production does not load it")
    people = texts("bureau.yaml")["people"]
    with runtime.database.read() as session:
        started = session.exec(select(Unit.id)).first() is not None
        known = set(session.exec(select(User.login)).all())
    unfinished = runtime.settings.data_dir / UNFINISHED
    if not started:
        unfinished.touch()
    if unfinished.exists():
        load(runtime, drafts=drafts, progress=progress)
        unfinished.unlink()
    else:
        people = [person for person in people if person["login"] in known]
    return [
        {"login": person["login"], "name": person["name"], "duties": person["duties"], "password": PASSWORD}
        for person in people
    ]


def load(runtime: Runtime, *, drafts: bool, progress: Callable[[str], None]) -> None:
    """Load the bureau, and its drafts if wanted; what an earlier load began is taken up where it ended."""
    progress("单位与人员")
    with runtime.database.write() as session:
        begun = session.exec(select(Unit.id)).first() is not None
        bureau = _found(session) if begun else _bureau(session, runtime)
    entries = texts("drafts.yaml") if drafts else []
    for number, entry in enumerate(entries, 1):
        progress(f"稿件 {number}/{len(entries)}：{entry['title']}")
        case_driver.to(runtime, bureau.actors, entry)


def _bureau(session: Session, runtime: Runtime) -> Bureau:
    at, told = runtime.clock() - timedelta(days=1), texts("bureau.yaml")
    units: dict[str, UUID] = {}
    roles: list[tuple[UUID, Role, UUID]] = []
    for unit in told["units"]:
        parent = units[unit["parent"]] if "parent" in unit else None
        made = service.create_unit(
            session, name=unit["name"], kind=UnitKind(unit["kind"]), parent_id=parent, actor=SYSTEM, at=at
        )
        units[unit["key"]] = made.id
    channels.sync(session, runtime.policies.text("channels.yaml"), at=at)
    for person in told["people"]:
        user = service.create_user(
            session,
            login=person["login"],
            name=person["name"],
            password=PASSWORD,
            unit_id=units[person["unit"]],
            must_change=False,
            actor=SYSTEM,
            at=at,
        )
        roles.extend((user.id, Role(role), units[person["over"]]) for role in person["roles"])
        if held := [posts.Held(units[person["over"]], post) for post in person.get("posts", ())]:
            posts.set_posts(session, user_id=user.id, posts=held, actor=SYSTEM, at=at)
    _grant(session, roles, at)
    return _found(session)


def _grant(session: Session, roles: Iterable[tuple[UUID, Role, UUID]], at: datetime) -> None:
    """Give the administrators their offices at the machine, and let one of them give all other roles."""
    giver: Actor | None = SYSTEM
    for user_id, role, unit_id in sorted(roles, key=lambda wanted: wanted[1] not in ADMINISTRATORS):
        if role not in ADMINISTRATORS and giver is SYSTEM:
            giver = queries.user_actor(session, _security_admin(session))
        assert giver is not None
        service.grant_role(session, user_id=user_id, role=role, unit_id=unit_id, actor=giver, at=at)


def _security_admin(session: Session) -> UUID:
    return session.exec(select(RoleGrant.user_id).where(RoleGrant.role == Role.SECURITY_ADMIN)).one()


def _found(session: Session) -> Bureau:
    bureau = Bureau()
    for person in texts("bureau.yaml")["people"]:
        user_id = session.exec(select(User.id).where(User.login == person["login"])).one()
        actor = queries.user_actor(session, user_id)
        assert actor is not None
        bureau.actors[person["login"]] = actor
    return bureau
