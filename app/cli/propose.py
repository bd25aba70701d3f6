"""`sanshen policy propose`: a folder of the negative list as a candidate, for others to bring into force."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.machine import opened, operator
from app.cli.output import err, fail, out, print_json
from app.cli.server import AsJson, DataDir, settings_with


def propose(
    folder: Annotated[Path, typer.Argument(help="改好的负面清单文件夹。", metavar="文件夹")],
    note: Annotated[str, typer.Option("--note", help="改了什么、为什么改，给批准的人看。")] = "",
    data: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """把规则文件夹登记为候选版本；有错误时一次列出并返回 1。启用仍须一人申请、另一人批准。"""
    from app.domain.vocabulary import PolicySource
    from app.infra.clock import system_clock
    from app.infra.errors import Invalid
    from app.infra.http.problems import sentence
    from app.negative_list import PolicyFaults
    from app.policies import service as policies
    from app.policies.models import PolicyVersion
    from app.policies.negative_list.folder import read_folder
    from app.policies.proposals import screened
    from app.policies.versions import digest_in_use

    settings = settings_with(data)
    chosen = folder / "negative_list" if (folder / "negative_list" / "policy.yaml").is_file() else folder
    try:
        with err.status("检查负面清单"):
            seen = screened(read_folder(chosen), cache_dir=settings.data_dir / "cache")
    except PolicyFaults as error:
        fail(f"没有登记，共 {len(error.faults)} 处错误：", *map(str, error.faults), code=1)
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
            note=note[:500],
            actor=operator(),
            at=system_clock(),
        )
    told = {"policy": digest, "rules": len(seen.policy.rules), "new": not known, "in_force": base == digest}
    if as_json:
        print_json(told)
    elif known:
        out.print(
            f"这个版本已经登记过{'，而且正在使用' if base == digest else ''}：{digest[:12]}", markup=False
        )
    else:
        out.print(f"已登记为候选版本 {digest[:12]}，{len(seen.policy.rules)} 条规则。", markup=False)
        out.print(
            f"接下来：在网页 /policies/{digest} 上看差异、做回测，一人申请启用，另一人批准。",
            markup=False,
            soft_wrap=True,
        )
