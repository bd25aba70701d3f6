"""What stays in browsers, files and settings: nothing that somebody else could read or use."""

import os
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.infra.paths import keep_private
from app.infra.runtime import Runtime
from app.infra.settings import Settings
from app.infra.signing import load_signer
from app.main import create_app
from tests import factories
from tests.api.desk import Desk
from tests.api.press import ready

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def signed_in(client: TestClient, login: str = "editor") -> list[str]:
    form = {"login": login, "password": factories.PASSWORD}
    answer = client.post(
        "/sign-in", data=form, headers={"Origin": "https://testserver"}, follow_redirects=False
    )
    assert answer.status_code == 303, answer.text
    return answer.headers.get_list("set-cookie")


@ON_SQLITE
def test_every_cookie_is_bound_to_the_host_and_out_of_reach_of_scripts(
    runtime: Runtime, bureau: factories.Bureau
) -> None:
    runtime.settings.public_url = "https://testserver"
    with TestClient(create_app(runtime), base_url="https://testserver") as client:
        cookies = signed_in(client)
        token = client.get("/drafts").text.split('name="csrf" value="', 1)
        page = token[1].split('"', 1)[0] if len(token) > 1 else ""
        assert page
        kept = client.post("/preferences/keys", data={"csrf": page, "keys": "off"}, follow_redirects=False)
        assert kept.status_code == 303, kept.text
        cookies += kept.headers.get_list("set-cookie")
        left = client.post("/sign-out", data={"csrf": page}, follow_redirects=False)
        cookies += left.headers.get_list("set-cookie")
    assert (
        len(cookies) == 5
    )  # the session, that one was here, the device, the keys; and the session again, ended
    for cookie in cookies:
        name, _, rest = cookie.partition("=")
        parts = {part.strip().lower() for part in rest.split(";")}
        assert name.startswith("__Host-")
        assert {"secure", "httponly", "path=/", "samesite=lax"} <= parts
        assert not any(part.startswith("domain") for part in parts)
    assert left.headers["clear-site-data"] == '"cache"'


@ON_SQLITE
def test_a_large_form_comes_in_after_the_session_has_ended(
    runtime: Runtime, bureau: factories.Bureau
) -> None:
    """What somebody typed for hours is carried through the sign-in form, however large it is."""
    form = {"login": "editor", "password": "wrong", "carried": "x" * 200_000}
    app = create_app(runtime)
    with TestClient(app, base_url="http://testserver") as stranger:
        assert stranger.post("/sign-in", data=form).status_code == 413
    with TestClient(app, base_url="http://testserver") as client:
        signed_in(client)
        client.cookies.delete("sanshen")
        assert client.post("/sign-in", data=form).status_code == 401
        mark = client.cookies["signed-in-here"]
        for forged in (mark[:-1] + "0", "9" + mark, mark.replace(".", ".x"), "1.", "", "9" * 200):
            client.cookies.clear()
            answer = client.post("/sign-in", data=form, headers={"Cookie": f"signed-in-here={forged}"})
            assert (answer.status_code, forged) == (413, forged)


@ON_SQLITE
def test_nothing_of_an_unpublished_text_is_kept_by_browsers(client: TestClient, runtime: Runtime) -> None:
    desk = Desk.open(client, runtime)
    ready(desk)
    proof = desk.get(f"/cases/{desk.case_id}/proofs", "proofreader").json()["items"][0]
    answer = desk.get(f"/proofs/{proof['digest']}/content", "proofreader")
    assert answer.status_code == 200
    assert "no-store" in answer.headers["cache-control"]
    assert "max-age" not in answer.headers["cache-control"]


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        for name in ("sanshen.db", "sanshen.db-wal", "keys/token.pem", "cache/x", "other.txt"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text("")
        keep_private(tmp_path)
        (tmp_path / "new").write_text("")
        modes = {one.name: one.stat().st_mode & 0o777 for one in tmp_path.rglob("*")}
    finally:
        os.umask(before)
    assert {name for name, mode in modes.items() if mode & 0o077} == {"other.txt", "x"}


@pytest.mark.parametrize(("mode", "fine"), [(0o600, True), (0o640, True), (0o644, False), (0o602, False)])
def test_a_private_key_that_everybody_may_read_is_refused(tmp_path: Path, mode: int, fine: bool) -> None:
    key = tmp_path / "signing.pem"
    load_signer(key, create=True)
    key.chmod(mode)
    if fine:
        assert load_signer(key, create=False).public_key
    else:
        with pytest.raises(ValueError, match="chmod o-rwx"):
            load_signer(key, create=False)


def test_production_refuses_what_is_only_good_for_trying_out(tmp_path: Path) -> None:
    good = {
        "environment": "production",
        "secret_key": "0123456789abcdef" * 2,
        "token_key_file": tmp_path,
        "signing_key_file": tmp_path,
        "public_url": "https://sanshen.example",
    }
    assert Settings(**good).secure_cookies
    for name, value, said in (
        ("secret_key", "a" * 32, "太简单"),
        ("secret_key", "abcabcabc" * 5, "太简单"),
        ("cookie_secure", False, "SANSHEN_COOKIE_SECURE"),
        ("public_url", "http://sanshen.example", "https"),
        ("webhook_loopback", True, "SANSHEN_WEBHOOK_LOOPBACK"),
    ):
        with pytest.raises(ValueError, match=said):
            Settings(**good | {name: value})


def test_secrets_may_stand_in_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sanshen_secret_key").write_text("a secret from a file, long enough 0123\n")
    (tmp_path / "sanshen_database_url").write_text("postgresql://app:pass@database/sanshen\n")
    monkeypatch.setenv("SANSHEN_SECRETS_DIR", str(tmp_path))
    monkeypatch.delenv("SANSHEN_SECRET_KEY", raising=False)
    monkeypatch.delenv("SANSHEN_DATABASE_URL", raising=False)
    settings = Settings()
    assert settings.secret_key.get_secret_value() == "a secret from a file, long enough 0123"
    assert settings.url == "postgresql+psycopg://app:pass@database/sanshen"
