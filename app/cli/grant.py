"""`sanshen policy ask|grant|decline`: bringing a version into force, each by a person who signs in.

The machine's operator is nobody's second person: whoever asks and whoever grants signs in here as on the
pages, and guesses count as they do there.
"""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.local_access import opened
from app.cli.output import fail, out, print_json
from app.cli.server import AsJson, DataDir, settings_with
from app.cli.user import FromStdin

if TYPE_CHECKING:
    from app.identity.queries import Actor
    from app.infra.runtime import Runtime
    from app.policies.models import PolicyActivation

Digest = Annotated[str, typer.Argument(help="版本的摘要，或者它开头的至少 8 位。", metavar="摘要")]
Login = Annotated[str, typer.Option("--login", help="办理人的登录名；随后问密码。")]

#: Where somebody is who works on the machine itself, as the record has it.
_HERE = "127.0.0.1"


def ask(
    digest: Digest,
    login: Login,
    note: Annotated[str, typer.Option("--note", help="为什么启用，给批准的人看。")] = "",
    data: DataDir = None,
    *,
    password_stdin: FromStdin = False,
    as_json: AsJson = False,
) -> None:
    """申请启用一个版本；须由另一人批准。"""
    from app.policies import proposals
    from app.policies.schemas import AskIn

    _within(AskIn, note=note)

    def act(runtime: "Runtime", version: str, actor: "Actor") -> "PolicyActivation":
        with runtime.database.write() as session:
            return proposals.ask(session, runtime, digest=version, note=note, actor=actor, at=runtime.clock())

    _say(*_done(digest, login, data, act, stdin=password_stdin), "已申请启用", as_json=as_json)


def grant(
    digest: Digest,
    login: Login,
    comment: Annotated[str, typer.Option("--comment", help="意见。")] = "",
    back_test: Annotated[
        str, typer.Option("--back-test", help="已看过的回测报告的摘要（只用于负面清单）。")
    ] = "",
    accept: Annotated[
        list[str] | None,
        typer.Option("--accept", help="接受一条提醒：指纹=理由；可以写多次。", metavar="指纹=理由"),
    ] = None,
    data: DataDir = None,
    *,
    password_stdin: FromStdin = False,
    as_json: AsJson = False,
) -> None:
    """批准另一人的启用申请：版本随即在所有进程启用。流程的每条提醒都须写明接受的理由。"""
    _decide(
        digest, login, data, comment, yes=True, back_test=back_test, accept=accept or (),
        stdin=password_stdin, as_json=as_json,
    )  # fmt: skip


def decline(
    digest: Digest,
    login: Login,
    comment: Annotated[str, typer.Option("--comment", help="为什么不同意。")] = "",
    data: DataDir = None,
    *,
    password_stdin: FromStdin = False,
    as_json: AsJson = False,
) -> None:
    """不同意另一人的启用申请。"""
    _decide(digest, login, data, comment, yes=False, stdin=password_stdin, as_json=as_json)


def _decide(
    digest: str,
    login: str,
    data: Any,  # noqa: ANN401 – typer's path
    comment: str,
    *,
    yes: bool,
    back_test: str = "",
    accept: "list[str] | tuple[()]" = (),
    stdin: bool,
    as_json: bool,
) -> None:
    from app.infra.errors import NotFound
    from app.policies import granting, queries
    from app.policies.schemas import AcceptedRiskIn, WishDecisionIn

    reasons = dict(_pair(pair) for pair in accept)
    _within(WishDecisionIn, comment=comment)
    for reason in reasons.values():
        _within(AcceptedRiskIn, reason=reason)

    def act(runtime: "Runtime", version: str, actor: "Actor") -> "PolicyActivation":
        with runtime.database.read() as session:
            wish = queries.version(session, version).asked
        if wish is None:
            raise NotFound("activation_unknown")
        return granting.decide(
            runtime,
            activation_id=wish.id,
            grant=yes,
            back_test=back_test,
            accepted=reasons,
            comment=comment,
            actor=actor,
        )

    done = _done(digest, login, data, act, stdin=stdin)
    _say(*done, "已批准启用" if yes else "已答复不同意", as_json=as_json)


def _pair(word: str) -> tuple[str, str]:
    name, _, reason = word.partition("=")
    if not name or not reason.strip():
        fail("--accept 写作“指纹=理由”；指纹见 sanshen policy show 摘要。")
    return name, reason.strip()


def _within(schema: Any, **texts: str) -> None:  # noqa: ANN401 – a pydantic model
    """Leave where a text is longer than the same field over the API may be."""
    from app.web.forms.limits import longest

    for name, text in texts.items():
        if len(text) > (most := longest(schema, name)):
            fail(f"--{name} 至多 {most} 个字符，现有 {len(text)} 个。")


def _done(
    digest: str,
    login: str,
    data: Any,  # noqa: ANN401 – typer's path
    act: "Callable[[Runtime, str, Actor], PolicyActivation]",
    *,
    stdin: bool,
) -> "tuple[PolicyActivation, Actor]":
    """Do something as the person of this login, with their password."""
    from app.cli.versions import version_named
    from app.domain.roles import UserKind
    from app.identity import access, queries
    from app.identity.sessions import sign_in
    from app.infra.errors import Unauthenticated
    from app.policies.start import start

    settings = settings_with(data)
    password = _password(login, stdin=stdin)
    with opened(settings) as database:
        with database.read() as session:
            version = version_named(session, digest)
        runtime = start(settings, database=database)
        caller = sign_in.Caller(_HERE)
        user = sign_in.verify(runtime, login, password, caller=caller)
        with database.read() as session:
            actor = queries.user_actor(session, user.id, at=runtime.clock())
        if actor is None or user.kind != UserKind.PERSON:
            raise Unauthenticated("sign_in_refused")
        access.own_password(actor)
        return act(runtime, version.digest, actor), actor


def _password(login: str, *, stdin: bool) -> str:
    if stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        fail("这里不能问密码：请用 --password-stdin 从标准输入读。")
    password: str = typer.prompt(f"{login} 的密码", hide_input=True, err=True)
    return password


def _say(activation: "PolicyActivation", actor: "Actor", done: str, *, as_json: bool) -> None:
    from app.policies.queries import shadowed

    tried = shadowed(activation)
    if as_json:
        print_json(
            {
                "policy": activation.digest,
                "activation": str(activation.id),
                "state": activation.state,
                "activated": activation.activated,
                "only_tried": list(tried),
                "by": actor.name,
            }
        )
        return
    out.print(f"{actor.name}{done}：{activation.digest[:12]}。", markup=False)
    if tried:
        out.print(
            f"新增的阻断规则只试运行（没有写明看过的回测报告）：{'、'.join(tried)}。启用的版本："
            f"{(activation.activated or '')[:12]}。",
            markup=False,
            soft_wrap=True,
        )
