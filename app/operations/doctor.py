"""What `sanshen doctor` looks at beside what a running service looks at itself: once, from outside, wholly.

Nothing is changed. Each section goes on when one before it failed, as far as it can do without.
"""

import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import and_, func, or_, text
from sqlmodel import Session, SQLModel, col, select

from app.audit import verification
from app.audit.models import AuditEvent, AuditHead
from app.channels.models import Channel
from app.domain.vocabulary import Role
from app.identity.models import Unit
from app.identity.roles.alone import given_alone
from app.infra.clock import Clock, beijing, system_clock
from app.infra.db import Database
from app.infra.errors import AppError
from app.infra.folders import files_in
from app.infra.migrate import load_tables
from app.infra.settings import DEFAULT_SECRET, Environment, Settings
from app.infra.signing import Signer, load_signer
from app.infra.sqlite_file import path_of
from app.infra.tokens import load_tokens
from app.negative_list import Faults
from app.notifications.models import NoticeRobot
from app.operations import installation, running_checks
from app.operations.faults import Fault, Gravity
from app.operations.models import ProcessBeat
from app.policies.files import checks as file_checks
from app.policies.files.following import files_in_force
from app.policies.negative_list.following import FollowedPolicies
from app.webhooks import vault
from app.webhooks.addresses.targets import AllowList
from app.webhooks.addresses.targets import faults as address_faults
from app.webhooks.models import WebhookEndpoint, WebhookSecret
from app.words.labels import label
from app.words.policy_faults import located

#: A SQLite file up to this size is looked through as well, larger ones with `full`.
_QUICK_BYTES = 256 << 20
_MAIL_SECONDS = 3
#: A secret of fewer different characters than this was typed, not made.
_VARIED = 10
#: Roles given alone that are named; of more, their number is told.
_NAMED = 10


#: Whether the role owns the record's table, itself or through a role that it is a member of.
_OWNED = """
SELECT pg_has_role(current_user, relowner, 'USAGE') FROM pg_class
WHERE relname = 'audit_event' AND relnamespace = current_schema()::regnamespace
"""


@dataclass(slots=True)
class Section:
    """One part of the examination: what it is about, what is wrong, and figures to tell."""

    name: str
    faults: list[Fault] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Examination:
    settings: Settings
    full: bool
    clock: Clock
    progress: Callable[[int, int], None] | None
    signer: Signer | None = None
    token_key: str | None = None


def examine(
    settings: Settings,
    *,
    full: bool = False,
    clock: Clock = system_clock,
    progress: Callable[[int, int], None] | None = None,
) -> list[Section]:
    """Examine an installation, and return every section in the order in which it matters.

    With `full` the whole record is verified and the whole file read; else that takes seconds.
    """
    load_tables()
    one = _Examination(settings, full, clock, progress)
    sections = [_settings(one), _keys(one), Section("磁盘", running_checks.space(settings))]
    reached, database = _database(one)
    sections.append(reached)
    if database is not None:
        try:
            looks: tuple[tuple[str, Callable[[_Examination, Session, Section], None]], ...] = (
                ("安装", _installation),
                ("数据库角色", _role),
                ("留痕", _record),
                ("后台任务与进程", _work),
                ("阵地与人员", _bureau),
                ("推送", _webhooks),
            )
            for name, look in looks:
                section = Section(name)
                try:
                    with database.read() as session:
                        look(one, session, section)
                except AppError as error:
                    section.faults.append(running_checks.unavailable(error, settings))
                sections.append(section)
            sections.insert(4, _policies(one, database))
        finally:
            database.close()
    sections.append(_mail(one))
    return sections


def errors(sections: Sequence[Section]) -> list[Fault]:
    """Return what wants somebody now."""
    return [fault for section in sections for fault in section.faults if fault.level is Gravity.ERROR]


# --- settings, keys, files ------------------------------------------------


def _settings(one: _Examination) -> Section:
    section, settings = Section("设置"), one.settings
    secret = settings.secret_key.get_secret_value()
    production = settings.environment is Environment.PRODUCTION
    if not production:
        section.faults.append(Fault("not_production", level=Gravity.NOTE))
    if secret == DEFAULT_SECRET:
        section.faults.append(Fault("secret_default", level=Gravity.ERROR if production else Gravity.NOTE))
    elif len(set(secret)) < _VARIED:
        section.faults.append(Fault("secret_weak", level=Gravity.ERROR if production else Gravity.WARNING))
    for path in (settings.data_dir, path_of(settings.url)):
        if path is not None and path.exists() and (mode := path.stat().st_mode & 0o077):
            data = {"path": path, "mode": f"{path.stat().st_mode & 0o777:o}"}
            section.faults.append(
                Fault("folder_open", data, Gravity.WARNING if mode & 0o022 == 0 else Gravity.ERROR)
            )
    section.facts = {"environment": str(settings.environment), "data": str(settings.data_dir)}
    return section


def key_files(settings: Settings) -> dict[str, Path]:
    """Return where the keys lie, by what they are for."""
    folder = settings.data_dir / "keys"
    return {
        "token": settings.token_key_file or folder / "token.pem",
        "signing": settings.signing_key_file or folder / "signing.pem",
    }


def _keys(one: _Examination) -> Section:
    section = Section("密钥")
    for name, path in key_files(one.settings).items():
        if not path.exists():
            fresh = one.settings.environment is Environment.DEVELOPMENT and not installation.remains(
                one.settings.data_dir, one.settings.url
            )
            section.faults.append(
                Fault("key_missing", {"path": path}, Gravity.NOTE if fresh else Gravity.ERROR)
            )
            continue
        if path.stat().st_mode & 0o077:
            data = {"path": path, "mode": f"{path.stat().st_mode & 0o777:o}"}
            # It is not read either: no process of ours would use it like this.
            section.faults.append(Fault("key_open", data))
            continue
        try:
            if name == "token":
                one.token_key = installation.key_name(load_tokens(path, create=False).public_pem)
            else:
                one.signer = load_signer(path, create=False)
                section.facts["signing_key"] = one.signer.key_id
        except (ValueError, OSError) as error:
            section.faults.append(Fault("key_bad", {"path": path, "cause": str(error)}))
    return section


# --- the database ---------------------------------------------------------


def _database(one: _Examination) -> tuple[Section, Database | None]:
    section, settings = Section("数据库"), one.settings
    file = path_of(settings.url)
    if file is not None and not file.exists():
        left = installation.remains(settings.data_dir, settings.url)
        code = "database_gone" if left else "database_none"
        section.faults.append(Fault(code, {"path": file}, stops=True))
        return section, None
    database = Database(settings.url, pool_size=2)
    section.faults = running_checks.database(database, settings, clock=one.clock)
    if any(
        fault.code.startswith(("schema", "database_unavailable", "database_gone")) for fault in section.faults
    ):
        database.close()
        return section, None
    if file is not None:
        section.facts["bytes"] = file.stat().st_size
        if one.full or file.stat().st_size <= _QUICK_BYTES:
            _undamaged(database, section)
    return section, database


def _undamaged(database: Database, section: Section) -> None:
    try:
        with database.read() as session:
            found = session.connection().execute(text("PRAGMA quick_check(1)")).scalar()
    except AppError as error:
        found = str(error.__cause__)
    if found != "ok":
        section.faults.append(Fault("database_damaged", {"cause": str(found).splitlines()[0]}, stops=True))


def _installation(one: _Examination, session: Session, section: Section) -> None:
    found = installation.row(session)
    known = installation.marked(one.settings.data_dir)
    section.facts = {"id": str(found.id), "made_at": found.made_at.isoformat()}
    if known is not None and known != found.id:
        section.faults.append(Fault("foreign_database", {"path": one.settings.data_dir}))
    elif known is None:
        section.faults.append(Fault("no_marker", level=Gravity.NOTE))
    secret = one.settings.secret_key.get_secret_value().encode()
    now = {
        "secret": installation.secret_check(secret),
        "signing": one.signer.key_id if one.signer else None,
        "token": one.token_key,
    }
    names = {"secret": "SANSHEN_SECRET_KEY ", "signing": "签发密钥", "token": "令牌密钥"}
    for name, before in installation.noted(found).items():
        if before is not None and now[name] is not None and now[name] != before:
            section.faults.append(Fault("key_changed", {"which": names[name]}))
    sealed = 0
    boxes = [
        *session.exec(select(WebhookSecret.id, WebhookSecret.sealed)).all(),
        *session.exec(select(NoticeRobot.id, NoticeRobot.sealed)).all(),
    ]
    for owner, box in boxes:
        try:
            vault.unseal(box, owner=owner, master=secret)
        except vault.SealBroken:
            sealed += 1
    if sealed:
        section.faults.append(Fault("secrets_sealed", {"count": sealed}))


def _role(one: _Examination, session: Session, section: Section) -> None:
    if session.get_bind().dialect.name != "postgresql":
        return
    ask = session.connection().execute
    role, superuser = ask(
        text("SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user")
    ).one()
    section.facts = {"role": role}
    if superuser:
        production = one.settings.environment is Environment.PRODUCTION
        level = Gravity.WARNING if production else Gravity.NOTE
        section.faults.append(Fault("role_superuser", {"role": role}, level))
    elif ask(text(_OWNED)).scalar_one():
        production = one.settings.environment is Environment.PRODUCTION
        level = Gravity.WARNING if production else Gravity.NOTE
        section.faults.append(Fault("role_owner", {"role": role}, level))
    lacking = [
        f"{table}（{right}）"
        for table in sorted(SQLModel.metadata.tables)
        for right in ("SELECT", "INSERT")
        if not ask(text("SELECT has_table_privilege(:t, :r)"), {"t": f'"{table}"', "r": right}).scalar_one()
    ]
    if lacking:
        data = {"role": role, "lacking": "、".join(lacking[:5]) + ("等" if len(lacking) > 5 else "")}
        section.faults.append(Fault("role_lacks", data))


def _record(one: _Examination, session: Session, section: Section) -> None:
    if one.full:
        folder = one.settings.checkpoints
        found = verification.verify(session, signer=one.signer, folder=folder, progress=one.progress)
        section.facts = {"streams": found.streams, "events": found.events, "full": True}
        if found.faults:
            data = {"count": len(found.faults), "stream": found.faults[0].stream}
            section.faults.append(Fault("record_altered", data))
        return
    event, head = AuditEvent, AuditHead
    at_head = and_(col(event.stream) == col(head.stream), col(event.seq) == col(head.seq))
    differ = (
        select(head.stream)
        .outerjoin(event, at_head)
        .where(or_(col(event.leaf).is_(None), col(event.leaf) != col(head.leaf)))
    )
    beyond = (
        select(event.stream)
        .outerjoin(head, col(event.stream) == col(head.stream))
        .where(or_(col(head.stream).is_(None), col(event.seq) > col(head.seq)))
    )
    broken = sorted(
        {*session.exec(differ.limit(100)).all(), *session.exec(beyond.distinct().limit(100)).all()}
    )
    section.facts = {"streams": session.exec(select(func.count()).select_from(head)).one(), "full": False}
    if broken:
        section.faults.append(Fault("record_heads", {"count": len(broken), "stream": broken[0]}))


# --- policies, work, the bureau -------------------------------------------


def _policies(one: _Examination, database: Database) -> Section:
    section, settings = Section("政策文件"), one.settings
    followed = None
    try:
        followed = FollowedPolicies(settings.policies / "negative_list", database, cache_dir=settings.cache)
        section.facts["negative_list"] = followed.current.digest
    except Faults as error:
        section.faults.append(Fault("list_unusable", {"first": located(error.faults[0])}, stops=True))
    files = files_in_force(settings, database)
    proposed = () if settings.follows_folder else file_checks.proposed(files_in(settings.policies), files)
    section.facts["follows"] = "folder" if settings.follows_folder else "granted"
    section.faults += running_checks.policies(settings, followed, files, proposed)
    if settings.follows_folder:
        section.faults.append(Fault("folder_followed", level=Gravity.NOTE))
    today = beijing(one.clock())
    years = [today.year, *([today.year + 1] if today.month == 12 else [])]
    section.faults += [
        Fault("year_unknown", {"year": year}, Gravity.WARNING)
        for year in years
        if f"calendar/{year}.yaml" not in files.texts
    ]
    return section


def _work(one: _Examination, session: Session, section: Section) -> None:
    section.faults = running_checks.work(session, at=one.clock())
    running = session.exec(select(ProcessBeat)).all()
    section.facts["processes"] = [
        {"process": f"{row.host}:{row.pid}", "serves": row.serves, "works": row.works, "version": row.version}
        for row in running
    ]
    if not running:
        section.faults.append(Fault("not_running", level=Gravity.NOTE))


def _bureau(one: _Examination, session: Session, section: Section) -> None:
    units = session.exec(select(func.count()).select_from(Unit)).one()
    if not units:
        section.faults.append(Fault("nobody", level=Gravity.NOTE))
    elif not session.exec(select(Channel.id).limit(1)).all():
        section.faults.append(Fault("channels_none"))
    production = one.settings.environment is Environment.PRODUCTION
    if given := given_alone(session):
        told = [f"{user.name}（{label(Role(grant.role))}）" for grant, user, _ in given]
        data = {
            "count": len(given),
            "grants": "、".join(told[:_NAMED]) + ("等" if len(told) > _NAMED else ""),
        }
        level = Gravity.WARNING if production else Gravity.NOTE
        section.faults.append(Fault("granted_alone", data, level))
    if production and (found := list(_demo_accounts(session))):
        section.faults.append(Fault("demo_in_production", {"logins": "、".join(found)}))


def _demo_accounts(session: Session) -> Iterator[str]:
    """Yield the accounts that anybody may sign in to, with the password that is printed for the demo."""
    from app.demo.load import PASSWORD, texts
    from app.identity.credentials import passwords
    from app.identity.models import User

    logins = [person["login"] for person in texts("bureau.yaml")["people"]]
    for user in session.exec(select(User).where(col(User.login).in_(logins), User.active)).all():
        if user.password_hash and passwords.matches(user.password_hash, PASSWORD):
            yield user.login


# --- the outside ----------------------------------------------------------


def _webhooks(one: _Examination, session: Session, section: Section) -> None:
    allowed = AllowList.of(one.settings)
    endpoints = session.exec(select(WebhookEndpoint).where(WebhookEndpoint.active)).all()
    section.facts["endpoints"] = len(endpoints)
    for endpoint in endpoints:
        if address_faults(endpoint.url, allowed=allowed):
            section.faults.append(Fault("hook_not_listed", {"host": urlsplit(endpoint.url).netloc}))


def _mail(one: _Examination) -> Section:
    section, settings = Section("邮件"), one.settings
    if not settings.smtp_host:
        section.faults.append(Fault("mail_none", level=Gravity.NOTE))
        return section
    try:
        with socket.create_connection((settings.smtp_host, settings.smtp_port), _MAIL_SECONDS):
            pass
    except OSError as error:
        data = {"host": f"{settings.smtp_host}:{settings.smtp_port}", "cause": error.strerror or str(error)}
        section.faults.append(Fault("mail_refused", data))
    return section
