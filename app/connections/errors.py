from app.infra.http.problems import problems, reasons

_WORDS: dict[str, tuple[str, str]] = {
    "push_under_way": ("这次发布正在进行，请稍候查看结果。", "It is being published already."),
    "push_over": ("这次发布已经办结。", "It is over."),
    "push_not_laid_in": (
        "只有已进草稿箱、待人工发布或者结果不明的，才由人回报。",
        "Only what lies ready for a person, or failed, is reported by hand.",
    ),
    "push_disconnected": (
        "阵地已不再接入，或所用的发布工具已停用。",
        "The channel is connected no more, or its tool is switched off.",
    ),
    "push_address": ("网址须以 http:// 或 https:// 开头。", "The address is no web address."),
}

problems(_WORDS)
reasons({code: chinese for code, (chinese, _) in _WORDS.items()})
