"""The words of refusals about corrections and retractions."""

from app.infra.http.problems import problems, reasons
from app.publication import errors as _words  # noqa: F401 – publication_being_retracted has its words there

_WORDS: dict[str, tuple[str, str]] = {
    "nothing_published": (
        "这篇稿件没有在任何阵地发布过，谈不上更正或撤稿；要改动请撤回后修改。",
        "Nothing of the draft was ever published.",
    ),
    "nothing_out": (
        "这篇稿件发布过的内容都已经更正、撤下；要再处理，请到现在在用的稿件上办理。",
        "Nothing of the draft is out any more; act on what took its place.",
    ),
    "correction_under_way": (
        "这篇稿件的更正正在办理（{by}），请在那篇稿件上继续。",
        "It is being corrected already.",
    ),
    "retraction_under_way": (
        "这篇稿件的撤稿正在办理（{by}），请在那篇稿件上继续。",
        "It is being retracted already.",
    ),
    "not_out_there": ("这篇稿件现在没有发布在阵地“{channel}”上。", "It is not out on this channel."),
    "reason_missing": (
        "请选择更正或撤稿的原因。",
        "Choose a reason.",
    ),
    "explanation_missing": ("请写明更正或撤稿的缘由，供审稿人核对。", "Say what is wrong."),
    "note_missing": ("请写明对外的{what}。", "Say what the public is to read."),
    "not_a_remedy": ("这篇稿件不是更正稿或撤稿说明。", "The draft corrects or retracts nothing."),
    "remedy_past": (
        "已签发、已放弃或者正在审校的更正、撤稿不能放弃；正在审校的请先撤回。",
        "It cannot be given up now.",
    ),
    "correction_unfinished": ("更正稿还不完整，不能提交。", "The correction is not complete."),
    "correction_changes_nothing": ("与已发布的内容完全一样，没有更正任何内容。", "Nothing is corrected."),
    "correction_note_missing": (
        "这类更正须对外说明：请在文中加一段，以“{begins}”开头，写明哪里有误、已改为什么。",
        "A paragraph must say in public what was wrong.",
    ),
}

problems(_WORDS)
reasons({code: chinese for code, (chinese, _) in _WORDS.items()})
