"""The record of a draft as sentences."""

import re
from uuid import UUID

import pytest

from app.audit.queries import RecordedEvent
from app.domain.vocabulary import Event
from app.events.sentences import Names
from app.web.pages.draft.panels.timeline import Entry, entries

NAMES = Names({"initial_review": "初审", "first_proof": "一校"}, {"wechat": "公众号"})


def told(
    action: str, *, outcome: str = "done", private: dict[str, str | None] | None = None, **data: object
) -> Entry:
    body = {
        "ts": "2026-03-02T01:00:00.000000Z",
        "actor": {"id": str(UUID(int=1))},
        "outcome": outcome,
        "data": data,
    }
    event = RecordedEvent(
        UUID(int=2),
        "draft:1",
        1,
        action,
        body,
        "leaf",
        {"actor_name": "何静"} if private is None else private,
    )
    [entry] = entries([event], NAMES)
    return entry


@pytest.mark.parametrize("event", Event)
def test_every_event_is_told_in_chinese(event: Event) -> None:
    entry = told(event, stage="first_proof", line="wechat")
    assert re.search("[一-龥]", entry.text)
    assert "{" not in entry.text
    assert str(event) not in entry.text


def test_decisions_say_who_where_and_what() -> None:
    passed = told(Event.DECISION_APPROVED, stage="initial_review", line="", final=True)
    assert passed.text == "何静 初审通过"
    back = told(Event.DECISION_SENT_BACK, stage="first_proof", line="wechat", to="author")
    assert back.text == "何静 公众号一校退回给作者"
    further = told(Event.DECISION_SENT_BACK, stage="first_proof", line="wechat", to="initial_review")
    assert further.text == "何静 公众号一校退回给初审"


@pytest.mark.parametrize(
    ("role", "words"),
    [("image", "添加图片"), ("attachment", "添加附件"), ("original", "交来的原文件已经留存")],
)
def test_a_file_is_told_by_what_it_is_for(role: str, words: str) -> None:
    assert told("asset.added", role=role).text == f"何静 {words}"


def test_a_refusal_says_why_and_looks_like_one() -> None:
    entry = told(
        Event.DECISION_REFUSED, outcome="refused", stage="initial_review", line="", reasons=["own_draft"]
    )
    assert entry.refused
    assert "不能审校自己的稿件" in entry.text


def test_words_that_were_written_come_along_and_erased_names_stay_away() -> None:
    entry = told(
        Event.DECISION_APPROVED,
        private={"actor_name": None, "comment": "事实清楚"},
        stage="initial_review",
        line="",
    )
    assert entry.text == "有人 初审通过"
    assert entry.note == "事实清楚"


def test_what_acts_for_another_is_marked() -> None:
    entry = told(
        Event.DECISION_APPROVED,
        private={"actor_name": "何静", "principal_name": "郑开"},
        stage="initial_review",
        line="",
    )
    assert entry.text.startswith("何静（代郑开） ")


def test_times_are_told_as_beijing_has_them() -> None:
    due = "2026-03-02T16:00:00+00:00"
    assert told(Event.RELEASE_SCHEDULED, line="wechat", release_at=due).text == (
        "何静 将公众号定于2026年3月3日 00:00发布"
    )
    taken = told(Event.RELEASE_UNSCHEDULED, line="wechat", release_at=due, reason="taken_back")
    assert taken.text == "何静 取消公众号的定时发布（原定2026年3月3日 00:00）"
    ended = told(Event.RELEASE_UNSCHEDULED, line="wechat", release_at=due, reason="recalled")
    assert ended.text.endswith("（审签案结束）")
    withheld = told(Event.RELEASE_WITHHELD, line="wechat", release_at=due, reasons=["not_signed"])
    assert withheld.text.startswith("公众号到了定时（2026年3月3日 00:00）不能发布：这个阵地还没有签发")
    assert told(Event.CASE_EMBARGOED, until=due).text == "何静 定为不早于2026年3月3日 00:00发布"
    lifted = told(Event.CASE_EMBARGOED, until=None, was=due)
    assert lifted.text == "何静 解除不早于2026年3月3日 00:00发布的限制"
