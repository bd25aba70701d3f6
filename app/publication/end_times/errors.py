"""The words of refusals about the end of a publication."""

from app.infra.http.problems import problems, reasons

_WORDS: dict[str, tuple[str, str]] = {
    "end_past": ("下架时间须晚于现在。", "The end is past."),
    "end_too_far": ("下架时间最多设到十年以后。", "The end is too far ahead."),
    "end_elsewhere": ("这篇稿件不发往阵地“{channel}”。", "The draft is not bound for this channel."),
    "end_same": ("下架时间没有变化。", "The end is that already."),
}

problems(_WORDS)
reasons({code: chinese for code, (chinese, _) in _WORDS.items()})
