"""`sanshen user`: accounts and roles, kept on the machine itself. The first administrators are made here."""

import secrets
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from app.cli.chinese import CommandLine
from app.cli.local_access import opened, operator, refused
from app.cli.naming import chosen, place_known, unit_named, unit_names
from app.cli.output import fail, out, print_json
from app.cli.server import AsJson, DataDir, settings_with
from app.domain.roles import UserKind
from app.domain.vocabulary import Role
from app.words.labels import label

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from sqlmodel import Session

    from app.identity.models import RoleGrant, User
    from app.identity.schemas import UserIn

app = CommandLine(no_args_is_help=True)

Login = Annotated[str, typer.Argument(help="登录名。", metavar="登录名")]
RoleName = Annotated[str, typer.Argument(help="角色，如 system_admin 或“系统管理员”。", metavar="角色")]
UnitName = Annotated[
    str | None, typer.Option("--unit", help="单位：名称、从上到下用 / 连接的名称，或者编号。")
]
Channel = Annotated[str | None, typer.Option("--channel", help="只在这个阵地（代码）。")]
Section = Annotated[str | None, typer.Option("--section", help="只在这个栏目（代码）；须同时写明阵地。")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="从标准输入读一行作为密码。")]
Generated = Annotated[bool, typer.Option("--generate", help="生成密码，只显示这一次。")]

_LOGIN = "只能用字母、数字和 . _ @ -，2 至 64 个字符，以字母或数字开头。"
#: What is said of a role that was given on the machine, where nobody else has to agree.
_ALONE = "留痕已写明没有第二人到场，并通知该单位的安全管理员和审计管理员。"
#: Made passwords: no letters or digits that look alike.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@app.callback()
def _topic() -> None:
    """用户与角色（在本机直接操作数据库，每一步都留痕）。"""


@app.command("add")
def add(
    login: Login,
    name: Annotated[str, typer.Argument(help="真实姓名；留痕和审签单上用它。", metavar="姓名")],
    unit: UnitName = None,
    kind: Annotated[
        str, typer.Option("--kind", help="person（人）或 service（工具的服务账号）。")
    ] = UserKind.PERSON,
    role: Annotated[list[str] | None, typer.Option("--role", help="同时授予的角色；可以写多次。")] = None,
    over: Annotated[
        str | None, typer.Option("--over", help="这些角色管到哪个单位及其下属；不写就是所在单位。")
    ] = None,
    data: DataDir = None,
    *,
    password_stdin: FromStdin = False,
    generate: Generated = False,
    as_json: AsJson = False,
) -> None:
    """新建账号。密码问两遍，或者从标准输入读，或者生成。"""
    from app.identity import service
    from app.infra.clock import system_clock

    wanted_kind = chosen(UserKind, kind, "账号种类")
    roles = [chosen(Role, name, "角色") for name in role or ()]
    with opened(settings_with(data)) as database:
        with database.read() as session:
            unit_id = unit_named(session, unit).id
            over_id = unit_id if over is None else unit_named(session, over).id
        given = _password(stdin=password_stdin, generate=generate)
        wanted = _account(login, name, given.text, unit_id, wanted_kind)
        with database.write() as session:
            actor, at = operator(), system_clock()
            user = service.create_user(
                session,
                login=wanted.login,
                name=wanted.name,
                password=wanted.password,
                unit_id=unit_id,
                kind=wanted.kind,
                actor=actor,
                at=at,
            )
            for granted in roles:
                service.grant_role(
                    session,
                    user_id=user.id,
                    role=granted,
                    unit_id=over_id,
                    actor=actor,
                    at=at,
                    alone=label(granted),
                )
            told = _told(session, user)
    said = f"已建立账号 {user.login}（{user.name}）。{_ALONE if roles else ''}"
    _say(told, said, given, as_json=as_json)


@app.command("list")
def list_(
    data: DataDir = None,
    *,
    everybody: Annotated[bool, typer.Option("--all", help="也列出已停用的。")] = False,
    as_json: AsJson = False,
) -> None:
    """列出账号和他们的角色。"""
    from sqlmodel import col, select

    from app.identity.models import User

    with opened(settings_with(data)) as database, database.read() as session:
        users = session.exec(select(User).order_by(col(User.id))).all()
        told = _all_told(session, [user for user in users if everybody or user.active])
    if as_json:
        print_json(told)
        return
    for account in told:
        _print(account)
    out.print(f"共 {len(told)} 个账号。")


@app.command("deactivate")
def deactivate(login: Login, data: DataDir = None, *, as_json: AsJson = False) -> None:
    """停用账号：立即不能登录，已登录的会话和令牌作废。账号从不删除。"""
    from app.identity import service
    from app.infra.clock import system_clock

    with opened(settings_with(data)) as database, database.write() as session:
        user = user_by(session, login)
        service.deactivate_user(session, user_id=user.id, actor=operator(), at=system_clock())
        told = _told(session, user)
    _say(told, f"已停用账号 {user.login}（{user.name}）。", as_json=as_json)


@app.command("password")
def password(
    login: Login,
    data: DataDir = None,
    *,
    password_stdin: FromStdin = False,
    generate: Generated = False,
    as_json: AsJson = False,
) -> None:
    """重设密码：此人已登录的会话全部结束。"""
    from app.identity import service
    from app.infra.clock import system_clock

    with opened(settings_with(data)) as database:
        with database.read() as session:
            user_id = user_by(session, login).id
        given = _password(stdin=password_stdin, generate=generate)
        with database.write() as session:
            user = service.reset_password(
                session, user_id=user_id, new=given.text, actor=operator(), at=system_clock()
            )
            told = _told(session, user)
    _say(told, f"已重设 {user.login}（{user.name}）的密码。", given, as_json=as_json)


@app.command("grant")
def grant(
    login: Login,
    role: RoleName,
    unit: UnitName = None,
    channel: Channel = None,
    section: Section = None,
    data: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """授予角色，管到一个单位及其下属（不写 --unit 就是本人所在单位）。"""
    from app.identity import service
    from app.infra.clock import system_clock

    wanted = chosen(Role, role, "角色")
    with opened(settings_with(data)) as database, database.write() as session:
        user = user_by(session, login)
        over = user.unit_id if unit is None else unit_named(session, unit).id
        place_known(session, channel, section)
        service.grant_role(
            session,
            user_id=user.id,
            role=wanted,
            unit_id=over,
            channel=channel,
            section=section,
            actor=operator(),
            at=system_clock(),
            alone=label(wanted),
        )
        told = _told(session, user)
    _say(told, f"已授予 {user.login}（{user.name}）。{_ALONE}", as_json=as_json)


@app.command("revoke")
def revoke(
    login: Login,
    role: RoleName,
    unit: UnitName = None,
    channel: Channel = None,
    section: Section = None,
    data: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """收回角色。同一角色授予了几处时，用 --unit、--channel、--section 说明是哪一处。"""
    from app.identity import queries, service
    from app.infra.clock import system_clock

    wanted = chosen(Role, role, "角色")
    with opened(settings_with(data)) as database, database.write() as session:
        user = user_by(session, login)
        over = None if unit is None else unit_named(session, unit).id
        in_force = queries.grants_in_force(session, [user.id]).get(user.id, ())
        held = [grant for grant in in_force if grant.role == wanted]
        matching = [
            grant
            for grant in held
            if over in {None, grant.unit_id}
            and channel in {None, grant.channel}
            and section in {None, grant.section}
        ]
        if len(matching) != 1:
            _which(session, user, wanted, held, any_there=bool(matching))
        service.revoke_grant(
            session, user_id=user.id, grant_id=matching[0].id, actor=operator(), at=system_clock()
        )
        told = _told(session, user)
    _say(told, f"已收回 {user.login}（{user.name}）的角色。", as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Password:
    text: str
    made: bool


def _password(*, stdin: bool, generate: bool) -> _Password:
    """Return the new password: made, read, or asked for twice."""
    if stdin and generate:
        fail("--password-stdin 和 --generate 只能选一个。")
    if generate:
        groups = ("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4))
        return _Password("-".join(groups), made=True)
    if stdin:
        return _Password(sys.stdin.readline().rstrip("\r\n"), made=False)
    if not sys.stdin.isatty():
        fail("这里不能问密码：请用 --password-stdin 从标准输入读，或者用 --generate 生成。")
    first = typer.prompt("密码", hide_input=True, err=True)
    if typer.prompt("再输一遍", hide_input=True, err=True) != first:
        fail("两遍密码不一样，什么也没有改动。")
    return _Password(first, made=False)


def _account(login: str, name: str, password: str, unit_id: "UUID", kind: UserKind) -> "UserIn":
    """Return the account that is wanted, or say everything that is wrong with it."""
    from pydantic import ValidationError

    from app.identity.credentials import passwords
    from app.identity.schemas import UserIn
    from app.infra.errors import Invalid, Reason
    from app.infra.http.problems import field_reasons

    faults: list[Reason] = []
    try:
        wanted = UserIn(login=login, name=name, password=password, unit_id=unit_id, kind=kind)
    except ValidationError as error:
        faults = [
            Reason("field", {"message": _LOGIN}, field="login") if reason.field == "login" else reason
            for reason in field_reasons(error.errors())
            if reason.field != "password"
        ]
    faults += passwords.faults(password, login=login)
    if faults:
        refused(Invalid("malformed", reasons=faults))
    return wanted


def user_by(session: "Session", login: str) -> "User":
    """Return the account with this login; an unknown one ends the command."""
    from sqlmodel import select

    from app.identity.models import User

    user = session.exec(select(User).where(User.login == login.strip().casefold())).one_or_none()
    if user is None:
        fail(f"没有登录名为“{login}”的账号；sanshen user list --all 列出全部账号。")
    return user


def _which(
    session: "Session", user: "User", role: Role, held: "Sequence[RoleGrant]", *, any_there: bool
) -> NoReturn:
    """Say why not exactly one of the grants `held` was meant."""
    names = unit_names(session)
    places = [f"  {_place(_role(grant, names))}" for grant in held]
    if not held:
        fail(f"{user.login}（{user.name}）没有“{label(role)}”这个角色。")
    if not any_there:
        fail(f"{user.login}（{user.name}）在这个范围内没有“{label(role)}”；现有：", *places)
    fail(f"“{label(role)}”授予了不止一处，请用 --unit、--channel、--section 说明收回哪一处：", *places)


def _place(role: "Mapping[str, Any]") -> str:
    parts = [role["unit"]]
    if role["channel"]:
        parts.append(f"阵地 {role['channel']}")
    if role["section"]:
        parts.append(f"栏目 {role['section']}")
    return "，".join(parts)


def _told(session: "Session", user: "User") -> dict[str, Any]:
    return _all_told(session, [user])[0]


def _all_told(session: "Session", users: "Sequence[User]") -> list[dict[str, Any]]:
    """Return accounts with their grants in force, as `--json` prints them."""
    from app.identity import queries

    names = unit_names(session)
    grants = queries.grants_in_force(session, [user.id for user in users])
    return [
        {
            "id": str(user.id),
            "login": user.login,
            "name": user.name,
            "kind": user.kind,
            "unit": names[user.unit_id],
            "unit_id": str(user.unit_id),
            "active": user.active,
            "roles": [_role(grant, names) for grant in grants.get(user.id, ())],
        }
        for user in users
    ]


def _role(grant: "RoleGrant", names: "Mapping[UUID, str]") -> dict[str, Any]:
    return {
        "role": grant.role,
        "unit": names[grant.unit_id],
        "unit_id": str(grant.unit_id),
        "channel": grant.channel or None,
        "section": grant.section or None,
    }


def _say(told: dict[str, Any], done: str, given: _Password | None = None, *, as_json: bool) -> None:
    """Tell what was done and what the account is now; a made password is shown here and never again."""
    if as_json:
        print_json(told | ({"password": given.text} if given and given.made else {}))
        return
    out.print(done, markup=False, soft_wrap=True)
    _print(told)
    if given and given.made:
        out.print(
            f"密码：{given.text}（只显示这一次，请交给本人，并请其登录后修改。）",
            markup=False,
            soft_wrap=True,
        )


def _print(account: "Mapping[str, Any]") -> None:
    state = "" if account["active"] else "（已停用）"
    kind = "" if account["kind"] == UserKind.PERSON else "（服务账号）"
    out.print(
        f"{account['login']}　{account['name']}{kind}{state}　{account['unit']}", markup=False, soft_wrap=True
    )
    for role in account["roles"]:
        out.print(f"    {label(Role(role['role']))}：{_place(role)}", markup=False, soft_wrap=True)
