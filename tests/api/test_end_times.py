"""下架: a publication may carry an end, at which its channel is told and must confirm."""

import pytest
from fastapi.testclient import TestClient

from app.evidence.verifier.command import verify
from app.infra.runtime import Runtime
from app.publication.end_times import service as ends
from tests.api.desk import Desk
from tests.api.packages import exported
from tests.api.press import Press, ready, sign
from tests.api.test_corrections import corrected, of_draft, publish, retracted
from tests.conftest import SetClock
from tests.evidence import second

pytestmark = pytest.mark.both_databases


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return ready(Desk.open(client, runtime))


@pytest.fixture
def press(desk: Desk) -> Press:
    return Press.open(desk)


def until(clock: SetClock, minutes: int) -> str:
    return clock.now.replace(minute=minutes).isoformat()


def test_writers_say_until_when_before_it_is_out_and_then_who_answers_for_it(
    desk: Desk, press: Press, clock: SetClock
) -> None:
    path = f"/drafts/{desk.draft_id}/end-times"
    assert desk.post(path, "editor2", {"ends_at": until(clock, 30)}).status_code == 404
    assert desk.post(path, "proofreader", {"ends_at": until(clock, 30)}).status_code == 403
    past = desk.post(path, "editor", {"ends_at": clock.now.isoformat()})
    assert (past.status_code, desk.codes(past)) == (422, {"end_past"})
    far = desk.post(path, "editor", {"ends_at": clock.now.replace(year=2046).isoformat()})
    assert (far.status_code, desk.codes(far)) == (422, {"end_too_far"})
    elsewhere = desk.post(path, "editor", {"channel": "website", "ends_at": until(clock, 30)})
    assert (elsewhere.status_code, desk.codes(elsewhere)) == (422, {"end_elsewhere"})
    assert desk.post(path, "editor", {"ends_at": until(clock, 30)}).status_code == 201
    assert desk.post(path, "editor", {"ends_at": until(clock, 30)}).json()["code"] == "end_same"
    publish(desk, press)
    assert desk.post(path, "editor", {"ends_at": until(clock, 40)}).status_code == 403
    assert desk.post(path, "publisher", {"ends_at": until(clock, 40)}).status_code == 201
    [held] = desk.get(path).json()
    assert held["channel"] == ""


def test_at_its_time_the_channel_is_told_and_confirms(desk: Desk, press: Press, clock: SetClock) -> None:
    path = f"/drafts/{desk.draft_id}/end-times"
    assert desk.post(path, "editor", {"ends_at": until(clock, 20)}).status_code == 201
    assert desk.post(path, "editor", {"ends_at": until(clock, 25)}).status_code == 201
    publish(desk, press)
    clock.advance(minutes=22)
    desk._headers.clear()
    assert ends.look(desk.runtime, at=clock()) == 0
    assert of_draft(desk) == []
    clock.advance(minutes=4)
    desk._headers.clear()
    assert ends.look(desk.runtime, at=clock()) == 1
    assert ends.look(desk.runtime, at=clock()) == 0
    [order] = of_draft(desk)
    assert (order["kind"], order["state"], order["remedy_id"]) == ("unpublish", "waiting", None)
    assert press.send("confirmations", {"order": order["id"]}).status_code == 201
    assert of_draft(desk)[0]["state"] == "confirmed"
    package = exported(desk)
    assert verify(package).faults == []
    assert second.whole(package) == ""


def test_lifted_or_being_retracted_it_is_told_of_nothing_more(
    desk: Desk, press: Press, clock: SetClock
) -> None:
    path = f"/drafts/{desk.draft_id}/end-times"
    assert desk.post(path, "editor", {"channel": "wechat", "ends_at": until(clock, 20)}).status_code == 201
    publish(desk, press)
    assert sign(retracted(desk)).status_code == 201
    clock.advance(minutes=21)
    desk._headers.clear()
    assert ends.look(desk.runtime, at=clock()) == 0
    assert [order["kind"] for order in of_draft(desk)] == ["retract"]


def test_nothing_goes_out_after_its_time_and_a_correction_keeps_it(
    desk: Desk, press: Press, clock: SetClock
) -> None:
    path = f"/drafts/{desk.draft_id}/end-times"
    assert desk.post(path, "editor", {"ends_at": until(clock, 20)}).status_code == 201
    publish(desk, press)
    correction = corrected(desk)
    [held] = correction.get(f"/drafts/{correction.draft_id}/end-times").json()
    assert held["ends_at"][:16] == until(clock, 20)[:16]
    clock.advance(minutes=21)
    desk._headers.clear()
    correction._headers.clear()
    refused = sign(correction)
    assert (refused.status_code, correction.codes(refused)) == (409, {"publication_ended"})
    assert ends.look(desk.runtime, at=clock()) == 1
    assert [order["kind"] for order in of_draft(desk)] == ["unpublish"]


def test_what_was_to_be_corrected_comes_down_at_its_time(desk: Desk, press: Press, clock: SetClock) -> None:
    path = f"/drafts/{desk.draft_id}/end-times"
    assert desk.post(path, "editor", {"ends_at": until(clock, 20)}).status_code == 201
    publish(desk, press)
    assert sign(corrected(desk)).status_code == 201
    assert [order["kind"] for order in of_draft(desk)] == ["correct"]
    clock.advance(minutes=21)
    desk._headers.clear()
    assert ends.look(desk.runtime, at=clock()) == 1
    assert [order["kind"] for order in of_draft(desk)] == ["unpublish"]
