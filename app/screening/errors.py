"""The words of the refusals about checks."""

from app.infra.http.problems import problems, reasons

problems(
    {
        "file_kind_unknown": (
            "不支持这种文件“{name}”；可以检查 {kinds}。",
            "Files of this kind cannot be checked.",
        ),
    }
)
reasons(
    {
        "file_missing": "缺少文件 file。",
        "sarif_needs_text": "SARIF 只能用于文本、Markdown 或 HTML。",
    }
)
