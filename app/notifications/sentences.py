"""Notices in Chinese: one sentence for each kind, to the person themselves and to a group.

No word of a text but its title, no name of a person; a confidential title stays in the house.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.deadlines import BEIJING, Rung
from app.domain.vocabulary import NoticeKind
from app.infra.errors import Reason
from app.infra.http.problems import sentence as reason_sentence
from app.publication import errors as _gate  # noqa: F401 – the words of what stood in the way
from app.words.labels import label

K = NoticeKind

#: kind → (to the person, to a group). `{places}`, `{due}`, `{release}`, `{against}`, `{why}`, `{rung}` and
#: `{year}` are filled in.
_SENTENCES: dict[NoticeKind, tuple[str, str]] = {
    K.STAGE_OPENED: ("请您办理：{places}", "等待办理：{places}"),
    K.STAGE_REMINDED: ("催办：请尽快办理{places}", "催办：{places}"),
    K.STAGE_DUE: ("{places}将于{due}到期，请按时办理", "{places}将于{due}到期"),
    K.STAGE_LATE: ("{places}已逾期（期限{due}），请立即办理", "{places}已逾期（期限{due}）"),
    K.STAGE_ESCALATED: (
        "{places}{why}（期限{due}），请您以{rung}身份督促",
        "{places}{why}（期限{due}），已上报{rung}",
    ),
    K.HANDED_OVER: ("{places}已转给您办理", "{places}已转办"),
    K.CONSULTED: ("请您对{places}提出意见", "{places}征求意见"),
    K.ADVISED: ("您征求的意见已反馈：{places}", "{places}的意见已反馈"),
    K.COPIED: ("抄送给您，请知悉", "已抄送"),
    K.RETURNED: ("已退回给您，请修改后重新提交", "已退回作者"),
    K.SIGNED_BUT_RETURNED: ("您签过之后，稿件在{places}被退回", "在{places}被退回"),
    K.BLOCKED: ("规则检查发现必须处理的问题，请修改或者申请豁免", "规则检查发现必须处理的问题"),
    K.DECLINED: ("已退稿", "已退稿"),
    K.HELD: ("正在请示，期限暂停计算", "正在请示"),
    K.ANSWERED: ("请示已有答复，审校继续", "请示已有答复，审校继续"),
    K.CLEARED: ("全部环节已完成", "全部环节已完成"),
    K.SCHEDULED: ("{places}已签发，定于{release}发布", "{places}定于{release}发布"),
    K.UNSCHEDULED: ("{places}的定时发布（{release}）已取消", "{places}的定时发布已取消"),
    K.WITHHELD: (
        "{places}到了定时（{release}）却不能发布：{against}。请处理后重新签发",
        "{places}到了定时（{release}）却不能发布",
    ),
    K.PUBLISHED: ("已在{places}发布", "已在{places}发布"),
    K.CORRECTED: (
        "{places}的更正已签发，请在{due}前替换并回报",
        "{places}的更正已签发，请在{due}前替换并回报",
    ),
    K.RETRACTED: (
        "{places}的撤稿已签发，请立即撤下，并在{due}前回报",
        "{places}的撤稿已签发，请立即撤下，并在{due}前回报",
    ),
    K.REMEDY_OPENED: ("已发布的内容要更正或撤稿，请关注办理", "已发布的内容要更正或撤稿"),
    K.UNPUBLISHED: (
        "{places}的发布期限已到，请下架，并在{due}前回报",
        "{places}的发布期限已到，请下架，并在{due}前回报",
    ),
    K.ORDER_OVERDUE: (
        "{places}逾期没有回报更正、撤稿或下架（期限{due}），请核实是否已经处理",
        "{places}逾期没有回报更正、撤稿或下架（期限{due}）",
    ),
    K.WAIVER_ASKED: ("有一项豁免申请等您批准", "有一项豁免申请待批"),
    K.WAIVER_DECIDED: ("豁免申请已有结果", "豁免申请已有结果"),
    K.DEBT_OWED: ("紧急发布后尚欠补审：{places}，期限{due}", "尚欠补审：{places}，期限{due}"),
    K.CALENDAR_MISSING: (
        "系统里没有{year}年的放假安排，期限算不出来，逾期不会提醒：请在 policies/calendar 补上 {year}.yaml",
        "系统里没有{year}年的放假安排",
    ),
    K.ACCOUNT: ("您的账号有变动：{account}", "账号有变动"),
    K.ENDPOINT: ("接收地址 {host} {endpoint}", "接收地址 {host} {endpoint}"),
    K.COMMENTED: ("有新的批注或修改建议，请查看", "有新的批注或修改建议"),
    K.MENTIONED: ("有人在批注里提到您，请查看", "有人在批注里提到同事"),
    K.CLASS_ASKED: ("有人申请把分类改低，请您同意或者不同意", "有人申请把分类改低"),
    K.CLASS_CHANGED: ("稿件的分类已改定，应走的环节随之改变", "稿件的分类已改定"),
    K.STAGE_STRANDED: (
        "{places}现在没有人可以办理，请指派或者授予职责，或由作者撤回",
        "{places}现在没有人可以办理",
    ),
    K.SUGGESTION_ANSWERED: ("您的修改建议或校对标记已有答复", "修改建议或校对标记已有答复"),
}

#: What befell an address outside that hears of events (`disabled_reason`, or `undelivered`).
_ENDPOINT = {
    "undelivered": "的消息重试完了仍没有送达，已经放弃；请检查对方的服务，再从投递记录里重发",
    "gone": "答复说它已不再使用（410），已停止推送，没有送出的消息也不再重试",
    "failing": "连续多日收不到消息，已停止推送；请检查对方的服务，再重新启用",
}
_SWITCHED_OFF = "已由管理员停用"

#: What was done to an account → the sentence; `{from}`, `{to}`, `{role}` and `{tool}` are filled in.
_ACCOUNT = {
    "password_reset": (
        "管理员重设了您的登录密码，原有登录全部失效。如果不是您请其办理的，请立即联系安全管理员和审计管理员"
    ),
    "email_changed": "管理员改动了账号登记的邮箱。如果不是您请其办理的，请立即联系安全管理员和审计管理员",
    "moved": "系统管理员把您的账号调到了另一个单位；职责和岗位没有改动。如有不符，请联系安全管理员",
    "renamed": "系统管理员更正了您的姓名；以前的留痕仍用当时的姓名。如有不符，请联系安全管理员",
    "merged": "安全管理员认定您的几个账号属于同一人，今后合起来算一个人。如有不符，请联系审计管理员",
    "delegation_asked": (
        "安全管理员拟为您设立{from}至{to}的代理，须经您或者另一位管理员同意，请到“代理与外出”页面查看、办理"
    ),
    "delegation_set": "与您有关的一项代理已经生效（{from}至{to}）。如有不符，请到“代理与外出”页面终止",
    "delegation_ended": "与您有关的一项代理已经终止（{from}至{to}）",
    "key_acts_for": (
        "系统管理员发放了一个可以您的名义投稿的工具密钥（{tool}）；它投的稿由您署名负责。如果不是您请其办理的，"
        "请立即联系系统管理员和审计管理员"
    ),
    "granted_alone": "有人在服务器上单独授予了“{role}”职责，没有第二人到场，请核对留痕",
}


@dataclass(frozen=True, slots=True)
class About:
    """The draft that a notice is about, as far as it may be named; no title: it is confidential."""

    number: str
    title: str = ""

    @property
    def words(self) -> str:
        """The draft in words: number, and title if there is one."""
        return f"《{plain(self.title)}》（{self.number}）" if self.title else f"稿件 {self.number}"


def sentence(kind: NoticeKind, data: Mapping[str, Any], about: About | None, *, group: bool = False) -> str:
    """Return a notice as one line without a full stop."""
    said = _SENTENCES[kind][group].format_map(_Words(data))
    return said if about is None else f"{about.words}：{said}"


def plain(text: str) -> str:
    """Return a title as one line without control characters, for whatever it is put into."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", " ", text).split())


def moment(at: datetime) -> str:
    """Return an instant in Beijing's time, without the year."""
    local = at.astimezone(BEIJING)
    return f"{local.month}月{local.day}日 {local:%H:%M}"


class _Words(dict[str, str]):
    """The words that a sentence asks for; what the data do not hold is left out of it."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__()
        titles = dict.fromkeys(str(place.get("title", "")) for place in data.get("places", ()))
        self["places"] = "、".join(filter(None, titles))
        self["due"] = moment(datetime.fromisoformat(data["due_at"])) if data.get("due_at") else ""
        self["rung"] = label(Rung(data["rung"])) if data.get("rung") else ""
        self["why"] = "的办理人都外出" if data.get("absent") else "逾期未办"
        release = data.get("release_at")
        self["release"] = moment(datetime.fromisoformat(release)) if release else ""
        self["against"] = "；".join(
            reason_sentence(Reason(str(code))).rstrip("。") for code in data.get("reasons", ())
        )
        self["year"] = str(data.get("year", ""))
        self["host"] = str(data.get("host", ""))
        self["endpoint"] = _ENDPOINT.get(str(data.get("befell", "")), _SWITCHED_OFF)
        days = {"from": data.get("starts_on", ""), "to": data.get("ends_on", "")}
        known = {**days, "role": data.get("role", ""), "tool": plain(str(data.get("tool", "")))}
        self["account"] = _ACCOUNT.get(str(data.get("what", "")), "").format_map(known)
