"""Signing for later over the API: the wishes, the instant that comes, and what became of them."""

from datetime import UTC, datetime
from typing import Any

from httpx import Response
from sqlmodel import select

from app.publication.models import ScheduledRelease
from tests.api.desk import Desk
from tests.api.press import sign
from tests.conftest import SetClock

#: The desk works at 09:00 in Beijing on a Monday; this is 08:00 there on Tuesday.
SOON = "2026-03-03T08:00:00+08:00"
SOON_UTC = datetime(2026, 3, 3, 0, 0, tzinfo=UTC)
MENDED = {"format": "text", "content": "冬季送温暖\n\n志愿者走访了更多老人，送去棉被。"}


def schedule(desk: Desk, line: str = "wechat", **body: Any) -> dict[str, Any]:
    answer = sign(desk, line=line, **{"release_at": SOON, **body})
    assert answer.status_code == 201, answer.text
    assert answer.json()["release"] is None
    return dict(answer.json()["scheduled"])


def unschedule(desk: Desk, login: str = "publisher", **body: Any) -> Response:
    return desk.post(
        f"/cases/{desk.case_id}/unschedule", login, {"line": "wechat", "comment": "改期", **body}
    )


def embargo(desk: Desk, login: str, until: str | None, comment: str = "") -> Response:
    return desk.post(f"/cases/{desk.case_id}/embargo", login, {"until": until, "comment": comment})


def come(desk: Desk, clock: SetClock, at: datetime = SOON_UTC) -> None:
    """Let the time come, and the jobs be done."""
    clock.now = at
    desk._headers.clear()
    desk.work()


def listed(desk: Desk, login: str = "publisher", **params: Any) -> list[dict[str, Any]]:
    return list(desk.get("/scheduled-releases", login, **params).json()["items"])


def publications(desk: Desk, login: str = "publisher") -> dict[str, Any]:
    return dict(desk.get(f"/drafts/{desk.draft_id}/publications", login).json())


def notices(desk: Desk, login: str) -> list[str]:
    desk.work()
    return [one["kind"] for one in desk.get("/notices", login).json()["items"]]


def waits(desk: Desk) -> list[str]:
    with desk.runtime.database.read() as session:
        return [one.state for one in session.exec(select(ScheduledRelease)).all()]
