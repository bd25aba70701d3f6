"""不早于 over the API: nothing goes out before an embargo ends, by whatever door."""

import pytest
from fastapi.testclient import TestClient

from app.infra.runtime import Runtime
from tests.api.desk import Desk
from tests.api.press import Press, ready, sign, signed
from tests.api.timing import SOON, SOON_UTC, come, embargo, publications, schedule
from tests.conftest import SetClock


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return ready(Desk.open(client, runtime))


def test_an_embargo_keeps_everything_in_the_house(desk: Desk, clock: SetClock) -> None:
    path, until = f"/cases/{desk.case_id}/embargo", SOON
    assert desk.client.post(f"/api/v1{path}", json={"until": until}).status_code == 401
    assert desk.post(path, "outsider", {"until": until}).status_code == 404
    assert desk.codes(embargo(desk, "second_reviewer", until)) == {"not_allowed"}
    assert embargo(desk, "editor", "2026-03-01T08:00:00+08:00").status_code == 422
    answer = embargo(desk, "editor", until)
    assert (answer.status_code, answer.json()["embargo_until"]) == (200, "2026-03-03T00:00:00Z")
    refused = sign(desk)
    assert desk.codes(refused) == {"embargoed"}
    assert "2026年3月3日 08:00" in refused.json()["reasons"][0]["message"]
    early = sign(desk, release_at="2026-03-03T07:59:59+08:00")
    assert desk.codes(early) == {"embargoed"}
    assert desk.codes(embargo(desk, "editor", None, "解除")) == {"not_allowed"}
    assert embargo(desk, "publisher", None).status_code == 422
    assert embargo(desk, "publisher", None, "通稿已提前发布").status_code == 200
    assert "case.embargoed" in desk.outbox()
    release = signed(desk)
    # It also closes what was signed before.
    assert embargo(desk, "publisher", until).status_code == 200
    press = Press.open(desk)
    said = press.ask(digest=release["digest"])["statement"]
    assert [one["code"] for one in said["reasons"]] == ["embargoed"]
    assert press.publish(release["ticket"], release["digest"]).status_code == 409
    renewed = desk.post(f"/releases/{release['id']}/tickets", "publisher")
    assert desk.codes(renewed) == {"embargoed"}
    clock.now = SOON_UTC
    desk._headers.clear()
    assert press.publish(release["ticket"], release["digest"]).status_code == 201
    # What is out stays published, whatever is done to its case.
    assert embargo(desk, "publisher", "2026-03-05T08:00:00+08:00").status_code == 200
    assert desk.get(f"/drafts/{desk.draft_id}").json()["state"] == "published"


def test_the_urgent_lane_keeps_to_an_embargo(client: TestClient, runtime: Runtime) -> None:
    desk = Desk.open(client, runtime).draft()
    desk.submit()
    desk.approve("initial_review", "initial_reviewer")
    desk.post(f"/cases/{desk.case_id}/urgent-layouts", "publisher", {"line": "wechat"})
    desk.work()
    assert embargo(desk, "second_reviewer", SOON).status_code == 200
    digest = desk.case("publisher")["proofs"]["wechat"]
    wish = {"line": "wechat", "digest": digest, "reason": "台风红色预警"}
    refused = desk.post(f"/cases/{desk.case_id}/urgent-releases", "publisher", wish)
    assert (refused.status_code, desk.codes(refused)) == (409, {"embargoed"})


def test_a_line_scheduled_before_the_embargo_is_taken_back_first(desk: Desk, clock: SetClock) -> None:
    schedule(desk)
    late = embargo(desk, "editor", "2026-03-03T08:00:01+08:00")
    assert desk.codes(late) == {"scheduled_earlier"}
    assert "“公众号”已定时于 2026年3月3日 08:00 发布" in late.json()["reasons"][0]["message"]
    assert embargo(desk, "editor", SOON).status_code == 200
    come(desk, clock)  # to the second: both hold
    assert publications(desk)["scheduled"][0]["state"] == "released"
