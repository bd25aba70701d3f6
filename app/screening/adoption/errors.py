"""The words of the refusals to take over what rules suggest."""

from app.infra.http.problems import problems, reasons

problems(
    {
        "nothing_adopted": ("请至少选择一处。", "Choose at least one finding."),
        "adopted_meanwhile": (
            "稿件或规则在您读过之后变了，没有改动。请看过现在的检查结果再采纳。",
            "The text or the rules changed since they were read; nothing was changed.",
        ),
        "not_adoptable": (
            "所选的改法不能一起改入，没有改动，原因如下。",
            "The suggestions cannot be taken over.",
        ),
    }
)
reasons(
    {
        "suggestion_unknown": "第 {number} 处没有这样的建议。",
        "picks_overlap": "第 {number} 处与另一处改的是同一些字，请分两次采纳。",
        "picks_leave_nothing": "改完的文稿不成立：{faults}。",
    }
)
