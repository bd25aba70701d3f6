"""The words of the urgent lane's refusals: what is wrong, and what to do next."""

from app.infra.http.problems import problems, reasons

problems(
    {
        "urgent_refused": ("不能紧急发布，请先解决下列各项。", "The urgent lane is not open for this."),
        "urgent_lane_closed": (
            "紧急发布的规定（policies/urgent.yaml）没有配置或者有误，请联系管理员。",
            "The urgent lane is not configured.",
        ),
        "debt_settled": ("这项补审已经完成。", "The debt is settled."),
    }
)
reasons(
    {
        "urgent_role": "您没有紧急发布的权限，请由规定的人员签发。",
        "urgent_own_draft": "您参与过本稿的撰写或修改，紧急发布须由他人决定。",
        "urgent_reason": "请写明紧急发布的理由。",
        "urgent_line": "这篇稿件没有发往“{line}”这个阵地。",
        "urgent_not_running": "审签案目前的状态（{state}）不能紧急发布。",
        "urgent_nothing_owed": "所有审校环节都已通过，请按正常程序签发。",
        "urgent_never_owed": "下列环节必须先完成，不能补：{stages}。",
        "urgent_findings": "规则检查还有未处理的禁止性问题（{rules}），须由作者修改或获得豁免。",
        "urgent_overdue": "本单位还有补审逾期（稿件 {drafts}），补审完成之前不能再紧急发布。",
        "urgent_no_deadline": "算不出补审的期限：系统里没有相应年份的放假安排，请管理员补上。",
        "urgent_no_proof": "这个阵地还没有校样，请先申请排样，看过校样再签发。",
        "urgent_other_proof": "您看到的不是这个阵地现在的校样，请刷新后再看。",
    }
)
