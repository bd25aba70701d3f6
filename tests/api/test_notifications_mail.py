"""Notices by mail: a real server, real letters; what is never in them, and what is tried again."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr, ValidationError
from sqlmodel import col, select

from app.drafts.models import Draft
from app.identity.models import User
from app.infra.runtime import Runtime
from app.infra.settings import Settings
from app.jobs.models import Job, JobState
from app.jobs.registry import GiveUp
from app.notifications import mail, preferences
from app.notifications.models import MailState, Notice
from app.notifications.queries import Told
from tests import factories
from tests.api.desk import Desk
from tests.api.post_office import PASSWORD, USER, PostOffice, certificate, post_office
from tests.conftest import SetClock

ADDRESS = "chushen@minzheng.example"


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("smtp"))


@pytest.fixture
def office(runtime: Runtime, certified: tuple[Path, Path]) -> Iterator[PostOffice]:
    with post_office(*certified) as office:
        runtime.settings = runtime.settings.model_copy(
            update={
                "smtp_host": "127.0.0.1",
                "smtp_port": office.port,
                "smtp_user": USER,
                "smtp_password": SecretStr(PASSWORD),
                "smtp_from": "sanshen@minzheng.example",
                "smtp_ca_file": certified[0],
                "public_url": "https://sanshen.minzheng.example/",
            }
        )
        yield office


@pytest.fixture
def desk(client: TestClient, runtime: Runtime, office: PostOffice) -> Desk:
    desk = Desk.open(client, runtime).draft()
    address(desk, "initial_reviewer", ADDRESS)
    return desk


def address(desk: Desk, login: str, email: str | None) -> None:
    # Put into the table: an address that an administrator changes is itself told by mail.
    with desk.runtime.database.write() as session:
        session.get_one(User, desk.bureau.user(login).id).email = email


def later(desk: Desk, clock: SetClock, **time: float) -> None:
    desk.work()
    clock.advance(**(time or {"minutes": 1}))
    desk._headers.clear()
    desk.work()


def states(desk: Desk) -> list[str]:
    with desk.session() as session:
        return list(session.exec(select(Notice.mail).order_by(col(Notice.id))).all())


def jobs(desk: Desk) -> list[Job]:
    with desk.session() as session:
        query = select(Job).where(Job.kind == "notifications.mail").order_by(col(Job.id))
        return list(session.exec(query).all())


def test_a_letter_arrives_encrypted_and_says_what_to_do_and_where(
    desk: Desk, office: PostOffice, clock: SetClock
) -> None:
    desk.submit()
    later(desk, clock)
    (letter,), (envelope,) = office.letters, office.envelopes
    assert office.encrypted == [True]
    assert (envelope.mail_from, envelope.rcpt_tos) == ("sanshen@minzheng.example", [ADDRESS])
    with desk.session() as session:
        number = session.exec(select(Draft.number)).one()
    said = f"《清河市开展冬季送温暖活动》（{number}）：请您办理：初审"
    assert letter["Subject"] == f"【三审】{said}"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["From"] == "三审 <sanshen@minzheng.example>"
    text, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert text is not None
    assert html is not None
    link = f"https://sanshen.minzheng.example/drafts/{desk.draft_id}"
    assert text.get_content().splitlines()[:2] == [f"{said}。", link]
    assert f'<a href="{link}">' in html.get_content()
    assert "https://sanshen.minzheng.example/notices/preferences" in text.get_content()
    # Nothing of the text, and nobody's name.
    whole = text.get_content() + html.get_content()
    assert not any(words in whole for words in ("棉被", "志愿者", "先生", "editor"))
    assert states(desk) == [MailState.SENT]
    desk.work()
    assert len(office.letters) == 1


def test_what_comes_within_a_minute_is_one_letter(desk: Desk, office: PostOffice, clock: SetClock) -> None:
    desk.submit()
    desk.work()
    clock.advance(seconds=30)
    desk.draft(factories.document("第二篇")).submit()
    later(desk, clock, seconds=30)
    (letter,) = office.letters
    assert letter["Subject"] == "【三审】您有 2 条通知"
    text = letter.get_body(("plain",))
    assert text is not None
    assert ("送温暖" in text.get_content(), "第二篇" in text.get_content()) == (True, True)


def test_what_was_read_or_done_meanwhile_needs_no_letter(
    desk: Desk, office: PostOffice, clock: SetClock
) -> None:
    desk.submit()
    desk.work()
    desk.approve("initial_review", "initial_reviewer")
    later(desk, clock)
    assert office.letters == []


def test_one_who_wants_none_or_has_no_address_or_may_not_see_gets_none(
    desk: Desk, office: PostOffice, clock: SetClock
) -> None:
    answer = desk.client.put(
        "/api/v1/notification-preferences",
        headers=desk.headers("initial_reviewer"),
        json={"mail": {"stage_opened": "never"}},
    )
    assert answer.status_code == 200
    desk.submit()
    later(desk, clock)
    assert (office.letters, states(desk)) == ([], [MailState.NONE])
    desk.approve("initial_review", "initial_reviewer")
    later(desk, clock)
    assert office.letters == []  # the second reviewer has no address


def test_some_kinds_come_in_the_one_letter_of_the_day(
    desk: Desk, office: PostOffice, clock: SetClock
) -> None:
    desk.client.put(
        "/api/v1/notification-preferences",
        headers=desk.headers("initial_reviewer"),
        json={"mail": {"stage_opened": "daily"}},
    )
    desk.submit()
    later(desk, clock, hours=5)
    desk.draft().submit()
    later(desk, clock, hours=5)
    assert (office.letters, states(desk)) == ([], [MailState.GATHERING] * 2)
    clock.now = datetime(2026, 3, 3, 0, 29, tzinfo=UTC)
    desk.work()
    assert office.letters == []
    clock.now = datetime(2026, 3, 3, 0, 30, tzinfo=UTC)
    desk.work()
    assert [letter["Subject"] for letter in office.letters] == ["【三审】您有 2 条通知"]


@pytest.mark.parametrize(
    ("at", "next_at"),
    [
        (datetime(2026, 3, 2, 0, 29, tzinfo=UTC), datetime(2026, 3, 2, 0, 30, tzinfo=UTC)),
        (datetime(2026, 3, 2, 0, 30, tzinfo=UTC), datetime(2026, 3, 3, 0, 30, tzinfo=UTC)),
        (datetime(2026, 3, 1, 17, 0, tzinfo=UTC), datetime(2026, 3, 2, 0, 30, tzinfo=UTC)),
    ],
)
def test_the_letter_of_the_day_goes_out_at_half_past_eight(at: datetime, next_at: datetime) -> None:
    assert preferences.next_daily(at) == next_at


def test_a_server_that_cannot_now_is_tried_again_and_one_that_never_will_is_given_up(
    desk: Desk, office: PostOffice, clock: SetClock
) -> None:
    office.answer = "451 try again later"
    desk.submit()
    later(desk, clock)
    (job,) = jobs(desk)
    assert (job.state, job.attempt, states(desk)) == (JobState.QUEUED, 1, [MailState.WAITING])
    assert job.error is not None
    assert ADDRESS not in job.error
    office.answer = "250 OK"
    clock.advance(seconds=10)
    desk.work()
    assert (len(office.letters), states(desk)) == (1, [MailState.SENT])
    office.refuse[ADDRESS] = "550 no such user"
    desk.draft().submit()
    later(desk, clock)
    dead = jobs(desk)[-1]
    assert (dead.state, dead.error) == (JobState.DEAD, "GiveUp: recipient refused: [550]")
    # Somebody corrects the address and has the dead letter tried again.
    address(desk, "initial_reviewer", "chushen2@minzheng.example")
    assert desk.post(f"/jobs/{dead.id}/retries", "system_admin").status_code == 202
    desk.work()
    assert office.envelopes[-1].rcpt_tos == ["chushen2@minzheng.example"]


def test_a_wrong_password_or_an_unknown_server_hands_nothing_over(
    desk: Desk, office: PostOffice, clock: SetClock
) -> None:
    runtime = desk.runtime
    desk.submit()
    desk.work()
    good = runtime.settings
    runtime.settings = good.model_copy(update={"smtp_password": SecretStr("wrong")})
    later(desk, clock)
    assert jobs(desk)[0].error == "MailRefused: sign-in refused: 535"
    # A certificate that nobody vouches for: the password is not sent.
    runtime.settings = good.model_copy(update={"smtp_ca_file": None})
    clock.advance(minutes=1)
    desk.work()
    assert jobs(desk)[0].error == "MailRefused: SSLCertVerificationError"
    assert office.letters == []


def test_a_server_without_tls_gets_nothing_unless_the_settings_say_so(
    desk: Desk, clock: SetClock, certified: tuple[Path, Path]
) -> None:
    runtime = desk.runtime
    with post_office(*certified, starttls=False) as plain:
        runtime.settings = runtime.settings.model_copy(update={"smtp_port": plain.port})
        desk.submit()
        later(desk, clock)
        assert plain.letters == []
        assert jobs(desk)[0].error == "MailRefused: SMTPNotSupportedError"
        runtime.settings = runtime.settings.model_copy(update={"smtp_security": "none", "smtp_user": ""})
        clock.advance(minutes=1)
        desk.work()
        assert (len(plain.letters), plain.encrypted) == (1, [False])


def test_a_server_that_speaks_tls_from_the_first_byte(
    desk: Desk, clock: SetClock, certified: tuple[Path, Path]
) -> None:
    runtime = desk.runtime
    with post_office(*certified, starttls=False, tls=True) as office:
        runtime.settings = runtime.settings.model_copy(
            update={"smtp_port": office.port, "smtp_security": "tls", "smtp_user": ""}
        )
        desk.submit()
        later(desk, clock)
        assert [envelope.rcpt_tos for envelope in office.envelopes] == [[ADDRESS]]
        assert states(desk) == [MailState.SENT]


def told(desk: Desk, title: str) -> Told:
    with desk.session() as session:
        draft = session.exec(select(Draft)).one()
        notice = session.exec(select(Notice)).first()
    assert notice is not None
    draft.title = title
    return Told(notice, draft)


def test_nothing_can_be_put_into_the_headers(desk: Desk) -> None:
    desk.submit()
    desk.work()
    evil = "标题\r\nBcc: everybody@evil.example\r\n\r\n<script>alert(1)</script>\u2028X\x00"
    settings, at = desk.runtime.settings, desk.runtime.clock()
    letter = mail.letter([told(desk, evil)], to=ADDRESS, confidential=(), settings=settings, at=at)
    raw = bytes(letter)
    head = raw.split(b"\r\n\r\n")[0]
    assert letter["Bcc"] is None
    assert not any(line.lower().startswith(b"bcc") for line in head.split(b"\r\n"))
    assert letter["Subject"].startswith("【三审】《标题 Bcc: everybody@evil.example")
    html = letter.get_body(("html",))
    assert html is not None
    assert "<script>" not in html.get_content()
    for bad in ("a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", "nobody"):
        with pytest.raises(ValueError):  # noqa: PT011 – whichever of the parser's
            mail.letter([told(desk, "标题")], to=bad, confidential=(), settings=settings, at=at)
    with pytest.raises(ValueError, match="something"):
        mail.letter([], to=ADDRESS, confidential=(), settings=settings, at=at)


def test_a_confidential_title_stays_in_the_house(desk: Desk) -> None:
    desk.submit()
    desk.work()
    one = told(desk, "某项目选址方案")
    assert one.draft is not None
    letter = mail.letter(
        [one],
        to=ADDRESS,
        confidential={one.draft.id},
        settings=desk.runtime.settings,
        at=desk.runtime.clock(),
    )
    text = letter.get_body(("plain",))
    assert text is not None
    assert "选址" not in str(letter["Subject"]) + text.get_content()
    assert f"稿件 {one.draft.number}" in letter["Subject"]


@pytest.mark.parametrize(
    "email",
    ["a@b.example\nBcc: x@y.example", "a b@c.example", "a@b", "王@c.example", "a@-b.example", "@c.example"],
)
def test_addresses_that_are_none_are_refused(desk: Desk, email: str) -> None:
    path = f"/api/v1/users/{desk.bureau.user('editor').id}/email"
    refused = desk.client.put(path, headers=desk.headers("system_admin"), json={"email": email})
    assert (refused.status_code, refused.json()["code"]) == (422, "malformed")


def test_only_the_system_administrator_says_where_mail_goes_and_it_is_on_record(desk: Desk) -> None:
    user = desk.bureau.user("editor").id
    path, body = f"/api/v1/users/{user}/email", {"email": "bianji@minzheng.example"}
    assert desk.client.put(path, json=body).status_code == 401
    assert desk.client.put(path, headers=desk.headers("editor"), json=body).status_code == 404
    assert desk.client.put(path, headers=desk.headers("security_admin"), json=body).status_code == 403
    good = desk.client.put(path, headers=desk.headers("system_admin"), json=body)
    assert (good.status_code, good.json()["email"]) == (200, "bianji@minzheng.example")
    assert ("user.email_changed", "done") in factories.events(desk.runtime.database, f"user:{user}")
    assert desk.get("/notification-preferences", "editor").json()["email"] == "bianji@minzheng.example"


def test_settings_that_cannot_send_mail_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="SANSHEN_SMTP_FROM"):
        Settings(data_dir=tmp_path, smtp_host="mail.example", smtp_from="nobody\nBcc: x@y.example")
    with pytest.raises(ValidationError, match="SANSHEN_SMTP_PASSWORD"):
        Settings(
            data_dir=tmp_path,
            smtp_host="mail.example",
            smtp_from="a@b.example",
            smtp_security="none",
            smtp_password=SecretStr("x"),
        )


def test_no_server_is_asked_when_none_is_set(client: TestClient, runtime: Runtime, clock: SetClock) -> None:
    desk = Desk.open(client, runtime).draft()
    address(desk, "initial_reviewer", ADDRESS)
    desk.submit()
    later(desk, clock, days=2)
    assert (jobs(desk), states(desk)) == ([], [MailState.NONE])
    assert timedelta(0) < preferences.next_daily(clock()) - clock() <= timedelta(days=1)


def test_giving_up_is_no_ordinary_failure() -> None:
    assert not issubclass(GiveUp, mail.MailRefused)
