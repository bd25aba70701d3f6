"""`sanshen user posts`: which posts (职务) and which professional title somebody has."""

from typing import Annotated, get_args

import typer

from app.cli.local_access import opened, operator
from app.cli.naming import unit_named
from app.cli.output import fail, out, print_json
from app.cli.server import AsJson, DataDir, settings_with
from app.cli.user import Login, UnitName, user_by
from app.domain.workflow.needs import Qualification

TITLES = {"none": "无", "assistant": "助理级", "intermediate": "中级", "senior": "高级（正、副高）"}


def posts(
    login: Login,
    post: Annotated[
        list[str] | None,
        typer.Option("--post", help="职务，与流程文件里的写法一致；可以写几次，不写就是没有。"),
    ] = None,
    unit: UnitName = None,
    qualification: Annotated[
        str, typer.Option("--qualification", help="职称：none、assistant、intermediate、senior。")
    ] = "none",
    data: DataDir = None,
    *,
    heads: Annotated[bool, typer.Option("--heads", help="此人是该单位的负责人。")] = False,
    as_json: AsJson = False,
) -> None:
    """登记职务和职称，管到一个单位及其下属（不写 --unit 就是本人所在单位）；以前登记的由此取代。"""
    from app.identity.posts.service import Held, set_posts
    from app.infra.clock import system_clock

    title = next((choice for choice in get_args(Qualification) if choice == qualification), None)
    if title is None:
        fail(f"没有“{qualification}”这种职称；可用：none、assistant、intermediate、senior。")
    if heads and not post:
        fail("写了 --heads，还须用 --post 写明职务。")
    with opened(settings_with(data)) as database, database.write() as session:
        user = user_by(session, login)
        over = user.unit_id if unit is None else unit_named(session, unit).id
        user = set_posts(
            session,
            user_id=user.id,
            posts=[Held(over, title_there, heads) for title_there in post or ()],
            qualification=title,
            actor=operator(),
            at=system_clock(),
        )
        held = user.posts
    if as_json:
        print_json({"login": user.login, "posts": held, "qualification": title})
        return
    named = "、".join(post_held["post"] for post_held in held) or "无"
    said = f"{user.login}（{user.name}）　职务：{named}　职称：{TITLES[title]}"
    out.print(said, markup=False, soft_wrap=True)
