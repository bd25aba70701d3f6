"""`sanshen user` and `sanshen unit`: accounts and units made on the machine itself, on both databases."""

import json
import os
import pty
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from fastapi.testclient import TestClient
from sqlmodel import select
from typer.testing import CliRunner

from app.audit import queries as record
from app.audit.models import AuditEvent
from app.channels.models import Channel
from app.cli import app
from app.domain.vocabulary import ADMINISTRATORS, Role
from app.identity.credentials import passwords
from app.infra.db import Database
from app.jobs.kinds import JobKind
from app.jobs.models import Job
from tests import factories
from tests.cli import processes

PASSWORD = "qinghe-2026-cli"

Run = Callable[..., Result]


@pytest.fixture
def run(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command on an empty, migrated database, with what stands on its standard input."""
    monkeypatch.setenv("SANSHEN_DATABASE_URL", database_url)
    monkeypatch.setenv("SANSHEN_DATA_DIR", str(tmp_path / "data"))

    def run(*arguments: str, given: str | None = None) -> Result:
        return CliRunner().invoke(app, list(arguments), input=given)

    return run


@pytest.fixture
def bureau(run: Run) -> Run:
    """The same, with a bureau and its office."""
    assert run("unit", "add", "清河市民政局", "--kind", "city").exit_code == 0
    assert run("unit", "add", "办公室", "--kind", "department", "--parent", "清河市民政局").exit_code == 0
    return run


def add(run: Run, login: str, *more: str) -> Result:
    return run(
        "user", "add", login, f"{login}先生", "--unit", "办公室", "--password-stdin", *more, given=PASSWORD
    )


def shown(result: Result) -> object:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


# --- units ------------------------------------------------------------


def test_the_first_unit_brings_the_channels_of_the_policy_file(run: Run, database: Database) -> None:
    made = shown(run("unit", "add", "清河市民政局", "--kind", "市级", "--json"))

    with database.read() as session:
        codes = {(str(one.unit_id), one.code) for one in session.exec(select(Channel))}
    assert (made["name"], made["kind"]) == ("清河市民政局", "city")
    assert codes == {(made["id"], code) for code in ("wechat", "website", "journal")}
    assert factories.events(database, f"unit:{made['id']}") == [("unit.created", "done")]


def test_units_are_named_by_name_path_or_id(bureau: Run) -> None:
    assert bureau("unit", "add", "救助站", "--kind", "county", "--parent", "清河市民政局").exit_code == 0
    office = shown(bureau("unit", "add", "办公室", "--kind", "department", "--parent", "救助站", "--json"))

    twice = bureau("unit", "add", "一组", "--kind", "department", "--parent", "办公室")
    by_path = bureau("unit", "add", "一组", "--kind", "department", "--parent", "救助站/办公室")
    by_id = bureau("unit", "add", "二组", "--kind", "department", "--parent", office["id"])
    names = [one["name"] for one in shown(bureau("unit", "list", "--json"))]

    assert twice.exit_code == 2
    assert "叫“办公室”的单位不止一个" in twice.stderr
    assert "清河市民政局/救助站/办公室" in twice.stderr
    assert by_path.exit_code == by_id.exit_code == 0
    assert "清河市民政局/救助站/办公室/一组" in names
    assert "清河市民政局/救助站/办公室/二组" in names
    assert names[0] == "清河市民政局"
    assert "共 6 个单位。" in bureau("unit", "list").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["unit", "add", "甲", "--kind", "village"], "不认识的层级“village”"),
        (["unit", "add", " ", "--kind", "city"], "名称：太短"),
        (["unit", "add", "甲", "--kind", "city", "--parent", "乙"], "没有单位“乙”，现有："),
        (["unit", "add", "清河市民政局", "--kind", "city"], "同一上级单位下已有这个名称"),
        # The shipped channels belong to the root of the tree, so there is one root.
        (["unit", "add", "青山市民政局", "--kind", "city"], "阵地“wechat”没有写明单位"),
    ],
)
def test_a_unit_that_cannot_be(bureau: Run, arguments: list[str], said: str) -> None:
    result = bureau(*arguments)

    assert result.exit_code == 2
    assert said in result.stderr
    assert len(shown(bureau("unit", "list", "--json"))) == 2


# --- accounts ---------------------------------------------------------


def test_an_account_and_its_roles_at_once(bureau: Run, database: Database, client: TestClient) -> None:
    made = shown(add(bureau, "Xitong", "--role", "系统管理员", "--over", "清河市民政局", "--json"))

    [role] = made["roles"]
    assert (made["login"], made["name"], made["unit"]) == ("xitong", "Xitong先生", "清河市民政局/办公室")
    assert (role["role"], role["unit"], role["channel"]) == ("system_admin", "清河市民政局", None)
    assert "password" not in made
    assert factories.events(database, f"user:{made['id']}") == [
        ("user.created", "done"),
        ("role.granted", "done"),
    ]
    answer = client.post("/api/v1/auth/token", json={"login": "xitong", "password": PASSWORD})
    assert answer.status_code == 200


def test_the_record_names_whoever_works_at_the_machine(
    bureau: Run, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "lao.zhang")
    made = shown(add(bureau, "bianji", "--json"))

    with database.read() as session:
        [event] = record.events(session, f"user:{made['id']}")
    assert event.body["actor"]["id"] is None
    assert event.private["actor_name"] == "本机操作员 lao.zhang"


def test_a_made_password_is_good_and_shown_once(bureau: Run, client: TestClient) -> None:
    arguments = ["user", "add", "bianji", "林小满", "--unit", "办公室", "--generate"]
    password = shown(bureau(*arguments, "--json"))["password"]
    again = bureau("user", "password", "bianji", "--generate")

    assert passwords.faults(password, login="bianji") == ()
    assert "只显示这一次" in again.stdout
    assert password not in again.stdout
    assert password not in bureau("user", "list", "--json").stdout
    refused = client.post("/api/v1/auth/token", json={"login": "bianji", "password": password})
    new = again.stdout.partition("密码：")[2].partition("（")[0]
    good = client.post("/api/v1/auth/token", json={"login": "bianji", "password": new})
    assert (refused.status_code, good.status_code) == (401, 200)


def test_all_that_is_wrong_with_an_account_is_told_at_once(bureau: Run) -> None:
    result = bureau("user", "add", "林 小满", "  ", "--unit", "办公室", "--password-stdin", given="kurz\n")

    assert result.exit_code == 2
    assert "登录名：只能用字母、数字" in result.stderr
    assert "名称：太短" in result.stderr
    assert "密码至少 10 个字符" in result.stderr
    assert shown(bureau("user", "list", "--all", "--json")) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--password-stdin", "--generate"], "只能选一个"),
        ([], "这里不能问密码"),
        (
            ["--generate", "--kind", "robot"],
            "不认识的账号种类“robot”，可用：person（人员）、service（服务账号）",
        ),
        (["--generate", "--role", "chief"], "不认识的角色“chief”，可用：editor（编辑）"),
        (["--generate", "--kind", "service", "--role", "final_reviewer"], "只能授予自然人"),
        (["--generate", "--role", "editor", "--role", "audit_admin"], "互斥，且不能兼任其他角色"),
        (["--generate", "--over", "乙"], "没有单位“乙”"),
    ],
)
def test_an_account_that_cannot_be(bureau: Run, arguments: list[str], said: str) -> None:
    result = bureau("user", "add", "bianji", "林小满", "--unit", "办公室", *arguments)

    assert result.exit_code == 2
    assert said in result.stderr
    assert shown(bureau("user", "list", "--all", "--json")) == []


def test_a_login_is_given_once(bureau: Run) -> None:
    assert add(bureau, "bianji").exit_code == 0
    twice = add(bureau, "BIANJI")

    assert twice.exit_code == 2
    assert "这个登录名已被使用" in twice.stderr


def test_a_unit_is_asked_for_where_there_are_several_or_none(run: Run) -> None:
    none = run("user", "add", "a1", "甲", "--generate")
    run("unit", "add", "清河市民政局", "--kind", "city")
    only = run("user", "add", "a1", "甲", "--generate")
    run("unit", "add", "办公室", "--kind", "department", "--parent", "清河市民政局")
    several = run("user", "add", "a2", "乙", "--generate")

    assert (none.exit_code, only.exit_code, several.exit_code) == (2, 0, 2)
    assert "sanshen unit add" in none.stderr
    assert "请用 --unit 写明单位，现有：" in several.stderr
    assert "  清河市民政局/办公室" in several.stderr


# --- roles ------------------------------------------------------------


@pytest.mark.parametrize("held", sorted(ADMINISTRATORS))
def test_the_three_administrators_exclude_each_other_and_all_else(bureau: Run, held: str) -> None:
    assert add(bureau, "guanli", "--role", held).exit_code == 0

    for role in Role:
        result = bureau("user", "grant", "guanli", role)
        assert result.exit_code == 2
        assert "互斥" in result.stderr or role == held
    [account] = shown(bureau("user", "list", "--json"))
    assert [one["role"] for one in account["roles"]] == [held]


def test_a_role_given_on_the_machine_says_that_nobody_else_was_there(bureau: Run, database: Database) -> None:
    at_city = ("--over", "清河市民政局")
    watching = [
        shown(add(bureau, login, "--role", role, *at_city, "--json"))["id"]
        for login, role in (("anquan", "security_admin"), ("shenji", "audit_admin"))
    ]
    add(bureau, "xitong", "--role", "system_admin", *at_city)
    given = add(bureau, "zhongshen", "--role", "final_reviewer", *at_city)
    assert "没有第二人到场" in given.output
    [account] = [one for one in shown(bureau("user", "list", "--json")) if one["login"] == "zhongshen"]

    with database.read() as session:
        body = session.exec(
            select(AuditEvent.body).where(
                AuditEvent.stream == f"user:{account['id']}", AuditEvent.action == "role.granted"
            )
        ).one()
        promised = session.exec(select(Job.payload).where(Job.kind == JobKind.TELL_ACCOUNT)).all()
    assert json.loads(body)["data"]["second_person"] == "none"
    told = [said for one in promised if (said := json.loads(one))["data"].get("role") == "终审"]
    assert [(one["what"], one["people"]) for one in told] == [("granted_alone", sorted(watching))]


def test_a_role_in_one_section_is_given_and_taken_back(bureau: Run, database: Database) -> None:
    add(bureau, "bianji")
    given = shown(
        bureau("user", "grant", "bianji", "编辑", "--channel", "wechat", "--section", "news", "--json")
    )
    again = bureau("user", "grant", "bianji", "editor", "--channel", "wechat", "--section", "news")
    taken = shown(bureau("user", "revoke", "bianji", "editor", "--json"))
    gone = bureau("user", "revoke", "bianji", "editor")

    [role] = given["roles"]
    assert (role["unit"], role["channel"], role["section"]) == ("清河市民政局/办公室", "wechat", "news")
    assert (again.exit_code, gone.exit_code) == (2, 2)
    assert "已有这个角色" in again.stderr
    assert "没有“编辑”这个角色" in gone.stderr
    assert taken["roles"] == []
    assert factories.events(database, f"user:{given['id']}")[1:] == [
        ("role.granted", "done"),
        ("role.revoked", "done"),
    ]


def test_of_several_grants_the_one_meant_is_taken_back(bureau: Run) -> None:
    add(bureau, "bianji", "--role", "editor")
    bureau("user", "grant", "bianji", "editor", "--unit", "清河市民政局", "--channel", "wechat")
    unsaid = bureau("user", "revoke", "bianji", "editor")
    nowhere = bureau("user", "revoke", "bianji", "editor", "--channel", "journal")
    taken = shown(bureau("user", "revoke", "bianji", "editor", "--unit", "清河市民政局", "--json"))

    assert (unsaid.exit_code, nowhere.exit_code) == (2, 2)
    assert "授予了不止一处" in unsaid.stderr
    assert "清河市民政局，阵地 wechat" in unsaid.stderr
    assert "在这个范围内没有“编辑”；现有：" in nowhere.stderr
    assert [one["unit"] for one in taken["roles"]] == ["清河市民政局/办公室"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nobody", "editor"], "没有登录名为“nobody”的账号"),
        (["bianji", "chief"], "不认识的角色“chief”"),
        (["bianji", "editor", "--unit", "乙"], "没有单位“乙”"),
        (["bianji", "editor", "--channel", "radio"], "没有阵地“radio”，现有：wechat（公众号）"),
        (
            ["bianji", "editor", "--channel", "wechat", "--section", "theory"],
            "阵地“wechat”没有栏目“theory”，现有：news（民政要闻）",
        ),
        (["bianji", "editor", "--section", "news"], "写明栏目时必须同时写明阵地"),
    ],
)
def test_a_grant_that_cannot_be(bureau: Run, arguments: list[str], said: str) -> None:
    add(bureau, "bianji")
    result = bureau("user", "grant", *arguments)

    assert result.exit_code == 2
    assert said in result.stderr


# --- leaving ----------------------------------------------------------


def test_a_deactivated_account_signs_in_no_more_and_is_listed_only_when_asked_for(
    bureau: Run, client: TestClient, database: Database
) -> None:
    made = shown(add(bureau, "bianji", "--json"))
    bearer = {
        "Authorization": "Bearer "
        + client.post("/api/v1/auth/token", json={"login": "bianji", "password": PASSWORD}).json()["token"]
    }
    left = shown(bureau("user", "deactivate", "bianji", "--json"))
    twice = bureau("user", "deactivate", "bianji")
    granted = bureau("user", "grant", "bianji", "editor")

    assert left["active"] is False
    assert (twice.exit_code, granted.exit_code) == (2, 2)
    assert "已停用" in twice.stderr
    assert client.get("/api/v1/me", headers=bearer).status_code == 401
    assert shown(bureau("user", "list", "--json")) == []
    assert [one["login"] for one in shown(bureau("user", "list", "--all", "--json"))] == ["bianji"]
    assert "（已停用）" in bureau("user", "list", "--all").stdout
    assert factories.events(database, f"user:{made['id']}")[-1] == ("user.deactivated", "done")


def test_a_new_password_ends_sessions(bureau: Run, client: TestClient, database: Database) -> None:
    made = shown(add(bureau, "bianji", "--json"))
    weak = bureau("user", "password", "bianji", "--password-stdin", given="1234567890")
    good = bureau("user", "password", "bianji", "--password-stdin", given="another-good-one\n")
    nobody = bureau("user", "password", "nobody", "--generate")

    assert (weak.exit_code, good.exit_code, nobody.exit_code) == (2, 0, 2)
    assert "容易被猜到" in weak.stderr
    old = client.post("/api/v1/auth/token", json={"login": "bianji", "password": PASSWORD})
    new = client.post("/api/v1/auth/token", json={"login": "bianji", "password": "another-good-one"})
    assert (old.status_code, new.status_code) == (401, 200)
    assert factories.events(database, f"user:{made['id']}")[1:] == [
        ("user.password_reset", "done"),
        ("user.sign_in_refused", "refused"),
        ("token.issued", "done"),
    ]


# --- at a terminal, and where there is no database ---------------------


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("second", "code"), [(PASSWORD, 0), ("something-else", 2)])
def test_at_a_terminal_the_password_is_asked_for_twice_and_not_shown(
    bureau: Run, database_url: str, tmp_path: Path, second: str, code: int
) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        processes.sanshen("user", "add", "bianji", "林小满", "--unit", "办公室"),
        cwd=tmp_path,
        env=processes.environment(SANSHEN_DATABASE_URL=database_url),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        # The blank is the last of each prompt, said when the echo is off and what was typed before is gone.
        said = _until(ours, "密码: ")
        os.write(ours, f"{PASSWORD}\n".encode())
        said += _until(ours, "再输一遍: ")
        os.write(ours, f"{second}\n".encode())
        said += _until(ours, "")
        assert process.wait(processes.PATIENCE) == code, said
    finally:
        process.kill()
        process.wait()
        os.close(ours)

    assert PASSWORD not in said
    assert second not in said
    assert ("已建立账号 bianji" in said) == (code == 0)
    assert ("两遍密码不一样" in said) == (code == 2)
    assert len(shown(bureau("user", "list", "--json"))) == (1 if code == 0 else 0)


def _until(terminal: int, word: str) -> str:
    """Read from the terminal until `word` was said; everything until its end for the empty word."""
    said = b""
    while not word or word.encode() not in said:
        try:
            more = os.read(terminal, 4096)
        except OSError:  # the other side is closed
            break
        if not more:
            break
        said += more
    return said.decode()


@pytest.mark.parametrize(
    "arguments",
    [
        ["user", "list"],
        ["user", "add", "a1", "甲", "--generate"],
        ["unit", "list"],
        ["audit", "verify"],
        ["evidence", "export", "2026-000001"],
    ],
)
def test_without_a_database_the_way_to_one_is_told_and_none_is_made(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SANSHEN_DATABASE_URL", raising=False)
    result = CliRunner().invoke(app, [*arguments, "--data", str(tmp_path / "none")])

    assert result.exit_code == 2
    assert "没有数据库" in result.stderr
    assert "sanshen migrate" in result.stderr
    assert list(tmp_path.iterdir()) == []
