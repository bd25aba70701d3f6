"""Passwords that others set: who may set whose, and what they open. Nobody acts in another's name unseen."""

from itertools import pairwise, product
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from app.domain.roles import UserKind
from app.domain.vocabulary import Role
from app.identity import service
from app.identity.access import SYSTEM, cookie_name, csrf_token
from app.identity.credentials import passwords
from app.identity.models import Unit
from app.identity.posts import service as posts
from app.identity.sessions import sign_in
from app.identity.sessions.sign_in import Caller
from app.infra.runtime import Runtime
from tests import factories
from tests.api.desk import Desk
from tests.factories import PASSWORD

NEW = "kranich-fliegt-leise"
HOME = Caller("10.0.0.9")
NIL = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime).draft()


def reset(desk: Desk, login_or_id: str, by: str = "system_admin", password: str = NEW) -> Response:
    known = desk.bureau.users
    user_id = known[login_or_id].id if login_or_id in known else login_or_id
    path, head = f"/api/v1/users/{user_id}/password", desk.headers(by)
    return desk.client.put(path, json={"password": password}, headers=head)


def somebody(desk: Desk, login: str, *roles: Role, unit: Unit, on: Unit | None = None, **more: Any) -> str:
    with desk.runtime.database.write() as session:
        at = desk.runtime.clock()
        return str(factories.person(session, login, unit=unit, on=on, roles=roles, at=at, **more).id)


def token(desk: Desk, login: str, password: str) -> dict[str, str]:
    answer = desk.client.post("/api/v1/auth/token", json={"login": login, "password": password})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['token']}"}


# --- whose password -----------------------------------------------------------


def test_who_may_reset_is_judged_by_all_that_the_account_can_act_by(desk: Desk) -> None:
    office, district = desk.bureau.office, desk.bureau.district
    somebody(desk, "o_sys", Role.SYSTEM_ADMIN, unit=office)
    plain = somebody(desk, "plain", unit=office)
    own = somebody(desk, "own", Role.FINAL_REVIEWER, unit=office)
    elsewhere = somebody(desk, "elsewhere", Role.EDITOR, unit=office, on=district)
    leader, deputy = (somebody(desk, login, unit=office) for login in ("leader", "deputy"))
    with desk.runtime.database.write() as session:
        held = [posts.Held(desk.bureau.city.id, "主要领导", heads=True)]
        posts.set_posts(session, user_id=UUID(leader), posts=held, actor=SYSTEM, at=desk.runtime.clock())
    days = {"starts_on": "2026-03-02", "ends_on": "2026-03-06"}
    given = desk.post("/delegations", "final_reviewer", {"delegate_id": deputy, **days})
    assert given.status_code == 201

    for user_id, allowed in (
        (plain, True),
        (own, True),
        (elsewhere, False),
        (leader, False),
        (deputy, False),
    ):
        answer = reset(desk, user_id, "o_sys")
        assert answer.status_code == (204 if allowed else 403)
        assert allowed or desk.codes(answer) == {"powers_beyond"}
    for login in ("editor", "final_reviewer", "publisher", "policy_keeper"):
        assert desk.codes(reset(desk, login, "o_sys")) == {"powers_beyond"}
        assert reset(desk, login).status_code == 204, "the city's administrator may"


@pytest.mark.parametrize("office", ["security_admin", "audit_admin", "other_sys"])
def test_no_administrator_resets_anothers_password(desk: Desk, office: str) -> None:
    somebody(desk, "o_sys", Role.SYSTEM_ADMIN, unit=desk.bureau.office)
    other = somebody(desk, "other_sys", Role.SYSTEM_ADMIN, unit=desk.bureau.office, on=desk.bureau.city)
    whom = other if office == "other_sys" else office

    assert desk.codes(reset(desk, whom)) == {"administrators_password"}
    assert desk.codes(reset(desk, whom, "o_sys")) == {"administrators_password", "powers_beyond"}
    assert token(desk, office, PASSWORD)


def test_other_ways_to_an_account_are_judged_alike(desk: Desk) -> None:
    somebody(desk, "o_sys", Role.SYSTEM_ADMIN, unit=desk.bureau.office)
    user_id, head = desk.bureau.user("final_reviewer").id, desk.headers("o_sys")
    mail = desk.client.put(f"/api/v1/users/{user_id}/email", json={"email": "a@b.cn"}, headers=head)
    shut = desk.client.post(f"/api/v1/users/{user_id}/deactivation", headers=head)

    assert [desk.codes(mail), desk.codes(shut)] == [{"powers_beyond"}, {"powers_beyond"}]
    assert mail.status_code == shut.status_code == 403


# --- what follows -------------------------------------------------------------


def test_a_reset_ends_sessions_and_tokens_and_tells_the_person(desk: Desk) -> None:
    before = desk.headers("final_reviewer")
    entered = sign_in.sign_in(desk.runtime, "final_reviewer", PASSWORD, caller=HOME)
    assert reset(desk, "final_reviewer").status_code == 204

    assert desk.client.get("/api/v1/me", headers=before).status_code == 401
    desk.client.cookies.set(cookie_name(desk.runtime.settings), entered.raw)
    assert desk.client.get("/api/v1/me").status_code == 401
    desk.client.cookies.clear()
    stream = f"user:{desk.bureau.user('final_reviewer').id}"
    assert factories.events(desk.runtime.database, stream)[-1] == ("user.password_reset", "done")
    desk.work()
    head = token(desk, "final_reviewer", NEW)
    assert desk.client.get("/api/v1/me", headers=head).json()["must_change_password"]
    body = {"old": NEW, "new": "leiser-kranich-ruht"}
    assert desk.client.put("/api/v1/me/password", json=body, headers=head).status_code == 204
    assert desk.client.get("/api/v1/me", headers=head).status_code == 401, "that token was the old password's"
    head = token(desk, "final_reviewer", "leiser-kranich-ruht")
    (told,) = desk.client.get("/api/v1/notices", headers=head).json()["items"]
    assert (told["kind"], "重设了您的登录密码" in told["text"]) == ("account", True)


def _routes(desk: Desk) -> set[tuple[str, str]]:
    found = set()
    for path, verbs in desk.client.get("/openapi.json").json()["paths"].items():
        filled = "/".join(NIL if one.startswith("{") else one for one in path.split("/"))
        found |= {(verb.upper(), filled) for verb in verbs}
    return found


OPEN = {
    ("POST", "/api/v1/auth/token"),
    ("POST", "/api/v1/auth/oauth/token"),
    ("GET", "/api/v1/me"),
    ("PUT", "/api/v1/me/password"),
    ("GET", "/api/v1/me/sessions"),
    ("DELETE", f"/api/v1/me/sessions/{NIL}"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
    # By the address itself, without an account; and by a signature, for publishing tools.
    ("GET", f"/api/v1/signing/{NIL}"),
    ("POST", f"/api/v1/signing/{NIL}"),
    ("GET", f"/api/v1/signing/{NIL}/proof"),
    ("POST", "/api/v1/webhooks/clearance"),
    ("POST", "/api/v1/webhooks/publications"),
    ("POST", "/api/v1/webhooks/confirmations"),
    ("POST", "/api/v1/webhooks/orders"),
    # Public: what tickets and evidence are verified with.
    ("GET", "/api/v1/signing-keys"),
}


def test_a_password_that_another_set_opens_nothing_but_choosing_ones_own(desk: Desk) -> None:
    desk.submit()
    reset(desk, "initial_reviewer")
    head = token(desk, "initial_reviewer", NEW)
    entered = sign_in.sign_in(desk.runtime, "initial_reviewer", NEW, caller=HOME)
    assert entered.must_change_password

    through = set()
    for method, path in sorted(_routes(desk)):
        # Files come as a form; a body of another type is refused before anybody is asked for.
        body = {"files": {"file": ("a.txt", b"a")}} if path.endswith("/assets") else {"json": {}}
        answer = desk.client.request(method, path, headers=head, **body)
        if answer.status_code != 403 or answer.json()["code"] != "password_change_needed":
            through.add((method, path))
    assert through <= OPEN, through - OPEN
    assert {("GET", "/api/v1/me"), ("PUT", "/api/v1/me/password")} <= through

    desk.client.cookies.set(cookie_name(desk.runtime.settings), entered.raw)
    crossed = {"X-CSRF-Token": csrf_token(entered.raw)}
    decision = {"stage": "initial_review", "line": "", "digest": "0" * 64, "verdict": "approve"}
    refused = desk.client.post(f"/api/v1/cases/{desk.case_id}/decisions", json=decision, headers=crossed)
    assert (refused.status_code, refused.json()["code"]) == (403, "password_change_needed")


@pytest.mark.parametrize(("kind", "must"), [("person", True), ("service", False)])
def test_the_first_password_is_somebody_elses_too(desk: Desk, kind: str, must: bool) -> None:
    unit = str(desk.bureau.office.id)
    body = {"login": "wang", "name": "王小明", "password": NEW, "unit_id": unit, "kind": kind}
    assert desk.post("/users", "system_admin", body).json()["must_change_password"] is must
    head = token(desk, "wang", NEW)
    assert desk.client.get("/api/v1/drafts", headers=head).status_code == (403 if must else 200)


def test_a_tools_password_may_be_reset_and_opens_at_once(desk: Desk) -> None:
    bot = somebody(desk, "bot", Role.EDITOR, unit=desk.bureau.office, kind=UserKind.SERVICE)
    assert reset(desk, bot).status_code == 204
    assert desk.client.get("/api/v1/drafts", headers=token(desk, "bot", NEW)).status_code == 200


# --- which passwords -----------------------------------------------------------


def test_former_passwords_do_not_come_again(desk: Desk) -> None:
    words = ("kranich", "regenpfeifer", "zaunkoenig", "rotkehlchen", "wendehals", "goldammer")
    given = [PASSWORD, *(f"{word}-singt-am-morgen" for word in words)]
    for old, new in pairwise(given):
        service.change_password(desk.runtime, old=old, new=new, actor=desk.actor("editor"), caller=HOME)

    head, old = token(desk, "editor", given[-1]), given[-1]
    for new in given[1:]:
        answer = desk.client.put("/api/v1/me/password", json={"old": old, "new": new}, headers=head)
        assert desk.codes(answer) == {"password_used_before"}, new
    older = desk.client.put("/api/v1/me/password", json={"old": old, "new": PASSWORD}, headers=head)
    assert older.status_code == 204, "five are remembered beside the one in use"


WEAK = """
password1! Passwort12! P@ssw0rd2024 p4ssw0rd!!! Admin@123456 Administrator1 root123456 Welcome2026!
woaini1234 woaini5201314 Woaini520! 5201314woaini qq12345678 qq1234567890 wx13800138000 mima123456 Mima@2026!
13800138000 +8613912345678 0571-88812345 057188812345 19880808198 1988-08-08!! 20260101abc liwei19880808
abcabcabca 123123123123 aabbaabbaabb qwqwqwqwqw aaaaaaaaaa 1111111111aa xyzxyzxyzxyz !!!!!!!!!!!!
qwertyuiop 1qaz2wsx3edc !QAZ2wsx#EDC 1q2w3e4r5t6y q1w2e3r4t5 zxcvbnm123 asdfghjkl123 147258369147 qazwsxedc123
0987654321 1357924680 abcdefghijk 9876543210abc a1b2c3d4e5f6 1a2b3c4d5e6f Qwer1234!@#$ 19900101zhang
minzhengju2026 Minzheng@2026 sanshen2026! SanshenSanjiao bangongshi123 zhengfu2026! chushen12345 gongan@2025
editor2026!! rotide12345 2026editor2026 qinghe@2026 HeJing-2026 hejing@qinghe.gov.cn 清河市民政局2026
483920174655 12345678901234567890 何静何静何静2026
"""
GOOD = """
kranich-fliegt-leise correct-horse-battery-staple tianshang-yunbian-kai abcde-fghjk-mnpqr-stuvw x7Kp2mQ9vL
kunpeng-xiajia-77 qinghe-2026-tests tiger48392maple 春江潮水连海平海上明月 q9!Vt4#Lm2x leiser.regen.faellt
"""


@pytest.mark.parametrize("password", WEAK.split())
def test_what_everybody_tries_first_is_refused(password: str) -> None:
    words = ("何静", "hejing@qinghe.gov.cn", "清河市民政局")
    assert passwords.faults(password, login="editor", words=words)


@pytest.mark.parametrize("password", GOOD.split())
def test_what_nobody_guesses_is_taken(password: str) -> None:
    assert passwords.faults(password, login="editor", words=("何静", "青山市民政局")) == ()


@pytest.mark.parametrize(("before", "after"), list(product(["", "Zq7"], ["", "xK4v"])))
def test_more_never_makes_a_password_worse(before: str, after: str) -> None:
    good = "kranich-fliegt-leise"
    assert passwords.faults(before + good + after, login="editor") == ()


def test_the_words_of_an_account_come_from_its_name_unit_and_address(desk: Desk) -> None:
    path, head = f"/api/v1/users/{desk.bureau.user('editor').id}/email", desk.headers("system_admin")
    mail = {"email": "kraniche@wiesental.gov.cn"}
    assert desk.client.put(path, json=mail, headers=head).status_code == 200
    for weak in ("Wiesental-2026", "kraniche2026!", "办公室办公室2026"):
        assert desk.codes(reset(desk, "editor", password=weak)) == {"password_common"}, weak


def test_an_address_that_was_changed_hears_of_it(desk: Desk) -> None:
    path, head = f"/api/v1/users/{desk.bureau.user('editor').id}/email", desk.headers("system_admin")
    for address in ("old@qinghe.gov.cn", "new@qinghe.gov.cn"):
        assert desk.client.put(path, json={"email": address}, headers=head).status_code == 200
    told = factories.promised(desk.runtime.database, "notifications.account")
    assert [(one["what"], one["old_address"]) for one in told] == [
        ("email_changed", ""),
        ("email_changed", "old@qinghe.gov.cn"),
    ]
