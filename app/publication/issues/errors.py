"""The words of the refusals about issues of an internal journal."""

from app.infra.http.problems import problems, reasons

problems(
    {
        "no_issues_here": (
            "这个阵地不能组刊：须是内部刊物，阵地设置里写明整期所在的栏目（issue_section）、准印证号和“内部资料，免费交流”字样。",
            "The channel is no journal, or its settings lack a section for whole issues, permit or imprint.",
        ),
        "issue_incomplete": ("还不能组刊，请按下列各条处理。", "The issue cannot be composed yet."),
    }
)
reasons(
    {
        "piece_unknown": "第 {at} 篇：没有这篇稿件，或者您看不到。",
        "piece_twice": "第 {at} 篇《{title}》重复。",
        "piece_elsewhere": "第 {at} 篇《{title}》不投这个刊物。",
        "piece_not_released": "第 {at} 篇《{title}》还没有在这个刊物签发，或者签发已经失效。",
    }
)
