"""The words of the refusals about waivers."""

from app.infra.http.problems import problems, reasons

problems(
    {
        "finding_unknown": ("最新的检查报告里没有这一条命中。", "The newest report has no such finding."),
        "waiver_not_needed": (
            "这一条不拦截稿件，无需申请豁免。",
            "The finding does not block; no waiver is needed.",
        ),
        "not_waivable": ("这条规则不允许豁免，请修改稿件。", "The rule takes no waivers; mend the text."),
        "waiver_exists": (
            "这一条命中已经申请过豁免，或者豁免仍然有效。",
            "There is a waiver for this finding already.",
        ),
        "waiver_decided": ("这项豁免申请已经有人处理。", "The waiver was decided already."),
        "waiver_refused_by_rule": (
            "不能这样处理豁免申请，原因如下。",
            "The waiver cannot be decided like this.",
        ),
    }
)
reasons(
    {
        "own_request": "不能批准自己提出的豁免申请。",
        "author_of_draft": "稿件作者不能批准豁免。",
        "evidence_needed": "个人信息和保密类拦截，须写明本人同意书或保密审查意见的编号。",
        "expiry_out_of_range": "豁免的截止时间须在 {days} 天以内，且晚于现在。",
    }
)
