"""A staff list becomes accounts, units and roles after a look at each line, or nothing of it does."""

import re
from html import unescape

from fastapi.testclient import TestClient
from httpx import Response
from sqlmodel import select

from app.identity.models import RoleGrant, Unit, User
from app.infra.runtime import Runtime
from tests.factories import Bureau
from tests.web.forms import csrf, rows, send, sign_in

HEAD = "姓名,登录名,单位,上级单位,邮箱,职责,职责单位"
NINE = "\n".join(
    (
        HEAD,
        "林小满,linxiaoman,宣传科,清河市民政局,lin@example.cn,编辑,清河市民政局",
        "周启,zhouqi,宣传科,清河市民政局,,初审、校对,清河市民政局",
        *(f"人员{one},person{one},,,,校对," for one in "abcdefg"),
    )
)


def chosen(web: TestClient, content: str, name: str = "名单.csv") -> Response:
    fields = {"csrf": csrf(web)}
    answer: Response = web.post(
        "/accounts/import", data=fields, files={"file": (name, content.encode(), "text/csv")}
    )
    return answer


def parcel(answer: Response) -> str:
    found = re.search(r'name="list" value="([^"]+)"', answer.text)
    assert found is not None, unescape(answer.text)[-3000:]
    return found[1]


def test_nine_people_are_made_by_one_and_given_their_duties_by_another(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    sign_in(web, "system_admin")
    before = rows(runtime)
    looked = chosen(web, NINE)
    assert (looked.status_code, looked.text.count("建账号</span>")) == (200, 9)
    assert rows(runtime) == before
    done = send(web, "/accounts/import/done", list=parcel(looked))
    assert (done.status_code, done.text.count("<code>")) == (200, 9)
    with runtime.database.read() as session:
        lin = session.exec(select(User).where(User.login == "linxiaoman")).one()
        assert (lin.name, lin.email, lin.must_change_password) == ("林小满", "lin@example.cn", True)
        unit = session.get_one(Unit, lin.unit_id)
        assert (unit.name, unit.parent_id) == ("宣传科", bureau.city.id)
        assert session.exec(select(RoleGrant).where(RoleGrant.user_id == lin.id)).first() is None
    password = re.search(r"linxiaoman</td>.*?<code>(\w+)</code>", done.text, re.DOTALL)
    assert password is not None

    # Once more: everybody is there already, and is told.
    again = chosen(web, NINE)
    assert again.text.count("已有账号，不再建立") == 9
    sign_in(web, "security_admin")
    given = send(web, "/accounts/import/done", list=parcel(chosen(web, NINE)))
    assert (given.status_code, "授予职责 10 项" in given.text, "<code>" in given.text) == (200, True, False)
    assert chosen(web, NINE).text.count("没有要做的") == 9
    web.cookies.clear()
    signed = web.post("/sign-in", data={"login": "linxiaoman", "password": password[1], "next": "/"})
    assert signed.status_code == 303


def test_one_fault_keeps_all_from_being_done_and_each_is_told(
    web: TestClient, runtime: Runtime, bureau: Bureau
) -> None:
    sign_in(web, "system_admin")
    before = rows(runtime)
    wrong = (
        f"{HEAD}\n甲,same1,,,,,\n乙,same1,,,,,\n丙,a,,,,,\n,nobody,,,,,\n丁,ding,天上,,,,\n戊,editor,,,x,,"
    )
    page = chosen(web, wrong)
    assert page.status_code == 422
    for told in (
        "第 3 行的登录名“same1”与第 2 行相同",
        "第 4 行的登录名“a”不行",
        "第 5 行没有姓名",
        "没有名为“天上”的单位",
        "第 7 行的登录名“editor”已由",
        "第 7 行的邮箱“x”写得不对",
    ):
        assert told in page.text
    assert rows(runtime) == before
    assert "第一行应当是列名" in chosen(web, "甲,乙\n1,2").text
    assert "名单里没有人" in chosen(web, HEAD + "\n,,宣传科,,,,").text
    assert "请选择一个" in send(web, "/accounts/import").text
    assert "请选择一个" in send(web, "/accounts/import/done", list="something else").text


def test_only_administrators_import(web: TestClient, bureau: Bureau) -> None:
    sign_in(web, "editor")
    assert web.get("/accounts/import").status_code == 403
    assert chosen(web, NINE).status_code == 403
