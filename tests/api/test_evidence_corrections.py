"""Evidence of what was corrected or retracted: both packages are whole, and tell where they were touched."""

import json

import pytest
from fastapi.testclient import TestClient

from app.evidence.verifier.command import verify
from app.evidence.verifier.report import Report
from app.evidence.verifier.walk import Walk
from app.infra.runtime import Runtime
from tests.api.desk import Desk
from tests.api.packages import exported, members
from tests.api.press import Press, ready, sign
from tests.api.test_corrections import corrected, of_draft, publish, retracted
from tests.evidence import second


@pytest.fixture
def desk(client: TestClient, runtime: Runtime) -> Desk:
    return Desk.open(client, runtime)


@pytest.fixture
def press(desk: Desk) -> Press:
    ready(desk)
    press = Press.open(desk)
    publish(desk, press)
    return press


def told(package: bytes) -> str:
    report = verify(package)
    assert report.faults == [], report.faults
    assert second.whole(package) == ""
    return "\n".join(report.story)


def test_the_package_of_a_small_correction_says_what_it_corrects(desk: Desk, press: Press) -> None:
    correction = corrected(desk)
    publish(correction, press)
    number = desk.get(f"/drafts/{desk.draft_id}").json()["number"]
    story = told(exported(correction))
    assert f"本稿是对已发布的 {number}（摘要 " in story
    assert "更正复核" in story


def test_the_package_of_what_is_out_says_what_became_of_it(desk: Desk, press: Press) -> None:
    publish(corrected(desk), press)
    package = exported(desk)
    story = told(package)
    assert "申请更正" in story
    assert "回报已更正" in story
    rows = json.loads(members(package)["tables.json"])
    assert len(rows["remedy"]) == len(rows["channel_order"]) == 1


def test_the_package_of_a_retraction_is_whole(desk: Desk, press: Press) -> None:
    retraction = retracted(desk)
    assert sign(retraction).status_code == 201
    [order] = of_draft(desk)
    assert press.send("confirmations", {"order": order["id"]}).status_code == 201
    assert "本稿是对已发布的" in told(exported(retraction))
    assert "回报已撤下" in told(exported(desk))


def test_what_went_out_again_after_it_was_retracted_is_found(desk: Desk, press: Press) -> None:
    """Both verifiers walk events; here they walk some that no service would write."""
    retraction = retracted(desk)
    assert sign(retraction).status_code == 201
    given = members(exported(desk))
    events = [(number, json.loads(line)) for number, line in enumerate(given["events.jsonl"].splitlines(), 1)]
    by_action = {body["action"]: body for _, body in events}
    out, away = by_action["publication.published"], by_action["publication.retracted"]
    never = {**away, "data": {**away["data"], "publication": "0" * 32}}
    for extra, said in ((out, "又签发或者发布了"), (never, "不是记录里发布过的内容")):
        report = Report()
        Walk(given, json.loads(given["keys.json"]), {}, {}, report).run([*events, (len(events) + 1, extra)])
        assert [sentence for _, sentence in report.faults if said in sentence], (said, report.faults)
    way = second.Way(second.Package(b"", None))
    way.publication_published(out, out["data"])
    way.publication_retracted(away, away["data"])
    for step, data in (
        (way.publication_published, out["data"]),
        (way.publication_retracted, never["data"]),
        (way.publication_confirmed, {"order": "x", "channel": "wechat", "digest": "0"}),
    ):
        with pytest.raises(second.Touched):
            step({}, data)


def test_a_short_lane_is_for_remedies_alone(desk: Desk, press: Press) -> None:
    correction = corrected(desk)
    publish(correction, press)
    given = members(exported(correction))
    events = [(number, json.loads(line)) for number, line in enumerate(given["events.jsonl"].splitlines(), 1)]
    without = [pair for pair in events if pair[1]["action"] != "remedy.begun"]
    report = Report()
    Walk(given, json.loads(given["keys.json"]), {}, {}, report).run(without)
    assert "走的是不足三审的流程，本稿却不是相应的更正或撤稿" in {said for _, said in report.faults}
    unread = [pair for pair in events if pair[1]["action"] != "decision.approved"]
    report = Report()
    Walk(given, json.loads(given["keys.json"]), {}, {}, report).run(unread)
    assert "签发时没有通过任何一次审稿" in {said for _, said in report.faults}
