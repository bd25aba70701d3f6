"""Stored versions of policy files on the command line: listed, shown, and compared, by digest."""

import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.local_access import opened
from app.cli.naming import chosen
from app.cli.output import fail, out, print_json
from app.cli.server import AsJson, DataDir, settings_with

if TYPE_CHECKING:
    from pathlib import Path

    from sqlmodel import Session

    from app.policies.models import PolicyVersion
    from app.policies.queries import Version

#: A digest, or how it begins.
DIGEST = re.compile("[0-9a-f]{8,64}")
_STATES = {"in_force": "正在使用", "asked": "等待批准", "candidate": "候选", "earlier": "曾经使用"}
_CHANGES = {"added": "新增", "changed": "修改", "removed": "删去"}


def listed(
    kind: Annotated[
        str, typer.Argument(metavar="种类", help="哪种政策文件，例如 workflows。")
    ] = "negative_list",
    data: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """列出一种政策文件的版本，新的在前：状态、来自哪里、何时登记。"""
    from app.domain.vocabulary import PolicyKind, PolicySource
    from app.infra.clock import moment
    from app.policies import queries
    from app.words.labels import label

    wanted = chosen(PolicyKind, kind, "政策文件")
    settings = settings_with(data)
    with opened(settings) as database, database.read() as session:
        versions = queries.versions(session, wanted)
    if as_json:
        print_json(
            [
                {
                    "policy": version.row.digest,
                    "kind": version.row.kind,
                    "state": version.state,
                    "source": version.row.source,
                    "note": version.row.note,
                    "created_at": version.row.created_at.isoformat(),
                }
                for version in versions
            ]
        )
        return
    if settings.follows_folder and wanted is not PolicyKind.NEGATIVE_LIST:
        out.print(f"按设置直接使用 {settings.policies} 里的文件，不登记版本。", markup=False, soft_wrap=True)
    for version in versions:
        parts = (
            version.row.digest[:12],
            _STATES[version.state],
            label(PolicySource(version.row.source)),
            moment(version.row.created_at),
            version.row.note,
        )
        out.print("　".join(filter(None, parts)), markup=False, soft_wrap=True)
    out.print(f"{label(wanted)}共 {len(versions)} 个版本。", markup=False)


def show(digest: str, data: "Path | None", *, as_json: bool) -> None:
    """Print a version: where it stands, who asked and decided, what the linter warns of, and its files."""
    from app.domain.vocabulary import PolicyKind
    from app.policies import queries
    from app.policies.files.following import files_in_force

    settings = settings_with(data)
    with opened(settings) as database:
        in_force = files_in_force(settings, database)
        with database.read() as session:
            version = queries.version(session, version_named(session, digest).digest)
            files = queries.files(session, version.row.digest)
            told = _told(session, version)
            told["risks"] = [
                {
                    "workflow": warning.workflow.key,
                    "fingerprint": warning.fingerprint,
                    "message": _sentence(warning.risk),
                    "accepted": warning.accepted is not None,
                }
                for warning in queries.warnings(session, version, in_force)
            ]
    if as_json:
        print_json({**told, "files": files})
        return
    _say(told, PolicyKind(version.row.kind))
    for path, text in sorted(files.items()):
        out.print(f"——— {path}", markup=False, soft_wrap=True)
        out.print(text.rstrip("\n"), markup=False, soft_wrap=True)


def _sentence(risk: Any) -> str:  # noqa: ANN401 – a fault
    from app.words.policy_faults import sentence

    return sentence(risk)


def _told(session: "Session", version: "Version") -> dict[str, Any]:
    from app.identity import queries as identity

    row = version.row
    people = {
        row.proposed_by,
        *(who for activation in version.activations for who in (activation.asked_by, activation.decided_by)),
    }
    names = identity.names(session, [who for who in people if who is not None])
    return {
        "policy": row.digest,
        "kind": row.kind,
        "state": version.state,
        "source": row.source,
        "base": row.base,
        "note": row.note,
        "created_at": row.created_at.isoformat(),
        "activations": [
            {
                "state": activation.state,
                "note": activation.note,
                "asked_by": names.get(activation.asked_by, "") if activation.asked_by else None,
                "asked_at": activation.asked_at.isoformat(),
                "decided_by": names.get(activation.decided_by, "") if activation.decided_by else None,
                "comment": activation.comment,
                "activated": activation.activated,
            }
            for activation in version.activations
        ],
    }


def _say(told: dict[str, Any], kind: Any) -> None:  # noqa: ANN401 – a kind of policies
    from app.domain.vocabulary import ActivationState, PolicySource
    from app.words.labels import label

    def line(text: str) -> None:
        out.print(text, markup=False, soft_wrap=True)

    line(f"{label(kind)}　{told['policy']}")
    line(f"{_STATES[told['state']]}，{label(PolicySource(told['source']))}　{told['note']}".rstrip())
    for activation in told["activations"]:
        asked = f"{activation['asked_by']}申请" if activation["asked_by"] else "系统启用"
        decided = f"，{activation['decided_by']}答复" if activation["decided_by"] else ""
        words = f"：{activation['comment']}" if activation["comment"] else ""
        line(f"    {label(ActivationState(activation['state']))}　{asked}{decided}{words}")
    for risk in told["risks"]:
        mark = "已接受" if risk["accepted"] else "待接受"
        line(f"    提醒（{mark}）{risk['workflow']}：{risk['message']}")
        line(f"        指纹 {risk['fingerprint']}")


def compare(old: str, new: str, data: "Path | None", *, as_json: bool) -> None:
    """Print how two stored versions differ, file by file."""
    from app.policies import queries

    with opened(settings_with(data)) as database, database.read() as session:
        before, after = version_named(session, old), version_named(session, new)
        changed = queries.differences(session, after.digest, before.digest)
    _say_changes(changed, before.digest, after.digest, as_json=as_json)


def changes(
    digest: Annotated[str, typer.Argument(help="版本的摘要，或者它开头的至少 8 位。", metavar="摘要")],
    data: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """显示一个版本与正在使用的版本有什么不同，逐个文件。"""
    from app.domain.vocabulary import PolicyKind
    from app.policies import queries
    from app.policies.versions import digest_in_use

    with opened(settings_with(data)) as database, database.read() as session:
        version = version_named(session, digest)
        used = digest_in_use(session, PolicyKind(version.kind))
        changed = queries.differences(session, version.digest, used)
    _say_changes(changed, used, version.digest, as_json=as_json)


def _say_changes(changed: Any, before: str | None, after: str, *, as_json: bool) -> None:  # noqa: ANN401
    if as_json:
        print_json({"old": before, "new": after, "files": [change._asdict() for change in changed]})
        return
    for change in changed:
        out.print(f"{_CHANGES[change.state]}：{change.file}", markup=False, soft_wrap=True)
        for line in change.lines:
            out.print(line, markup=False, soft_wrap=True)
    out.print(f"共 {len(changed)} 个文件不同。" if changed else "文件没有不同。", markup=False)


def version_named(session: "Session", digest: str) -> "PolicyVersion":
    """Return the version whose digest begins like this; another number than one ends the command."""
    from sqlmodel import col, select

    from app.policies.models import PolicyVersion

    if DIGEST.fullmatch(digest) is None:
        fail("请写版本摘要开头的至少 8 位。")
    query = select(PolicyVersion).where(col(PolicyVersion.digest).startswith(digest, autoescape=True))
    rows = session.exec(query.limit(2)).all()
    if len(rows) != 1:
        fail(f"没有摘要以 {digest} 开头的版本，或者不止一个。")
    return rows[0]
