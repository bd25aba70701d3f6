"""Evidence of scheduled releases: accepted as they were, and every forged time or signer reported."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.evidence.verifier.command import verify
from app.infra.runtime import Runtime
from tests.api.desk import Desk
from tests.api.packages import exported, lines, members, rechained, resigned, said
from tests.api.press import Press, ready, sign
from tests.conftest import SetClock

Change = Callable[[dict[str, Any]], dict[str, Any] | None]
DUE = datetime(2026, 3, 3, 0, 0, tzinfo=UTC)
SOON = "2026-03-03T08:00:00+08:00"


@pytest.fixture
def desk(client: TestClient, runtime: Runtime, clock: SetClock) -> Desk:
    """A draft that was signed for the next morning, under an embargo to the same instant, and published."""
    desk = ready(Desk.open(client, runtime))
    answer = desk.post(f"/cases/{desk.case_id}/embargo", "editor", {"until": SOON})
    assert answer.status_code == 200, answer.text
    first = sign(desk, release_at="2026-03-03T09:00:00+08:00")
    assert first.status_code == 201, first.text
    path = f"/cases/{desk.case_id}/unschedule"
    assert desk.post(path, "editor", {"line": "wechat", "comment": "提前"}).status_code == 200
    assert sign(desk, release_at=SOON).status_code == 201
    clock.now = DUE
    desk._headers.clear()
    desk.work()
    (release,) = desk.get(f"/drafts/{desk.draft_id}/publications", "publisher").json()["releases"]
    assert Press.open(desk).publish(release["ticket"], release["digest"]).status_code == 201
    return desk


@pytest.fixture
def package(desk: Desk) -> bytes:
    return exported(desk)


def test_a_scheduled_release_is_whole_and_its_story_is_told(package: bytes, desk: Desk) -> None:
    report = verify(package)
    assert report.faults == []
    story = "\n".join(report.story)
    publisher = desk.actor("publisher").name
    assert "不早于 2026-03-03T00:00:00+00:00 发布" in story
    assert f"{publisher} 于 2026-03-02T01:00:00.000000Z 签发，定于 2026-03-03T00:00:00+00:00 放行" in story
    assert "取消定时" in story
    assert f"系统（代 {publisher}） 于 2026-03-03T00:00:00.000000Z 按定时签发" in story
    (release,) = report.facts["releases"]
    assert release["at"] == "2026-03-03T00:00:00.000000Z"


def test_what_was_withheld_is_told(client: TestClient, runtime: Runtime, clock: SetClock) -> None:
    desk = ready(Desk.open(client, runtime), "wechat", "website")
    assert sign(desk, release_at=SOON).status_code == 201
    desk.decide("sign_off", "publisher", "website", "send_back", comment="有误", then="continue_here")
    clock.now = DUE
    desk._headers.clear()
    desk.work()
    report = verify(exported(desk))
    assert report.faults == []
    assert "到时未放行（case_not_ready）" in "\n".join(report.story)


def at(action: str, **fields: Any) -> Change:
    """Change the last event of this kind: its own fields, and those of its data that are named `data_…`."""

    def change(body: dict[str, Any]) -> dict[str, Any]:
        if body["action"] != action:
            return body
        data = {key.removeprefix("data_"): one for key, one in fields.items() if key.startswith("data_")}
        own = {key: one for key, one in fields.items() if not key.startswith("data_")}
        return {**body, **own, "data": {**body["data"], **data}}

    return change


def without(action: str) -> Change:
    return lambda body: None if body["action"] == action else body


def late_back(body: dict[str, Any]) -> dict[str, Any]:
    """Let the release have come a second too early."""
    if body["ts"] >= "2026-03-03T00:00:00":
        return {**body, "ts": "2026-03-02T23:59:59.000000Z"}
    return body


OTHER = "01900000-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (late_back, "早于所定的时间"),
        (late_back, "早于不早于的时间"),
        (without("release.scheduled"), "却没有这个定时，或已取消"),
        (without("release.unscheduled"), "已经定时，没有先取消"),
        (at("release.signed", data_scheduled_for=None), "没有取消就另行签发了"),
        (at("release.signed", data_scheduled_for="2026-03-03T00:00:01Z"), "与当时定的"),
        (at("release.signed", on_behalf_of={"id": OTHER}), "所代的不是签发的人"),
        (at("release.signed", on_behalf_of=None), "所代的不是签发的人"),
        (at("release.scheduled", actor={"id": OTHER}), "定时的人没有签发这个阵地"),
        (at("release.scheduled", data_digest="0" * 64), "定时的内容不是签发的内容"),
        (at("release.scheduled", data_digest="0" * 64), "签发的内容不是定时的内容"),
        (at("release.scheduled", data_release_at="2026-03-02T01:00:00Z"), "定时的时间不在将来"),
        (at("release.scheduled", data_release_at="2026-03-03T00:00:00"), "结构不对"),
        (at("release.scheduled", data_release_at=7), "结构不对"),
        (at("case.embargoed", data_until="2026-03-03T00:00:01Z"), "早于不早于的时间"),
    ],
)
def test_a_forged_time_or_signer_is_reported(
    package: bytes, runtime: Runtime, change: Change, fault: str
) -> None:
    given = members(package)
    rechained(given, change)
    assert fault in said(resigned(given, runtime.signer))


def test_a_release_after_its_time_was_taken_back_is_reported(package: bytes, runtime: Runtime) -> None:
    given = members(package)
    rows = lines(given)
    taken = next(n for n, row in enumerate(rows) if b"release.unscheduled" in row)
    out = next(n for n, row in enumerate(rows) if b'"release.signed"' in row)
    openings = json.loads(given["private.json"])
    moved = {**json.loads(rows[taken]), "ts": json.loads(rows[out])["ts"]}
    given["events.jsonl"] = b"".join([*rows[:out], json.dumps(moved).encode() + b"\n", *rows[out:]])
    assert str(moved["seq"]) in openings
    rechained(given, lambda body: body)
    assert "却没有这个定时，或已取消" in said(resigned(given, runtime.signer))


def test_the_service_signs_nothing_that_nobody_set_a_time_for(package: bytes, runtime: Runtime) -> None:
    given = members(package)

    def change(body: dict[str, Any]) -> dict[str, Any] | None:
        if body["action"] in {"release.scheduled", "release.unscheduled"}:
            return None
        return at("release.signed", data_scheduled_for=None)(body)

    rechained(given, change)
    assert "系统签发，却没有人定时" in said(resigned(given, runtime.signer))
