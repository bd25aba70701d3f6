"""What a page says after something was done: a code in the address, so that a reload changes nothing."""

from fastapi import Request

SAID = {
    "signed_out": "您已退出。",
    "created": "稿件已建立。",
    "submitted": "稿件已提交，规则检查已完成。",
    "blocked": "稿件已提交，但规则检查发现阻断项：请修改后重新提交，或者申请豁免。",
    "revised": "修改已保存，形成新的修订。",
    "unchanged": "内容与上一修订相同，没有形成新的修订。",
    "recalled": "稿件已撤回，现在可以修改。",
    "approved": "已通过。这一环节已完成，稿件进入下一环节。",
    "sent_back": "已退回，理由已送达。",
    "declined": "已退稿。",
    "held": "已请示，期限暂停计算。",
    "answered": "答复已登记，审校继续。",
    "waiver_asked": "豁免申请已提交，等待批准。",
    "waiver_granted": "已同意豁免。",
    "waiver_refused": "已不同意豁免。",
    "mark_added": "已标记差错。",
    "mark_withdrawn": "标记已撤销。",
    "carried_out": "标记已改入文稿，新的校样正在排出。",
    "confirmed": "核红已完成。",
    "signed": "已签发，发稿凭证已生成。",
    "policy_stored": "已保存为新的候选版本，还没有启用。",
    "activation_asked": "已申请启用，等待另一位管理员或终审批准。",
    "activation_granted": "已批准，新的负面清单开始使用。",
    "activation_tried": "已批准。没有附回测结果，新增的阻断规则先试运行，不拦截稿件。",
    "activation_refused": "已不同意启用。",
    "back_test_asked": "回测已开始，完成后结果会列在这里。",
    "link_revoked": "链接已收回，不能再用。",
    "migration_asked": "已申请迁移，等待另一位管理员或终审批准。",
    "migration_granted": "已批准，所列审签案已改走现行版本。",
    "migration_declined": "已不同意迁移。",
    "all_read": "已全部标为已读。",
    "preferences_kept": "通知设置已保存。",
    "robot_created": "群机器人已登记。",
    "robot_disabled": "群机器人已停用。",
    "keys_on": "快捷键已开启。",
    "keys_off": "快捷键已关闭。",
}


def said(request: Request) -> str:
    """Return the sentence of the `said` code in the address; empty without one of ours."""
    return SAID.get(request.query_params.get("said", ""), "")
