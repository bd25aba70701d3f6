"""The words of reviews' refusals: what is wrong, and what to do next."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from sqlmodel import Session

from app.domain.refusals import Refusal, RefusalCode
from app.drafts.errors import LINE_SCHEDULED
from app.infra.errors import AppError, Conflict, Forbidden, Invalid, Reason
from app.infra.http.problems import problems, reasons

C = RefusalCode

_WORDS: dict[RefusalCode, tuple[str, str]] = {
    C.ALREADY_SUBMITTED: ("这篇稿件已在审校流程中，请在原审签案上继续。", "The draft is in review already."),
    C.NOT_SUBMITTED: ("这篇稿件还没有提交送审，请先提交。", "The draft was not submitted yet."),
    C.CASE_BLOCKED: (
        "规则检查发现必须处理的问题，请作者修改后重新提交，或先申请豁免。",
        "The case is blocked by findings.",
    ),
    C.CASE_CLOSED: ("这个审签案已经结束，不能再操作。", "The case has ended."),
    C.CASE_HELD: ("这个审签案正在请示，收到答复并登记后才能继续。", "The case is on hold."),
    C.CASE_NOT_HELD: ("这个审签案没有在请示，不需要答复。", "The case is not on hold."),
    C.CASE_RETURNED: ("稿件已退回作者，请等作者重新提交。", "The draft is back with its author."),
    C.NOT_WITH_AUTHOR: (
        "稿件不在作者手中，不能这样操作；如需修改请先撤回。",
        "The draft is not with its author.",
    ),
    C.OUT_ALREADY: (
        "稿件已经发布，不能撤回；要改动请申请更正，要撤下请申请撤稿。",
        "The draft is out already: have it corrected or retracted.",
    ),
    C.STAGE_UNKNOWN: ("流程中没有“{stage}”这个环节，请刷新后再试。", "The workflow has no such stage."),
    C.STAGE_NOT_OPEN: ("这个环节现在没有开放，可能已有人处理，请刷新后再看。", "The stage is not open now."),
    C.VERB_NOT_OFFERED: ("这个环节不能进行这项操作。", "This cannot be done here."),
    C.OUTCOME_NOT_OFFERED: (
        "这个环节没有这种处理结果，请从所列结果中选择。",
        "The stage has no such outcome.",
    ),
    C.OUTCOME_REQUIRED: (
        "这个环节有几种处理结果，请选定其中一种：{titles}。",
        "The stage offers several outcomes; say which.",
    ),
    C.NOT_ALLOWED: ("您没有承担这个环节的职责，请由有相应角色的人处理。", "You hold no role for this stage."),
    C.NOT_AN_AUTHOR: ("只有本稿的作者或提交人可以这样操作。", "Only an author of the draft may do this."),
    C.OWN_DRAFT: (
        "您参与过本稿的撰写或修改，不能审校自己的稿件，请由他人处理。",
        "You wrote part of this draft.",
    ),
    C.OWN_MARKS: (
        "核红须由改样以外的人进行，请由他人核对。",
        "Somebody else must confirm carried-out marks.",
    ),
    C.ANOTHER_PERSON: (
        "“{title}”须由办理“{as_title}”的同一人办理。",
        "The person of an earlier stage acts here.",
    ),
    C.HEAD_OF_AUTHOR: (
        "“{title}”不由作者所在部门的负责人办理，请由其他部门的人处理。",
        "The head of the author's own department does not act here.",
    ),
    C.SAME_PERSON: (
        "您已承担与本环节须由不同人完成的环节，请由他人处理。",
        "You stand behind a stage that must be another's.",
    ),
    C.ALREADY_DECIDED: ("您在这个环节已经表过态，请等其他人。", "You have decided at this stage already."),
    C.CLAIMED_BY_OTHER: ("这个环节已由他人认领，请与认领人联系。", "Somebody else has claimed the stage."),
    C.EACH_FOR_THEMSELVES: (
        "这个环节由多人各自表态，不能转给别人；如不能办理，请设立代理或者回避。",
        "Several people decide here, each for themselves.",
    ),
    C.NOT_CLAIMED: ("这个环节不是您认领的，不能取消认领。", "You have not claimed the stage."),
    C.RECUSED: ("已回避本稿，不能再处理，请由他人处理。", "They have withdrawn from this case."),
    C.NO_DELEGATION: (
        "您现在没有代理此人的职责，请以本人名义处理或先设立代理。",
        "You do not stand in for them now.",
    ),
    C.PERSON_UNKNOWN: ("没有这个人，或此人不能参与审校，请从名单中选择。", "There is nobody to be named so."),
    C.PERSON_ABSENT: ("此人现在不在岗，请另选一人或选其代理人。", "They are away now."),
    C.PERSON_CANNOT_ACT: (
        "此人不能承担这个环节：或无相应职责，或写过本稿，或已承担须由他人完成的环节。请另选一人。",
        "They may not act at this stage.",
    ),
    C.PERSON_IS_ONESELF: ("不能指定本人，请另选一人。", "Name somebody else than yourself."),
    C.NOTHING_TO_TAKE_BACK: ("这个环节没有可以拿回的意见。", "There is no approval to take back."),
    C.NOT_YOUR_DECISION: ("只能拿回自己的意见。", "The decision is not yours."),
    C.TAKEN_UP: (
        "后面的环节已有人处理，不能拿回；如有问题，请与其联系，由其退回。",
        "Somebody has begun on what it opened.",
    ),
    C.REMINDED_ALREADY: ("这个环节一天内已催办过，请稍后再催。", "The stage was reminded of within a day."),
    C.ALREADY_COPIED: ("已经抄送过此人。", "They were sent a copy already."),
    C.ALREADY_ASKED: ("已向此人征求意见，请等其反馈。", "They were asked already."),
    C.NOT_ASKED: ("这个环节没有向您征求意见，或您已反馈。", "Your opinion is not asked for here."),
    C.OPINION_AWAITED: (
        "正在等待征求的意见；如不再等待，请重新征求并选“不等待”。",
        "The stage waits for an opinion.",
    ),
    C.CANNOT_ADD_THERE: ("签发之后不能再加签，请选“之前”或“同时”。", "No review comes after the signature."),
    C.TOO_MANY_ADDED: ("一个审签案最多加签 {most} 次。", "Too many reviewers were added."),
    C.STALE_DIGEST: (
        "您看到的内容已不是最新，请刷新，看过改动后再作决定。",
        "What you read is not the stage's text now.",
    ),
    C.BLOCKING_FINDINGS: (
        "有未处理的禁止性问题，须由作者修改或获得豁免后才能通过。",
        "Blocking findings are open.",
    ),
    C.OWN_THREADS_UNSETTLED: (
        "您提出的批注和修改建议还有 {threads} 条没有解决，请先解决，或者退回作者处理。",
        "Comments or suggestions of your own are not settled.",
    ),
    C.TOO_MANY_ERRORS: (
        "遗留问题 {errors} 处，超过本环节上限 {limit} 处，请先修改。",
        "Too many errors are left.",
    ),
    C.CHANNEL_LIMIT: ("内容超出发布阵地的限制，请按所列各项删改。", "A channel's limits are exceeded."),
    C.MARKS_OPEN: ("还有 {marks} 处校对标记没有改正，请先改样。", "Marks are not carried out yet."),
    C.NO_MARKS: ("没有需要改正的校对标记。", "There are no marks to carry out."),
    C.VOTE_GOES_ON: ("表决还没有到结束时间。", "The vote goes on."),
    C.NOTHING_CHANGED: ("内容没有变化；如不修改，请写明理由后再提交。", "Nothing was changed."),
    C.NOT_MARKS_ONLY: (
        "这些改动超出了改样的范围，请退回作者修改并重新送审。",
        "The change is more than a small correction.",
    ),
    C.LINE_UNKNOWN: ("这篇稿件没有发往这个阵地。", "The draft is not bound for this channel."),
    C.PROOF_OUTDATED: ("这份校样对应的不是当前内容，请等新校样。", "The proof is not of the present text."),
    C.PROOF_ALREADY_BOUND: ("这个阵地的校样已经排好。", "The line has its proof already."),
    C.LINE_SCHEDULED: LINE_SCHEDULED,
    C.NOT_SCHEDULED: (
        "这个阵地没有定时发布，可能已经发布或取消，请刷新后再看。",
        "The line is not scheduled.",
    ),
    C.NOT_SIGNED_OFF: ("这个阵地还没有按现在的校样签发，不能定时。", "The line is not signed on this proof."),
    C.INSTANT_PAST: ("请填写将来的时间。", "Give an instant that lies ahead."),
    C.INSTANT_TOO_FAR: ("时间太远，最晚到 {latest}。", "The instant is more than a year ahead."),
    C.UNDER_EMBARGO: (
        "稿件不早于 {until} 发布，定时不能早于它；请改晚，或由签发人先提前或解除。",
        "The instant lies before the embargo ends.",
    ),
    C.SCHEDULED_EARLIER: (
        "“{line}”已定时于 {release_at} 发布，早于所填时间，请先取消定时。",
        "A line is scheduled before this instant.",
    ),
    C.EMBARGO_SAME: ("不早于的时间没有变化。", "The embargo is the same."),
    C.COMMENT_REQUIRED: ("请填写意见。", "A comment is required."),
    C.CHECKLIST_INCOMPLETE: ("请逐项确认检查清单。", "The checklist is not ticked through."),
    C.CANNOT_SEND_BACK_THERE: ("不能退回到这个环节，请从所列环节中选择。", "It cannot be sent back there."),
    C.ROUNDS_USED_UP: (
        "本环节已退回 {used} 次，达到上限，只能退稿或请示。",
        "The stage has used up its rounds.",
    ),
    C.REASON_REQUIRED: (
        "“{title}”须从规定的理由中至少选一项：{reasons}。",
        "One of the preset reasons is required.",
    ),
    C.BASIS_REQUIRED: (
        "“{title}”须写明依据：在意见中另起一行，以“依据：”开头。",
        "What the decision rests on is required.",
    ),
    C.STRANDS: (
        "这样办以后，“{titles}”就没有其他人可以办理了；请先授予他人职责或改由他人办理，确要这样办请勾选“已知悉”。",
        "Nobody could act at these stages any more.",
    ),
    C.CLASS_UNKNOWN: ("没有“{given}”这个分类；可用的分类：{known}。", "There is no such class."),
    C.CLASS_SAME: ("稿件现在就是“{now}”，分类没有变化。", "The draft has this class already."),
    C.CLASS_BY_ANOTHER: (
        "把分类改低须由另一人同意，申请人自己不能同意；要收回申请，请选现在的分类。",
        "A lighter class takes the word of another person than asked for it.",
    ),
    C.PLACE_UNKNOWN: ("稿件中没有“{place}”这个位置。", "The document has no such place."),
    C.QUOTE_DIFFERS: ("原文与标记所引“{quote}”不一致，请刷新后重新标记。", "The quote does not stand there."),
    C.MARKS_OVERLAP: ("有标记互相重叠，请合并后再改。", "Marks overlap."),
    C.MARK_MALFORMED: ("标记的内容与它的种类（{kind}）不相符。", "The mark does not fit its kind."),
    C.RESULT_INVALID: ("改正后的内容不成为有效的文稿。", "The result is no valid document."),
    C.MIGRATION_SAME: ("这个审签案走的已经是现行版本，不需要迁移。", "The case walks the version in force."),
    C.MIGRATION_CHANGES_BEGUN: (
        "环节“{title}”已经开始办理，新版本改了它的 {fields}；已开始的环节不能改，请等它走完或撤回重走。",
        "A stage that has begun is changed.",
    ),
    C.MIGRATION_REMOVES_BEGUN: (
        "环节“{titles}”已经留有记录，新版本没有这个环节，不能迁移。",
        "A stage on the record is removed.",
    ),
    C.MIGRATION_COMES_BEFORE: (
        "新版本的环节“{titles}”排在已经开始的环节之前，补走不了；请撤回重走，或按原版本走完。",
        "A new stage comes before one that has begun.",
    ),
    C.MIGRATION_LOSES_REVIEW: (
        "迁移后三审缺少 {levels}，不能迁移。",
        "One of the three reviews would be missing.",
    ),
    C.MIGRATION_BREAKS_SET: (
        "“{titles}”由同一人办理，而新版本要求不同的人，不能迁移。",
        "One person stands behind stages that must differ.",
    ),
    C.MIGRATION_STRANDS: (
        "迁移后环节“{titles}”没有合适的人可以办理；请先授予角色，再迁移。",
        "Stages would have nobody who may decide.",
    ),
    C.TOO_LARGE_A_CHANGE: (
        (
            "改动增删 {characters} 字、{edits} 处，占全文 {share}‰，"
            "超过小改的限度（{most_characters} 字、{most_edits} 处、{most_share}‰）。"
        ),
        "The change is too large.",
    ),
    C.TOUCHES_NUMBER: ("改动涉及数字“{text}”。", "The change touches a number."),
    C.TOUCHES_DATE: ("改动涉及日期“{text}”。", "The change touches a date."),
    C.TOUCHES_NAME: ("改动涉及姓名“{text}”。", "The change touches a name."),
    C.TOUCHES_POST: ("改动涉及职务“{text}”。", "The change touches a post."),
    C.TOUCHES_LINK: ("改动涉及链接。", "The change touches a link."),
    C.TOUCHES_MEDIA: ("改动涉及图片、视频或附件。", "The change touches media or attachments."),
    C.CHANGES_STRUCTURE: ("改动增删了段落或改变了版块。", "The change adds or removes blocks."),
    C.NEW_FINDING: ("改动带来新的问题：{rules}。", "The change brings new findings."),
    C.CHANGES_ROUTE: (
        "改动使稿件改走“{workflow}”，不能按小改处理。",
        "The change sends the draft through another workflow.",
    ),
}
_USE_RELEASE = ("签发请在“签发”处办理，系统会同时核对发布条件。", "Sign through the releases of the case.")

#: Refusals of the person: 403.
PERSONAL = frozenset(
    {
        C.NOT_ALLOWED,
        C.NOT_AN_AUTHOR,
        C.OWN_DRAFT,
        C.OWN_MARKS,
        C.ANOTHER_PERSON,
        C.HEAD_OF_AUTHOR,
        C.SAME_PERSON,
        C.RECUSED,
        C.NO_DELEGATION,
        C.NOT_YOUR_DECISION,
        C.NOT_ASKED,
        C.CLASS_BY_ANOTHER,
    }
)
#: Refusals of the form: 422. Everything else is 409.
OF_THE_FORM = frozenset(
    {
        C.COMMENT_REQUIRED,
        C.CHECKLIST_INCOMPLETE,
        C.CANNOT_SEND_BACK_THERE,
        C.OUTCOME_NOT_OFFERED,
        C.OUTCOME_REQUIRED,
        C.STAGE_UNKNOWN,
        C.PLACE_UNKNOWN,
        C.MARK_MALFORMED,
        C.LINE_UNKNOWN,
        C.PERSON_UNKNOWN,
        C.PERSON_IS_ONESELF,
        C.PERSON_CANNOT_ACT,
        C.INSTANT_PAST,
        C.INSTANT_TOO_FAR,
        C.CLASS_UNKNOWN,
        C.CLASS_SAME,
        C.REASON_REQUIRED,
        C.BASIS_REQUIRED,
    }
)

#: What is merely forgotten in a form, and says nothing of who may do what: it is told, and not put on record.
SLIPS = frozenset(
    {
        C.COMMENT_REQUIRED,
        C.CHECKLIST_INCOMPLETE,
        C.OUTCOME_REQUIRED,
        C.STRANDS,
        C.REASON_REQUIRED,
        C.BASIS_REQUIRED,
    }
)
#: Which field of the form a refusal is about, where it is about one.
_FIELDS = {
    C.COMMENT_REQUIRED: "comment",
    C.CHECKLIST_INCOMPLETE: "checklist",
    C.CANNOT_SEND_BACK_THERE: "send_back_to",
    C.OUTCOME_NOT_OFFERED: "outcome",
    C.OUTCOME_REQUIRED: "outcome",
    C.STAGE_UNKNOWN: "stage",
    C.PLACE_UNKNOWN: "place",
    C.LINE_UNKNOWN: "line",
    C.PERSON_UNKNOWN: "to",
    C.PERSON_IS_ONESELF: "to",
    C.PERSON_CANNOT_ACT: "to",
    C.PERSON_ABSENT: "to",
    C.INSTANT_PAST: "release_at",
    C.INSTANT_TOO_FAR: "release_at",
    C.UNDER_EMBARGO: "release_at",
    C.STRANDS: "knowing",
    C.REASON_REQUIRED: "comment",
    C.BASIS_REQUIRED: "comment",
    C.CLASS_UNKNOWN: "class",
    C.CLASS_SAME: "class",
    C.CLASS_BY_ANOTHER: "class",
}
#: Codes that drafts, a layer below, refuses with as well; its words are used.
_TOLD_BELOW = frozenset({C.ALREADY_SUBMITTED, C.NOT_WITH_AUTHOR, C.LINE_SCHEDULED})

problems({str(code): words for code, words in _WORDS.items() if code not in _TOLD_BELOW})
problems(
    {
        "use_release": _USE_RELEASE,
        "successor_is_same": ("接手人不能是本人，请另选一人。", "Name somebody else."),
        "workflow_unusable": (
            "审校流程文件有误，暂时不能提交，请联系管理员按下列各条修改。",
            "The workflow file cannot be used.",
        ),
        "routing_unusable": (
            "分流规则文件有误，暂时不能提交，请联系管理员按下列各条修改。",
            "The routing file cannot be used.",
        ),
    }
)
reasons(
    {
        "workflow_missing": "没有“{key}”这个流程文件。",
        "workflow_unreadable": "流程文件 workflows/{key}.yaml 读不了：请核对权限，并存为 UTF-8 编码。",
        "routing_unreadable": "分流规则文件 routing.yaml 读不了：请核对权限，并存为 UTF-8 编码。",
        "routing_missing": "没有分流规则文件 routing.yaml。",
        "flag_unknown": "没有“{flags}”这样的标记；可用的标记：{known}。",
        "class_required": "请先给稿件定一个分类（{known}）：它走哪个流程由此决定。",
        "class_unknown": "没有“{given}”这个分类；可用的分类：{known}。",
        "class_stays": (
            "稿件分类在首次提交时已定为“{now}”，撤回或者重新提交都不能改；"
            "如果定错，请在提交说明中写明，由审稿人改定。"
        ),
        "flags_stay": "标记“{flags}”不是首次提交时写明的，重新提交不能再加。",
    }
)
reasons({str(code): chinese for code, (chinese, _) in _WORDS.items()})


def refused(
    refusals: Iterable[Refusal],
    *,
    channels: Mapping[str, str] = MappingProxyType({}),
    record: Callable[[Session], None] | None = None,
) -> AppError:
    """Return the error that tells all refusals: 403 for the person, else 409; 422 for the form alone.

    `channels` are the names of the draft's channels, by their codes, so that people read of them by name.
    """
    found = list(refusals)
    told = [
        Reason(str(refusal.code), _named(refusal.data, channels), _FIELDS.get(refusal.code))
        for refusal in found
    ]

    def first(codes: Iterable[RefusalCode]) -> str:
        return next(str(refusal.code) for refusal in found if refusal.code in set(codes))

    codes = {refusal.code for refusal in found}
    if codes & PERSONAL:
        return Forbidden(first(PERSONAL), reasons=told, record=record)
    if C.STALE_DIGEST in codes:
        return Conflict(str(C.STALE_DIGEST), reasons=told, record=record)
    if codes - OF_THE_FORM:
        return Conflict(first(codes - OF_THE_FORM), reasons=told, record=record)
    return Invalid(first(codes), reasons=told, record=record)


def _named(data: Mapping[str, Any], channels: Mapping[str, str]) -> dict[str, Any]:
    """Return the data of a refusal, with the name of its line where that is known."""
    name = channels.get(data.get("line", ""))
    return {**data, "line_name": name} if name else {**data}
