"""The sentence in which the timeline of a draft tells of an event, where its label alone does not say it.

An entry of the catalogue has a text with names in braces , or one of the functions here where the sentence
depends on what the event carries.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.domain.deadlines import Rung
from app.domain.vocabulary import Event, OnlineState, OrderKind, RemedyKind, RemedyOrigin
from app.infra.clock import moment
from app.infra.errors import Reason
from app.infra.http.problems import sentence as reason_sentence
from app.words.labels import label, limit
from app.words.places import place_in_text

Data = Mapping[str, Any]


def _no_words(warning: Data) -> str:
    return str(warning.get("code", ""))


@dataclass(frozen=True, slots=True)
class Names:
    """The words for keys that stand in the record; `warning` says what the linter of workflows warned of."""

    stages: Mapping[str, str]
    channels: Mapping[str, str]
    people: Mapping[str, str] = field(default_factory=dict)
    warning: Callable[[Data], str] = _no_words

    def person(self, data: Data, key: str = "to") -> str:
        """Return the name of a person whom the data names."""
        return self.people.get(str(data.get(key)), "某人")

    def place(self, data: Data) -> str:
        """Return a stage and its channel in words, such as 公众号一校; empty without one."""
        return self.channel(data) + self.stage(data.get("stage"))

    def channel(self, data: Data) -> str:
        """Return the channel alone; empty without one."""
        line = str(data.get("line") or data.get("channel") or "")
        return self.channels.get(line, line)

    def stage(self, key: object) -> str:
        """Return the title of a stage; its key where it has none."""
        return self.stages.get(str(key or ""), str(key or ""))


#: A text with `{who}`, `{place}`, `{channel}`, `{to}` and `{person}`; or what makes the sentence.
Sentence = str | Callable[[str, Data, Names], str]


def told(event: Event, sentence: Sentence | None, who: str, data: Data, names: Names) -> str:
    """Return what happened as a sentence; without one of its own, who, where and the event's label."""
    if callable(sentence):
        return sentence(who, data, names)
    plain = "{who} {place}{event}"
    return (sentence or plain).format(
        who=who,
        place=names.place(data),
        channel=names.channel(data),
        to=names.person(data),
        person=names.person(data, "person"),
        event=label(event),
    )


def asset_added(who: str, data: Data, _names: Names) -> str:
    """Say what the file is for."""
    what = {"image": "添加图片", "original": "交来的原文件已经留存"}.get(str(data.get("role")), "添加附件")
    return f"{who} {what}"


_DONE_TO_THREADS = {
    "comment.made": "在{where}批注",
    "comment.replied": "回复{where}的批注",
    "comment.resolved": "认为{where}的批注已解决",
    "comment.reopened": "重新打开{where}的批注",
    "suggestion.made": "对{where}提出修改建议",
    "suggestion.disputed": "不采纳{where}的修改建议",
}


def of_thread(event: Event) -> Callable[[str, Data, Names], str]:
    """Return what says where the words are that a comment or suggestion is about; none of the words."""

    def sentence(who: str, data: Data, _names: Names) -> str:
        where = _where(str(data.get("place", "")))
        return f"{who} {_DONE_TO_THREADS[event].format(where=where)}"

    return sentence


def suggestions_accepted(who: str, data: Data, _names: Names) -> str:
    """Say how many."""
    return f"{who} 采纳 {len(data.get('threads', ()))} 条修改建议"


def approved(who: str, data: Data, names: Names) -> str:
    """Say whether others have to decide, too."""
    return f"{who} {names.place(data)}通过" + ("" if data.get("final", True) else "（还需他人表态）")


def vote_closed(_who: str, data: Data, names: Names) -> str:
    """Say how the vote ended, in numbers."""
    ended = "通过" if data.get("result") == "passed" else "未通过"
    votes = f"同意 {data.get('yes')}，不同意 {data.get('no')}，弃权 {data.get('abstained')}"
    return f"{names.place(data)}表决{ended}（应到 {data.get('members')} 人：{votes}）"


def sent_back(who: str, data: Data, names: Names) -> str:
    """Say where to."""
    to = str(data.get("to") or "author")
    return f"{who} {names.place(data)}退回给{'作者' if to == 'author' else names.stage(to)}"


def refused(who: str, data: Data, names: Names) -> str:
    """Say why. The record keeps codes alone; sentences that need data are told by their general words."""
    why = _reasons(data)
    return f"{who} 在{names.place(data)}的操作未被接受" + (f"：{why}" if why else "")


def proof_failed(_who: str, data: Data, names: Names) -> str:
    """Say which limits of the channel were not kept."""
    why = "；".join(limit(str(code)) for code in data.get("limits", ()))
    return f"{names.place(data)}校样未能排出，稿件退回作者" + (f"：{why}" if why else "")


def scheduled(who: str, data: Data, names: Names) -> str:
    """Say for when."""
    return f"{who} 将{names.place(data)}定于{_moment(data.get('release_at'))}发布"


def unscheduled(who: str, data: Data, names: Names) -> str:
    """Say what was set, and whether the case ended."""
    why = "" if data.get("reason") == "taken_back" else "（审签案结束）"
    return f"{who} 取消{names.place(data)}的定时发布（原定{_moment(data.get('release_at'))}）{why}"


def withheld(_who: str, data: Data, names: Names) -> str:
    """Say what stood in the way."""
    return f"{names.place(data)}到了定时（{_moment(data.get('release_at'))}）不能发布：{_reasons(data)}"


def embargoed(who: str, data: Data, _names: Names) -> str:
    """Say until when, or that there is no embargo any more."""
    if data.get("until") is None:
        return f"{who} 解除不早于{_moment(data.get('was'))}发布的限制"
    return f"{who} 定为不早于{_moment(data.get('until'))}发布"


_ABOUT_CLASS = {
    "case.class_asked": "申请把分类由“{was}”改低为“{title}”，等待另一人同意",
    "case.class_changed": "把分类由“{was}”改定为“{title}”",
    "case.class_kept": "对改低为“{title}”的申请未予采用，分类仍为“{was}”",
}


def of_class(event: Event) -> Callable[[str, Data, Names], str]:
    """Return what says from which class to which, by the names that they had then."""

    def sentence(who: str, data: Data, _names: Names) -> str:
        was = data.get("was_title") or "未定"
        by_two = "（由另一人申请）" if event == "case.class_changed" and "asked_by" in data else ""
        return f"{who} {_ABOUT_CLASS[event].format(was=was, title=data.get('title'))}{by_two}"

    return sentence


def routed(_who: str, data: Data, names: Names) -> str:
    """Say which stages the facts added, what a recall kept, and what a second person had accepted."""
    added = "、".join(names.stage(stage["stage"]) for stage in data.get("stages", ()) if stage.get("applies"))
    again = "；撤回后重新提交，原来的分类、标记和已用的退回次数照旧" if data.get("after_recall") else ""
    accepted = "".join(
        f"；流程提醒（已由第二人接受）：{names.warning(warning).rstrip('。')}"
        for warning in data.get("accepted", ())
    )
    return "选定审校流程" + (f"，因稿件情形增加{added}" if added else "") + again + accepted


def migrated(who: str, data: Data, names: Names) -> str:
    """Say whether a new text did it, and what that added."""
    if "rule" not in data:
        return f"{who} 改走新流程"
    added = "、".join(names.stage(stage) for stage in data.get("added", ()))
    return "稿件内容改动后应走的流程随之改变，按更严的流程继续" + (f"，增加{added}" if added else "")


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
    "class_changed": "分类改定以后不再适用",
}


def voided(_who: str, data: Data, names: Names) -> str:
    """Say why an outcome counts no more."""
    return f"{names.place(data)}的结论作废（{_WHY_VOID.get(str(data.get('reason')), '内容已改动')}）"


_PLACES = {"before": "之前", "after": "之后", "beside": "同时"}


def reviewer_added(who: str, data: Data, names: Names) -> str:
    """Say who, and at which stage."""
    where = names.place({**data, "stage": data.get("anchor")}) + _PLACES.get(str(data.get("place")), "")
    return f"{who} 在{where}加签，请{names.person(data)}审核"


def consulted(who: str, data: Data, names: Names) -> str:
    """Say who was asked, and whether the stage waits."""
    waits = "，等待反馈" if data.get("waits") else ""
    return f"{who} 就{names.place(data)}征求{names.person(data)}的意见{waits}"


def escalated(_who: str, data: Data, names: Names) -> str:
    """Say to whom, and why."""
    nobody = "" if data.get("told") else "（阵地的责任链上没有写明人员）"
    rung = label(Rung(data["rung"])) if "rung" in data else ""
    why = "的办理人都外出" if data.get("absent") else "逾期未办"
    return f"{names.place(data)}{why}，上报{rung}{nobody}"


def revised(who: str, data: Data, _names: Names) -> str:
    """Say whether it was the text, or where it is bound for."""
    return f"{who} 修改稿件，形成修订 {data['revision']}" if "revision" in data else f"{who} 更改投稿去向"


def exported(who: str, data: Data, _names: Names) -> str:
    """Say by which digest the file is known, and how far it goes."""
    return (
        f"{who} 导出证据包（至第 {data.get('seq', '')} 号记录，文件摘要 {str(data.get('file', ''))[:16]}…）"
    )


def _where(place: str) -> str:
    return place_in_text(place) if place else "全篇"


def _reasons(data: Data) -> str:
    return "；".join(reason_sentence(Reason(str(code))).rstrip("。") for code in data.get("reasons", ()))


def _moment(instant: str | None) -> str:
    return moment(datetime.fromisoformat(instant)) if instant else ""


def _remedy(data: Data) -> str:
    return label(RemedyKind(str(data["kind"]))) if "kind" in data else "更正或撤稿"


def remedy_opened(who: str, data: Data, names: Names) -> str:
    """Say what was opened, where, and under which number."""
    there = "、".join(names.channels.get(str(line), str(line)) for line in data.get("channels", ()))
    kind = _remedy(data)
    by_itself = data.get("origin") == RemedyOrigin.OWED_REVIEW
    opened = f"补审未通过，自动开出{kind}" if by_itself else f"{who} 申请{kind}"
    return f"{opened}（{data.get('number')}）：{there}"


def remedy_begun(_who: str, data: Data, _names: Names) -> str:
    """Say what the draft corrects or retracts."""
    return f"对已发布的 {data.get('of_number')} 作{_remedy(data)}"


def remedy_dropped(who: str, data: Data, _names: Names) -> str:
    """Say what was given up."""
    return f"{who} 放弃{_remedy(data)}"


def confirmed(who: str, data: Data, names: Names) -> str:
    """Say what a channel has done."""
    done = {OrderKind.CORRECT: "已更正", OrderKind.RETRACT: "已撤下", OrderKind.UNPUBLISH: "已下架"}
    return f"{who} 回报{names.channel(data)}{done.get(data.get('kind', ''), '已办理')}"


def overdue(_who: str, data: Data, names: Names) -> str:
    """Say what a channel has not done."""
    kind = label(OrderKind(str(data["kind"]))) if "kind" in data else "办理情况"
    return f"{names.channel(data)}逾期没有回报{kind}，已提醒" + ("并上报" if data.get("alarm") == 2 else "")


def found_online(_who: str, data: Data, names: Names) -> str:
    """Say what was found where it is out."""
    words = {
        OnlineState.SAME: "网上的内容恢复为与签发一致",
        OnlineState.CHANGED: "网上的内容与签发的不一致",
        OnlineState.GONE: "网上的页面已失效",
    }
    return (
        f"{names.channel(data)}{words.get(OnlineState(str(data.get('state', 'same'))), '网上核查没有结果')}"
    )


def end_set(who: str, data: Data, names: Names) -> str:
    """Say until when, and where."""
    there = names.channel(data) or "各阵地"
    ends = data.get("ends_at")
    if not ends:
        return f"{who} 取消{there}的下架时间"
    return f"{who} 设定{there}于 {moment(datetime.fromisoformat(str(ends)))} 下架"
