"""What a page says after something was done: a code in the address, so that a reload changes nothing."""

from contextlib import suppress
from uuid import UUID

from fastapi import Request

SAID = {
    "signed_out": "您已退出。",
    "signed_in_again": "您已重新登录。刚才填写的内容还没有提交，请核对后再提交一次。",
    "kept_too_long": "刚才填写的内容已超过保留时限（12小时），没有保留。",
    "nothing_next": "没有别的待办了。",
    "created": "稿件已建立。",
    "submitted": "稿件已提交，规则检查已完成。",
    "blocked": "稿件已提交，但规则检查发现阻断项：请修改后重新提交，或者申请豁免。",
    "revised": "修改已保存，形成新的修订。",
    "unchanged": "内容与上一修订相同，没有形成新的修订。",
    "adopted": "建议已改入，形成新的修订，检查结果是改后的。",
    "recalled": "稿件已撤回，现在可以修改。",
    "voted": "已投票。表决结束前可以拿回重投。",
    "approved": "已通过。这一环节已完成，稿件进入下一环节。",
    "sent_back": "已退回，理由已送达。",
    "declined": "已退稿。",
    "held": "已请示，期限暂停计算。",
    "answered": "答复已登记，审校继续。",
    "waiver_asked": "豁免申请已提交，等待批准。",
    "waiver_granted": "已同意豁免。",
    "waiver_refused": "已不同意豁免。",
    "comment_made": "批注已写上，已通知作者。",
    "comment_replied": "已回复。",
    "comment_resolved": "已记为解决。",
    "comment_reopened": "已重新打开。",
    "suggestion_made": "修改建议已提出，已通知作者。",
    "suggestion_disputed": "已说明不采纳的理由，等待提出人答复。",
    "suggestions_accepted": "修改建议已采纳，形成新的修订。",
    "mark_added": "已标记差错。",
    "mark_disputed": "已说明不改的理由，校对和核红的人会看到。",
    "mark_upheld": "标记已恢复，等待改样。",
    "mark_withdrawn": "标记已撤销。",
    "carried_out": "标记已改入文稿，新的校样正在排出。",
    "confirmed": "核红已完成。",
    "signed": "已签发，发稿凭证已生成。",
    "urgent_layout": "已申请排样，稍后刷新即可看到校样。",
    "urgent_released": "已紧急签发，发稿凭证已生成；没有走完的环节限期补审。",
    "scheduled": "已签发并定时；到时再核对一遍，没有问题才放行。",
    "co_signed": "已签发，还需其他人签发。",
    "unscheduled": "定时已取消，签发已作废，须重新签发。",
    "embargoed": "不早于的时间已设定。",
    "embargo_lifted": "不早于的时间已解除。",
    "policy_stored": "已保存为新的候选版本，还没有启用。",
    "activation_asked": "已申请启用，等待另一位管理员或终审批准。",
    "activation_granted": "已批准，新的负面清单开始使用。",
    "activation_tried": "已批准。没有附回测结果，新增的阻断规则先试运行，不拦截稿件。",
    "activation_refused": "已不同意启用。",
    "back_test_asked": "回测已开始，完成后结果会列在这里。",
    "link_revoked": "链接已收回，不能再用。",
    "risk_asked": "已申请，等待另一人接受；在此以前新稿不能按这个流程提交。",
    "risk_accepted": "已接受，新稿可以按这个流程提交。",
    "risk_declined": "已记为不接受。",
    "migration_asked": "已申请迁移，等待另一位管理员或终审批准。",
    "migration_granted": "已批准，所列审签案已改走现行版本。",
    "migration_declined": "已不同意迁移。",
    "all_read": "已全部标为已读。",
    "preferences_kept": "通知设置已保存。",
    "robot_created": "群机器人已登记。",
    "robot_disabled": "群机器人已停用。",
    "claim": "已认领。",
    "unclaim": "已放弃认领，其他人可以办理。",
    "take_back": "已拿回，本环节重新打开；其他人在这个环节的意见仍然有效。",
    "hand_over": "已转办。",
    "consult": "已征求意见。",
    "advise": "意见已反馈。",
    "add_reviewer": "已加签。",
    "remind": "已催办。",
    "copy": "已抄送。",
    "recuse": "已回避，本稿不再由您办理。",
    "override": "已特批越过，并留痕。",
    "account_created": "账号已建立，还没有任何职责。",
    "account_closed": "账号已停用；其认领的工作已放开，可在“移交”中移交。",
    "unit_created": "单位已建立。",
    "role_given": "职责已授予。",
    "role_withdrawn": "职责已收回。",
    "posts_set": "岗位和职称已登记。",
    "password_reset": "已设新密码，其原有登录全部失效；已通知本人，本人登录后须先改成自己的密码。",
    "password_changed": "密码已修改，其他登录全部失效。",
    "session_ended": "该次登录已结束。",
    "email_set": "邮箱已登记。",
    "delegation_confirmed": "已同意，代理生效。",
    "delegation_asked": "已登记，待本人或者另一位管理员同意后生效。",
    "absent": "外出已登记。",
    "back": "已销假。",
    "delegated": "代理已设立。",
    "delegation_ended": "代理已终止。",
    "work_handed_over": "在手工作已移交。",
    "keys_on": "快捷键已开启。",
    "keys_off": "快捷键已关闭。",
}


def said(request: Request) -> str:
    """Return the sentence of the `said` code in the address; empty without one of ours."""
    return SAID.get(request.query_params.get("said", ""), "")


def done_to(request: Request) -> UUID | None:
    """Return the draft that the said thing was done to, where the page is another one; `None` elsewhere."""
    if said(request):
        with suppress(ValueError):
            return UUID(request.query_params.get("done", ""))
    return None
