"""The record of a draft as sentences."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.audit.queries import RecordedEvent
from app.domain.deadlines import Rung
from app.domain.files.policy_text import Fault
from app.domain.vocabulary import Event
from app.infra.clock import moment
from app.infra.errors import Reason
from app.infra.http.problems import sentence as reason_sentence
from app.notifications.sentences import RUNGS
from app.publication import errors as _gate  # noqa: F401 – the words of what stood in the way
from app.reviews import errors as _words  # noqa: F401 – the words of the refusals on record
from app.web.components.policy_faults import sentence as fault_sentence
from app.words.labels import label, limit


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the record: when, what in a sentence, and the words that were written then."""

    at: datetime
    text: str
    note: str
    refused: bool


@dataclass(frozen=True, slots=True)
class Names:
    """The words for keys that stand in the record."""

    stages: Mapping[str, str]
    channels: Mapping[str, str]
    people: Mapping[str, str] = field(default_factory=dict)

    def person(self, data: Mapping[str, Any], key: str = "to") -> str:
        """Return the name of a person whom the data names."""
        return self.people.get(str(data.get(key)), "某人")

    def place(self, data: Mapping[str, Any]) -> str:
        """Return a stage and its channel in words, such as 公众号一校; empty without one."""
        stage = str(data.get("stage") or "")
        line = str(data.get("line") or data.get("channel") or "")
        return self.channels.get(line, line) + self.stages.get(stage, stage)


def entries(events: Iterable[RecordedEvent], names: Names) -> tuple[Entry, ...]:
    """Return the record as sentences, in its order."""
    return tuple(_entry(event, names) for event in events)


def _entry(event: RecordedEvent, names: Names) -> Entry:
    body, data = event.body, event.body.get("data", {})
    who = event.private.get("actor_name") or ("有人" if body["actor"]["id"] else "系统")
    if principal := event.private.get("principal_name"):
        who = f"{who}（代{principal}）"
    known = next((one for one in Event if one == event.action), None)
    if known is None:
        text = f"{who} {event.action}"
    else:
        text = _SENTENCES.get(known, _plain(known))(who, data, names)
    note = event.private.get("comment") or event.private.get("explanation") or ""
    refused = body.get("outcome") == "refused"
    return Entry(datetime.fromisoformat(body["ts"]), text, note, refused)


_Sentence = Callable[[str, Mapping[str, Any], Names], str]


def _plain(event: StrEnum) -> _Sentence:
    return lambda who, data, names: f"{who} {names.place(data)}{label(event)}"


def _approved(who: str, data: Mapping[str, Any], names: Names) -> str:
    return f"{who} {names.place(data)}通过" + ("" if data.get("final", True) else "（还需他人表态）")


def _sent_back(who: str, data: Mapping[str, Any], names: Names) -> str:
    to = str(data.get("to") or "author")
    return f"{who} {names.place(data)}退回给{'作者' if to == 'author' else names.stages.get(to, to)}"


def _refused(who: str, data: Mapping[str, Any], names: Names) -> str:
    # The record keeps codes alone; sentences that need data are told by their general words.
    why = "；".join(reason_sentence(Reason(str(code))).rstrip("。") for code in data.get("reasons", ()))
    return f"{who} 在{names.place(data)}的操作未被接受" + (f"：{why}" if why else "")


def _proof_failed(_who: str, data: Mapping[str, Any], names: Names) -> str:
    why = "；".join(limit(str(code)) for code in data.get("limits", ()))
    return f"{names.place(data)}校样未能排出，稿件退回作者" + (f"：{why}" if why else "")


def _scheduled(who: str, data: Mapping[str, Any], names: Names) -> str:
    return f"{who} 将{names.place(data)}定于{_moment(data.get('release_at'))}发布"


def _unscheduled(who: str, data: Mapping[str, Any], names: Names) -> str:
    why = "" if data.get("reason") == "taken_back" else "（审签案结束）"
    return f"{who} 取消{names.place(data)}的定时发布（原定{_moment(data.get('release_at'))}）{why}"


def _withheld(_who: str, data: Mapping[str, Any], names: Names) -> str:
    why = "；".join(reason_sentence(Reason(str(code))).rstrip("。") for code in data.get("reasons", ()))
    return f"{names.place(data)}到了定时（{_moment(data.get('release_at'))}）不能发布：{why}"


def _embargoed(who: str, data: Mapping[str, Any], _names: Names) -> str:
    if data.get("until") is None:
        return f"{who} 解除不早于{_moment(data.get('was'))}发布的限制"
    return f"{who} 定为不早于{_moment(data.get('until'))}发布"


def _moment(instant: str | None) -> str:
    return moment(datetime.fromisoformat(instant)) if instant else ""


def _routed(_who: str, data: Mapping[str, Any], names: Names) -> str:
    added = [str(one["stage"]) for one in data.get("stages", ()) if one.get("applies")]
    words = "、".join(names.stages.get(stage, stage) for stage in added)
    again = "；撤回后重新提交，原来的分类、标记和已用的退回次数照旧" if data.get("after_recall") else ""
    accepted = data.get("accepted", ())
    said = "".join(
        f"；流程提醒（已由第二人接受）：{fault_sentence(Fault(0, '', one['code'], one)).rstrip('。')}"
        for one in accepted
    )
    return "选定审校流程" + (f"，因稿件情形增加{words}" if words else "") + again + said


def _migrated(_who: str, data: Mapping[str, Any], names: Names) -> str:
    if "rule" not in data:
        return f"{_who} 改走新流程"
    added = "、".join(names.stages.get(str(stage), str(stage)) for stage in data.get("added", ()))
    return "稿件内容改动后应走的流程随之改变，按更严的流程继续" + (f"，增加{added}" if added else "")


def _voided(_who: str, data: Mapping[str, Any], names: Names) -> str:
    return f"{names.place(data)}的结论作废（{_WHY_VOID.get(str(data.get('reason')), '内容已改动')}）"


_WHY_VOID = {
    "sent_back": "被退回",
    "unscheduled": "取消定时",
    "withheld": "到时不能发布",
    "taken_back": "本人拿回",
    "walk_again": "须重新走",
    "recalled": "稿件撤回",
    "declined": "已退稿",
    "earlier_stage_reopened": "前面的环节重新开始",
    "rerouted": "稿件改走的流程对这个环节另有要求",
    "applies_now": "稿件情形有变",
}

_PLACES = {"before": "之前", "after": "之后", "beside": "同时"}


def _escalated(_who: str, data: Mapping[str, Any], names: Names) -> str:
    nobody = "" if data.get("told") else "（阵地的责任链上没有写明人员）"
    rung = RUNGS[Rung(data["rung"])] if "rung" in data else ""
    why = "的办理人都外出" if data.get("absent") else "逾期未办"
    return f"{names.place(data)}{why}，上报{rung}{nobody}"


_SENTENCES: dict[Event, _Sentence] = {
    Event.CASE_TAKEN_BACK: lambda who, data, names: f"{who} 拿回{names.place(data)}的意见",
    Event.CASE_HANDED_OVER: lambda who, data, names: f"{who} 把{names.place(data)}转办给{names.person(data)}",
    Event.CASE_REVIEWER_ADDED: lambda who, data, names: (
        f"{who} 在{names.place({**data, 'stage': data.get('anchor')})}"
        f"{_PLACES.get(str(data.get('place')), '')}加签，请{names.person(data)}审核"
    ),
    Event.CASE_RECUSED: lambda who, _data, _names: f"{who} 回避本稿",
    Event.CASE_REMINDED: lambda who, data, names: f"{who} 催办{names.place(data)}",
    Event.CASE_COPIED: lambda who, data, names: f"{who} 抄送给{names.person(data)}",
    Event.CASE_CONSULTED: lambda who, data, names: (
        f"{who} 就{names.place(data)}征求{names.person(data)}的意见"
        + ("，等待反馈" if data.get("waits") else "")
    ),
    Event.CASE_ADVISED: lambda who, data, names: f"{who} 对{names.place(data)}反馈意见（不计票）",
    Event.CASE_FREED: lambda _who, data, names: (
        f"{names.person(data, 'person')}不再办理本稿，所认领的环节已放开"
    ),
    Event.CASE_STAGE_OVERRIDDEN: lambda who, data, names: f"{who} 特批越过{names.place(data)}",
    Event.DRAFT_CREATED: lambda who, _data, _names: f"{who} 建立稿件",
    Event.DRAFT_REVISED: lambda who, data, _names: (
        f"{who} 修改稿件，形成修订 {data['revision']}" if "revision" in data else f"{who} 更改投稿去向"
    ),
    Event.DRAFT_SUBMITTED: lambda who, _data, _names: f"{who} 提交审校",
    Event.CASE_OPENED: lambda _who, _data, _names: "审签案建立",
    Event.CASE_ROUTED: _routed,
    Event.CASE_MIGRATED: _migrated,
    Event.CASE_BLOCKED: lambda _who, _data, _names: "规则检查发现阻断项，稿件退回作者处理",
    Event.CASE_STAGE_OPENED: lambda _who, data, names: f"{names.place(data)}开始",
    Event.CASE_STAGE_KEPT: lambda _who, data, names: f"{names.place(data)}的结论保留（仅校对改动）",
    Event.CASE_STAGE_VOIDED: _voided,
    Event.CASE_STAGE_SKIPPED: lambda _who, data, names: f"{names.place(data)}不适用，跳过",
    Event.CASE_STAGE_DUE: lambda _who, data, names: f"{names.place(data)}今日到期，已提醒",
    Event.CASE_STAGE_LATE: lambda _who, data, names: f"{names.place(data)}已逾期，已通知经办人",
    Event.CASE_STAGE_ESCALATED: _escalated,
    Event.CASE_RECONSIDERED: lambda _who, _data, _names: "阻断项已获豁免，继续审校",
    Event.CASE_CLEARED: lambda _who, _data, _names: "全部环节完成",
    Event.CHECK_RUN: lambda _who, _data, _names: "完成规则检查",
    Event.DECISION_APPROVED: _approved,
    Event.DECISION_SENT_BACK: _sent_back,
    Event.DECISION_REFUSED: _refused,
    Event.PROOF_LAID_OUT: lambda _who, data, names: f"{names.place(data)}校样排出",
    Event.PROOF_FAILED: _proof_failed,
    Event.MARKS_CONFIRMED: lambda who, data, names: f"{who} {names.place(data)}通过",
    Event.RELEASE_SIGNED: lambda who, data, names: f"{who} 签发{names.place({**data, 'stage': ''})}",
    Event.RELEASE_SCHEDULED: _scheduled,
    Event.RELEASE_UNSCHEDULED: _unscheduled,
    Event.RELEASE_WITHHELD: _withheld,
    Event.CASE_EMBARGOED: _embargoed,
    Event.RELEASE_REFUSED: lambda who, data, names: (
        f"{who} 对{names.place({**data, 'stage': ''})}的签发未被接受"
    ),
    Event.CLEARANCE_GIVEN: lambda who, data, names: f"{who} 获准发布到{names.place(data)}",
    Event.CLEARANCE_REFUSED: lambda who, data, names: f"{who} 请求发布到{names.place(data)}，未获准许",
    Event.PUBLICATION_PUBLISHED: lambda who, data, names: f"{who} 报告已在{names.place(data)}发布",
    Event.EVIDENCE_EXPORTED: lambda who, _data, _names: f"{who} 导出证据包",
}
