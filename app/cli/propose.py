"""`sanshen policy propose|list|changes`: policy files as candidates, for others to bring into force."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.local_access import opened, operator
from app.cli.output import err, fail, out, print_json
from app.cli.server import AsJson, DataDir, settings_with

if TYPE_CHECKING:
    from app.domain.files.policy_files import PolicyFiles
    from app.domain.vocabulary import PolicyKind
    from app.infra.settings import Settings


def propose(
    folder: Annotated[Path, typer.Argument(help="改好的政策文件夹，或者负面清单文件夹。", metavar="文件夹")],
    note: Annotated[str, typer.Option("--note", help="改了什么、为什么改，给批准的人看。")] = "",
    data: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """把改过的政策文件登记为候选版本；有错误时一次列出并返回 1。启用仍须一人申请、另一人批准。"""
    from app.infra.folders import files_in
    from app.policies import kinds

    settings = settings_with(data)
    own = folder / "negative_list"
    of_list = folder if (folder / "policy.yaml").is_file() else own if own.is_dir() else None
    files = files_in(folder) if of_list != folder else None
    named = [kind for kind in kinds.FILE_KINDS if files and kinds.part(kind, files)]
    told: list[dict[str, Any]] = []
    if files is not None and named:
        told += _files(settings, files, named, note[:500])
    if of_list is not None or not named:
        told.append(_list(settings, of_list or folder, note[:500]))
    if as_json:
        print_json(told if named else told[0])
    elif not told:
        out.print("与正在使用的文件相同，没有登记新的版本。", markup=False)
    else:
        _say(told)
        if settings.follows_folder and named:
            out.print(
                f"按设置，除负面清单外，这里直接使用 {settings.policies} 里的文件；登记的版本只供查看。",
                markup=False,
                soft_wrap=True,
            )


def _say(told: Sequence[dict[str, Any]]) -> None:
    from app.domain.vocabulary import PolicyKind
    from app.words.labels import label

    for version in told:
        name, digest = label(PolicyKind(version["kind"])), version["policy"][:12]
        if version["new"]:
            held = f"，{version['rules']} 条规则" if version["kind"] == PolicyKind.NEGATIVE_LIST else ""
            out.print(f"{name}：已登记为候选版本 {digest}{held}。", markup=False)
        else:
            used = "，而且正在使用" if version["in_force"] else ""
            out.print(f"{name}：这个版本已经登记过{used}：{digest}", markup=False)
    for version in told:
        if version["new"]:
            tried = "看差异、做回测" if version["kind"] == PolicyKind.NEGATIVE_LIST else "看差异"
            out.print(
                f"接下来：在网页 /policies/{version['policy']} 上{tried}，一人申请启用，另一人批准。",
                markup=False,
                soft_wrap=True,
            )


def _files(
    settings: "Settings", files: "PolicyFiles", named: "Sequence[PolicyKind]", note: str
) -> list[dict[str, Any]]:
    """Store what differs of each kind, or say every fault of all of them and leave with 1."""
    from app.domain.vocabulary import PolicySource
    from app.infra.clock import system_clock
    from app.infra.errors import Invalid, Reason, TooLarge
    from app.infra.http.problems import sentence
    from app.infra.policy_faults import reason_of
    from app.policies import kinds
    from app.policies.files import checks, service
    from app.policies.files.following import files_in_force
    from app.policies.models import PolicyVersion
    from app.policies.versions import digest_in_use

    told: list[dict[str, Any]] = []
    faults: list[Reason] = [
        reason_of(checks.UNREADABLE, path) for path in sorted(files.unreadable) if kinds.kind_of(path)
    ]
    with opened(settings) as database:
        around = in_force = files_in_force(settings, database)
        with database.write() as session:
            for kind in named:
                texts = kinds.part(kind, files)
                if texts == kinds.part(kind, in_force):
                    continue
                digest, base = kinds.digest_of(kind, texts), digest_in_use(session, kind)
                known = session.get(PolicyVersion, digest) is not None
                if not known:
                    try:
                        service.refuse_faulty(session, kind, texts, around=around)
                    except (Invalid, TooLarge) as error:
                        faults += error.reasons
                        continue
                # What is proposed with it is what the next kind is held against.
                around = kinds.put(kind, texts, around)
                if faults:
                    continue
                version = service.keep(
                    session,
                    kind,
                    texts,
                    source=PolicySource.COMMAND,
                    base=base if base != digest else None,
                    note=note,
                    actor=operator(),
                    at=system_clock(),
                )
                told.append(
                    {
                        "kind": str(kind),
                        "policy": digest,
                        "rules": version.rules,
                        "new": not known,
                        "in_force": base == digest,
                    }
                )
            if faults:
                session.rollback()
    if faults:
        fail(f"没有登记，共 {len(faults)} 处错误：", *map(sentence, faults), code=1)
    return told


def _list(settings: "Settings", folder: Path, note: str) -> dict[str, Any]:
    """Store a negative list, or say every fault of it and leave with 1."""
    from app.domain.vocabulary import PolicyKind, PolicySource
    from app.infra.clock import system_clock
    from app.infra.errors import Invalid
    from app.infra.http.problems import sentence
    from app.negative_list import Faults
    from app.policies import service as policies
    from app.policies.models import PolicyVersion
    from app.policies.negative_list.folder import read_folder
    from app.policies.proposals import screened
    from app.policies.versions import digest_in_use
    from app.words.policy_faults import located

    try:
        with err.status("检查负面清单"):
            seen = screened(read_folder(folder), cache_dir=settings.cache)
    except Faults as error:
        fail(f"没有登记，共 {len(error.faults)} 处错误：", *map(located, error.faults), code=1)
    except Invalid as error:
        fail(f"没有登记，共 {len(error.reasons)} 处错误：", *map(sentence, error.reasons), code=1)
    digest = seen.policy.digest
    with opened(settings) as database, database.write() as session:
        known = session.get(PolicyVersion, digest) is not None
        base = digest_in_use(session)
        policies.keep(
            session,
            seen,
            source=PolicySource.COMMAND,
            base=base if base != digest else None,
            note=note,
            actor=operator(),
            at=system_clock(),
        )
    return {
        "kind": str(PolicyKind.NEGATIVE_LIST),
        "policy": digest,
        "rules": len(seen.policy.rules),
        "new": not known,
        "in_force": base == digest,
    }
