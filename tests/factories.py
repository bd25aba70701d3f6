"""What tests are built of: units, people with roles, channels and drafts, made through the services."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import Select, Table, event, func, or_
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, SQLModel, col, select

from app.audit import service as audit
from app.audit.models import AuditEvent
from app.channels import service as channels
from app.channels.models import Channel
from app.domain.document.model import Document, Heading, Paragraph
from app.domain.roles import UserKind
from app.domain.vocabulary import Role, UnitKind
from app.drafts import service as drafts
from app.drafts.models import Draft
from app.drafts.service import NewDraft
from app.identity import queries, service
from app.identity.access import SYSTEM
from app.identity.credentials import passwords
from app.identity.models import Unit, User
from app.identity.queries import Actor
from app.infra.db import Database
from app.infra.paths import shipped
from app.infra.runtime import Runtime
from app.jobs.kinds import JobKind
from app.jobs.models import Job

#: Everybody's password.
PASSWORD = "qinghe-2026-tests"

# Dozens of accounts a test: hashing is made as cheap as Argon2 allows.
passwords.set_cost(passes=1, memory_kib=8)


def unit(
    session: Session, name: str, *, at: datetime, kind: UnitKind = UnitKind.CITY, parent: Unit | None = None
) -> Unit:
    """Add a unit."""
    return service.create_unit(
        session, name=name, kind=kind, parent_id=parent.id if parent else None, actor=SYSTEM, at=at
    )


def person(
    session: Session,
    login: str,
    *,
    unit: Unit,
    at: datetime,
    roles: Sequence[Role] = (),
    on: Unit | None = None,
    channel: str | None = None,
    section: str | None = None,
    kind: UserKind = UserKind.PERSON,
) -> User:
    """Add a person of `unit` who holds `roles` over `on` (their own unit when not given)."""
    user = service.create_user(
        session,
        login=login,
        name=f"{login}先生",
        password=PASSWORD,
        unit_id=unit.id,
        kind=kind,
        must_change=False,
        actor=SYSTEM,
        at=at,
    )
    for role in roles:
        service.grant_role(
            session,
            user_id=user.id,
            role=role,
            unit_id=(on or unit).id,
            channel=channel,
            section=section,
            actor=SYSTEM,
            at=at,
        )
    return user


def actor(session: Session, user: User) -> Actor:
    """Return the user as the services know them."""
    found = queries.user_actor(session, user.id)
    assert found is not None
    return found


@dataclass(frozen=True)
class Bureau:
    """A city bureau with an office, a district below it, the shipped channels, and people for every role.

    Logins are role names; there are three proofreaders (`proofreader`, `proofreader2`, `proofreader3`), two
    editors (`editor`, `editor2`), a `district_editor`, and an `outsider` who holds every trade role
    elsewhere.
    """

    city: Unit
    office: Unit
    district: Unit
    elsewhere: Unit
    channels: dict[str, Channel]
    users: dict[str, User]
    actors: dict[str, Actor] = field(repr=False)

    def user(self, login: str) -> User:
        return self.users[login]

    def actor(self, login: str) -> Actor:
        return self.actors[login]


TRADE = (
    Role.EDITOR,
    Role.INITIAL_REVIEWER,
    Role.SECOND_REVIEWER,
    Role.FINAL_REVIEWER,
    Role.PROOFREADER,
    Role.PUBLISHER,
)


#: The rows of a bureau that was built at an instant, by table in the order of their foreign keys.
_rows: dict[datetime, list[tuple[Table, list[dict[str, Any]]]]] = {}


def bureau(session: Session, at: datetime) -> Bureau:
    """Build the bureau of the tests; in an empty database, from the rows that the services once wrote."""
    rows = _rows.get(at)
    if rows is not None and not _any(session, [table for table, _ in rows]):
        for table, some in rows:
            session.connection().execute(table.insert(), some)
        return _found(session)
    tables = [table for table in SQLModel.metadata.sorted_tables if not _count(session, table)]
    built = _build(session, at)
    audit.settle(session)
    session.flush()
    # Where something is on record already, the rows of the record would be missing from what is kept.
    if rows is None and any(table.name == "audit_event" for table in tables):
        written = [(table, session.connection().execute(_of_tests(table)).mappings()) for table in tables]
        _rows[at] = [(table, some) for table, found in written if (some := [dict(row) for row in found])]
    return built


def _any(session: Session, tables: Sequence[Table]) -> bool:
    """Say whether there is a row of tests in any of the tables; one statement."""
    asked = select(or_(*(_of_tests(table).exists() for table in tables)))
    return bool(session.connection().execute(asked).scalar_one())


def _count(session: Session, table: Table) -> int:
    counted = select(func.count()).select_from(_of_tests(table).subquery())
    return session.connection().execute(counted).scalar_one()


def _of_tests(table: Table) -> Select[Any]:
    """Return the query for a table's rows, but for where the record begins: that is in every database."""
    if table.name == "audit_private":
        begins = select(col(AuditEvent.id)).where(AuditEvent.stream == audit.ROWS)
        return table.select().where(table.c.event_id.not_in(begins))
    return table.select().where(table.c.stream != audit.ROWS) if "stream" in table.c else table.select()


def _found(session: Session) -> Bureau:
    units = {one.name: one for one in session.exec(select(Unit).order_by(col(Unit.id))).all()}
    users = {one.login: one for one in session.exec(select(User).order_by(col(User.id))).all()}
    actors = queries.user_actors(session, {one.id for one in users.values()})
    return Bureau(
        units["清河市民政局"],
        units["办公室"],
        units["清河区民政局"],
        units["青山市民政局"],
        {one.code: one for one in session.exec(select(Channel).order_by(col(Channel.id))).all()},
        users,
        {login: actors[user.id] for login, user in users.items()},
    )


def _build(session: Session, at: datetime) -> Bureau:
    city = unit(session, "清河市民政局", at=at)
    office = unit(session, "办公室", at=at, kind=UnitKind.DEPARTMENT, parent=city)
    district = unit(session, "清河区民政局", at=at, kind=UnitKind.COUNTY, parent=city)
    synced = channels.sync(
        session, (shipped("policies") / "channels.yaml").read_text(encoding="utf-8"), at=at
    )
    elsewhere = unit(session, "青山市民政局", at=at)
    users = {
        str(role): person(session, str(role), unit=office, roles=[role], on=city, at=at) for role in Role
    }
    for login, role in (
        ("editor2", Role.EDITOR),
        ("proofreader2", Role.PROOFREADER),
        ("proofreader3", Role.PROOFREADER),
    ):
        users[login] = person(session, login, unit=office, roles=[role], on=city, at=at)
    users["district_editor"] = person(session, "district_editor", unit=district, roles=[Role.EDITOR], at=at)
    users["outsider"] = person(session, "outsider", unit=elsewhere, roles=TRADE, at=at)
    return Bureau(
        city,
        office,
        district,
        elsewhere,
        {one.code: one for one in synced},
        users,
        {login: actor(session, user) for login, user in users.items()},
    )


def document(title: str = "清河市开展冬季送温暖活动", *paragraphs: str) -> Document:
    """Return a document in which the negative list finds nothing, or one with the paragraphs given."""
    if paragraphs:
        return Document(title=title, blocks=tuple(Paragraph(text=text) for text in paragraphs))
    return Document(
        title=title,
        blocks=(
            Paragraph(text="12月1日，清河市民政局组织志愿者走访独居老人，送去棉被和粮油。"),
            Heading(text="走进社区"),
            Paragraph(text="志愿者逐户登记需求，帮助老人检查取暖设备。"),
        ),
    )


def draft(
    session: Session,
    bureau: Bureau,
    *,
    at: datetime,
    by: str = "editor",
    content: Document | None = None,
    targets: Sequence[tuple[str, str]] = (("wechat", "news"),),
) -> Draft:
    """Create a draft of the unit of `by`, bound for `targets` as `(channel code, section code)`."""
    new = NewDraft(document=content or document(), targets=tuple(targets))
    return drafts.create(session, new=new, actor=bureau.actor(by), at=at)


def signed_in(client: TestClient, user: User | str) -> dict[str, str]:
    """Return the headers of a request by `user` (or their login), with a token got from the service."""
    login = user if isinstance(user, str) else user.login
    asked = {"Accept": "application/json"}  # also of a client that reads pages
    answer = client.post("/api/v1/auth/token", json={"login": login, "password": PASSWORD}, headers=asked)
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def bearer(runtime: Runtime, login: str) -> dict[str, str]:
    """Return the headers of a request by `login`, with a token as the service gives it."""
    with runtime.database.read() as session:
        user = session.exec(select(User).where(User.login == login)).one()
    token = runtime.tokens.issue(
        user.id, at=runtime.clock(), minutes=runtime.settings.token_minutes, credentials=user.credentials
    )
    return {"Authorization": f"Bearer {token}"}


def events(database: Database, stream: str) -> list[tuple[str, str]]:
    """Return what the record says of a stream: action and outcome of each event, in order."""
    with database.read() as session:
        query = select(AuditEvent).where(AuditEvent.stream == stream).order_by(col(AuditEvent.seq))
        return [(one.action, one.outcome) for one in session.exec(query)]


def promised(database: Database, kind: str) -> list[dict[str, Any]]:
    """Return the payloads of the jobs of a kind, in the order of their making."""
    with database.read() as session:
        query = select(Job).where(Job.kind == kind).order_by(col(Job.id))
        return [json.loads(job.payload) for job in session.exec(query)]


def announced(database: Database) -> list[str]:
    """Return the types of the messages in the outbox, in order."""
    return [message["type"] for message in promised(database, JobKind.FAN_OUT)]


@contextmanager
def failing_commits(database: Database) -> Iterator[None]:
    """Let every commit fail as when the disk is full or the server is gone, at the engine's own edge."""

    def refuse(_connection: object) -> None:
        raise OperationalError("COMMIT", {}, Exception("disk full"))

    event.listen(database.engine, "commit", refuse)
    try:
        yield
    finally:
        event.remove(database.engine, "commit", refuse)
