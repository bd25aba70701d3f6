"""A condition in the words that stand on the picture of a workflow."""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum

from app.domain.vocabulary import ChannelKind
from app.domain.workflow.conditions import SAID_IN, Media, SaidIn, Says, When

#: Gives a member of an enum its word in Chinese.
Label = Callable[[StrEnum], str]

_MEDIA: dict[Media, str] = {"picture": "图片", "video": "视频", "table": "表格", "attachment": "附件"}
_FIELDS: dict[SaidIn, str] = {
    "title": "标题",
    "subtitle": "副标题",
    "summary": "摘要",
    "byline": "作者署名",
    "source": "来源",
    "text": "正文",
}
#: From so many words of a list on, the picture says how many more there are.
_MOST_WORDS = 6
_TEN_THOUSAND = 10_000


def condition(when: When, label: Label, names: Mapping[str, str]) -> str:
    """Return a condition in words; what always holds is 任何稿件.

    `names` are words for channels, sections, flags and facts by code; a code without one stands for itself.
    """
    parts = [
        f"{name}{_any_of(names.get(value, value) for value in values)}"
        for name, values in (
            ("阵地", when.channels),
            ("", tuple(label(ChannelKind(kind)) for kind in when.channel_kinds)),
            ("栏目", when.sections),
            ("等级", when.classes),
            ("", when.flags),
            ("", when.facts),
            ("单位", when.units),
            ("作者职务", when.author_posts),
            ("含", tuple(_MEDIA[kind] for kind in when.media)),
        )
        if values
    ]
    if when.says is not None:
        parts.append(_said(when.says))
    if when.characters_at_least is not None:
        parts.append(f"字数不少于 {when.characters_at_least}")
    if when.amount_at_least is not None:
        parts.append(f"金额不少于 {_yuan(when.amount_at_least)}")
    parts += [_within(part, label, names) for part in when.all_of]
    if when.any_of:
        either = "或".join(_within(part, label, names) for part in when.any_of)
        parts.append(f"（{either}）" if len(when.any_of) > 1 and (parts or when.none_of) else either)
    parts += [f"不是{_bracketed(condition(part, label, names))}" for part in when.none_of]
    holds = "且".join(parts)
    if when.unless is None:
        return holds or "任何稿件"
    except_for = f"除{condition(when.unless, label, names)}外"
    return f"{holds}（{except_for}）" if holds else except_for


def _within(when: When, label: Label, names: Mapping[str, str]) -> str:
    said = condition(when, label, names)
    return _bracketed(said) if "且" in said or when.inner else said


def _bracketed(said: str) -> str:
    return f"（{said}）"


def _any_of(values: Iterable[str]) -> str:
    return f"“{'”或“'.join(values)}”"


def _said(says: Says) -> str:
    where = "" if set(says.fields) == set(SAID_IN) else "、".join(_FIELDS[field] for field in says.fields)
    more = len(says.words) - _MOST_WORDS
    rest = f"等 {len(says.words)} 个词之一" if more > 0 else ""
    return f"{where or '全文'}出现{_any_of(says.words[:_MOST_WORDS])}{rest}"


def _yuan(amount: int) -> str:
    if amount % _TEN_THOUSAND == 0:
        return f"{amount // _TEN_THOUSAND} 万元"
    return f"{amount} 元"
