"""Proving who one is: tokens, sessions, and everything that pretends to be either."""

import base64
import hashlib
import hmac
import json

import pytest
from fastapi.testclient import TestClient
from jose import jwt
from sqlmodel import select

from app.domain.roles import UserKind
from app.domain.vocabulary import Role
from app.identity.access import cookie_name, csrf_matches, csrf_token
from app.identity.models import BrowserSession, SignInFailure
from app.identity.sessions import sign_in
from app.identity.sessions.sign_in import Caller
from app.infra.db import Database, statements
from app.infra.errors import Forbidden
from app.infra.runtime import Runtime
from app.infra.tokens import load_tokens
from tests import factories
from tests.conftest import SetClock
from tests.factories import PASSWORD, Bureau

NOBODY = "user:00000000-0000-0000-0000-000000000000"


def _token(client: TestClient, login: str = "editor", password: str = PASSWORD):
    return client.post("/api/v1/auth/token", json={"login": login, "password": password})


def _me(client: TestClient, token: str):
    return client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})


def _browser(client: TestClient, runtime: Runtime, login: str = "editor") -> tuple[str, str]:
    entered = sign_in.sign_in(runtime, login, PASSWORD, caller=Caller("10.0.0.9"))
    client.cookies.set(cookie_name(runtime.settings), entered.raw)
    return entered.raw, entered.csrf


def test_nobody_is_told_to_sign_in(client: TestClient) -> None:
    answer = client.get("/api/v1/me")

    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthenticated"
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("login", "password"), [("editor", "wrong-password"), ("no-such-login", PASSWORD), ("editor", "")]
)
def test_a_wrong_pair_is_refused_without_saying_which_half(
    client: TestClient, bureau: Bureau, login: str, password: str
) -> None:
    answer = _token(client, login, password)

    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_refused")
    assert answer.json()["reasons"] == []


def test_refused_attempts_are_on_record_and_logins_that_nobody_has_are_not_kept(
    client: TestClient, bureau: Bureau, database: Database
) -> None:
    _token(client, "editor", "wrong-password")
    _token(client, "my-password-typed-as-login", "x")

    assert factories.events(database, f"user:{bureau.user('editor').id}")[-1] == (
        "user.sign_in_refused",
        "refused",
    )
    assert factories.events(database, NOBODY) == [("user.sign_in_refused", "refused")]
    with database.read() as session:
        kept = [one.key for one in session.exec(select(SignInFailure))]
    assert len(kept) == 5, "a login at an address, each login, and the address"
    assert all(len(key) == 64 for key in kept)


def test_a_tool_has_no_browser_session(client: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    with runtime.database.write() as session:
        bot = factories.person(
            session,
            "bot",
            unit=bureau.office,
            roles=[Role.EDITOR],
            kind=UserKind.SERVICE,
            at=runtime.clock(),
        )
        raw = "made-by-hand"
        session.add(
            BrowserSession(
                id_hash=hashlib.sha256(raw.encode()).hexdigest(),
                user_id=bot.id,
                created_at=runtime.clock(),
                last_seen_at=runtime.clock(),
            )
        )

    with pytest.raises(Forbidden, match="machine_signs_in"):
        sign_in.sign_in(runtime, "bot", PASSWORD, caller=Caller("10.0.0.9"))
    assert _token(client, "bot").status_code == 200
    client.cookies.set(cookie_name(runtime.settings), raw)
    assert client.get("/api/v1/me").status_code == 401


def test_the_session_presented_at_sign_in_ends(client: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    old, _ = _browser(client, runtime)
    entered = sign_in.sign_in(runtime, "editor2", PASSWORD, caller=Caller("10.0.0.9"), presented=old)

    client.cookies.set(cookie_name(runtime.settings), old)
    assert client.get("/api/v1/me").status_code == 401
    client.cookies.set(cookie_name(runtime.settings), entered.raw)
    assert client.get("/api/v1/me").json()["login"] == "editor2"


def test_own_sessions_are_listed_and_ended_and_nobody_elses(
    client: TestClient, runtime: Runtime, bureau: Bureau, clock: SetClock
) -> None:
    foreign, _ = _browser(client, runtime, "editor2")
    old, _ = _browser(client, runtime)
    clock.advance(minutes=2)
    _, csrf = _browser(client, runtime)
    head = {"X-CSRF-Token": csrf}

    listed = client.get("/api/v1/me/sessions").json()
    assert [one["this_one"] for one in listed] == [True, False]
    of = {raw: hashlib.sha256(raw.encode()).hexdigest() for raw in (foreign, old)}
    assert listed[1]["id"] == of[old]
    assert client.delete(f"/api/v1/me/sessions/{of[foreign]}", headers=head).status_code == 404
    assert client.delete(f"/api/v1/me/sessions/{of[old]}", headers=head).status_code == 204
    assert client.delete(f"/api/v1/me/sessions/{of[old]}", headers=head).status_code == 404
    assert len(client.get("/api/v1/me/sessions").json()) == 1
    client.cookies.set(cookie_name(runtime.settings), old)
    assert client.get("/api/v1/me").status_code == 401


def test_a_token_says_who_its_bearer_is(client: TestClient, bureau: Bureau, database: Database) -> None:
    answer = _token(client)

    assert answer.status_code == 200
    assert answer.json()["expires_in"] == 600
    me = _me(client, answer.json()["token"]).json()
    assert (me["login"], me["unit_path"]) == ("editor", bureau.office.path)
    assert me["grants"] == [
        {"role": "editor", "unit_path": bureau.city.path, "channel": None, "section": None}
    ]
    assert factories.events(database, f"user:{bureau.user('editor').id}")[-1] == ("token.issued", "done")


def test_a_token_ends_after_ten_minutes(client: TestClient, bureau: Bureau, clock: SetClock) -> None:
    token = _token(client).json()["token"]

    clock.advance(seconds=599)
    assert _me(client, token).status_code == 200
    clock.advance(seconds=1)
    assert (_me(client, token).status_code, _me(client, token).json()["code"]) == (401, "token_expired")


def test_so_many_tokens_are_known_that_all_are_verified_anew(
    client: TestClient, bureau: Bureau, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.infra.tokens._REMEMBERED", 2)
    person = bureau.user("editor").id
    given = [runtime.tokens.issue(person, at=runtime.clock(), minutes=10) for _ in range(3)]
    for token in (*given, *given):
        assert _me(client, token).status_code == 200
        assert _me(client, token[:-4] + "AAAA").status_code == 401


def _b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _segment(value: object) -> str:
    return _b64(json.dumps(value).encode())


def _forgeries(runtime: Runtime, user_id: str, now: int) -> dict[str, str]:
    good = {"sub": user_id, "iss": "sanshen", "aud": "sanshen-api", "iat": now, "exp": now + 600, "jti": "1"}
    private, public = runtime.tokens.private_pem, runtime.tokens.public_pem
    foreign = load_tokens(runtime.settings.data_dir / "foreign.pem", create=True)

    def signed(**changed: object) -> str:
        claims = {**good, **changed}
        return jwt.encode({k: v for k, v in claims.items() if v is not None}, private, algorithm="ES256")

    hs_head, body = _segment({"alg": "HS256", "typ": "JWT"}), _segment(good)
    mac = hmac.new(public.encode(), f"{hs_head}.{body}".encode(), hashlib.sha256).digest()
    real = signed()
    return {
        "alg none": f"{_segment({'alg': 'none', 'typ': 'JWT'})}.{body}.",
        "HS256 with the public key": f"{hs_head}.{body}.{_b64(mac)}",
        "a foreign key": jwt.encode(good, foreign.private_pem, algorithm="ES256"),
        "wrong audience": signed(aud="other"),
        "wrong issuer": signed(iss="other"),
        "no expiry": signed(exp=None),
        "no issue time": signed(iat=None),
        "no id": signed(jti=None),
        "no subject": signed(sub=None),
        "lives too long": signed(exp=now + 601),
        "from the future": signed(iat=now + 3600, exp=now + 3900),
        "subject is no id": signed(sub="root"),
        "a changed body": ".".join(
            [real.split(".")[0], _segment({**good, "sub": "0" * 32}), real.split(".")[2]]
        ),
        "too long": real + "A" * 3000,
        "not a token": "abc",
        "empty": "",
    }


def test_forged_tokens_are_refused(
    client: TestClient, runtime: Runtime, bureau: Bureau, clock: SetClock
) -> None:
    forged = _forgeries(runtime, str(bureau.user("editor").id), int(clock().timestamp()))

    answers = {name: _me(client, token) for name, token in forged.items()}

    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(forged, 401)
    assert {answer.json()["code"] for answer in answers.values()} == {"token_invalid"}


def test_another_scheme_is_no_proof(client: TestClient, bureau: Bureau) -> None:
    token = _token(client).json()["token"]

    assert client.get("/api/v1/me", headers={"Authorization": f"Basic {token}"}).status_code == 401


def test_a_browser_session_proves_who_one_is(client: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    raw, csrf = _browser(client, runtime)

    assert client.get("/api/v1/me").json()["login"] == "editor"
    # Masked anew each time, and good each time.
    assert csrf != csrf_token(raw)
    assert csrf_matches(raw, csrf)
    assert csrf_matches(raw, csrf_token(raw))
    assert not csrf_matches(raw + "x", csrf)
    with runtime.database.read() as session:
        stored = session.exec(select(BrowserSession)).one()
    assert stored.id_hash == hashlib.sha256(raw.encode()).hexdigest()
    assert raw not in str(stored)
    assert factories.events(runtime.database, f"user:{bureau.user('editor').id}")[-1] == (
        "user.signed_in",
        "done",
    )


@pytest.mark.parametrize("csrf", ["", "0" * 64, None])
def test_a_session_changes_nothing_without_its_csrf_token(
    client: TestClient, runtime: Runtime, bureau: Bureau, csrf: str | None
) -> None:
    _browser(client, runtime, "system_admin")
    body = {"parent_id": str(bureau.city.id), "name": "新科室", "kind": "department"}

    answer = client.post(
        "/api/v1/units", json=body, headers={"X-CSRF-Token": csrf} if csrf is not None else {}
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


def test_a_session_acts_with_its_csrf_token(client: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    _, csrf = _browser(client, runtime, "system_admin")
    body = {"parent_id": str(bureau.city.id), "name": "新科室", "kind": "department"}

    assert client.post("/api/v1/units", json=body, headers={"X-CSRF-Token": csrf}).status_code == 201


def test_a_session_ends_when_idle_and_lives_on_while_used(
    client: TestClient, runtime: Runtime, bureau: Bureau, clock: SetClock
) -> None:
    _browser(client, runtime)
    for _ in range(3):
        clock.advance(minutes=59)
        assert client.get("/api/v1/me").status_code == 200
    clock.advance(minutes=60)
    assert client.get("/api/v1/me").status_code == 401


def test_a_session_ends_in_the_end_however_much_it_is_used(
    client: TestClient, runtime: Runtime, bureau: Bureau, clock: SetClock
) -> None:
    _browser(client, runtime)
    for _ in range(15):
        clock.advance(minutes=30)
        assert client.get("/api/v1/me").status_code == 200
    clock.advance(minutes=30)
    assert client.get("/api/v1/me").status_code == 401


def test_signing_out_ends_the_session(client: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    raw, _ = _browser(client, runtime)
    with runtime.database.write() as session:
        sign_in.sign_out(session, raw, at=runtime.clock())
        sign_in.sign_out(session, "unknown", at=runtime.clock())

    assert client.get("/api/v1/me").status_code == 401
    assert factories.events(runtime.database, f"user:{bureau.user('editor').id}")[-1] == (
        "user.signed_out",
        "done",
    )


def test_a_request_is_proved_by_one_statement(client: TestClient, runtime: Runtime, bureau: Bureau) -> None:
    token = _token(client).json()["token"]
    seen: list[str] = []
    statements.set(seen)
    try:
        assert _me(client, token).status_code == 200
        assert len(seen) <= 2, seen
        seen.clear()
        _browser(client, runtime)
        seen.clear()
        assert client.get("/api/v1/me").status_code == 200
        assert len(seen) <= 2, seen
    finally:
        statements.set(None)


def test_the_password_can_be_changed_and_ends_other_sessions(
    client: TestClient, runtime: Runtime, bureau: Bureau, database: Database
) -> None:
    before = _token(client).json()["token"]
    other, _ = _browser(client, runtime)
    raw, csrf = _browser(client, runtime)
    head = {"X-CSRF-Token": csrf}

    wrong = client.put(
        "/api/v1/me/password", json={"old": "not-it-at-all", "new": "another-good-one"}, headers=head
    )
    assert (wrong.status_code, wrong.json()["code"]) == (401, "sign_in_refused")
    weak = client.put("/api/v1/me/password", json={"old": PASSWORD, "new": "editor1234"}, headers=head)
    assert (weak.status_code, weak.json()["code"]) == (422, "password_refused")
    same = client.put("/api/v1/me/password", json={"old": PASSWORD, "new": PASSWORD}, headers=head)
    assert [one["code"] for one in same.json()["reasons"]] == ["password_used_before"]
    good = client.put("/api/v1/me/password", json={"old": PASSWORD, "new": "another-good-one"}, headers=head)

    assert good.status_code == 204
    assert client.get("/api/v1/me").status_code == 200, "the session that changed it goes on"
    client.cookies.clear()
    assert _me(client, before).status_code == 401, "tokens of the old password are good for nothing"
    assert _token(client).status_code == 401
    assert _token(client, password="another-good-one").status_code == 200
    with database.read() as session:
        open_ones = session.exec(select(BrowserSession).where(BrowserSession.revoked_at.is_(None))).all()
    assert [one.id_hash for one in open_ones] == [hashlib.sha256(raw.encode()).hexdigest()]
    assert other != raw
    assert ("user.password_changed", "done") in factories.events(database, f"user:{bureau.user('editor').id}")
