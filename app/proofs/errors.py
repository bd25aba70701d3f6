"""The words of proofs' refusals; those of marks and edits stand with reviews."""

from app.infra.http.problems import problems, reasons

problems(
    {
        "marks_changed": (
            "校对标记已有增减，请刷新后按最新的标记改样。",
            "The open marks are not those that were named.",
        ),
        "mark_not_disputed": (
            "作者没有对这处标记提出异议，或者已经另行处理。",
            "The mark is not disputed.",
        ),
        "mark_unfit": (
            "所引的原文已经改动，这处标记不能再恢复；请对照校样重新标记。",
            "The mark's words are not there any more.",
        ),
        "quality_unread": (
            "差错怎样计（policies/quality.yaml）有误，请联系管理员。",
            "How errors are counted cannot be read.",
        ),
        "answer_missing": ("请写明不改的理由。", "Say why it is not carried out."),
        "mark_ended": ("这处标记已经改正或撤销。", "The mark was carried out or withdrawn already."),
        "not_your_mark": ("只能撤销自己所作的标记。", "Only its maker can withdraw a mark."),
        "not_proofread_now": ("这个阵地现在没有由您校对的环节。", "You have no open proofread on this line."),
    }
)
reasons({"open_marks": "现有未改标记：{marks}。"})
