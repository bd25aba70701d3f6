"""Connected channels: what is released goes out by itself or by a hand, is corrected, taken down."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr
from sqlmodel import select

from app.channels import service as channels
from app.channels.models import Channel
from app.connections import service, taking_down
from app.connections.models import ChannelPush
from app.infra.runtime import Runtime
from tests.api.desk import Desk
from tests.api.press import Press, ready, sign
from tests.api.test_corrections import corrected, of_draft, retracted
from tests.conftest import SetClock
from tests.connections.platform import APP_ID, SECRET, Platform

TOOL = "阵地接入"


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return ready(Desk.open(client, runtime))


@pytest.fixture
def platform(runtime: Runtime) -> Iterator[Platform]:
    with Platform() as platform:
        runtime.settings.wechat_url = platform.url
        runtime.settings.webhook_loopback = True
        runtime.settings.connection_secrets = {"wechat": SecretStr(SECRET)}
        yield platform


def connect(desk: Desk, **connection: Any) -> Press:
    press = Press.open(desk, name=TOOL)
    with desk.runtime.database.write() as session:
        channel = session.exec(select(Channel).where(Channel.code == "wechat")).one()
        channel.config = {**channel.config, "connection": {"tool": TOOL, **connection}}
        session.add(channel)
    return press


def site(desk: Desk, tmp_path: Path, *, by_itself: bool = True) -> Path:
    desk.runtime.settings.sites_dir = tmp_path
    connect(desk, kind="site", folder="mz", address="https://example.cn/mz", by_itself=by_itself)
    return tmp_path / "mz"


def account(desk: Desk, **more: Any) -> Press:
    return connect(
        desk, kind="wechat", app_id=APP_ID, secret="wechat", cover="our-cover", by_itself=True, **more
    )


def work(desk: Desk) -> dict[str, Any]:
    service.take_up(desk.runtime, at=desk.runtime.clock())
    desk.work()
    (push, *_) = desk.get("/pushes", "publisher", draft=desk.draft_id).json()["items"]
    return dict(push)


def again(desk: Desk, clock: SetClock, **later: int) -> dict[str, Any]:
    clock.advance(**later)
    desk._headers.clear()
    return work(desk)


def actions(desk: Desk) -> list[str]:
    return [action for action, _, _ in desk.record()]


def publications(desk: Desk) -> list[dict[str, Any]]:
    return list(desk.get(f"/drafts/{desk.draft_id}/publications", "publisher").json()["publications"])


def test_what_is_signed_goes_onto_the_site_by_itself(desk: Desk, tmp_path: Path) -> None:
    folder = site(desk, tmp_path)
    assert sign(desk).status_code == 201
    push = work(desk)
    assert (push["state"], push["words"]) == ("published", "")
    (done,) = publications(desk)
    assert done["url"] == f"https://example.cn/mz/{push['number']}.html"
    assert "走访" in (folder / f"{push['number']}.html").read_text()
    assert {"release.pushed", "clearance.given", "publication.published"} <= set(actions(desk))
    # Nothing is made twice, however often it is looked.
    assert service.take_up(desk.runtime, at=desk.runtime.clock()) == 0


def test_what_waits_for_a_hand_waits(desk: Desk, tmp_path: Path) -> None:
    folder = site(desk, tmp_path, by_itself=False)
    sign(desk)
    push = work(desk)
    assert push["state"] == "waiting"
    assert not folder.exists()
    start = f"/pushes/{push['id']}/start"
    assert desk.post(start, "editor").status_code == 403
    assert desk.post(start, "publisher").json()["state"] == "working"
    assert desk.post(start, "publisher").json()["code"] == "push_under_way"
    assert work(desk)["state"] == "published"
    assert desk.post(start, "publisher").json()["code"] == "push_over"


def test_a_draft_box_waits_for_a_person_who_reports(desk: Desk, platform: Platform) -> None:
    account(desk)
    sign(desk)
    push = work(desk)
    assert (push["state"], push["external_id"]) == ("laid_in", "draft-1")
    assert publications(desk) == []
    path = f"/pushes/{push['id']}/publication"
    assert desk.post(path, "editor", {"url": "https://mp.weixin.qq.com/s/1"}).status_code == 403
    assert desk.post(path, "publisher", {"url": "mp.weixin.qq.com"}).status_code == 422
    answer = desk.post(path, "publisher", {"url": "https://mp.weixin.qq.com/s/1"})
    assert answer.status_code == 201, answer.text
    assert answer.json()["external_id"] == "draft-1"
    assert desk.post(path, "publisher", {"url": ""}).json()["code"] == "push_not_laid_in"
    assert "release.seen_out" in actions(desk)


def test_a_token_ends_and_the_platform_takes_its_time(
    desk: Desk, platform: Platform, clock: SetClock
) -> None:
    account(desk, publishes=True)
    platform.fail["/cgi-bin/draft/add"] = [{"errcode": 42001}, {"errcode": -1, "errmsg": "busy"}]
    platform.still_publishing = 1
    sign(desk)
    push = work(desk)
    assert (push["state"], push["words"]) == ("working", "微信系统繁忙")
    push = again(desk, clock, minutes=1)
    assert (push["state"], push["words"]) == ("working", "已提交，等待阵地的处理结果")
    push = again(desk, clock, seconds=15)
    assert push["state"] == "published"
    (done,) = publications(desk)
    assert done["url"] == "https://mp.weixin.qq.com/s/article-draft-1"
    assert platform.paths().count("freepublish/submit") == 1


def test_what_fails_is_told_and_is_begun_again(desk: Desk, platform: Platform) -> None:
    account(desk)
    platform.fail["/cgi-bin/draft/add"] = [{"errcode": 40164, "errmsg": "invalid ip"}]
    sign(desk)
    push = work(desk)
    assert push["state"] == "failed"
    assert "白名单" in push["words"]
    assert "release.push_failed" in actions(desk)
    assert desk.post(f"/pushes/{push['id']}/start", "publisher").status_code == 200
    assert work(desk)["state"] == "laid_in"


def test_a_platform_that_stays_away_is_given_up_after_a_day(
    desk: Desk, platform: Platform, clock: SetClock
) -> None:
    account(desk)
    platform.fail["/cgi-bin/draft/add"] = [{"errcode": -1, "errmsg": "busy"}] * 20
    sign(desk)
    push, passed = work(desk), timedelta(0)
    for wait in service.WAITS:
        assert push["state"] == "working", passed
        passed += wait
        push = again(desk, clock, seconds=int(wait.total_seconds()))
    assert push["state"] == "failed"
    assert timedelta(hours=20) < passed < timedelta(hours=30)


def test_the_gate_is_asked_at_the_last_moment(desk: Desk, platform: Platform, clock: SetClock) -> None:
    press = account(desk)
    sign(desk)
    service.take_up(desk.runtime, at=desk.runtime.clock())
    clock.advance(hours=desk.runtime.settings.ticket_hours)
    desk._headers.clear()
    push = work(desk)
    assert push["state"] == "failed"
    assert "过期" in push["words"]
    assert platform.asked == []
    assert "clearance.refused" in actions(desk)
    # With its tool switched off a connection does nothing.
    assert desk.post(f"/tools/{press.tool_id}/deactivation", "system_admin").status_code == 200
    start = desk.post(f"/pushes/{push['id']}/start", "publisher")
    assert start.json()["code"] == "push_disconnected"


def test_a_secret_that_is_not_configured_is_told(desk: Desk, platform: Platform) -> None:
    account(desk)
    desk.runtime.settings.connection_secrets = {}
    sign(desk)
    assert "SANSHEN_CONNECTION_SECRETS" in work(desk)["words"]


def test_a_try_that_was_overtaken_writes_nothing(desk: Desk, tmp_path: Path) -> None:
    site(desk, tmp_path)
    sign(desk)
    service.take_up(desk.runtime, at=desk.runtime.clock())
    with desk.runtime.database.write() as session:
        push = session.exec(select(ChannelPush)).one()
        push.attempt = 7
        session.add(push)
        push_id = push.id
    with pytest.raises(service.Overtaken):
        service._try(desk.runtime, push_id, 6)
    assert list(tmp_path.rglob("*.html")) == []
    assert publications(desk) == []


def test_a_correction_replaces_the_page_and_a_retraction_deletes_it(desk: Desk, tmp_path: Path) -> None:
    folder = site(desk, tmp_path)
    sign(desk)
    push = work(desk)
    page = folder / f"{push['number']}.html"
    correction = corrected(desk)
    assert sign(correction).status_code == 201
    assert work(correction)["state"] == "published"
    assert "查看取暖设备" in page.read_text()
    assert [path.name for path in folder.glob("*.html")] == [page.name]
    assert [(order["kind"], order["state"]) for order in of_draft(desk)] == [("correct", "confirmed")]
    retraction = retracted(correction)
    assert sign(retraction).status_code == 201
    assert taking_down.look(desk.runtime, at=desk.runtime.clock()) == 1
    assert not page.exists()
    assert [(order["kind"], order["state"]) for order in of_draft(correction)] == [("retract", "confirmed")]


def test_what_may_not_be_known_of_is_not_there(desk: Desk, tmp_path: Path) -> None:
    site(desk, tmp_path, by_itself=False)
    sign(desk)
    push = work(desk)
    assert desk.get("/pushes", "editor2").json()["items"] == []
    assert desk.post(f"/pushes/{push['id']}/start", "editor2").status_code == 404


def test_a_connection_is_linted() -> None:
    text = (Path(__file__).parents[2] / "policies" / "channels.yaml").read_text(encoding="utf-8")
    good = text.replace(
        "    name: 公众号\n",
        "    name: 公众号\n    connection: {kind: wechat, tool: 公众号发布机, app_id: wx1, secret: wechat}\n",
        1,
    )
    assert channels.lint(good)[1] == ()
    for wrong in ("folder: ../etc", "kind: ftp", "secret: 明文密钥"):
        key = wrong.partition(":")[0]
        bad = (
            good.replace("kind: wechat, tool", f"{wrong}, tool", 1)
            if key == "kind"
            else (good.replace("secret: wechat", wrong))
        )
        _, faults = channels.lint(bad)
        assert faults, wrong
    assert channels.read(good).channels[0].connection is not None
