"""The words of the refusals about comments and suggestions."""

from app.infra.http.problems import problems, reasons

problems(
    {
        "comment_unfit": (
            "批注或修改建议没有写上，原因如下；您写的内容没有丢。",
            "The comment or suggestion cannot be made like this.",
        ),
        "may_not_comment": (
            "您只能阅读这篇稿件，不能批注。",
            "You may read this draft, and not comment on it.",
        ),
        "not_yours_to_settle": (
            "只有提出批注的人和稿件的编辑能结束它。",
            "Only whoever began it and the draft's editors settle a comment.",
        ),
        "not_yours_to_answer": (
            "修改建议由稿件的编辑采纳或者说明不采纳的理由。",
            "The draft's editors accept or dispute suggestions.",
        ),
        "thread_settled": (
            "“{quote}”处已由{who}在 {at} 处理（{state}），没有再改。请刷新查看。",
            "Somebody settled it before.",
        ),
        "thread_open": ("这条批注没有结束，不用重新打开。", "The comment is open."),
        "no_suggestion": ("这是批注，不是修改建议，没有可以采纳的改法。", "A comment has nothing to accept."),
        "suggestions_unfit": (
            "所选的修改建议没有采纳，一条也没有改，原因如下。",
            "The suggestions cannot be accepted together; none was.",
        ),
    }
)
reasons(
    {
        "suggestion_moved_on": (
            "“{quote}”处的原文在建议提出以后已经改动，不能照原建议改；请对照现在的文字自行修改。"
        ),
        "suggestions_overlap": "“{quote}”和“{other}”两条建议改的是同一处，请先采纳其中一条。",
        "suggestion_breaks": "采纳“{quote}”处的建议后，内容不成为有效的文稿。",
        "thread_settled": "“{quote}”处已由{who}在 {at} 处理（{state}）。",
        "text_missing": "请写明内容。",
        "no_suggestion": "“{quote}”是批注，没有可以采纳的改法。",
        "words_elsewhere": "所选文字“{quote}”不在这个位置：那里现在是“{there}”。请重新选择。",
        "whole_draft_only": "对全篇的批注不带所选文字和改法；要改文字，请先选中。",
    }
)
